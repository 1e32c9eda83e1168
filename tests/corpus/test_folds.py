from __future__ import annotations

from pathlib import Path

import pytest

from dialsum.corpus.dialogue import Dialogue, Turn, read_jsonl, write_jsonl
from dialsum.corpus.folds import assign, resplit
from dialsum.corpus.leaks import Pair
from dialsum.errors import InputError


def test_folds_are_of_like_size_and_keep_together_what_is_linked() -> None:
    ids = [f"row{number}" for number in range(20)]
    same = [("row3", "row7"), ("row7", "row11"), ("row0", "row19")]
    found = assign(ids, same, 4)
    assert sorted(found) == sorted(ids)
    assert found["row3"] == found["row7"] == found["row11"], "linked through row7"
    assert found["row0"] == found["row19"]
    assert sorted(list(found.values()).count(fold) for fold in (1, 2, 3, 4)) == [5, 5, 5, 5]


def test_folds_do_not_depend_on_the_order() -> None:
    ids = [f"row{number}" for number in range(50)]
    same = [("row1", "row2"), ("row2", "row3")]
    other = assign(ids[::-1], [pair[::-1] for pair in same[::-1]], 5)
    assert assign(ids, same, 5) == other


def rows(*names: str) -> list[Dialogue]:
    return [Dialogue(name, (Turn("#Person1#", name),), references=(name,)) for name in names]


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    write_jsonl(tmp_path / "train.jsonl", rows("a", "b", "c", "d", "e", "f"))
    write_jsonl(tmp_path / "dev.jsonl", rows("g", "h", "i"))
    write_jsonl(tmp_path / "test.jsonl", rows("t"))
    return tmp_path


def ids(path: Path) -> list[str]:
    return [row.id for row in read_jsonl(path)]


def test_each_row_is_in_dev_once(prepared: Path) -> None:
    pairs = [Pair("near", "train", "a", "dev", "h", 0.8), Pair("near", "train", "b", "test", "t", 0.8)]
    before = {split: (prepared / f"{split}.jsonl").read_bytes() for split in ("train", "dev", "test")}
    held = []
    for fold in (1, 2, 3):
        for split, content in before.items():
            (prepared / f"{split}.jsonl").write_bytes(content)
        resplit(prepared, pairs, fold, 3)
        train, dev = ids(prepared / "train.jsonl"), ids(prepared / "dev.jsonl")
        assert sorted(train + dev) == list("abcdefghi")
        assert ("a" in dev) == ("h" in dev), "near-duplicates stay together"
        assert ids(prepared / "test.jsonl") == ["t"]
        held += dev
    assert sorted(held) == list("abcdefghi")


def test_an_id_in_both_splits_is_refused(prepared: Path) -> None:
    write_jsonl(prepared / "dev.jsonl", rows("a"))
    with pytest.raises(InputError, match=r"data.fold: the id a is in train and in dev; rename it in one"):
        resplit(prepared, [], 1, 3)


def test_more_folds_than_rows_are_refused(prepared: Path) -> None:
    with pytest.raises(InputError, match=r"data.folds: 12 are more than the 9 rows can fill"):
        resplit(prepared, [], 1, 12)
