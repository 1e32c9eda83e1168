"""`dialsum ensemble`: one file of predictions of several, or of several samples of one model.

Enters: files of predictions for the same dialogues, CSV or JSON lines. Leaves: a new file in the form, with the ids
and in the order of the first, each row being that candidate's which was chosen; without --out on standard output:

    dialsum ensemble llama.jsonl qwen.jsonl kobart.csv --out joined.jsonl
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from dialsum.commands.options import FILE, refuse_existing
from dialsum.corpus.listing import listed
from dialsum.corpus.matching import SHOWN
from dialsum.corpus.summaries import (
    Cells,
    Row,
    Table,
    read_predictions,
    refuse_doubled,
    refuse_mismatch,
    write,
    write_to,
)
from dialsum.errors import InputError
from dialsum.measures.ensemble import WEIGHTS, Weights
from dialsum.outputs import creating


@click.command()
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option(
    "--weight",
    "weights",
    multiple=True,
    metavar="METRIC=NUMBER",
    help="What rouge1, rouge2 or rougeL counts for; metrics that are not named count nothing. May repeat.  "
    "[default: each 1, the competition's score]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The file to write; it must not exist yet.  [default: standard output]",
)
def main(files: tuple[Path, ...], weights: tuple[str, ...], out: Path | None) -> None:
    """Join predictions of several models into one file.

    Give several FILES (.csv or .jsonl) with one summary a dialogue, or one that has each id several times, with
    samples of one model. For each dialogue the candidate is taken, whole, that has the highest mean ROUGE against the
    others (minimum Bayes risk); of equals the first. The result has the form, the ids and the order of the first file.
    ROUGE is the competition's (official, Mecab morphemes).

    A cell of the first file that the chosen row lacks, as `finished`, is left out: with unlike FILES, rows of one
    .jsonl can have different keys.

    \b
    Examples:
      dialsum ensemble a.jsonl b.jsonl c.jsonl --out joined.jsonl
      dialsum ensemble a.csv b.csv c.csv --weight rouge1=1 --weight rouge2=3 --out joined.csv
    """
    measured = parse_weights(weights) if weights else WEIGHTS
    tables = [read_predictions(path) for path in files]
    if out:
        refuse_output(out, tables[0].form)
    candidates = side_by_side(tables) if len(tables) > 1 else samples(tables[0])
    refuse_few(tables, candidates)
    chosen = choices(candidates, measured)
    pairs = zip(candidates, chosen, strict=True)
    write_out(out, tables[0], [in_form(tables[0], row_candidates, place) for row_candidates, place in pairs])
    where = out or "standard output"
    click.echo(f"{where}: {len(candidates)} rows; taken from: {origins(tables, candidates, chosen)}", err=out is None)


def parse_weights(words: Iterable[str]) -> Weights:
    """`rouge2=3` as a weight. Raises InputError for another metric, what is no number from 0, or none above 0."""
    weights = dict.fromkeys(WEIGHTS, 0.0)
    for word in words:
        metric, _, number = word.partition("=")
        if metric not in WEIGHTS:
            raise InputError(f"--weight {word}: should be METRIC=NUMBER, where METRIC is one of {', '.join(WEIGHTS)}")
        try:
            weights[metric] = float(number)
        except ValueError:
            raise InputError(f"--weight {word}: {number!r} is no number; give one, as in {metric}=2") from None
        if not 0 <= weights[metric] < float("inf"):
            raise InputError(f"--weight {word}: should be a number from 0")
    if not any(weights.values()):
        raise InputError("--weight: all are 0; give at least one metric a weight")
    return weights


def side_by_side(tables: Sequence[Table]) -> list[list[Row]]:
    """The candidates of each dialogue, one a file, in the order of the first file."""
    refuse_doubled(tables[0])
    for table in tables[1:]:
        refuse_mismatch(table, tables[0])
    by_id = [{row.id: row for row in table.rows} for table in tables]
    return [[rows[name] for rows in by_id] for name in tables[0].ids()]


def samples(table: Table) -> list[list[Row]]:
    """The candidates of each dialogue, all of one file, in the order in which the ids first occur."""
    groups: dict[str, list[Row]] = {}
    for row in table.rows:
        groups.setdefault(row.id, []).append(row)
    if all(len(group) == 1 for group in groups.values()):
        raise InputError(f"{table.path}: has one summary a dialogue; give several files, or one with several samples")
    return list(groups.values())


def refuse_few(tables: Sequence[Table], candidates: Sequence[Sequence[Row]]) -> None:
    """Raise InputError where a dialogue has fewer than three candidates: two agree with each other alike, and the first
    would always be taken.
    """
    if len(tables) == 2:
        files = ", ".join(str(table.path) for table in tables)
        raise InputError(f"{files}: two candidates cannot outvote each other; give a third file")
    if few := [rows[0].id for rows in candidates if len(rows) < 3]:
        raise InputError(
            f"{tables[0].path}: fewer than three samples cannot outvote each other; give more for {listed(few, SHOWN)}"
        )


def choices(candidates: Sequence[Sequence[Row]], weights: Weights) -> list[int]:
    """The place of the candidate that is taken, for each dialogue."""
    from tqdm import tqdm

    from dialsum.measures.ensemble import choose
    from dialsum.measures.rouge import scorer

    pair = scorer("official", "mecab")
    progress = tqdm(candidates, desc="ensemble", unit=" rows", disable=None)
    return [choose([row.texts[0] for row in rows], pair, weights) for rows in progress]


def in_form(first: Table, candidates: Sequence[Row], place: int) -> dict[str, object]:
    """The chosen candidate as a row of the first file: its cells by the same names; those that it lacks are left out.

    A file without `finished` does not say whether its summary has come to its end, and the first file's does not tell.
    """
    own, chosen = candidates[0], candidates[place]
    ids = {name: own.cells[name] for name in ("fname", "id") if name in own.cells}
    known = {**chosen.cells, **ids, first.text: chosen.texts[0]}
    return {name: known[name] for name in own.cells if name in known}


def write_out(out: Path | None, first: Table, rows: Sequence[Cells]) -> None:
    """Write the file, or to standard output."""
    if out is None:
        write_to(sys.stdout, first, rows)
        return
    try:
        with creating(out) as part:
            write(part, first, rows)
            refuse_output(out, first.form)  # again, as the choice may have taken minutes
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}; choose another file: --out") from error


def refuse_output(out: Path, form: str) -> None:
    """Raise InputError if there is anything of that name, or the name does not say the form of the first file."""
    refuse_existing(out)
    if out.suffix.lower() != f".{form}":
        raise InputError(f"{out}: should end in .{form}, the form of the first file; choose another name: --out")


def origins(tables: Sequence[Table], candidates: Sequence[Sequence[Row]], chosen: Sequence[int]) -> str:
    """How many rows each file gave, or for samples the first, the second and so on."""
    names = [str(table.path) for table in tables]
    if len(tables) == 1:
        names = [f"sample {number + 1}" for number in range(max(map(len, candidates)))]
    return ", ".join(f"{name} {chosen.count(place)}" for place, name in enumerate(names))
