"""The CSV files of a synthetic data set."""

from __future__ import annotations

import csv
import json
from hashlib import sha256
from pathlib import Path

import pytest

from dialsum.corpus.dialogue import Fact
from dialsum.corpus.synthetic import Row, Split, generate
from dialsum.corpus.synthetic.table import write_table

ROW = Row(
    "train_0", '#Person1#: "네", 좋아요.\n#Person2#: 네.', "#Person1#은 좋아한다.", "인사", (Fact("time", "3시"),)
)


def test_a_row_is_written_as_canonical_csv(tmp_path: Path) -> None:
    write_table(tmp_path / "train.csv", "train", [ROW])
    assert (tmp_path / "train.csv").read_text(encoding="utf-8") == (
        "fname,dialogue,summary,topic,facts\n"
        'train_0,"#Person1#: ""네"", 좋아요.\n#Person2#: 네.",#Person1#은 좋아한다.,인사,'
        '"[{""name"": ""time"", ""value"": ""3시""}]"\n'
    )


def test_test_rows_have_no_summary(tmp_path: Path) -> None:
    write_table(tmp_path / "test.csv", "test", [ROW])
    text = (tmp_path / "test.csv").read_text(encoding="utf-8")
    assert text == 'fname,dialogue\ntrain_0,"#Person1#: ""네"", 좋아요.\n#Person2#: 네."\n'


@pytest.mark.parametrize(
    ("split", "digest"),
    [
        ("train", "bfd8f97343fe92aecfcc8798c471682ab136f89542b29ee237b270346318c631"),
        ("dev", "3ae684eafaad18760452c63a8cb1de47281ea7f4f7526c59d72b08149c9c8c1e"),
        ("test", "0ba074de68f5e7e3c98133dc259c49b26b82da3e93fa8bdbc1050bc14fcd5d9d"),
    ],
)
def test_the_files_of_the_pipeline_do_not_change(tmp_path: Path, split: Split, digest: str) -> None:
    write_table(tmp_path / "rows.csv", split, generate(split, 50, 42))
    assert sha256((tmp_path / "rows.csv").read_bytes()).hexdigest() == digest


def test_rows_read_back_as_they_were(tmp_path: Path) -> None:
    rows = generate("dev", 40, 5)
    write_table(tmp_path / "dev.csv", "dev", iter(rows))
    with (tmp_path / "dev.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert [(row["fname"], row["dialogue"], row["summary"], row["topic"]) for row in read] == [
        (row.fname, row.dialogue, row.summary, row.topic) for row in rows
    ]
    assert [tuple(Fact(**fact) for fact in json.loads(row["facts"])) for row in read] == [row.facts for row in rows]
