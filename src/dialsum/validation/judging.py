"""Hold files and rows against the expectations.

Enters: a file of a split, such as train.csv with a row 3 whose summary is blank; then the measures of its rows.
Leaves: its `Index`, or an InputError that stops the run (`train.csv: column summary: is missing; …`); and what is amiss
with which rows: `{1: [Finding("empty_summary", "the summary says nothing")]}`, by their place from 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.data_context.types.base import ProgressBarsConfig

from dialsum.corpus import formats
from dialsum.corpus.formats import KNOWN, SHOWN, Index, shown
from dialsum.errors import InputError
from dialsum.validation.expectations import columns_suite, file_suite
from dialsum.validation.measuring import id_faults, says_something
from dialsum.validation.tally import Finding


def survey(path: Path, split: str) -> Index:
    """The index of a split's file. Raises InputError, one line a fault, if the file cannot be used as a whole."""
    first, *others = formats.read_header(path)
    header = pd.DataFrame(columns=[name for name in KNOWN if name in first])
    missing = [failure.column for failure in _failures(header, columns_suite(split))]
    faults = [f"{path}: {fault}" for fault in _missing(missing, first, others)] or [
        f"{path}: column {name}: is named {first.count(name)} times; keep one"
        for name in KNOWN
        if first.count(name) > 1
    ]
    if faults:
        raise InputError("\n".join(faults))
    index = formats.read_index(path)
    firsts: dict[str, int] = {}
    measures = pd.DataFrame(
        {
            "visible": [says_something(name) for name in index.ids],
            # Numbers stand for the ids: Great Expectations hashes what it is given, and Arrow takes no half characters.
            "fname": [firsts.setdefault(name, place) for place, name in enumerate(index.ids)],
            "id_fault": pd.Series(id_faults(index.ids), dtype=object),
        },
    ).astype({"visible": float, "fname": int})
    for failure in _failures(measures, file_suite(split)):
        match failure.column:
            case "":
                faults.append(f"{path}: has a header, but no rows; at least one row is needed")
            case "visible":
                faults += _at_places(index, failure.places, "is blank; give the row an id")
            case "fname":
                faults += _doubled(index, failure.places)
            case "id_fault":
                faults += _at_places(index, failure.places, "has a line break or control character; take it out")
    if faults:
        raise InputError("\n".join(faults))
    return index


def judge(measures: pd.DataFrame, suite: gx.ExpectationSuite) -> dict[int, list[Finding]]:
    """What is amiss with which rows of a frame (`validation.measuring.measure`), by their place in it, from 0."""
    findings: defaultdict[int, list[Finding]] = defaultdict(list)
    for failure in _failures(measures, suite):
        values = measures[failure.column] if failure.column else None
        for place in failure.places:
            value = "" if values is None else values[place]
            text = failure.fault.format(f"{value:.0f}" if isinstance(value, float) else value)
            findings[place].append(Finding(failure.name, text))
    return dict(sorted(findings.items()))


@dataclass(frozen=True)
class _Failure:
    """An expectation that was not met: on which column, if on one, in which rows; name and text of the fault."""

    column: str
    places: list[int]
    name: str
    fault: str


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
                column=config.kwargs.get("column", ""),
                places=result.result.get("unexpected_index_list", []),
                **(config.meta or {"name": "", "fault": ""}),
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


def _missing(names: list[str], header: list[str], rows: list[list[str]]) -> list[str]:
    """That columns are missing, with the remedy that the first rows of the file suggest."""
    for number, cells in enumerate(rows, start=2):
        if names and set(names) <= set(cells):
            return [f"{_are_missing(names)}; row {number} seems to name the columns: delete the rows above it"]
    alike = {name: column for name in names for column in header if column.strip().lower() == name}
    faults = [f"{_are_missing([name])}; rename the column {column!r}" for name, column in alike.items()]
    if others := [name for name in names if name not in alike]:
        found = ", ".join(shown(column) for column in header[:SHOWN]) + (", …" if len(header) > SHOWN else "")
        faults.append(f"{_are_missing(others)}; add it, or rename the column that holds it (found: {found})")
    return faults


def _are_missing(names: list[str]) -> str:
    return f"column {names[0]}: is missing" if len(names) == 1 else f"columns {', '.join(names)}: are missing"


def _at_places(index: Index, places: list[int], fault: str) -> list[str]:
    rows = (index.numbers[place] for place in places[:SHOWN])
    messages = [f"{index.path}: row {number}, column fname: {fault}" for number in rows]
    return [*messages, *formats.and_more(index.path, len(places))]


def _doubled(index: Index, places: list[int]) -> list[str]:
    """One message for each id that stands in several rows; blank ones are told of already."""
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for place in places:
        if says_something(index.ids[place]):
            rows[index.ids[place]].append(index.numbers[place])
    messages = [
        f"{index.path}: column fname: {shown(name)} stands in rows {_some(numbers)}; give each row its own id"
        for name, numbers in list(rows.items())[:SHOWN]
    ]
    return [*messages, *formats.and_more(index.path, len(rows))]


def _some(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:SHOWN])) + (f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else "")
