from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from dialsum.errors import InputError
from dialsum.experiments.gates import (
    COMPANY,
    KEPT,
    UNEQUAL,
    Figures,
    Judgement,
    check,
    is_of_kind,
    judge,
    look_up,
    read_criterion,
)
from dialsum.measures.significance import Difference

ROOT = Path(__file__).parents[2]
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


ALONE = "by its interval alone: there are no rows to compare"


def judged(text: str, figures: Figures, before: Figures | None = None, **differences: Difference) -> Judgement:
    found = {"this": figures} if before is None else {"this": figures, "before": before}
    return judge(read_criterion(text, "gate"), "this", found, lambda *_: differences)


@pytest.mark.parametrize(
    ("text", "passed", "measured"),
    [
        ("rouge.rouge1 > before", None, "cannot be judged: there is no rouge.rouge1 of before"),
        ("rouge.rouge1 > gone", None, "cannot be judged: gone is not there"),
        ("rouge.rouge_mean kept gone", None, "cannot be judged: gone is not there"),
        ("rouge.fact_recall kept gone", False, "no rouge.fact_recall"),
        ("train.max_grad_norm < 1.5", True, "1.4912"),
        ("train.max_grad_norm > 1.5", False, "1.4912"),
        ("rouge.rouge1 > 35", False, "35"),
        ("rouge.rouge1 >= 35", True, "35"),
        ("rouge.rouge1 <= 3.5e1", True, "35"),
        ("train.epoch_loss falls", False, "0.5, 0.3, 0.31"),
        ("rouge.rouge_mean < before", True, "39 against 40, -3%"),
        ("rouge.rouge_mean <= 0.9 * before", False, "39 against 40, -3%"),
        ("rouge.rouge_mean falls", False, "rouge.rouge_mean is no list of numbers"),
        ("train.epoch_loss < 1.5", False, "train.epoch_loss is no number"),
        ("rouge.fact_recall > 0.5", False, "no rouge.fact_recall"),
        ("train.no_such_figure > 0.5", False, "no train.no_such_figure"),
    ],
)
def test_a_criterion_is_judged_by_the_figures(text: str, passed: bool | None, measured: str) -> None:
    found = judged(text, FIGURES, BEFORE)
    assert (found.criterion, found.passed, found.measured, found.note) == (text, passed, measured, "")


def test_a_loss_that_falls_each_epoch_passes() -> None:
    falls = "train.epoch_loss falls"
    assert judged(falls, {"train": {"epoch_loss": [0.5, 0.4, 0.3]}}).passed
    assert not judged(falls, {"train": {"epoch_loss": [0.5]}}).passed, "one epoch shows no fall"
    assert not judged(falls, {"train": {"epoch_loss": [0.5, 0.5]}}).passed
    assert judged(falls, {"train": {"epoch_loss": [0.5, None]}}).measured == "train.epoch_loss is no list of numbers"


def test_a_score_is_kept_unless_its_rows_show_it_worse() -> None:
    """The mean's own interval reaches up to the former score, and yet most rows lost."""
    kept = "rouge.rouge_mean kept before"
    worse = Difference(mean=-1.0, low=-1.4, high=-0.6, p=0.0001, wins=30, ties=0, losses=70)
    found = judged(kept, FIGURES, BEFORE, rouge_mean=worse)
    assert (found.passed, found.note) == (False, "row by row")
    assert found.measured == "39.00 against 40.00 (-1.00, 95 % -1.40 to -0.60, p 0.0001)"
    unclear = Difference(mean=-1.0, low=-2.4, high=0.4, p=0.2, wins=45, ties=0, losses=55)
    assert judged(kept, FIGURES, BEFORE, rouge_mean=unclear).passed


def test_without_rows_a_score_is_kept_by_its_interval() -> None:
    kept = "rouge.rouge_mean kept before"
    assert judged(kept, FIGURES, BEFORE) == Judgement(kept, True, "39.00 (up to 40.50) against 40.00", ALONE)
    assert not judged(kept, FIGURES, {"rouge": {"rouge_mean": 40.6}}).passed


def test_seconds_of_epochs_with_other_rows_bear_a_note() -> None:
    criterion = "train_speed.seconds_per_epoch <= 0.7 * before"
    fewer = {**FIGURES, "train": {**FIGURES["train"], "rows": 200}}
    assert judged(criterion, fewer, {**BEFORE, "train": {"rows": 9000}}).note == f"{UNEQUAL}; {COMPANY}"
    assert judged(criterion, fewer, {**BEFORE, "train": {"rows": 200}}).note == COMPANY


