from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dialsum.experiments.sets import Gate, Set
from dialsum.measures.significance import Difference
from dialsum.reporting.record import Record
from dialsum.reporting.report import make as make_report
from dialsum.reporting.verdict import in_words, sentences

if TYPE_CHECKING:
    from tests.reporting.conftest import Make

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (Difference(2.0, 1.0, 3.0, 0.001, 9, 0, 1), "score higher (+2.00, 95 % +1.00 to +3.00, p 0.0010)"),
        (Difference(-2.0, -3.0, -1.0, 0.001, 1, 0, 9), "score lower (-2.00, 95 % -3.00 to -1.00, p 0.0010)"),
        (
            Difference(0.1, -1.0, 1.2, 0.7, 5, 0, 5),
            "score unchanged within the interval (+0.10, 95 % -1.00 to +1.20, p 0.7000)",
        ),
        (
            Difference(1.0, 0.1, 1.9, 0.06, 6, 0, 4),
            "no difference in score is shown (+1.00, 95 % +0.10 to +1.90, p 0.0600)",
        ),
        (Difference(0.0, 0.0, 0.0, 1.0, 0, 10, 0), "each row scores the same"),
    ],
)
def test_a_difference_in_words(difference: Difference, words: str) -> None:
    assert in_words(difference) == words


def test_what_each_brought_over_the_one_before(make: Make) -> None:
    packed = make("s--phase-3", batching="packed", rouge={"fact_recall": 0.45, "foreign_rate": 0.0})
    first, *_ = sentences(make_report("s", [make("s--phase-2"), packed]))
    assert first == (
        "phase-3 is 1.4× faster than phase-2 (28.5 s an epoch against 40.0), each row scores the same; "
        "facts 45.0% against 50.0%, foreign text 0.0% against 2.1%."
    )
    first, *_ = sentences(make_report("s", [packed, make("s--phase-2", seed=1)]))
    assert first.startswith("phase-2 is 1.4× slower than phase-3 (40.0 s an epoch against 28.5), score higher (+1.25, ")
    first, *_ = sentences(make_report("s", [make("s--a"), make("s--b", train_speed={"seconds_per_epoch": 41.0})]))
    assert first == "b is as fast as a (41.0 s an epoch against 40.0), each row scores the same."
    first, *_ = sentences(make_report("s", [make("s--a", train_speed={"seconds_per_epoch": None}), make("s--b")]))
    assert first == "b against a, each row scores the same."


def test_the_best_those_as_good_and_the_fastest_of_these(make: Make) -> None:
    records = [make("a"), make("b", seed=4), make("c", seed=4, batching="packed")]
    said = sentences(make_report("s", records))
    assert said[2:] == [
        "Best score: b, 64.50 (95 % 62.00 to 66.75).",
        "Not shown to be worse: c.",
        "Of these the fastest: c, 28.5 s an epoch.",
    ]
    said = sentences(make_report("s", records[:2]))
    assert said[1:] == ["Best score: b, 64.50 (95 % 62.00 to 66.75).", "It is shown to be better than the other."]


def test_other_dev_rows_do_not_compare(make: Make) -> None:
    one = make("folds--fold-1")
    other = replace(make("folds--fold-2", seed=1), answers={"dev_0": one.answers["dev_0"]})
    assert sentences(make_report("folds", [one, other])) == [
        "fold-2 is as fast as fold-1 (40.0 s an epoch against 40.0), the scores do not compare: other dev rows.",
        "Scores compare only within these groups, which have the same dev rows: fold-1; fold-2.",
    ]


def test_folds_say_how_they_are_joined(make: Make) -> None:
    def fold(number: int | None) -> Record:
        one = make(f"folds--fold-{number}")
        params = {**one.params, "data.fold": "null" if number is None else str(number)}
        return replace(one, params=params, answers={f"dev_{number}": one.answers["dev_0"]})

    said = sentences(make_report("folds", [fold(1), fold(2)]))
    assert said[2].startswith("Each fold is judged on other dev rows, so a higher score says nothing of its model.")
    line = said[2].partition("`")[2].rstrip("`.")
    assert f"\n{line}\n" in (ROOT / "docs/sets.md").read_text(encoding="utf-8"), "the page says the same"
    for others in ([fold(1)], [fold(1), fold(1)], [fold(None), fold(1)]):
        assert not [one for one in sentences(make_report("folds", others)) if "dialsum ensemble" in one]


def test_one_that_is_no_better_than_no_model_is_named(make: Make) -> None:
    said = sentences(make_report("s", [make("a", rouge={"rouge_mean": 27.5})]))
    assert said == ["a does not beat lead_3, which is no model (27.50 against 27.50)."]


def test_gates_and_what_is_missing(make: Make) -> None:
    gates = {
        "a": Gate(["train.max_grad_norm < 1.5"], "never said"),
        "b": Gate(["train.max_grad_norm < 1.5", "rouge.rouge1 > 35"], "Lower the rate.\n"),
        "c": Gate(["rouge.rouge1 > 35"], "never said"),
    }
    chosen = Set("three of them", {"a": [], "b": [], "c": []}, gates=gates)
    said = sentences(make_report("s", [make("s--a"), make("s--b", seed=1)], chosen, ["c"]))
    assert said[-3:] == [
        "a passes its gate.",
        "b fails its gate: train.max_grad_norm < 1.5: 2.4321. Lower the rate.",
        "Not finished: c.",
    ]


def test_a_gate_and_the_paired_test_agree(make: Make) -> None:
    """b has 1.25 less than a, within the interval of its own mean (59.50, up to 61.75), and yet in 15 rows of 20."""
    chosen = Set("d", {"a": [], "b": []}, gates={"b": Gate(["rouge.rouge_mean kept a"], "Keep the trainer.")})
    records = [make("s--a", seed=1), make("s--b")]
    first, *_, last = sentences(make_report("s", records, chosen))
    assert "score lower (-1.25, 95 % " in first
    assert last.startswith("b fails its gate: rouge.rouge_mean kept a: 59.50 against 60.75 (-1.25, 95 % ")
    records = [replace(one, answers={}) for one in records]
    report = make_report("s", records, chosen)
    assert sentences(report)[-1] == "b passes its gate."
    assert report.gates["b"][0].note == "by its interval alone: there are no rows to compare"
