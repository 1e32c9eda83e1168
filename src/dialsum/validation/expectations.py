"""What a data set must be, as Great Expectations suites that a person can read.

Enters: a split, the columns of its file, the bounds of params.yaml. Leaves: three suites a split, on columns, on the
file as a whole and on its rows, and each as a list of `Requirement`:

    Requirement("A summary says something.", "expect_column_values_to_be_between", "empty_summary")

An expectation's `notes` say what is required. Those on rows ask for measures (`dialsum.validation.measuring`); their
`meta` has the name of the fault and what is said of a row that has it, `{}` being the value measured. Their severity
says whether the row is set aside (critical) or only counted (warning).

Great Expectations 1.24 (https://docs.greatexpectations.io/docs/core) needs 4 s to import: import this where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import great_expectations as gx
from great_expectations.expectations.core.expect_column_pair_values_a_to_be_greater_than_b import (
    ExpectColumnPairValuesAToBeGreaterThanB,
)
from great_expectations.expectations.core.expect_column_to_exist import ExpectColumnToExist
from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween
from great_expectations.expectations.core.expect_column_values_to_be_null import ExpectColumnValuesToBeNull
from great_expectations.expectations.core.expect_column_values_to_be_unique import ExpectColumnValuesToBeUnique
from great_expectations.expectations.core.expect_table_row_count_to_be_between import ExpectTableRowCountToBeBetween
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity

from dialsum.corpus.formats import REFERENCES, REQUIRED
from dialsum.params.validation import Validation

# The names that row suites give: what sets a row of train or dev aside, and what is only counted.
REASONS = (
    "malformed_id",
    "empty_dialogue",
    "long_dialogue",
    "no_speaker_tag",
    "too_few_turns",
    "empty_summary",
    "long_summary",
    "control_character",
    "lone_surrogate",
    "malformed_facts",
)
WARNINGS = ("unknown_mask", "summary_longer_than_dialogue")


@dataclass(frozen=True)
class Requirement:
    """What a suite asks for: in words, as the expectation that asks, and the names of the faults if it is not met."""

    sentence: str
    expectation: str
    name: str


def columns_suite(split: str) -> gx.ExpectationSuite:
    """The columns that a split must have. Nothing else can be asked without them."""
    return gx.ExpectationSuite(
        name=f"{split} columns",
        expectations=[
            ExpectColumnToExist(column=name, notes=f"The file has a column `{name}`.") for name in REQUIRED[split]
        ],
    )


def file_suite(split: str) -> gx.ExpectationSuite:
    """What the rows of a split must be as a whole, by their ids."""
    expectations: list[Expectation] = [
        ExpectTableRowCountToBeBetween(min_value=1, notes="The file has at least one row."),
        ExpectColumnValuesToBeBetween(column="visible", min_value=1, notes="Each row has an id (`fname`)."),
        ExpectColumnValuesToBeUnique(column="fname", notes="No id occurs twice."),
    ]
    if split == "test":  # whose rows cannot be set aside
        notes = "No id has line breaks or control characters: the submission repeats it."
        expectations.append(ExpectColumnValuesToBeNull(column="id_fault", notes=notes))
    return gx.ExpectationSuite(name=f"{split} file", expectations=expectations)


def row_suite(split: str, columns: tuple[str, ...], limits: Validation) -> gx.ExpectationSuite:
    """What each row of a split must be; `columns` are those of the file."""
    expectations = _of_dialogues(limits)
    if split != "test":
        expectations += [
            ExpectColumnValuesToBeNull(
                column="id_fault",
                notes="An id has no line breaks or control characters.",
                **_amiss("malformed_id", "the id holds {}"),
            ),
            *_of_summaries([name for name in REFERENCES if name in columns], limits),
        ]
    if "facts" in columns:
        expectations.append(
            ExpectColumnValuesToBeNull(
                column="facts_fault",
                notes='Facts, if there are any, are JSON of the form `[{"name": "time", "value": "오후 3시"}]`.',
                **_amiss("malformed_facts", 'facts is not of the form [{{"name": "…", "value": "…"}}]'),
            )
        )
    expectations.sort(key=lambda expectation: (*REASONS, *WARNINGS).index(_name(expectation)))
    return gx.ExpectationSuite(name=f"{split} rows", expectations=expectations)


def requirements(suite: gx.ExpectationSuite) -> list[Requirement]:
    """What a suite asks for, in its order."""
    return [
        Requirement(
            sentence=str(expectation.notes),
            expectation=expectation.expectation_type,
            name=_name(expectation),
        )
        for expectation in suite.expectations
    ]


def _of_dialogues(limits: Validation) -> list[Expectation]:
    """What is asked of each dialogue, and of all texts of a row."""
    longest = limits.max_dialogue_chars
    return [
        ExpectColumnValuesToBeBetween(
            column="dialogue_said",
            min_value=1,
            notes="A dialogue says something; speaker tags, blanks and invisible characters alone do not.",
            **_amiss("empty_dialogue", "the dialogue says nothing"),
        ),
        ExpectColumnValuesToBeBetween(
            column="dialogue_chars",
            max_value=longest,
            notes=f"A dialogue has at most {longest:,} characters (`validation.max_dialogue_chars`).",
            **_amiss("long_dialogue", f"dialogue has {{}} characters; at most {longest} are allowed"),
        ),
        ExpectColumnValuesToBeBetween(
            column="speaker_tags",
            min_value=1,
            notes="A dialogue has speaker tags at the start of lines, such as `#Person1#:` or `SD2000001:`.",
            **_amiss("no_speaker_tag", "the dialogue has no speaker tag such as #Person1#: at the start of a line"),
        ),
        ExpectColumnValuesToBeBetween(
            column="turns",
            min_value=2,
            notes="A dialogue has at least two turns that say something after their speaker tag.",
            **_amiss("too_few_turns", "turns that say something: {}; at least 2 are needed"),
        ),
        ExpectColumnValuesToBeNull(
            column="control_character",
            notes="No text has control characters such as NUL; tabs and line ends are allowed.",
            **_amiss("control_character", "a control character: {}"),
        ),
        ExpectColumnValuesToBeNull(
            column="lone_surrogate",
            notes="No text has half characters (lone surrogates).",
            **_amiss("lone_surrogate", "half a character: {}"),
        ),
        ExpectColumnValuesToBeNull(
            column="unknown_masks",
            notes="Masks are known ones (`validation.known_masks`).",
            **_amiss("unknown_mask", "unknown masks: {}"),
        ),
    ]


def _of_summaries(references: list[str], limits: Validation) -> list[Expectation]:
    """What is asked of the summaries, in whichever columns there are."""
    longest = limits.max_summary_chars
    return [
        ExpectColumnValuesToBeBetween(
            column="summary_said",
            min_value=1,
            notes="A summary says something.",
            **_amiss("empty_summary", "the summary says nothing"),
        ),
        *(
            ExpectColumnValuesToBeBetween(
                column=f"{name}_chars",
                max_value=longest,
                notes=f"A `{name}` has at most {longest:,} characters (`validation.max_summary_chars`).",
                **_amiss("long_summary", f"{name} has {{}} characters; at most {longest} are allowed"),
            )
            for name in references
        ),
        *(
            ExpectColumnPairValuesAToBeGreaterThanB(
                column_A="dialogue_chars",
                column_B=f"{name}_chars",
                or_equal=True,
                ignore_row_if="either_value_is_missing",
                notes=f"A `{name}` is not longer than its dialogue.",
                **_amiss("summary_longer_than_dialogue", f"{name} is longer than the dialogue"),
            )
            for name in references
        ),
    ]


def _name(expectation: Expectation) -> str:
    """The name of what is amiss with a row if the expectation is not met; "" for one on a whole file."""
    return str((expectation.meta or {"name": ""})["name"])


def _amiss(name: str, fault: str) -> dict[str, Any]:
    """What an expectation on rows has besides: name of the fault, what is said of a row that has it, how bad it is."""
    severity = FailureSeverity.WARNING if name in WARNINGS else FailureSeverity.CRITICAL
    return {"meta": {"name": name, "fault": fault}, "severity": severity}
