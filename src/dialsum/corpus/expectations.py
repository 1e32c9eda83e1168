"""What a data set must be, as Great Expectations suites that a person can read.

Enters: the `Table` of a split, such as train.csv with a row 3 whose summary is blank.
Leaves: `file_faults`, which stop a run (`train.csv: column summary: is missing; …`), and `row_faults`, which set a row
aside: `{1: {"empty_summary": "the summary says nothing"}}`, by the row's place in the table and the reason's name.

Great Expectations 1.24 (https://docs.greatexpectations.io/docs/core) needs 4 s to import: import this where it is used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.core.expect_column_to_exist import ExpectColumnToExist
from great_expectations.expectations.core.expect_column_value_lengths_to_be_between import (
    ExpectColumnValueLengthsToBeBetween,
)
from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet
from great_expectations.expectations.core.expect_column_values_to_be_unique import ExpectColumnValuesToBeUnique
from great_expectations.expectations.core.expect_table_row_count_to_be_between import ExpectTableRowCountToBeBetween

from dialsum.corpus.cleaning import clean, said
from dialsum.corpus.formats import KNOWN, REFERENCES, REQUIRED, Table, parse_facts, shortened
from dialsum.params.validation import Validation

REASONS = ("empty_dialogue", "long_dialogue", "empty_summary", "long_summary", "malformed_facts")


def columns_suite(split: str) -> gx.ExpectationSuite:
    """The columns that a split must have. No further expectation makes sense without them."""
    return gx.ExpectationSuite(
        name=f"{split} columns",
        expectations=[ExpectColumnToExist(column=name) for name in REQUIRED[split]],
    )


def file_suite(split: str) -> gx.ExpectationSuite:
    """What the rows of a split must be as a whole."""
    return gx.ExpectationSuite(
        name=f"{split} file",
        expectations=[
            ExpectTableRowCountToBeBetween(min_value=1),
            ExpectColumnValueLengthsToBeBetween(column="fname_said", min_value=1),
            ExpectColumnValuesToBeUnique(column="fname"),
        ],
    )


def row_suite(split: str, columns: tuple[str, ...], limits: Validation) -> gx.ExpectationSuite:
    """What each row of a split must be. `columns` are those of the file; lengths are in characters as they stand there.

    `dialogue_said` and `summary_said` hold what is left to read after cleaning, see `_row_frame`.
    """
    suite = gx.ExpectationSuite(
        name=f"{split} rows",
        expectations=[
            _said("dialogue_said", "empty_dialogue", "the dialogue says nothing"),
            _at_most(limits.max_dialogue_chars, "dialogue", "long_dialogue"),
        ],
    )
    if split != "test":
        suite.add_expectation(_said("summary_said", "empty_summary", "the summary says nothing"))
        for name in REFERENCES:
            if name in columns:
                suite.add_expectation(_at_most(limits.max_summary_chars, name, "long_summary"))
    if "facts" in columns:
        text = 'facts is not of the form [{"name": "…", "value": "…"}]'
        suite.add_expectation(
            ExpectColumnValuesToBeInSet(
                column="facts_form", value_set=["sound"], meta={"reason": "malformed_facts", "text": text}
            )
        )
    return suite


def file_faults(table: Table, split: str) -> list[str]:
    """What makes a file unusable as a whole, one message a fault; empty if it can be used."""
    header = pd.DataFrame(columns=[name for name in KNOWN if name in table.columns])
    missing = [failure.column for failure in _failures(header, columns_suite(split))]
    if missing:
        found = ", ".join(table.columns)
        return [
            f"{table.path}: column {name}: is missing; add it, or rename the column that holds it (found: {found})"
            for name in missing
        ]
    ids = table.column("fname")
    frame = pd.DataFrame({"fname": ids, "fname_said": [name.strip() for name in ids]}, dtype=object)
    faults: list[str] = []
    for failure in _failures(frame, file_suite(split)):
        match failure.expectation:
            case "expect_table_row_count_to_be_between":
                faults.append(f"{table.path}: has a header, but no rows; at least one row is needed")
            case "expect_column_value_lengths_to_be_between":
                faults.extend(_nameless(table, failure.places))
            case "expect_column_values_to_be_unique":
                faults.extend(_doubled(table, failure.places))
    return faults


def row_faults(table: Table, split: str, limits: Validation) -> dict[int, dict[str, str]]:
    """The rows with faults, by their place in `table.rows` (from 0): each reason's name, as in REASONS, and its text.

    The table must be without `file_faults`.
    """
    faults: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for failure in _failures(_row_frame(table), row_suite(split, table.columns, limits)):
        for place in failure.places:
            faults[place].setdefault(failure.reason, failure.text)
    return dict(sorted(faults.items()))


@dataclass(frozen=True)
class _Failure:
    """An expectation that was not met: on which column, in which rows; for row faults the reason's name and text."""

    expectation: str
    column: str
    places: list[int]
    reason: str
    text: str