def test_times_compare_in_like_company() -> None:
    found = judged("train_speed.seconds_per_epoch <= 0.7 * before", FIGURES, BEFORE)
    assert (found.passed, found.measured, found.note) == (True, "70 against 100, -30%", COMPANY)
    assert judged("train_speed.seconds_per_epoch < 80", FIGURES).note == ""


def test_a_time_that_cannot_fall_so_far_is_explained() -> None:
    """100 s, a quarter of which went to padding: 60 s are out of reach."""
    found = judged("train_speed.seconds_per_epoch <= 0.6 * before", FIGURES, BEFORE)
    assert not found.passed
    assert found.note == (
        f"of the tokens of before, 25% were padding: packing saves no more than that, not 40%; {COMPANY}"
    )


@pytest.mark.parametrize(
    "text",
    ["", "rouge1 > 3", "rouge.rouge1 = 3", "rouge.rouge1 falls 3", "rouge.rouge1 > 2 * 3", "rouge.rouge1 < 1.2.3",
     "rouge.rouge1 < .", "rouge.rouge1 > 1..2 * before"],
)  # fmt: skip
def test_other_words_are_no_criterion(text: str) -> None:
    with pytest.raises(InputError, match=r"gate: .* should be as"):
        read_criterion(text, "gate")


@pytest.mark.parametrize("figure", ["rouge.foreign_rate", "train.max_grad_norm", "rouge.length_ratio", "data.rouge1"])
def test_what_is_not_better_the_more_it_is_cannot_be_kept(figure: str) -> None:
    with pytest.raises(InputError, match=r"more is better: expected is one of rouge.rouge1, .*, rouge.stop_rate") as e:
        read_criterion(f"{figure} kept before", "gate")
    assert str(e.value).startswith(f"gate: '{figure} kept before': kept is for figures of which")
    assert str(e.value).endswith(f"; write others as `{figure} <= before`")


def test_what_can_be_kept_is_what_a_run_leaves() -> None:
    left = {"rouge": json.loads((ROOT / "metrics" / "rouge.json").read_text())}
    for figure in KEPT:
        assert is_of_kind(look_up(left, figure))
        assert read_criterion(f"{figure} kept before", "gate").sign == "kept"


def test_a_name_may_begin_with_a_digit() -> None:
    assert read_criterion("rouge.rouge_mean > 1-epoch", "gate").other == "1-epoch"
    assert read_criterion("rouge.rouge_mean > .5 * 1-epoch", "gate").factor == 0.5
    assert read_criterion("rouge.rouge_mean > 1e1", "gate").bound == 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rouge.rouge_meen > 55", "gate: there is no number rouge.rouge_meen; expected is one of rouge.rouge_mean"),
        ("rouge.rouge_mean falls", "gate: there is no list of numbers rouge.rouge_mean; there is none at all"),
        ("train.epoch_loss < 1.5", "gate: there is no number train.epoch_loss; expected is one of train.steps"),
    ],
)
def test_what_the_last_run_did_not_leave_is_refused(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "dvc.yaml", "dvc.yaml")
    check(read_criterion(text, "gate"), "gate")  # nobody knows yet
    Path("metrics").mkdir()
    Path("metrics/rouge.json").write_text(json.dumps({"rouge_mean": 61.5, "fact_recall": None}))
    Path("metrics/train.json").write_text(json.dumps({"steps": 9, "epoch_loss": [0.5, 0.4]}))
    with pytest.raises(InputError) as caught:
        check(read_criterion(text, "gate"), "gate")
    assert str(caught.value) == message
    for known in ("rouge.rouge_mean > 1", "train.epoch_loss falls", "rouge.fact_recall > 0.5"):
        check(read_criterion(known, "gate"), "gate")
    Path("metrics/train.json").write_text(json.dumps({"steps": 0}))  # nothing was trained: it does not tell
    check(read_criterion("train.max_grad_norm < 1.5", "gate"), "gate")


def test_a_file_that_no_stage_writes_is_refused_before_the_first_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dvc.yaml").write_text(
        "stages:\n"
        "  train: {metrics: [metrics/train.json: {cache: false}], plots: [plots/training.csv]}\n"
        "  evaluate: {metrics: [metrics/rouge.json]}\n"
    )
    check(read_criterion("rouge.rouge1 > 35", "gate"), "gate")
    with pytest.raises(InputError) as caught:
        check(read_criterion("rogue.rouge1 > 35", "gate"), "gate")
    assert str(caught.value) == (
        "gate: rogue.rouge1: no stage of dvc.yaml writes metrics/rogue.json; expected is a figure of train, rouge"
    )
