"""Figures worked out by hand."""

from __future__ import annotations

from dialsum.prompts.encode import Row, Source, Target
from dialsum.prompts.statistics import over, packing, padding_share, split_statistics


def row(source: int, target: int | None, dropped: int = 0, cut: int = 0, whole: int = 0, lost: bool = False) -> Row:
    said = None if target is None else Target([1] * target, cut=False)
    return Row("id", Source([1] * source, dropped, cut, whole or source), said, lost)


def test_lengths_and_what_was_cut() -> None:
    rows = [row(100, 20), row(200, 30, dropped=3, whole=600), row(300, None, cut=2, whole=2100, lost=True)]
    found = split_statistics(rows, "causal")
    assert found["rows"] == 3
    assert found["source_tokens"] == {"mean": 200.0, "p50": 200.0, "p95": 290.0, "p99": 298.0, "max": 300}
    assert found["target_tokens"] == {"mean": 25.0, "p50": 25.0, "p95": 29.5, "p99": 29.9, "max": 30}
    assert found["over"] == {
        "256": {"rows_over": 2, "share": 0.6667},
        "512": {"rows_over": 2, "share": 0.6667},
        "768": {"rows_over": 1, "share": 0.3333},
        "1024": {"rows_over": 1, "share": 0.3333},
        "2048": {"rows_over": 1, "share": 0.3333},
    }
    assert [found[name] for name in ("rows_truncated", "turns_dropped", "turns_cut", "headers_lost")] == [2, 3, 2, 1]
    assert (found["targets_cut"], found["supervised_tokens"]) == (0, 50)


def test_a_prompt_of_the_limit_is_not_over_it() -> None:
    assert over([511, 512, 513, 514], [512]) == {"512": {"rows_over": 2, "share": 0.5}}


def test_padding_of_batches() -> None:
    # Eight rows of 10 and 20 tokens in one batch of 8: 160 computed, 120 wanted.
    rows = [row(8, 2), row(16, 4)] * 4
    assert padding_share(rows, "causal") == {
        "1": {"random": 0.0, "length_grouped": 0.0},
        "8": {"random": 0.25, "length_grouped": 0.25},
        "32": {"random": 0.25, "length_grouped": 0.25},
    }
    # 16 rows: grouped, those of a length are together.
    assert padding_share(rows * 2, "causal")["8"]["length_grouped"] == 0.0
    # Of a seq2seq model sources and targets are padded apart: 8 × (16 + 4).
    assert padding_share(rows, "seq2seq")["8"] == {"random": 0.25, "length_grouped": 0.25}
    assert padding_share([row(10, 4), row(8, 6)], "seq2seq")["8"]["random"] == 0.125  # 28 of 2 × (10 + 6)


def test_packing_is_best_fit_decreasing() -> None:
    # Of 600, 500, 400, 300, 200 and 12 tokens into 1024: 600 + 400 + 12, 500 + 300 + 200; 2012 of 2048.
    found = packing([row(size, None) for size in (300, 12, 600, 200, 500, 400)])
    assert found["1024"] == {"rows": 2, "density": 0.9824, "left_out": 0}
    # Into 512: 500 + 12, 400, 300 + 200; 600 is left out. 1412 of 1536.
    assert found["512"] == {"rows": 3, "density": 0.9193, "left_out": 1}
