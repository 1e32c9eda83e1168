"""`dialsum synthesize`: a synthetic data set of any size, for trials and benchmarks.

Enters: a profile, numbers of rows, a seed. Leaves: a new folder with train.csv, dev.csv and test.csv, for `data.dir`:

    dialsum synthesize --profile realistic --rows 12457 --seed 1 --out data/realistic

The folder is written whole or not at all; a run that is killed leaves `data/realistic.part-…`, which may be deleted.
Rows go to the files one by one, so a million of them need no memory.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from dialsum.commands.options import refuse_existing
from dialsum.errors import InputError
from dialsum.outputs import creating

if TYPE_CHECKING:
    from dialsum.corpus.synthetic.generate import Row
    from dialsum.corpus.synthetic.realistic.rows import Split

REMEDY = "choose another folder: --out"
PROFILES = ("default", "realistic")
ROWS = click.IntRange(min=1)


@click.command()
@click.option("--rows", type=ROWS, required=True, help="Rows of train.csv.")
@click.option("--dev-rows", type=ROWS, default=499, show_default=True, help="Rows of dev.csv.")
@click.option("--test-rows", type=ROWS, default=499, show_default=True, help="Rows of test.csv.")
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="default",
    show_default=True,
    help="default: short, clear talk of 240 characters and 8.5 turns, the pipeline's own corpus. "
    "realistic: lengths, names and numbers of speakers as in the real data, 400 characters and 9.5 turns with a long "
    "tail.",
)
@click.option("--seed", type=int, default=42, show_default=True, help="Another seed gives other rows.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The folder to make; it must not exist yet.  [default: data/PROFILE]",
)
def main(rows: int, dev_rows: int, test_rows: int, profile: str, seed: int, out: Path | None) -> None:
    """Make a synthetic data set of any size.

    Writes train.csv and dev.csv (fname, dialogue, summary, topic, facts) and test.csv (fname, dialogue). The same
    arguments give the same bytes, and the first rows of a longer file are those of a shorter. The splits share no
    combination of facts. It takes about five minutes for a million rows.
    """
    folder = Path("data") / profile if out is None else out
    refuse_existing(folder, REMEDY)
    draw = row_of(profile)
    counts: dict[Split, int] = {"train": rows, "dev": dev_rows, "test": test_rows}
    try:
        write(folder, draw, counts, seed)
    except OSError as error:
        place = error.filename or folder
        raise InputError(f"{place}: cannot be written: {error.strerror}; choose another folder: --out") from error
    click.echo(f"{folder}: {rows} train, {dev_rows} dev and {test_rows} test rows, profile {profile}, seed {seed}")
    name = shlex.quote(str(folder))
    click.echo(f"To use them: dvc add {name}, then dvc exp run -S data.dir={name}")


def row_of(profile: str) -> Callable[[Split, int, int], Row]:
    """The function that makes a row of a profile from split, number and seed."""
    if profile == "realistic":
        from dialsum.corpus.synthetic.realistic.rows import row as realistic_row

        return realistic_row
    from dialsum.corpus.synthetic.generate import row

    return row


def write(folder: Path, draw: Callable[[Split, int, int], Row], counts: dict[Split, int], seed: int) -> None:
    """Write the splits into a new folder. Raises InputError if one of that name has come up meanwhile."""
    from dialsum.corpus.synthetic.table import write_table

    with creating(folder) as part:
        part.mkdir()
        for split, count in counts.items():
            numbers = tqdm(range(count), desc=f"{split}.csv", unit=" rows", disable=None)
            write_table(part / f"{split}.csv", split, (draw(split, number, seed) for number in numbers))
        refuse_existing(folder, REMEDY)
