from pathlib import Path

import pytest

from dialsum.corpus.formats import Table
from dialsum.errors import InputError
from dialsum.params.validation import Validation
from dialsum.validation.expectations import row_suite
from dialsum.validation.judging import judge, survey
from dialsum.validation.measuring import measure

LIMITS = Validation(max_rejected_fraction=0.05, max_dialogue_chars=30, max_summary_chars=4, known_masks=["Email"])
TALK = "#Person1#: 네\n#Person2#: 네"  # 25 characters
FACTS_FORM = 'facts is not of the form [{"name": "…", "value": "…"}]'


def findings(split: str, columns: str, *rows: list[str]) -> dict[int, dict[str, str]]:
    names = tuple(columns.split(","))
    measures = measure(Table(names, list(range(2, len(rows) + 2)), list(rows)), split, LIMITS)
    found = judge(measures, row_suite(split, names, LIMITS))
    return {place: {finding.name: finding.text for finding in items} for place, items in found.items()}


@pytest.mark.parametrize(
    ("split", "content"),
    [
        ("train", "fname,dialogue,summary\na,가,나\n"),
        ("test", "fname,dialogue\na,가\n"),
        ("train", ",fname,note,dialogue,summary,note,\n0,a,,가,나,,\n"),
        # 007 and 7 are different texts, and NaN is one.
        ("dev", "fname,dialogue,summary\n007,가,나\n7,가,나\nNaN,가,나\n"),
    ],
)
def test_a_file_that_can_be_used(tmp_path: Path, split: str, content: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    assert len(survey(path, split).ids) == content.count("\n") - 1


@pytest.mark.parametrize(
    ("split", "content", "expected"),
    [
        (
            "train",
            "fname,dialogue\na,가\n",
            ["column summary: is missing; add it, or rename the column that holds it (found: fname, dialogue)"],
        ),
        (
            "test",
            "id,Dialogue\n",
            [
                "column dialogue: is missing; rename the column 'Dialogue'",
                "column fname: is missing; add it, or rename the column that holds it (found: id, Dialogue)",
            ],
        ),
        ("test", "fname,dialogue\n", ["has a header, but no rows; at least one row is needed"]),
        (
            "test",
            "fname,dialogue\na,가\n,나\nb,다\na,라\nb,마\n ,바\na,사\n",
            [
                "row 3, column fname: is blank; give the row an id",
                "row 7, column fname: is blank; give the row an id",
                "column fname: a stands in rows 2, 5, 8; give each row its own id",
                "column fname: b stands in rows 4, 6; give each row its own id",
            ],
        ),
        (
            "test",
            "fname,dialogue\n" + " ,가\n" * 7,
            [
                *(f"row {number}, column fname: is blank; give the row an id" for number in range(2, 7)),
                "and 2 more faults of this kind",
            ],
        ),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, split: str, content: str, expected: list[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        survey(path, split)
    assert str(caught.value).split("\n") == [f"{path}: {fault}" for fault in expected]


def test_rows_of_train() -> None:
    assert findings(
        "train",
        "fname,dialogue,summary,summary2,facts",
        ["sound", TALK, "요약", "", ""],
        ["texts", TALK, "nan", "007", "[]"],
        ["at the bounds", TALK + "가" * 5, "나" * 4, "다" * 4, '[{"name": "a", "value": "b"}]'],
        ["label alone", "#Person1#: ", "요약", "", ""],
        ["breaks alone", " <br>\\n", "요약", "", ""],
        ["long", TALK + "가" * 6, "요약", "", ""],
        ["no tag", "가", "요", "", ""],
        ["one turn", "#Person1#: 네\n네", "요약", "", ""],
        ["before the first", "네\n#Person1#: 네", "요약", "", ""],
        ["no summary", TALK, " \u200b", "둘째", ""],
        ["long summaries", TALK, "나" * 5, "다" * 5, ""],
        ["facts", TALK, "요약", "", "3시"],
        ["all", "", "", "다" * 5, "{"],
    ) == {
        3: {"empty_dialogue": "the dialogue says nothing"},
        4: {"empty_dialogue": "the dialogue says nothing"},
        5: {"long_dialogue": "dialogue has 31 characters; at most 30 are allowed"},
        6: {
            "no_speaker_tag": "the dialogue has no speaker tag such as #Person1#: at the start of a line",
        },
        7: {"too_few_turns": "turns that say something: 1; at least 2 are needed"},
        8: {"too_few_turns": "turns that say something: 1; at least 2 are needed"},
        9: {"empty_summary": "the summary says nothing"},
        10: {"long_summary": "summary2 has 5 characters; at most 4 are allowed"},
        11: {"malformed_facts": FACTS_FORM},
        12: {
            "empty_dialogue": "the dialogue says nothing",
            "empty_summary": "the summary says nothing",
            "long_summary": "summary2 has 5 characters; at most 4 are allowed",
            "malformed_facts": FACTS_FORM,
            "summary_longer_than_dialogue": "summary2 is longer than the dialogue",
        },
    }


def test_rows_of_test_are_asked_for_no_summary() -> None:
    assert findings("test", "fname,dialogue,summary", ["a", TALK, ""], ["b", "", "요약"]) == {
        1: {"empty_dialogue": "the dialogue says nothing"}
    }


def test_masks_that_nobody_knows_are_named() -> None:
    assert findings(
        "test",
        "fname,dialogue",
        ["a", "#Person1#: #Email#\n#Person2#: 네"],
        ["b", "#Person1#: #Foo# #Bar#\n#Person2#: #Foo#"[:30] + "#"],
        ["c", "#Person1#:#Person2#와#Person3#\n#Person2#:1"],
    )[1]["unknown_mask"].startswith("unknown masks: #Bar#, #Foo#")


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    findings("test", "fname,dialogue", ["a", ""])
    assert capfd.readouterr() == ("", "")
