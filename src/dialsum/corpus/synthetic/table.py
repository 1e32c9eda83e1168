"""Synthetic rows as the CSV files of a data set.

Enters: rows of a split, one after the other. Leaves: train.csv, dev.csv (`fname,dialogue,summary,topic,facts`) or
test.csv (`fname,dialogue`), as in

    train_0,"#Person1#: 예약하고 싶어요.\n#Person2#: …",#Person1#은 … 예약한다.,진료 예약,"[{""name"": ""date"", …}]"
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

from dialsum.corpus.synthetic.generate import Row, Split

COLUMNS = ("fname", "dialogue", "summary", "topic", "facts")
TEST_COLUMNS = ("fname", "dialogue")
_JSON = json.JSONEncoder(ensure_ascii=False)


def write_table(path: Path, split: Split, rows: Iterable[Row]) -> None:
    """Write `rows` as UTF-8. Holds one row at a time, so that a million of them need no memory."""
    columns = TEST_COLUMNS if split == "test" else COLUMNS
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(_cells(row)[: len(columns)] for row in rows)


def _cells(row: Row) -> tuple[str, ...]:
    facts = [{"name": fact.name, "value": fact.value} for fact in row.facts]
    return (row.fname, row.dialogue, row.summary, row.topic, _JSON.encode(facts))
