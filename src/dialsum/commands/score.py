"""`dialsum score`: ROUGE of any file of predictions.

Enters: predictions and references, CSV or JSON lines, matched by id. Leaves: a table, or with --json an object:

    {"rows": 300, "metrics": {"rouge1.official.mecab": {"mean": 76.17, "low": 74.2, "high": 78.1}, …}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialsum.commands.options import FILE, console, unit_option
from dialsum.corpus.summaries import read_predictions, read_references, refuse_mismatch
from dialsum.measures.scoring import all_columns
from dialsum.measures.units import Unit

if TYPE_CHECKING:
    from rich.table import Table

    from dialsum.measures.significance import Interval


@click.command()
@click.argument("predictions", type=FILE)
@click.argument("references", type=FILE)
@unit_option
@click.option("--json", "as_json", is_flag=True, help="Print one object instead, with all digits.")
def main(predictions: Path, references: Path, units: tuple[Unit, ...], as_json: bool) -> None:
    """Score PREDICTIONS against REFERENCES.

    Both are .csv or .jsonl, their rows matched by fname or id. The text is summary or text; further references are
    summary2 and summary3, or a list `references`. Ids that are missing, extra or doubled are refused.

    \b
    official: the rouge package's ROUGE, the competition's
    strict:   with repeated words counted, and #Person1# as one word
    rouge_mean is the competition's final score. Figures are percent, the mean
    over rows and references; .best, where a row has several references, takes
    the best. low and high bound the 95 % interval (bootstrap over rows).

    \b
    Example:
      dialsum score data/predictions/dev.jsonl data/prepared/dev.jsonl
    """
    given, wanted = read_predictions(predictions), read_references(references)
    refuse_mismatch(given, wanted)
    texts = given.texts()
    columns = all_columns(
        [texts[name][0] for name in wanted.ids()],
        [row.texts for row in wanted.rows],
        list(dict.fromkeys(units)),
        "score",
    )

    from dialsum.measures.significance import intervals

    found = intervals(columns)
    if as_json:
        metrics = {name: asdict(interval) for name, interval in found.items()}
        click.echo(json.dumps({"rows": len(wanted.rows), "metrics": metrics}, indent=2))
        return
    screen = console()
    screen.print(_table(found))
    screen.print(f"{len(wanted.rows)} rows; F1 in percent, with 95 % intervals")


def _table(found: Mapping[str, Interval]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("metric", no_wrap=True)
    for heading in ("mean", "low", "high"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, interval in found.items():
        table.add_row(name, *(f"{value:.2f}" for value in (interval.mean, interval.low, interval.high)))
    return table