def _failures(frame: pd.DataFrame, suite: gx.ExpectationSuite) -> Iterator[_Failure]:
    """What `frame` does not meet of a suite, in the order of the suite."""
    batch = _batch_definition().get_batch(batch_parameters={"dataframe": frame})
    outcome = batch.validate(suite, result_format={"result_format": "COMPLETE", "partial_unexpected_count": 0})
    for result in outcome.results:
        config = result.expectation_config
        # Great Expectations reports an error of its own as an expectation that was not met.
        if result.exception_info.get("raised_exception", True):
            raise RuntimeError(f"{config.type} on {config.kwargs}: {result.exception_info}")
        if not result.success:
            yield _Failure(
                expectation=config.type,
                column=config.kwargs.get("column", ""),
                places=result.result.get("unexpected_index_list", []),
                **(config.meta or {"reason": "", "text": ""}),
            )


@cache
def _batch_definition() -> Any:
    """The one way into Great Expectations: a context in memory that reports to nobody and draws no progress bars."""
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    return (
        context.data_sources.add_pandas("splits")
        .add_dataframe_asset("rows")
        .add_batch_definition_whole_dataframe("all")
    )


def _row_frame(table: Table) -> pd.DataFrame:
    """The cells as texts, and beside them what is left to read."""
    cells = {name: table.column(name) for name in KNOWN if name in table.columns}
    frame = pd.DataFrame({**cells, "dialogue_said": list(map(said, cells["dialogue"]))}, dtype=object)
    if "summary" in cells:
        frame["summary_said"] = [clean(text) for text in cells["summary"]]
    if "facts" in cells:
        frame["facts_form"] = ["malformed" if parse_facts(cell) is None else "sound" for cell in cells["facts"]]
    return frame


def _said(column: str, reason: str, text: str) -> ExpectColumnValueLengthsToBeBetween:
    return ExpectColumnValueLengthsToBeBetween(column=column, min_value=1, meta={"reason": reason, "text": text})


def _at_most(characters: int, column: str, reason: str) -> ExpectColumnValueLengthsToBeBetween:
    text = f"{column} is longer than {characters} characters"
    return ExpectColumnValueLengthsToBeBetween(
        column=column, max_value=characters, meta={"reason": reason, "text": text}
    )


def _nameless(table: Table, places: list[int]) -> list[str]:
    faults = [
        f"{table.path}: row {table.numbers[place]}, column fname: is blank; give the row an id" for place in places
    ]
    return shortened(faults, table.path)


def _doubled(table: Table, places: list[int]) -> list[str]:
    """One message for each id that stands in several rows; blank ones are told of already."""
    ids = table.column("fname")
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for place in places:
        if ids[place].strip():
            rows[ids[place]].append(table.numbers[place])
    faults = [
        f"{table.path}: column fname: {name!r} stands in rows {', '.join(map(str, numbers))}; give each row its own id"
        for name, numbers in rows.items()
    ]
    return shortened(faults, table.path)
