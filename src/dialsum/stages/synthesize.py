"""Stage synthesize: fill data/synthetic with dialogues in the competition's format.

In: params. Out: train.csv, dev.csv (`fname,dialogue,summary,topic,facts`) and test.csv (`fname,dialogue`), as in

    train_0,"#Person1#: 예약하고 싶어요.\n#Person2#: …",#Person1#은 … 예약한다.,진료 예약,"[{""name"": ""date"", …}]"

It is the first stage, so it also refuses a `data.dir` that cannot work, before DVC looks for files in it.
"""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path

import click

from dialsum.corpus.synthetic import Row, Split, generate
from dialsum.outputs import replacing
from dialsum.params.data import Data, Synthesis
from dialsum.params.strict import load
from dialsum.stages.location import check_location

COLUMNS = ["fname", "dialogue", "summary", "topic", "facts"]
TEST_COLUMNS = ["fname", "dialogue"]


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(out: Path) -> None:
    """Write the three splits."""
    params = load(Path("params.yaml"), "synthesis", Synthesis)
    check_location(load(Path("params.yaml"), "data", Data), Path("dvc.yaml"), synthetic=out)
    counts: dict[Split, int] = {"train": params.train_rows, "dev": params.dev_rows, "test": params.test_rows}
    for split, rows in counts.items():
        _write(out / f"{split}.csv", generate(split, rows, params.seed), TEST_COLUMNS if split == "test" else COLUMNS)


def _write(path: Path, rows: list[Row], columns: list[str]) -> None:
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for row in rows:
            facts = json.dumps([asdict(fact) for fact in row.facts], ensure_ascii=False)
            writer.writerow({**asdict(row), "facts": facts})
