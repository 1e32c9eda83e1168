"""What commands share: the type of a file, the choice of units, where tables go, and that nothing is overwritten."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialsum.errors import InputError
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


def console(width: int = WIDTH) -> Console:
    """Where tables go: as wide as the terminal, or `width` where there is none, and whole; texts are as they are."""
    from dialsum.commands.narrow import Whole

    return Whole(width=None if sys.stdout.isatty() else width, highlight=False, markup=False)


def refuse_existing(path: Path, remedy: str = "choose another file: --out") -> None:
    """Raise InputError if there is anything of that name, a broken link too: nothing of the user's is overwritten."""
    if path.exists() or path.is_symlink():
        raise InputError(f"{path}: is there already and is not overwritten; {remedy}")
