"""Lengths as bars.

Enters: how many rows have which length, for each split: `{"train": {335: 1, 325: 2}, …}`.
Leaves: a `Histogram` for each split, with the same bins, so that splits can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_MOST_BINS = 30


@dataclass(frozen=True)
class Bar:
    """`rows` rows have a length from `low` to below `high`; None: no bound."""

    low: int
    high: int | None
    rows: int


@dataclass(frozen=True)
class Histogram:
    """The bars of one split, and the mean, median, 95th percentile (nearest rank) and maximum of its lengths."""

    bars: list[Bar]
    rows: int
    mean: float
    median: int
    p95: int
    longest: int


def histograms(lengths: Mapping[str, Mapping[int, int]]) -> dict[str, Histogram]:
    """A histogram for each split that has any length. The last bar holds all beyond the 99th percentile."""
    filled = {split: rows for split, rows in lengths.items() if rows}
    if not filled:
        return {}
    most = max(_percentile(rows, 99) for rows in filled.values())
    width = _width(most)
    edges = list(range(0, (most // width + 2) * width, width))
    return {split: _histogram(rows, edges) for split, rows in filled.items()}


def _histogram(lengths: Mapping[int, int], edges: list[int]) -> Histogram:
    width = edges[1] - edges[0]
    rows = [0] * len(edges)
    for length, number in lengths.items():
        rows[min(length // width, len(edges) - 1)] += number
    total = sum(lengths.values())
    return Histogram(
        bars=[Bar(low, low + width if low < edges[-1] else None, rows[i]) for i, low in enumerate(edges)],
        rows=total,
        mean=sum(length * number for length, number in lengths.items()) / total,
        median=_percentile(lengths, 50),
        p95=_percentile(lengths, 95),
        longest=max(lengths),
    )


def _width(most: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, … that needs no more than so many bins."""
    power = 1
    while True:
        for width in (power, 2 * power, 5 * power):
            if most // width < _MOST_BINS:
                return width
        power *= 10


def _percentile(lengths: Mapping[int, int], percent: int) -> int:
    """The smallest length that so many percent of the rows do not exceed."""
    total, seen = sum(lengths.values()), 0
    for length in sorted(lengths):
        seen += lengths[length]
        if 100 * seen >= percent * total:
            return length
    raise ValueError("no lengths")
