"""Tables for a terminal; the files are tested with the stage that writes them."""

import unicodedata

from dialsum.measures.groups import Group
from dialsum.measures.scoresheet import GroupScore, group_table
from dialsum.measures.significance import Interval

MEANS = {"rouge1": 50.0, "rouge2": 25.0, "rougeL": 40.0, "rouge_mean": 115 / 3}


def scored(by: str, name: str) -> GroupScore:
    return GroupScore(Group(by, name, (0, 1)), MEANS, None, Interval(115 / 3, 30.0, 100.0))


def width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def test_groups_for_a_terminal() -> None:
    topics = [
        scored("topic", name) for name in ("진료", "아주 긴 주제 이름은 끝이 잘린다", "다", "라", "마", "바", "사")
    ]
    lines = group_table([scored("length", "0-199"), *topics]).splitlines()
    assert lines[1].split() == ["length", "0-199", "2", "50.00", "25.00", "40.00", "38.33", "30.0-100.0"]
    assert lines[2].startswith("topic 진료  ")
    assert len(lines) == 1 + 1 + 5 + 1
    assert lines[-1] == "and 2 more topics"
    # A Korean letter takes two columns: all lines end at the same one.
    assert {width(line) for line in lines[:-1]} == {79}
    assert "topic 아주 긴 주제" in lines[3]
    assert "잘린다" not in lines[3]
