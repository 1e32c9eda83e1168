"""What one sees while experiments run: one live table, or where there is no terminal a line for each change of state.

Enters: the steps of a runner, each with what there is to tell or "", and the rows of the table. Leaves: nothing; the
caller prints what came of it. Ctrl-C ends the experiments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from dialsum.errors import InputError
from dialsum.experiments.progress import Row
from dialsum.experiments.running import Watch

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

CAPTION = "Ctrl-C stops; the same command goes on. Logs: dialsum experiments log NAME"
AROUND = 4  # lines of a table that are no rows


def show(
    console: Console,
    watch: Watch,
    steps: Iterable[str],
    rows: Callable[[], Sequence[Row]],
    table: Callable[[Sequence[Row], str], Table],
    before_stop: Callable[[], None] = lambda: None,
) -> None:
    """Take all steps, and show the rows after each. Raises InputError after Ctrl-C, when what ran has ended."""
    from rich.live import Live

    shown: dict[str, str] = {}
    try:
        with Live(console=console, auto_refresh=False, transient=True) as live:
            for told in steps:
                if told:
                    console.print(told)
                if console.is_terminal:
                    # The last ones, if there is no room for all: a search goes on at its end.
                    live.update(table(rows()[-max(1, console.height - AROUND) :], CAPTION), refresh=True)
                else:
                    _print_changes(rows(), shown)
    except KeyboardInterrupt:
        click.echo("stopping …", err=True)
        before_stop()
        watch.queue.stop([one.title for one in watch.plan])
        raise InputError("stopped; the same command runs what is left") from None


def _print_changes(rows: Sequence[Row], shown: dict[str, str]) -> None:
    for row in rows:
        state = f"{row.state} {row.stage}".strip()
        if shown.get(row.title) != state:
            shown[row.title] = state
            click.echo(f"{row.title}: {state}")
