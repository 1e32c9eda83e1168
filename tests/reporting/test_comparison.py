from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dialsum.reporting import comparison
from dialsum.reporting.comparison import compare, differing, kin, why_not
from dialsum.reporting.record import Answer

if TYPE_CHECKING:
    from tests.reporting.conftest import Make


def test_a_pair_over_the_same_rows(make: Make) -> None:
    pair = compare("a", "b", {"a": make("a"), "b": make("b", seed=1)})
    found = pair.final
    assert found is not None
    assert (found.mean, found.wins, found.ties, found.losses) == (1.25, 15, 0, 5)
    assert -1 < found.low < 1.25 < found.high < 2
    assert (pair.reason, list(pair.differences)) == ("", ["rouge1", "rouge2", "rougeL", "rouge_mean"])
    back = compare("b", "a", {"a": make("a"), "b": make("b", seed=1)}).final
    assert back is not None
    assert (back.mean, back.wins, back.losses) == (-1.25, 5, 15)


def test_what_does_not_compare_says_why(make: Make) -> None:
    one = make("a")
    other_reference = {**one.answers, "dev_0": Answer("말", "다른 요약", one.answers["dev_0"].scores)}
    assert why_not(one, make("b", seed=3)) == ""
    assert why_not(one, replace(one, answers={})) == "no scores of rows"
    assert why_not(one, replace(one, answers=other_reference)) == "other dev rows"
    assert why_not(one, replace(one, answers={"dev_0": one.answers["dev_0"]})) == "other dev rows"
    assert why_not(one, replace(one, params={"evaluation.tokens": "char"})) == "other evaluation.tokens"
    pair = compare("a", "b", {"a": one, "b": replace(one, answers={})})
    assert (pair.final, pair.reason) == (None, "no scores of rows")


def test_each_is_compared_with_the_one_before_and_with_the_best(make: Make) -> None:
    records = {"a": make("a"), "b": make("b", seed=2), "c": make("c", seed=1)}
    assert [(pair.before, pair.after) for pair in comparison.in_turn(records)] == [("a", "b"), ("b", "c")]
    assert [(pair.before, pair.after) for pair in comparison.against_best(records)] == [("b", "a"), ("b", "c")]
    assert kin(records) == [["b", "a", "c"]]


def test_the_best_is_that_of_the_same_dev_rows(make: Make) -> None:
    fold = {"dev_0": make("x").answers["dev_0"]}
    records = {
        "a": make("a"),
        "fold": replace(make("fold", seed=9), answers=fold),
        "b": make("b", seed=1),
    }
    assert kin(records) == [["b", "a"], ["fold"]]
    assert [(pair.before, pair.after) for pair in comparison.against_best(records)] == [("b", "a")]


def test_only_params_that_differ_and_matter_are_listed(make: Make) -> None:
    one = replace(make("a"), params={"a": "1", "b": "2", "limits.disk_gb": "5"}, code={"a.py": "1"})
    other = replace(one, params={"a": "1", "b": "3", "c": "4", "limits.disk_gb": "6", "serving.max_rows": "7"})
    assert differing([one, other, one]) == {"b": ["2", "3", "2"], "c": ["", "4", ""]}
    assert differing([one, one]) == {}


def test_the_files_of_code_that_differ_are_named(make: Make) -> None:
    none = replace(make("a"), code={})
    one = replace(none, code={"a.py": "1", "b.py": "2", "c.py": "3", "d.py": "4", "e.py": "5"})
    other = replace(one, code={**one.code, "b.py": "9"})
    ((key, (first, second, third)),) = differing([one, other, one]).items()
    assert key == "code (b.py)"
    assert first == third != second
    assert list(differing([one, replace(one, code={"a.py": "1"})])) == ["code (b.py, c.py, d.py, and 1 more)"]
    # Of runs whose files are lost nobody can say that the code is alike.
    assert differing([none, none]) == {"code": ["not known", "not known"]}
    assert differing([one, none, one]) == {"code": [first, "not known", first]}


def test_means_are_those_of_the_metrics(make: Make) -> None:
    """The rows of dev.csv and metrics/rouge.json are of one evaluation."""
    one = make("a", seed=2)
    mean = sum(answer.scores["rouge_mean"] for answer in one.answers.values()) / len(one.answers)
    assert mean == pytest.approx(one.figure("rouge.rouge_mean"))
