"""What the commands that take files of summaries share: the type of a file, the choice of units, where tables go."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialsum.measures.units import UNITS

if TYPE_CHECKING:
    from rich.console import Console

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
WIDTH = 80  # of tables where no terminal says how wide it is

unit_option = click.option(
    "--unit",
    "units",
    type=click.Choice(UNITS),
    multiple=True,
    default=("mecab",),
    show_default=True,
    help="What ROUGE counts: morphemes, characters, or words between blanks. May repeat.",
)


def console() -> Console:
    """Where tables go: as wide as the terminal; texts are printed as they are."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False, markup=False)
