"""What one sees while experiments run: one live table, or where there is no terminal a line for each change of state.

Enters: the steps of a runner, each with what there is to tell or "", and the rows of the table. Leaves: nothing; the
caller prints what came of it. Ctrl-C ends the experiments.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from dialsum.errors import InputError
from dialsum.experiments.progress import Row
from dialsum.experiments.queue import Queue

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

CAPTION = "Ctrl-C stops; the same command goes on. Logs: dialsum experiments log NAME"
AROUND = 4  # lines of a table that are no rows


@contextmanager
def stopping(titles: Collection[str], before_stop: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Ctrl-C ends these experiments; the block may add to them. Raises InputError after it, when what ran has ended."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("stopping …", err=True)
        before_stop()
        Queue().stop(list(titles))
        raise InputError("stopped; the same command runs what is left") from None


def show(
    console: Console,
    steps: Iterable[str],
    rows: Callable[[], Sequence[Row]],
    table: Callable[[Sequence[Row], str], Table],
) -> None:
    """Take all steps, and show the rows after each."""
    from rich.live import Live

    shown: dict[str, str] = {}
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for told in steps:
            if told:
                console.print(told)
            if console.is_terminal:
                # The last ones, if there is no room for all: a search goes on at its end.
                live.update(table(rows()[-max(1, console.height - AROUND) :], CAPTION), refresh=True)
            else:
                _print_changes(rows(), shown)


def _print_changes(rows: Sequence[Row], shown: dict[str, str]) -> None:
    for row in rows:
        state = f"{row.state} {row.stage}".strip()
        if shown.get(row.title) != state:
            shown[row.title] = state
            click.echo(f"{row.title}: {state}")
