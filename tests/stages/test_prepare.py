import json
from pathlib import Path

import pytest

from dialsum.corpus.dialogue import Dialogue, Fact, Turn, read_jsonl
from dialsum.corpus.formats import Row, write_rows
from dialsum.stages import prepare


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, object]]:
    """metrics/data.json of two train rows, one dev row and an empty test row; the outputs lie in the working folder."""
    monkeypatch.chdir(tmp_path)
    valid = Path("valid")
    valid.mkdir()
    facts = [{"name": "time", "value": "3시"}]
    train = [
        Row("b", "#Person1#:  네.\\n#Person2#: 3시요.", "진료", [" 요약 ", "둘째"], facts),
        Row("007", "#Person1#: 제 번호는 #PhoneNumber#\n#Person1#과#Person2#는", None, ["요약"], []),
    ]
    write_rows(valid / "train.jsonl", train)
    write_rows(valid / "dev.jsonl", [Row("d", "SD2000001: 가<br>SD2000002: 나\nSD2000003: 다", "t", ["요약"], [])])
    write_rows(valid / "test.jsonl", [Row("t", "", None, [], [])])
    prepare.main(
        ["--valid", "valid", "--prepared", "prepared", "--metrics", "metrics/data.json"], standalone_mode=False
    )
    return json.loads(Path("metrics/data.json").read_text())


@pytest.mark.usefixtures("measured")
def test_ids_order_and_texts_are_conserved() -> None:
    assert read_jsonl(Path("prepared/train.jsonl")) == [
        Dialogue(
            id="b",
            turns=(Turn("#Person1#", "네."), Turn("#Person2#", "3시요.")),
            topic="진료",
            references=("요약", "둘째"),
            facts=(Fact("time", "3시"),),
        ),
        Dialogue(
            id="007",
            turns=(Turn("#Person1#", "제 번호는 #PhoneNumber# #Person1#과#Person2#는"),),
            references=("요약",),
        ),
    ]
    assert read_jsonl(Path("prepared/test.jsonl")) == [Dialogue(id="t", turns=(Turn("", ""),))]


def test_metrics(measured: dict[str, dict[str, object]]) -> None:
    steps = dict.fromkeys(
        ["line_endings", "invisible_characters", "escaped_newlines", "breaks", "composed_hangul", "spaces"], 0.0
    )
    assert measured["train"] == {
        "rows": 2,
        # "#Person1#: 네." and "#Person2#: 3시요." are 13 + 1 + 15 characters; the other dialogue is a line of 11 + 40.
        "characters": {"mean": 40.0, "p95": 51, "max": 51},
        "turns": {"mean": 1.5, "p95": 2, "max": 2},
        "speakers": {"mean": 1.5, "p95": 2, "max": 2},
        "rows_with_masks": 1,
        "cleaned": {**steps, "escaped_newlines": 0.5, "spaces": 0.5},
    }
    assert measured["dev"] == {
        "rows": 1,
        # 12 characters a line and two newlines.
        "characters": {"mean": 38.0, "p95": 38, "max": 38},
        "turns": {"mean": 3.0, "p95": 3, "max": 3},
        "speakers": {"mean": 3.0, "p95": 3, "max": 3},
        "rows_with_masks": 0,
        "cleaned": {**steps, "breaks": 1.0},
    }
    assert measured["test"]["speakers"] == {"mean": 0.0, "p95": 0, "max": 0}


@pytest.mark.parametrize(
    ("values", "p95"),
    [([7], 7), (list(range(1, 21)), 19), (list(range(1, 101)), 95), ([5, 1], 5)],
)
def test_p95_is_the_nearest_rank(values: list[int], p95: int) -> None:
    assert prepare.spread(values)["p95"] == p95
