import pytest

from dialsum.corpus.histogram import Bar, histograms


def test_bars_of_two_splits_have_the_same_bins() -> None:
    found = histograms({"train": {1: 2, 4: 1, 5: 1}, "dev": {2: 3}, "test": {}})
    assert list(found) == ["train", "dev"]
    assert [(bar.low, bar.high) for bar in found["train"].bars] == [
        (1, 2),
        (2, 3),
        (3, 4),
        (4, 5),
        (5, 6),
        (6, None),
    ]
    assert [bar.rows for bar in found["train"].bars] == [2, 0, 0, 1, 1, 0]
    assert [bar.rows for bar in found["dev"].bars] == [0, 3, 0, 0, 0, 0]
    train = found["train"]
    assert (train.rows, train.mean, train.median, train.p95, train.longest) == (4, 2.75, 1, 5, 5)


def test_one_giant_does_not_squeeze_the_others() -> None:
    (figure,) = histograms({"test": {**dict.fromkeys(range(400, 599), 1), 10_000_000: 1}}).values()
    # The 99th percentile of the 200 is 597: bins of 10, and all from 600 on in the last.
    assert figure.bars[0] == Bar(400, 410, 10)
    assert figure.bars[-2:] == [Bar(590, 600, 9), Bar(600, None, 1)]
    assert sum(bar.rows for bar in figure.bars) == figure.rows == 200
    assert figure.longest == 10_000_000


@pytest.mark.parametrize("length", [0, 1, 29, 30, 31, 999, 123_456])
def test_every_row_is_in_a_bar(length: int) -> None:
    (figure,) = histograms({"test": {length: 3}}).values()
    assert sum(bar.rows for bar in figure.bars) == 3
    assert 2 <= len(figure.bars) <= 32


def test_no_rows_no_bars() -> None:
    assert histograms({"train": {}, "dev": {}}) == {}
