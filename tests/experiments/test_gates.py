from __future__ import annotations

import pytest

from dialsum.errors import InputError
from dialsum.experiments.gates import judge, read_criterion

BEFORE = {
    "train": {"padding_share": 0.25},
    "train_speed": {"seconds_per_epoch": 100.0},
    "rouge": {"rouge_mean": 40.0},
}
FIGURES = {
    "train": {"max_grad_norm": 1.4912, "epoch_loss": [0.5, 0.3, 0.31]},
    "train_speed": {"seconds_per_epoch": 70.0},
    "rouge": {
        "rouge1": 35.0,
        "rouge_mean": 39.0,
        "fact_recall": None,
        "intervals": {"rouge_mean": {"low": 38.0, "high": 40.5}},
    },
}


@pytest.mark.parametrize(
    ("text", "passed", "measured"),
    [
        ("train.max_grad_norm < 1.5", True, "1.4912"),
        ("train.max_grad_norm > 1.5", False, "1.4912"),
        ("rouge.rouge1 > 35", False, "35"),
        ("rouge.rouge1 >= 35", True, "35"),
        ("rouge.rouge1 <= 3.5e1", True, "35"),
        ("train.epoch_loss falls", False, "0.5, 0.3, 0.31"),
        ("rouge.rouge_mean kept before", True, "39.00 (up to 40.50) against 40.00"),
        ("train_speed.seconds_per_epoch <= 0.7 * before", True, "70 against 100, -30%"),
        ("train_speed.seconds_per_epoch < before", True, "70 against 100, -30%"),
        ("rouge.fact_recall > 0.5", False, "no rouge.fact_recall"),
        ("train.no_such_figure > 0.5", False, "no train.no_such_figure"),
        ("rouge.rouge1 > before", False, "no rouge.rouge1 of before"),
        ("rouge.rouge1 > gone", False, "no rouge.rouge1 of gone"),
    ],
)
def test_a_criterion_is_judged_by_the_figures(text: str, passed: bool, measured: str) -> None:
    found = judge(read_criterion(text, "gate"), FIGURES, {"before": BEFORE, "this": FIGURES})
    assert (found.criterion, found.passed, found.measured, found.note) == (text, passed, measured, "")


def test_a_loss_that_falls_each_epoch_passes() -> None:
    falls = read_criterion("train.epoch_loss falls", "gate")
    assert judge(falls, {"train": {"epoch_loss": [0.5, 0.4, 0.3]}}, {}).passed
    assert not judge(falls, {"train": {"epoch_loss": [0.5]}}, {}).passed, "one epoch shows no fall"
    assert not judge(falls, {"train": {"epoch_loss": [0.5, 0.5]}}, {}).passed


def test_a_score_below_its_interval_is_not_kept() -> None:
    kept = read_criterion("rouge.rouge_mean kept before", "gate")
    assert not judge(kept, FIGURES, {"before": {"rouge": {"rouge_mean": 40.6}}}).passed


def test_a_time_that_cannot_fall_so_far_is_explained() -> None:
    """100 s, a quarter of which went to padding: 60 s are out of reach."""
    found = judge(read_criterion("train_speed.seconds_per_epoch <= 0.6 * before", "gate"), FIGURES, {"before": BEFORE})
    assert not found.passed
    assert found.note == "of the tokens of before, 25% were padding: packing saves no more than that, not 40%"


@pytest.mark.parametrize("text", ["", "rouge1 > 3", "rouge.rouge1 = 3", "rouge.rouge1 falls 3", "rouge.rouge1 > 2 * 3"])
def test_other_words_are_no_criterion(text: str) -> None:
    with pytest.raises(InputError, match=r"gate: .* should be as"):
        read_criterion(text, "gate")
