"""`dialsum tune`: the best values within the ranges of a search of experiments.yaml.

Enters: the name of a search. Leaves: experiments of DVC such as `rates--trial-07`, the study
`.dialsum/studies/rates.db`, and the best as a line to type:

    dvc exp run -S model.name=tiny-llama -S training.learning_rate=0.004121380223587125 -S training.lora.r=16
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialsum.commands import options
from dialsum.commands.experiments import WIDTH
from dialsum.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from dialsum.experiments.tuning import Tuning


@click.command()
@click.argument("name", metavar="SEARCH")
@click.option("--trials", type=click.IntRange(1), help="So many in all, in place of those of experiments.yaml.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Trials at a time.")
@click.option("--model", metavar="NAME", help="With this model, as a search of its own.")
def main(name: str, trials: int | None, jobs: int, model: str | None) -> None:
    """Look for the best values within the ranges of a search of experiments.yaml.

    Optuna chooses the values (TPE), and DVC runs each trial as an experiment SEARCH--trial-NN. One that fails does
    not stop the others. Ctrl-C ends what runs; call it again to go on, after a kill too.
    """
    from dialsum.experiments import inputs, room, searches, snapshot, studies
    from dialsum.experiments.tuning import Tuning

    snapshot.put_back()
    chosen = searches.choose(searches.read_searches(), name)
    first = searches.check(name, chosen, model)
    if reason := room.too_large(first):
        raise InputError(reason)
    with studies.opened(searches.title_of(name, model), chosen) as study:
        tuning = Tuning(name, chosen, model, study)
        wanted = trials or chosen.trials
        console = options.console(WIDTH)
        if over := studies.is_over(study, wanted):
            click.echo(f"{study.study_name}: all {len(studies.trials(study))} trials are done; nothing is left to run")
        else:
            inputs.check_inputs([first])
            _run(console, tuning, wanted, jobs)
        _print_outcome(console, tuning)
        if over and (changed := tuning.changed()):
            click.echo(f"now it would score otherwise, for since then: {'; '.join(changed[:3])}", err=True)
        if tuning.killed or studies.best(study) is None:
            sys.exit(1)


def _run(console: Console, tuning: Tuning, wanted: int, jobs: int) -> None:
    from dialsum.experiments import screen, studies
    from dialsum.experiments.tuning import begin, steps
    from dialsum.params.limits import Limits
    from dialsum.params.strict import load

    limits = load(Path("params.yaml"), "limits", Limits)
    with screen.stopping(tuning.open, lambda: studies.note_stopped(tuning.study, tuning.open.values())):
        begin(tuning, limits, click.echo)
        screen.show(console, steps(tuning, wanted, jobs, limits, click.echo), tuning.rows, tuning.table)


def _print_outcome(console: Console, tuning: Tuning) -> None:
    """All trials, how the best came about, and the line that repeats it."""
    from dialsum.experiments import queue, studies

    console.print(tuning.table(tuning.rows()))
    for trial in studies.failed(tuning.study):
        click.echo(f"{tuning.title(trial.number)}: {studies.reason(tuning.study, trial.number)}", err=True)
    best = studies.best(tuning.study)
    if best is None:
        click.echo("no trial has a score", err=True)
        return
    steps = [f"{one.value:.4g} (trial {one.number})" for one in studies.improvements(tuning.study)]
    click.echo(f"best so far, trial by trial: {', '.join(steps)}")
    click.echo(f"{tuning.title(best.number)} is the best, {tuning.chosen.metric} {best.value}:")
    line = ["dvc", "exp", "run"]
    for word in tuning.experiment(best.number, best.params).overrides:
        line += ["-S", word]
    click.echo(queue.in_words(line))
