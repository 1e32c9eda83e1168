"""`dialsum experiments`: sets of experiments.yaml, which DVC runs.

Enters: the name of a set. Leaves: experiments of DVC such as `phases-tiny--phase-1`, and a table of them. What
--dry-run prints does the same when typed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialsum.commands import options
from dialsum.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from dialsum.experiments.running import Watch
    from dialsum.experiments.sets import Experiment, Set
    from dialsum.params.limits import Limits

FIGURES = {  # of the table of results: heading, figure, decimals
    "ROUGE-1": ("rouge.rouge1", 2),
    "ROUGE-2": ("rouge.rouge2", 2),
    "ROUGE-L": ("rouge.rougeL", 2),
    "mean": ("rouge.rouge_mean", 2),
    "facts": ("rouge.fact_recall", 2),
    "s/epoch": ("train_speed.seconds_per_epoch", 1),
}
WIDTH = 140  # of tables where no terminal says how wide it is
SPEED = "generation_speed.dialogues_per_second"

set_argument = click.argument("name", metavar="SET")
model_option = click.option("--model", metavar="NAME", help="Only experiments with this model; or all, with it.")


@click.group()
def main() -> None:
    """Run and show the sets of experiments.yaml."""


@main.command("list")
def list_sets() -> None:
    """Show the sets, and what each is for."""
    from dialsum.experiments.sets import read_sets

    for name, one in read_sets().items():
        count = len(one.experiments)
        click.echo(f"{name:14} {one.describe} ({count} {'experiment' if count == 1 else 'experiments'})")


@main.command()
@set_argument
@model_option
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Experiments at a time.")
@click.option("--temp", is_flag=True, help="Without a queue: one after the other, each with `dvc exp run --temp`.")
@click.option("--gated", is_flag=True, help="Stop after an experiment that fails its gate.")
@click.option("--dry-run", is_flag=True, help="Print the commands of DVC, and run nothing.")
def run(name: str, model: str | None, jobs: int, temp: bool, gated: bool, dry_run: bool) -> None:
    """Run what is missing of a set.

    DVC runs it: each experiment is queued as SET--NAME by a line that --dry-run prints. What is finished already, with
    the same values and code, is not run again. One that fails does not stop the others.

    Ctrl-C ends what runs and empties the queue of this set; call it again to go on. A training goes on where it was.
    """
    from dialsum.experiments import copies, sets, snapshot
    from dialsum.params.limits import Limits
    from dialsum.params.strict import load

    if gated and jobs > 1:
        raise InputError("--gated: the experiments depend on each other; leave --jobs at 1")
    if temp and jobs > 1:
        raise InputError("--temp: the experiments run one after the other; leave --jobs at 1")
    snapshot.put_back()
    chosen = sets.choose(sets.read_sets(), name)
    sets.check_gates(name, chosen)
    plan = fitting(sets.plan(name, chosen, model))
    if dry_run:
        _print_lines(plan, jobs, temp)
        return
    console = options.console(WIDTH)
    gates, limits = chosen if gated else None, load(Path("params.yaml"), "limits", Limits)
    watch = copies.run(plan, limits, click.echo, gates) if temp else _run_queue(console, plan, jobs, limits, gates)
    unpassed = _print_gates(console, chosen, watch)
    lost = [one for one in plan if one.title not in watch.commits]
    for one in lost:
        click.echo(f"{one.title}: {_why_lost(one.title, watch, temp)}", err=True)
    if lost or (gated and unpassed):
        sys.exit(1)


@main.command()
@set_argument
@model_option
def show(name: str, model: str | None) -> None:
    """Show what came of a set, the best first, and its gates."""
    from dialsum.experiments import repository, sets
    from dialsum.experiments.running import Watch
    from dialsum.reporting import commits

    chosen = sets.choose(sets.read_sets(), name)
    watch = Watch(sets.plan(name, chosen, model), repository.head())
    watch.look()
    outdated = {}
    for one in watch.missing():
        commit, note = commits.of_experiment(one)
        if commit is not None and one.title not in watch.in_state("failed"):
            watch.commits[one.title], outdated[one.title] = commit, note
    console = options.console(WIDTH)
    console.print(_results(watch, outdated))
    for title, note in outdated.items():
        click.echo(f"{title}: {note}", err=True)
    _print_gates(console, chosen, watch)


@main.command()
@click.argument("experiment")
@click.option("--follow", is_flag=True, help="Go on printing.")
def log(experiment: str, follow: bool) -> None:
    """Print what an experiment (SET--NAME) has printed; the same as `dvc queue logs`."""
    from dialsum.experiments.queue import Queue, environment

    there = Queue().tasks()
    if experiment not in there:
        known = f"which has {', '.join(there)}" if there else "which is empty"
        raise InputError(f"{experiment}: is not in DVC's queue, {known}; what ran with --temp has never been there")
    line = ["dvc", "queue", "logs", experiment, *(["--follow"] if follow else [])]
    sys.exit(subprocess.run(line, env=environment()).returncode)


def fitting(plan: Sequence[Experiment]) -> list[Experiment]:
    """The experiments whose models this machine can hold; the others are named. Raises InputError if none is left."""
    from dialsum.experiments.room import too_large

    reasons = {one.title: too_large(one) for one in plan}
    for title, reason in reasons.items():
        if reason:
            click.echo(f"{title}: left out: {reason}", err=True)
    kept = [one for one in plan if not reasons[one.title]]
    if not kept:
        raise InputError("no experiment of this set fits this machine; `dialsum models` lists what each model needs")
    return kept


def _print_lines(plan: Sequence[Experiment], jobs: int, temp: bool) -> None:
    from dialsum.experiments import queue, repository, running

    watch = running.Watch(list(plan), repository.head())
    watch.look()
    running.check(watch)
    for one in plan:
        if one.title in watch.commits:
            click.echo(f"# {one.title}: finished, {watch.commits[one.title][:7]}")
        elif one in watch.missing():
            click.echo(queue.in_words(queue.temp_line(one) if temp else queue.queue_line(one)))
        else:
            click.echo(f"# {one.title}: {watch.tasks[one.title].state}")
    if not temp and len(watch.commits) < len(plan):
        click.echo(queue.in_words(queue.start_line(jobs)))


def _why_lost(title: str, watch: Watch, temp: bool) -> str:
    if title in watch.stopped:
        return "stopped: a gate before it is not passed"
    if temp:
        return "failed: what DVC says above tells why" if title in watch.failed else "not begun"
    return f"not finished; dialsum experiments log {title}" if title in watch.tasks else "not begun"


def _run_queue(console: Console, plan: Sequence[Experiment], jobs: int, limits: Limits, gated: Set | None) -> Watch:
    """Queue, start, and show one table until all has ended."""
    from dialsum.experiments import progress, running, screen

    with screen.stopping([one.title for one in plan]):
        watch = running.begin(plan, limits, click.echo, gated)
        steps = running.follow(watch, jobs, limits)
        screen.show(console, _until_a_gate_fails(steps, gated, watch) if gated else steps, watch.rows, progress.table)
    console.print(progress.table(watch.rows()))
    return watch


def _until_a_gate_fails(steps: Iterator[str], gated: Set, watch: Watch) -> Iterator[str]:
    from dialsum.experiments.running import stop_at_gate

    for told in steps:
        yield told
        stop_at_gate(gated, watch)


def _print_gates(console: Console, chosen: Set, watch: Watch) -> list[str]:
    """What was measured; where a gate fails, what is then to be done. Gives those that are not known to pass."""
    from dialsum.experiments.running import fails, judgements, passes

    lost = watch.lost()
    judged = judgements(chosen, watch, lost)
    for name, found in judged.items():
        for one in found:
            console.print(f"{name}: {one.word} {one.criterion}: {one.told}")
    titles = {one.name: one.title for one in watch.plan}
    for name in fails(judged):
        otherwise = "It did not finish." if titles[name] in lost else chosen.gates[name].otherwise
        console.print(f"{name} fails its gate. {otherwise}")
    return [name for name, found in judged.items() if not passes(found)]


def _results(watch: Watch, outdated: Container[str]) -> Table:
    """Finished experiments by their score, then the others; seconds a dialogue as they were decoded together.

    `outdated`: those that were made with other values or code than now.
    """
    from rich.table import Table

    from dialsum.experiments import finished
    from dialsum.experiments.gates import look_up

    rows = {row.title: row for row in watch.rows()}
    figures = {
        one.title: finished.figures(watch.commits[one.title]) for one in watch.plan if one.title in watch.commits
    }
    table = Table(box=None, pad_edge=False)
    table.add_column("experiment", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for heading in (*FIGURES, "s/dialogue"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in sorted(watch.plan, key=lambda one: -(rows[one.title].score or 0.0)):
        found = figures.get(one.title, {})
        values = [(look_up(found, path), digits) for path, digits in FIGURES.values()]
        speed = look_up(found, SPEED)
        values.append((1 / speed if speed else None, 3))
        cells = ["" if value is None else f"{value:.{digits}f}" for value, digits in values]
        table.add_row(one.title, "outdated" if one.title in outdated else rows[one.title].state, *cells)
    return table
