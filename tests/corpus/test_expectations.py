from pathlib import Path

import pytest

from dialsum.corpus.expectations import REASONS, file_faults, row_faults, row_suite
from dialsum.corpus.formats import Table
from dialsum.params.validation import Validation

LIMITS = Validation(max_rejected_fraction=0.05, max_dialogue_chars=12, max_summary_chars=4)
PATH = Path("data/train.csv")


def table(columns: str, *rows: list[str]) -> Table:
    return Table(PATH, tuple(columns.split(",")), list(range(2, len(rows) + 2)), list(rows))


@pytest.mark.parametrize(
    ("split", "given", "expected"),
    [
        ("train", table("fname,dialogue,summary", ["a", "가", "나"]), []),
        ("test", table("fname,dialogue", ["a", "가"]), []),
        ("train", table(",fname,note,dialogue,summary,note,", ["0", "a", "", "가", "나", "", ""]), []),
        # 007 and 7 are different texts, and NaN is one.
        ("dev", table("fname,dialogue,summary", ["007", "가", "나"], ["7", "가", "나"], ["NaN", "가", "나"]), []),
        (
            "train",
            table("fname,dialogue", ["a", "가"]),
            ["column summary: is missing; add it, or rename the column that holds it (found: fname, dialogue)"],
        ),
        (
            "test",
            table("id,Dialogue"),
            [
                "column fname: is missing; add it, or rename the column that holds it (found: id, Dialogue)",
                "column dialogue: is missing; add it, or rename the column that holds it (found: id, Dialogue)",
            ],
        ),
        ("test", table("fname,dialogue"), ["has a header, but no rows; at least one row is needed"]),
        (
            "test",
            table(
                "fname,dialogue",
                ["a", "가"],
                ["", "나"],
                ["b", "다"],
                ["a", "라"],
                ["b", "마"],
                [" ", "바"],
                ["a", "사"],
            ),
            [
                "row 3, column fname: is blank; give the row an id",
                "row 7, column fname: is blank; give the row an id",
                "column fname: 'a' stands in rows 2, 5, 8; give each row its own id",
                "column fname: 'b' stands in rows 4, 6; give each row its own id",
            ],
        ),
    ],
)
def test_file_faults(split: str, given: Table, expected: list[str]) -> None:
    assert file_faults(given, split) == [f"{PATH}: {fault}" for fault in expected]


def test_row_faults_of_train() -> None:
    given = table(
        "fname,dialogue,summary,summary2,facts",
        ["sound", "#Person1#: 네", "요약", "", ""],
        ["texts", "NaN", "nan", "007", "[]"],
        ["at the bounds", "가" * 12, "나" * 4, "다" * 4, '[{"name": "a", "value": "b"}]'],
        ["label alone", "#Person1#: ", "요약", "", ""],
        ["breaks alone", " <br>\\n", "요약", "", ""],
        ["long", "가" * 13, "요약", "", ""],
        ["no summary", "가", " \u200b", "둘째", ""],
        ["long summaries", "가", "나" * 5, "다" * 5, ""],
        ["facts", "가", "요약", "", "3시"],
        ["all", "", "", "다" * 5, "{"],
    )
    assert row_faults(given, "train", LIMITS) == {
        3: {"empty_dialogue": "the dialogue says nothing"},
        4: {"empty_dialogue": "the dialogue says nothing"},
        5: {"long_dialogue": "dialogue is longer than 12 characters"},
        6: {"empty_summary": "the summary says nothing"},
        7: {"long_summary": "summary is longer than 4 characters"},
        8: {"malformed_facts": 'facts is not of the form [{"name": "…", "value": "…"}]'},
        9: {
            "empty_dialogue": "the dialogue says nothing",
            "empty_summary": "the summary says nothing",
            "long_summary": "summary2 is longer than 4 characters",
            "malformed_facts": 'facts is not of the form [{"name": "…", "value": "…"}]',
        },
    }


def test_row_faults_of_test_ask_for_no_summary() -> None:
    given = table("fname,dialogue,summary", ["a", "가", ""], ["b", "", "요약"])
    assert row_faults(given, "test", LIMITS) == {1: {"empty_dialogue": "the dialogue says nothing"}}


def test_every_reason_of_the_suite_is_counted() -> None:
    suite = row_suite("train", ("fname", "dialogue", "summary", "facts"), LIMITS)
    assert [expectation.meta["reason"] for expectation in suite.expectations] == list(REASONS)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    row_faults(table("fname,dialogue", ["a", ""]), "test", LIMITS)
    assert capfd.readouterr() == ("", "")
