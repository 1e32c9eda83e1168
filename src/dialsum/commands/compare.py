"""`dialsum compare`: whether one file of predictions is better than another, or only luckier.

Enters: two files of predictions and one of references, matched by id. Leaves: tables, or with --json an object:

    {"rows": 300, "metrics": {"rouge1.official.mecab": {"a": 74.0, "b": 76.2, "difference": 2.2, "low": 1.1,
      "high": 3.2, "p": 0.0001, "wins": 140, "ties": 60, "losses": 100, "verdict": "better"}, …},
     "changed": [{"id": "dev_3", "a": 40.1, "b": 88.0, "text_a": "…", "text_b": "…", "references": ["…"]}, …]}

`low` and `high` bound the 95 % interval of the difference, by the paired bootstrap; `p` is that of the paired
permutation test.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import click

from dialsum.commands.options import FILE, console, unit_option
from dialsum.corpus.summaries import read_predictions, read_references, refuse_mismatch
from dialsum.errors import InputError
from dialsum.measures.rouge import NAMES
from dialsum.measures.scoring import FINAL, all_columns
from dialsum.measures.units import Unit
from dialsum.measures.verdict import verdict

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from dialsum.measures.significance import Difference

Columns = Mapping[str, Sequence[float]]

DEV = Path("data/prepared/dev.jsonl")
CHANGED = 10  # rows that are shown
_EQUAL = 1e-9  # percent
_CHARACTERS = 140  # of a text that is shown
_SENTENCES = {
    "better": "B is better than A",
    "worse": "B is worse than A",
    "the same": "A and B score the same in each row",
    "unclear": "It is not shown that A and B differ",
}


@dataclass(frozen=True)
class Change:
    """A row whose score differs: its id, both scores (the final score, in percent), both texts, the references."""

    id: str
    a: float
    b: float
    text_a: str
    text_b: str
    references: tuple[str, ...]


@click.command()
@click.argument("a", type=FILE)
@click.argument("b", type=FILE)
@click.option("--references", type=FILE, help=f"What both are scored against.  [default: {DEV}]")
@unit_option
@click.option("--json", "as_json", is_flag=True, help="Print one object instead, with all digits and whole texts.")
def main(a: Path, b: Path, references: Path | None, units: tuple[Unit, ...], as_json: bool) -> None:
    """Say whether the predictions B are better than A.

    Both are scored against the same references, row by row; files and metrics are those of `dialsum score`.

    \b
    B-A:     mean difference, with its 95 % interval (paired bootstrap;
             low and high of --json)
    p:       how often chance gives such a difference (paired permutation)
    w/t/l:   rows where B scores higher, the same, lower
    verdict: better or worse where p < 0.05 and the interval leaves out 0

    \b
    Example:
      dialsum compare old.jsonl data/predictions/dev.jsonl
    """
    tables = [read_predictions(path) for path in (a, b)]
    wanted = read_references(references or default_references())
    for table in tables:
        refuse_mismatch(table, wanted)
    ids, gold = wanted.ids(), [row.texts for row in wanted.rows]
    found = [table.texts() for table in tables]
    texts = [[one[name][0] for name in ids] for one in found]
    used = list(dict.fromkeys(units))
    before, after = (all_columns(given, gold, used, label) for given, label in zip(texts, ("A", "B"), strict=True))

    from dialsum.measures.significance import differences

    metrics = differences(before, after)
    final = f"{FINAL}.official.{used[0]}"
    rows = zip(ids, before[final], after[final], *texts, gold, strict=True)
    changed = most_changed([Change(*row) for row in rows])
    if as_json:
        listed = {name: _object(metrics[name], before[name], after[name]) for name in metrics}
        shown = [asdict(change) for change in changed]
        click.echo(json.dumps({"rows": len(ids), "metrics": listed, "changed": shown}, ensure_ascii=False, indent=2))
        return
    screen = console()
    _print_metrics(screen, metrics, before, after)
    screen.print(f"{_SENTENCES[verdict(metrics[final])]}, by {final} over {len(ids)} rows.")
    _print_changed(screen, changed, final)


def default_references() -> Path:
    """The dev split of this repository. Raises InputError if there is none."""
    if not DEV.is_file():
        raise InputError(f"{DEV}: is not there; name the references: --references FILE")
    return DEV


def most_changed(changes: Sequence[Change]) -> list[Change]:
    """Those whose scores differ most, most first; rows that score the same are left out."""
    real = [change for change in changes if abs(change.b - change.a) > _EQUAL]
    return sorted(real, key=lambda change: -abs(change.b - change.a))[:CHANGED]


def _object(difference: Difference, before: Sequence[float], after: Sequence[float]) -> dict[str, Any]:
    numbers = asdict(difference)
    mean = numbers.pop("mean")
    return {"a": fmean(before), "b": fmean(after), "difference": mean, **numbers, "verdict": verdict(difference)}


def _print_metrics(console: Console, metrics: Mapping[str, Difference], before: Columns, after: Columns) -> None:
    """A table for each variant, unit and way over references, whose name is the rest of the metrics' names."""
    for group in dict.fromkeys(name.partition(".")[2] for name in metrics):
        console.print(f"{group}:")
        table = _table()
        for short in NAMES:
            name = f"{short}.{group}"
            one = metrics[name]
            table.add_row(
                short,
                f"{fmean(before[name]):.2f}",
                f"{fmean(after[name]):.2f}",
                f"{one.mean:+.2f}",
                f"{one.low:+.2f} {one.high:+.2f}",
                f"{one.p:.4f}",
                f"{one.wins}/{one.ties}/{one.losses}",
                verdict(one),
            )
        console.print(table)
        console.print()


def _table() -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("metric", no_wrap=True)
    for heading in ("A", "B", "B-A", "95 %", "p", "w/t/l"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    return table


def _print_changed(console: Console, changed: Sequence[Change], final: str) -> None:
    from rich.table import Table

    if changed:
        console.print(f"\nThe rows that changed most ({final}):")
    for change in changed:
        console.print(f"\n{change.id}  {change.a:.2f} -> {change.b:.2f}  ({change.b - change.a:+.2f})")
        texts = Table.grid(padding=(0, 1))
        for label, text in (("A", change.text_a), ("B", change.text_b), ("gold", " | ".join(change.references))):
            texts.add_row(label, _shortened(text))
        console.print(texts)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _CHARACTERS else line[:_CHARACTERS] + "…"
