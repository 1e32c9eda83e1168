from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dialsum.corpus.dialogue import Dialogue, Turn, write_jsonl
from dialsum.records import examples


@pytest.mark.parametrize(("rows", "first"), [(3, [0, 1, 2]), (50, [0, 1, 2]), (120, [0, 2, 4, 7])])
def test_rows_are_spread_over_the_split(tmp_path: Path, rows: int, first: list[int]) -> None:
    with (tmp_path / "dev.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*examples.SHOWN, "tags"])
        writer.writeheader()
        for row in range(rows):
            texts = {"reference": "만난다.\n만날 것이다.", "prediction": f"{row}시에 만난다.", "topic": "약속"}
            numbers = {"rouge_mean": 50.5, "facts_found": 1, "facts_total": 2}
            writer.writerow({"id": f"dev_{row}", **texts, **numbers, "tags": ""})
    dialogues = [Dialogue(f"dev_{row}", (Turn("#Person1#", "네."), Turn("#Person2#", "예."))) for row in range(rows)]
    write_jsonl(tmp_path / "dev.jsonl", dialogues)

    table = examples.spread(tmp_path / "dev.csv", tmp_path / "dev.jsonl")
    assert list(table) == [*examples.SHOWN, "dialogue"]
    assert {len(column) for column in table.values()} == {min(rows, 50)}
    assert table["id"][: len(first)] == [f"dev_{row}" for row in first]
    assert table["prediction"][1] == f"{first[1]}시에 만난다."
    assert table["reference"][0] == "만난다.\n만날 것이다."
    assert table["dialogue"][0] == "#Person1#: 네.\n#Person2#: 예."
