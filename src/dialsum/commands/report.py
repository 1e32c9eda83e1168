"""`dialsum report`: experiments beside each other, and what to make of them.

Enters: a set of experiments.yaml, experiments of DVC, or runs of MLflow. Leaves: a table and the verdict on the screen,
and a folder such as reports/phases-tiny with report.html, which needs no other file, report.md and its pictures.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from dialsum.commands.options import console, refuse_existing
from dialsum.errors import InputError

if TYPE_CHECKING:
    from dialsum.experiments.sets import Experiment, Set
    from dialsum.reporting.record import Record
    from dialsum.reporting.report import Report

FOLDER = Path("reports")  # not in git
PAGE, TEXT, PICTURE = "report.html", "report.md", "{}.svg"
WIDTH = 140  # of the table where no terminal says how wide it is
MODEL_ENDS = "@"  # in the name of a set that was run with another model


@click.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--experiments", "kind", flag_value="experiments", help="NAMES are experiments of DVC, or commits.")
@click.option("--runs", "kind", flag_value="runs", help="NAMES are ids of MLflow runs, or their beginnings.")
@click.option("--model", metavar="NAME", help="Of a set: as for `dialsum experiments run`.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder; a report that is there is written anew.  "
    "[default: reports/SET, reports/experiments or reports/runs]",
)
def main(
    names: tuple[str, ...], kind: Literal["experiments", "runs"] | None, model: str | None, out: Path | None
) -> None:
    """Compare experiments, and say what follows.

    NAMES is a set of experiments.yaml; experiments are compared in the order of the set, or of the names.

    \b
    Examples:
      dialsum report phases-tiny
      dialsum report --experiments HEAD phases-tiny--phase-2
      dialsum report --runs 4135d0e6 1a985608
    """
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError(f"{repeated[0]}: is named twice")
    if kind is None and len(names) > 1:
        raise InputError("NAMES: one set; with --experiments or --runs, several of these")
    if kind is not None and model is not None:
        raise InputError("--model: belongs to a set; remove it")
    with _writing(out or FOLDER) as folder:
        _try(folder)
        if out is not None:
            _refuse_foreign(out)
    made = _of_set(names[0], model) if kind is None else _of_list(kind, names)
    with _writing(out or FOLDER / made.title) as folder:
        _write(made, folder)
    _print(made)
    click.echo(f"\n{folder / PAGE}\n{folder / TEXT}")


def _of_set(name: str, model: str | None) -> Report:
    from dialsum.experiments import sets
    from dialsum.reporting import report

    chosen = sets.choose(sets.read_sets(), name)
    plan = sets.plan(name, chosen, model)
    records, missing, failed = _finished(plan)
    if not records:
        line = f"dialsum experiments run {name}{f' --model {model}' if model else ''}"
        raise InputError(f"{name}: nothing of it is finished; `{line}` runs it")
    title = f"{name}{MODEL_ENDS}{model}" if plan[0].title.startswith(f"{name}{MODEL_ENDS}") else name
    return report.make(title, records, chosen, missing, failed=failed)


def _finished(plan: Sequence[Experiment]) -> tuple[list[Record], list[str], dict[str, str]]:
    """Records of what is finished, the names of what has not been run, and what each said last that failed.

    What was made otherwise than it would be now says so.
    """
    from dialsum.experiments.progress import last_words
    from dialsum.experiments.queue import Queue
    from dialsum.reporting import commits

    records, missing, failed = [], [], {}
    tasks = Queue().tasks()
    for one in plan:
        commit, note = commits.of_experiment(one)
        if note:
            click.echo(f"{one.title}: {note}", err=True)
        task = tasks.get(one.title)
        if commit is not None:
            records.append(commits.read(one.title, commit, note))
        elif task is not None and task.state == "failed":
            failed[one.name] = "it was killed" if task.killed else last_words(task.log)
        else:
            missing.append(one.name)
    return records, missing, failed


def _of_list(kind: Literal["experiments", "runs"], names: Sequence[str]) -> Report:
    from dialsum.reporting import report

    if kind == "experiments":
        from dialsum.reporting import commits

        records = [commits.read(name, commits.find(name)) for name in names]
    else:
        from dialsum.records import reach
        from dialsum.reporting import runs

        records = runs.read(reach.connect(), names)
    return report.make(kind, records, _set(records))


def _set(records: Sequence[Record]) -> Set | None:
    """The set that all records belong to, whose gates then hold."""
    from dialsum.experiments import sets
    from dialsum.reporting.record import set_of

    name = set_of(record.name for record in records)
    if name is None or not sets.EXPERIMENTS.exists():
        return None
    return sets.read_sets().get(name.partition(MODEL_ENDS)[0])


@contextmanager
def _writing(folder: Path) -> Iterator[Path]:
    """Raise InputError, with the system's words, where the block cannot write to a folder."""
    try:
        yield folder
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}; choose another folder: --out") from error


def _try(folder: Path) -> None:
    """Raise OSError if a file could not be made there: known before the comparison, which takes its time."""
    while not os.path.lexists(folder):
        folder = folder.parent
    with tempfile.TemporaryDirectory(dir=folder):
        pass


def _refuse_foreign(folder: Path) -> None:
    """Raise InputError if a file of the report would take the place of one that is of no report: the user's own."""
    from dialsum.reporting import page, plots

    if not page.is_report(folder / PAGE):
        for name in (PAGE, TEXT, *map(PICTURE.format, plots.TITLES)):
            refuse_existing(folder / name, "choose another folder: --out")


def _write(made: Report, folder: Path) -> None:
    from dialsum.outputs import creating
    from dialsum.reporting import markdown, page, plots

    pictures = plots.draw(made)
    # The page first: by it the folder is known as a report's, also where a kill leaves it half written.
    files = {PAGE: page.render(made, pictures), TEXT: markdown.render(made, list(pictures))}
    files |= {PICTURE.format(name): text for name, text in pictures.items()}
    for name, text in files.items():
        with creating(folder / name) as part:
            part.write_text(text, encoding="utf-8")
    for name in plots.TITLES.keys() - pictures.keys():  # of the report before, which had curves
        (folder / PICTURE.format(name)).unlink(missing_ok=True)


def _print(made: Report) -> None:
    from rich.table import Table

    from dialsum.reporting import tables
    from dialsum.reporting.verdict import sentences

    screen = console(WIDTH)
    found = tables.summary(made)
    shown = Table(box=None, pad_edge=False, caption=found.note, caption_justify="left")
    for place, head in enumerate(found.heads):
        shown.add_column(head, justify="right" if place else "left", no_wrap=True)
    for row in found.rows:
        shown.add_row(*row)
    screen.print(shown)
    screen.print()
    for sentence in sentences(made):
        screen.print(f"- {sentence}")
