"""Intervals and p-values, worked by hand where rows are few and beside scipy's where they are many."""

import numpy as np
import pytest
from scipy import stats

from dialsum.measures.significance import Difference, Interval, differences, intervals, superiority

ROWS = 499


def scores(seed: int = 3, gain: float = 0.0, noise: float = 0.0) -> np.ndarray:
    """Scores of one system; with the same seed, of another that is better by `gain` on average."""
    rng = np.random.default_rng(seed)
    first = rng.normal(50, 15, ROWS)
    return first + rng.normal(gain, noise, ROWS)


def test_the_interval_of_two_rows() -> None:
    # Of four draws one is (10, 10) and one (30, 30): each of the two means has more than 2.5 %.
    assert intervals({"a": [10.0, 30.0]}) == {"a": Interval(20.0, 10.0, 30.0)}


def test_one_row_or_equal_rows_have_no_width() -> None:
    assert intervals({"a": [7.5], "b": [2.0]}) == {"a": Interval(7.5, 7.5, 7.5), "b": Interval(2.0, 2.0, 2.0)}
    assert intervals({"a": [4.0] * 50}) == {"a": Interval(4.0, 4.0, 4.0)}


def test_intervals_agree_with_scipy() -> None:
    values = scores()
    found = intervals({"a": list(values)})["a"]
    known = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=9999, rng=1).confidence_interval
    assert found.mean == pytest.approx(values.mean())
    # The bounds lie 1.3 from the mean; two bootstraps of 10,000 agree to a few hundredths of that.
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=0.06)


@pytest.mark.parametrize("gain", [0.0, 0.5, 0.8, 3.0])
def test_differences_agree_with_scipy(gain: float) -> None:
    before, after = scores(), scores(gain=gain, noise=8)
    found = differences({"a": list(before)}, {"a": list(after)})["a"]
    change = after - before
    known = stats.bootstrap((change,), np.mean, method="percentile", n_resamples=9999, rng=1).confidence_interval
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=0.04)
    p = stats.permutation_test(
        (change,), lambda x, axis: x.mean(axis=axis), permutation_type="samples", vectorized=True, rng=1
    ).pvalue
    # Standard error of a share of 10,000: 0.005 at most; scipy doubles that of one side.
    assert found.p == pytest.approx(p, abs=0.02)
    assert found.mean == pytest.approx(change.mean())


def test_p_of_three_rows() -> None:
    # Of eight flips of 1, 2, 3 two give a sum of 6 or -6: a quarter.
    found = differences({"a": [0.0, 0.0, 0.0]}, {"a": [1.0, 2.0, 3.0]})["a"]
    assert found.p == pytest.approx(0.25, abs=0.02)
    assert (found.wins, found.ties, found.losses) == (3, 0, 0)


def test_a_flip_that_gives_the_same_but_for_rounding_counts() -> None:
    # Added in this order they give 1.1e-16 and not 0, which is the sum of many flips.
    values = [0.1, 0.2, 0.3, -0.1, -0.2, -0.3]
    assert sum(values) != 0
    assert differences({"a": [0.0] * 6}, {"a": values})["a"].p == 1.0


def test_a_file_with_itself() -> None:
    same = {"a": list(scores()), "b": list(scores(4))}
    nothing = Difference(mean=0.0, low=0.0, high=0.0, p=1.0, wins=0, ties=ROWS, losses=0)
    assert differences(same, same) == {"a": nothing, "b": nothing}


def test_the_other_way_round_the_signs_change() -> None:
    before, after = {"a": list(scores())}, {"a": list(scores(gain=1.0, noise=8))}
    one, other = differences(before, after)["a"], differences(after, before)["a"]
    assert (one.mean, one.low, one.p, one.wins) == pytest.approx((-other.mean, -other.high, other.p, other.losses))


def test_rounding_is_a_tie() -> None:
    found = differences({"a": [0.3, 50.0, 50.0]}, {"a": [0.1 + 0.2, 51.0, 49.5]})["a"]
    assert (found.wins, found.ties, found.losses) == (1, 1, 1)


def test_two_calls_agree_and_columns_share_their_draws() -> None:
    values = list(scores())
    assert intervals({"a": values, "b": values}) == intervals({"a": values, "b": values})
    both = intervals({"a": values, "b": [2 * value for value in values]})
    assert both["b"].low == pytest.approx(2 * both["a"].low)


def test_resamples_in_blocks_are_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialsum.measures.significance._BLOCK", 3 * ROWS)
    found = differences({"a": list(scores())}, {"a": list(scores(gain=0.5, noise=8))}, resamples=10)["a"]
    assert found.p * 11 == pytest.approx(round(found.p * 11))


@pytest.mark.parametrize("columns", [{}, {"a": []}])
def test_no_row_is_an_error(columns: dict[str, list[float]]) -> None:
    with pytest.raises(ValueError, match="no row"):
        intervals(columns)


def test_columns_must_agree() -> None:
    with pytest.raises(ValueError, match="columns differ"):
        differences({"a": [1.0]}, {"b": [1.0]})


def test_superiority_is_the_share_of_resamples_with_a_higher_mean() -> None:
    assert superiority([50.0, 60.0], [51.0, 62.0]) == 1.0
    assert superiority([51.0, 62.0], [50.0, 60.0]) == 0.0
    assert superiority([50.0, 60.0], [50.0, 60.0]) == 0.0  # a tie is not better
    # One row of four is better: a resample of four draws misses it with (3/4)^4 = 0.316.
    assert superiority([50.0] * 4, [50.0, 50.0, 50.0, 51.0]) == pytest.approx(1 - 0.316, abs=0.02)
    assert superiority([50.0] * 4, [50.0, 50.0, 50.0, 51.0]) == superiority([0.0] * 4, [0.0, 0.0, 0.0, 9.0])


@pytest.mark.parametrize(("before", "after"), [([], []), ([1.0], [1.0, 2.0])])
def test_superiority_needs_the_same_rows(before: list[float], after: list[float]) -> None:
    with pytest.raises(ValueError, match=r"no row|longer"):
        superiority(before, after)
