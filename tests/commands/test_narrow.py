from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.live import Live
from rich.table import Table

from dialsum.commands import options
from dialsum.commands.narrow import Whole

HEADS = ("mean", "95 %", "p")
CELLS = ("71.32", "69.98 to 72.60", "0.0123")


def table(name: str) -> Table:
    made = Table(box=None, pad_edge=False, caption="p: chance")
    made.add_column("experiment", no_wrap=True)
    for head in HEADS:
        made.add_column(head, justify="right", no_wrap=True)
    made.add_row(name, *CELLS)
    return made


def lines(console: Console, name: str) -> list[list[str]]:
    with console.capture() as captured:
        console.print(table(name))
    return [line.split() for line in captured.get().splitlines()]


def test_where_there_is_room_a_table_is_one() -> None:
    expected = lines(Console(width=100), "phase-2")
    assert len(expected) == 3
    assert lines(Whole(width=41), "phase-2") == expected


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (
            40,
            [
                ["experiment", "mean", "95", "%"],
                ["phase-2", "71.32", "69.98", "to", "72.60"],
                ["experiment", "p"],
                ["phase-2", "0.0123"],
                ["p:", "chance"],
            ],
        ),
        (
            26,
            [
                ["experiment", "mean"],
                ["phase-2", "71.32"],
                ["experiment", "95", "%"],
                ["phase-2", "69.98", "to", "72.60"],
                ["experiment", "p"],
                ["phase-2", "0.0123"],
                ["p:", "chance"],
            ],
        ),
    ],
)
def test_where_there_is_none_it_comes_in_parts(width: int, expected: list[list[str]]) -> None:
    assert lines(Whole(width=width), "phase-2") == expected


def test_of_a_long_name_no_letter_is_lost_nor_of_a_figure() -> None:
    name = "a-set-with-a-long-name--and-an-experiment-with-another"
    found = lines(Whole(width=40), name)
    words = [word for line in found for word in line]
    assert {"71.32", "69.98", "72.60", "0.0123"} <= set(words)
    assert "".join(line[0] for line in found[1:3]) == name


def test_a_table_that_is_drawn_again_and_again_is_whole_too() -> None:
    file = io.StringIO()
    console = Whole(width=40, file=file, force_terminal=True, color_system=None)
    with Live(console=console, auto_refresh=False) as live:
        live.update(table("phase-2"), refresh=True)
    assert all(cell in file.getvalue() for cell in CELLS)


def test_commands_print_their_tables_on_such_a_console() -> None:
    assert len(lines(options.console(40), "phase-2")) == 5
