"""Lengths as bars.

Enters: how many rows have which length, for each split: `{"train": {335: 1, 325: 2}, …}`.
Leaves: a `Histogram` for each split, with the same bins, so that splits can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

_MOST_BINS = 30
Number = TypeVar("Number", int, float)


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
    """A histogram for each split that has any length; the last bar holds all beyond the 99th percentile."""
    filled = {split: rows for split, rows in lengths.items() if rows}
    if not filled:
        return {}
    least = min(min(rows) for rows in filled.values())
    most = max(percentile(rows, 99) for rows in filled.values())
    width = _bin_width(most - least, _MOST_BINS)
    edges = list(range(least // width * width, (most // width + 2) * width, width))
    return {split: _histogram(rows, edges) for split, rows in filled.items()}


def _histogram(lengths: Mapping[int, int], edges: list[int]) -> Histogram:
    width = edges[1] - edges[0]
    rows = [0] * len(edges)
    for length, number in lengths.items():
        rows[min((length - edges[0]) // width, len(edges) - 1)] += number
    total = sum(lengths.values())
    return Histogram(
        bars=[Bar(low, low + width if low < edges[-1] else None, rows[i]) for i, low in enumerate(edges)],
        rows=total,
        mean=sum(length * number for length, number in lengths.items()) / total,
        median=percentile(lengths, 50),
        p95=percentile(lengths, 95),
        longest=max(lengths),
    )


def _bin_width(span: int, bins: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, … with which so many bins are longer than `span`."""
    power = 1
    while True:
        for width in (power, 2 * power, 5 * power):
            if span < width * bins:
                return width
        power *= 10


def percentile(counts: Mapping[Number, int], percent: int) -> Number:
    """The smallest of the counted values that `percent` of 100 rows do not exceed (nearest rank)."""
    values = sorted(counts)
    needed = sum(counts.values()) * percent
    ranks = accumulate(counts[value] for value in values)
    return next(value for value, rank in zip(values, ranks, strict=True) if rank * 100 >= needed)
