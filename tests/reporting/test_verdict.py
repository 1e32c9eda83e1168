from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dialsum.experiments.sets import Gate, Set
from dialsum.measures.significance import Difference
from dialsum.reporting import tables
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


def test_epochs_of_other_rows_are_compared_by_tokens_a_second(make: Make) -> None:
    """Five wordings of each row, for a fifth of the epochs: 47.5 s an epoch, and less training than 2 epochs of 9."""
    speed = {"seconds_per_epoch": 9.0, "tokens_per_second": 1000}
    one = make("s--one", train={"rows": 200, "tokens": 9000}, train_speed=speed)
    slow = {"seconds_per_epoch": 47.5, "tokens_per_second": 950}
    five = make("s--five", train={"rows": 1000, "tokens": 45000, "epochs": 0.2}, train_speed=slow)
    first, *_, last = sentences(make_report("s", [one, five]))
    assert first == (
        "five is 1.1× slower than one (950 tokens/s against 1,000; epochs with other rows or tokens: "
        "their seconds do not compare), each row scores the same."
    )
    assert last == "Of these the shortest training: five, 9.5 s in all its epochs."
    first, *_ = sentences(make_report("s", [five, one]))
    assert first.startswith("one is 1.1× faster than five (1,000 tokens/s against 950; ")
    longer = make("s--longer", train={"rows": 200, "tokens": 10000}, train_speed={"seconds_per_epoch": 10.0})
    first, *_ = sentences(make_report("s", [one, longer]))
    assert first.startswith("longer is 1.1× slower than one (10.0 s an epoch against 9.0), ")
    other = make("s--other", train={"rows": 200, "tokens": 18000}, train_speed={"seconds_per_epoch": 18.0})
    first, *_ = sentences(make_report("s", [one, other]))
    assert first.startswith("other is 18× faster than one (18,130 tokens/s against 1,000; ")


def test_one_result_under_several_names_is_ranked_once(make: Make) -> None:
    head = make("HEAD", seed=1)
    assert sentences(make_report("s", [head, replace(head, name="main")])) == [
        "main is HEAD under another name, each row scores the same.",
        "One result, ranked once: HEAD, main.",
        "Score: HEAD, 60.75 (95 % 58.25 to 63.00).",
        "HEAD beats lead_3, which is no model (60.75 against 27.50).",
    ]
    again = replace(head, name="again", source="beef")
    first, *said = sentences(make_report("s", [head, again, make("low", source="b")]))
    assert first == "again comes of the same training as HEAD (equal times to the digit), each row scores the same."
    assert said[1:] == [
        "One result, ranked once: HEAD, again.",
        "Best score: HEAD, 60.75 (95 % 58.25 to 63.00).",
        "It is shown to be better than the other.",
    ]


def test_one_training_that_decodes_otherwise_is_ranked_twice(make: Make) -> None:
    one = make("one")
    row = replace(one.answers["dev_0"], scores=dict.fromkeys(one.answers["dev_0"].scores, 99.0))
    other = replace(one, name="other", source="beef", answers={**one.answers, "dev_0": row})
    said = sentences(make_report("s", [one, other]))
    assert said[0].startswith("other comes of the same training as one (equal times to the digit), ")
    assert "Not shown to be worse: other." in said
    untrained = {"seconds": 0.0, "seconds_per_epoch": None}
    records = [make(name, source=name, train_speed=untrained) for name in ("a", "b")]
    assert sentences(make_report("s", records))[0] == "b against a, each row scores the same."


def test_one_alone_has_a_verdict(make: Make) -> None:
    report = make_report("s", [make("a")])
    assert sentences(report) == [
        "Score: a, 59.50 (95 % 57.00 to 61.75).",
        "a beats lead_3, which is no model (59.50 against 27.50).",
    ]


def test_the_best_those_as_good_and_the_fastest_of_these(make: Make) -> None:
    records = [make("a"), make("b", seed=4), make("c", seed=4, batching="packed")]
    said = sentences(make_report("s", records))
    assert said[2:] == [
        "Best score: b, 64.50 (95 % 62.00 to 66.75).",
        "Not shown to be worse: c.",
        "Of these the shortest training: c, 57.0 s in all its epochs.",
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


def test_whose_rows_are_lost_is_not_told_as_of_other_rows(make: Make) -> None:
    one, other, lost = make("a"), make("b", seed=4), replace(make("c", seed=1), answers={})
    said = sentences(make_report("s", [one, other, lost]))
    assert said[2:5] == [
        "Not ranked, as the scores of its rows are lost: c.",
        "Best score: b, 64.50 (95 % 62.00 to 66.75).",
        "It is shown to be better than the other.",
    ]
    said = sentences(make_report("s", [replace(one, answers={}), lost]))
    assert said == [
        "c is as fast as a (40.0 s an epoch against 40.0), the scores do not compare: no scores of rows.",
        "Not ranked, as the scores of their rows are lost: a, c.",
    ]
    assert sentences(make_report("s", [lost]))[0] == "Score: c, 60.75 (95 % 58.25 to 63.00)."


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
    assert said[1:] == ["a does not beat lead_3, which is no model (27.50 against 27.50)."]


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


def test_a_gate_without_what_it_is_compared_with_is_open(make: Make) -> None:
    gate = Gate(["train_speed.seconds_per_epoch < a", "train.max_grad_norm < 3"], "never said")
    chosen = Set("d", {"a": [], "b": []}, gates={"b": gate})
    report = make_report("s", [make("s--b", seed=1)], chosen, ["a"])
    assert sentences(report)[-2:] == [
        "b is not known to pass its gate: train_speed.seconds_per_epoch < a: cannot be judged: a is not there.",
        "Not finished: a.",
    ]
    assert [row[2] for row in tables.gates(report).rows] == ["OPEN", "PASS"]
    assert tables.summary(report).rows[0][-1] == "OPEN"
    assert report.failing() == []


def test_what_failed_is_told_apart_from_what_was_not_run(make: Make) -> None:
    gate = Gate(["rouge.rouge1 > 35"], "never said")
    chosen = Set("d", {name: [] for name in "abcd"}, gates={"b": gate, "d": gate})
    failed = {"b": "training: loss is nan by step 3", "c": ""}
    report = make_report("s", [make("s--a")], chosen, ["d"], failed=failed)
    assert sentences(report)[-4:] == [
        "b fails its gate: it did not finish.",
        "b failed: training: loss is nan by step 3.",
        "c failed.",
        "Not finished: d.",
    ]
    assert tables.gates(report).rows == [["b", "rouge.rouge1 > 35", "FAIL", "did not finish"]]


def test_gates_stand_in_the_order_of_the_experiments(make: Make) -> None:
    gate = Gate(["rouge.rouge1 > 35"], "never said")
    chosen = Set("d", {"a": [], "b": []}, gates={"b": gate, "a": gate})
    report = make_report("s", [make("s--a"), make("s--b")], chosen)
    assert [row[0] for row in tables.gates(report).rows] == ["a", "b"]


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
