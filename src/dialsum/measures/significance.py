"""How sure a mean over rows is, and a difference of two means over the same rows.

Enters: columns of scores, one value a row. Leaves: 95 % intervals and p-values.

    intervals({"rouge1": [50.0, 60.0, 70.0]})["rouge1"] == Interval(mean=60.0, low=50.0, high=70.0)
    differences({"rouge1": [50.0, 60.0]}, {"rouge1": [50.0, 60.0]})["rouge1"].p == 1.0
    superiority([50.0, 60.0], [51.0, 62.0]) == 1.0

Rows are drawn anew as a whole: all columns of a call share the draws, so that they can be compared. The seed is fixed;
two runs agree. Whether a difference is one of the systems or of chance is asked twice: by the paired bootstrap (Koehn,
Statistical significance tests for machine translation evaluation, 2004), and by flipping the sign of each row's
difference at random, as if chance had said which system was which (Fisher's paired permutation test).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, Sequence[float]]
_Array = NDArray[np.floating[Any]]

RESAMPLES = 10_000
SEED = 0
_PERCENTILES = (2.5, 97.5)
# Numbers held at once for one block of resamples: 32 MB.
_BLOCK = 4_000_000
# Differences smaller than this are rounding: scores are percent.
_EQUAL = 1e-9


@dataclass(frozen=True)
class Interval:
    """A mean, and the bounds of its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """The mean of what one system has more than another, its 95 % interval, the two-sided p-value, and rows counted."""

    mean: float
    low: float
    high: float
    p: float
    wins: int
    ties: int
    losses: int


def intervals(columns: Columns, resamples: int = RESAMPLES, seed: int = SEED) -> dict[str, Interval]:
    """The mean of each column with its percentile bootstrap interval. Raises ValueError if there is no row."""
    values = _matrix(columns)
    bounds = _bootstrap(values, resamples, seed)
    means = values.mean(axis=0)
    return {
        name: Interval(float(mean), float(low), float(high))
        for name, mean, (low, high) in zip(columns, means, bounds, strict=True)
    }


def differences(before: Columns, after: Columns, resamples: int = RESAMPLES, seed: int = SEED) -> dict[str, Difference]:
    """For each column how much more `after` has than `before`, whose values are of the same rows in the same order.

    p is the share of sign flips, the observed one among them, whose mean is as far from 0 or farther; 1 where no row
    differs. Raises ValueError if columns or lengths differ or there is no row.
    """
    if list(before) != list(after):
        raise ValueError(f"columns differ: {list(before)} and {list(after)}")
    values = _matrix(after) - _matrix(before)
    bounds = _bootstrap(values, resamples, seed)
    p_values = _flip(values, resamples, seed)
    return {
        name: Difference(
            mean=float(column.mean()),
            low=float(low),
            high=float(high),
            p=float(p),
            wins=int((column > _EQUAL).sum()),
            ties=int((abs(column) <= _EQUAL).sum()),
            losses=int((column < -_EQUAL).sum()),
        )
        for name, column, (low, high), p in zip(before, values.T, bounds, p_values, strict=True)
    }


def superiority(before: Sequence[float], after: Sequence[float], resamples: int = RESAMPLES, seed: int = SEED) -> float:
    """The share of resamples of the rows in which the mean of `after` is higher than that of `before` (Koehn, 2004).

    0.95 says: better with 95 % confidence. Both are of the same rows in the same order. Raises ValueError if lengths
    differ or there is no row.
    """
    values = _matrix({"gain": [new - old for old, new in zip(before, after, strict=True)]})
    return float((_resampled(values, resamples, seed) > _EQUAL).mean())


def _matrix(columns: Columns) -> _Array:
    values = np.array([list(column) for column in columns.values()], dtype=np.float64).T
    if not values.size:
        raise ValueError("there is no row")
    return values


def _bootstrap(values: _Array, resamples: int, seed: int) -> _Array:
    """Low and high of each column of `values` (rows, columns), as an array (columns, 2)."""
    return np.asarray(np.percentile(_resampled(values, resamples, seed), _PERCENTILES, axis=0).T)


def _resampled(values: _Array, resamples: int, seed: int) -> _Array:
    """The means of each column of `values` (rows, columns) in each resample, as an array (resamples, columns)."""
    rows = len(values)

    def counts(rng: np.random.Generator, size: int) -> _Array:
        # How often each row was drawn in each resample: one product with the values then gives all means.
        drawn = rng.integers(0, rows, (size, rows)) + rows * np.arange(size)[:, None]
        return np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows).astype(np.float64)

    return np.concatenate([weights @ values / rows for weights in _blocks(counts, rows, resamples, seed)])


def _flip(values: _Array, resamples: int, seed: int) -> _Array:
    """The p-value of each column of `values` (rows, columns)."""
    rows = len(values)

    def signs(rng: np.random.Generator, size: int) -> _Array:
        return 2.0 * rng.integers(0, 2, (size, rows), dtype=np.int8) - 1

    observed = abs(values.sum(axis=0))
    # A flip that gives the observed sum in another order of addition must count as equal.
    enough = observed - 1e-12 * abs(values).sum(axis=0)
    farther = sum((abs(one @ values) >= enough).sum(axis=0) for one in _blocks(signs, rows, resamples, seed))
    return np.asarray((farther + 1) / (resamples + 1), dtype=np.float64)


def _blocks(
    draw: Callable[[np.random.Generator, int], _Array], rows: int, resamples: int, seed: int
) -> Iterator[_Array]:
    """What `draw` gives for some resamples at a time, so that memory stays the same for any number of rows."""
    rng = np.random.default_rng(seed)
    size = max(1, min(resamples, _BLOCK // rows))
    for start in range(0, resamples, size):
        yield draw(rng, min(size, resamples - start))
