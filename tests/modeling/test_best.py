from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerCallback

from dialsum.modeling.best import LOSS, ROUGE, best_step, is_over, restore, save, trained
from dialsum.modeling.trainers import CausalTrainer
from dialsum.modeling.training import Tuned
from dialsum.params.training import Training

LOG = [
    {"step": 1, "loss": 9.0},
    {"step": 2, "eval_loss": 3.0, "eval_rouge_sum": 10.0},
    {"step": 4, "eval_loss": 2.0, "eval_rouge_sum": 12.0},
    {"step": 6, "eval_loss": 2.5, "eval_rouge_sum": 12.0},
    {"step": 8, "eval_loss": 2.0, "eval_rouge_sum": 15.0},
]


def test_the_best_evaluation_is_the_first_of_equals() -> None:
    assert best_step([], LOSS) == 0
    assert best_step(LOG, LOSS) == 4
    assert best_step(LOG[:4], ROUGE) == 4
    assert best_step(LOG, ROUGE) == 8


@pytest.mark.parametrize(
    ("rows", "patience", "over"),
    [(5, 0, False), (5, 1, True), (5, 2, True), (5, 3, False), (3, 1, False), (4, 1, True)],
)
def test_patience(rows: int, patience: int, over: bool) -> None:
    assert is_over(LOG[:rows], LOSS, patience) is over


def test_weights_are_restored_to_the_bit_and_only_those_that_are_trained(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 2))
    model[0].requires_grad_(requires_grad=False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    save(model, tmp_path, 7)
    with torch.no_grad():
        for value in model.parameters():
            value.add_(1)
    restore(model, tmp_path, 7)
    assert set(trained(model)) == {"1.weight", "1.bias"}
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]) is name.startswith("1.")


LOSSES = [3.0, 2.0, 2.5, 2.0, 1.0]  # on dev, after each epoch of six steps


def with_losses(losses: list[float]) -> Callable[..., dict[str, float]]:
    """In place of the trainer's own evaluation, with losses that are known beforehand."""

    def evaluate(self: CausalTrainer, *_: Any, **__: Any) -> dict[str, float]:
        metrics = {"eval_loss": losses[round(self.state.epoch or 0) - 1]}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    return evaluate


class Snapshots(TrainerCallback):
    """The trained weights at each evaluation, by step."""

    def __init__(self) -> None:
        self.weights: dict[int, dict[str, torch.Tensor]] = {}

    def on_evaluate(self, args: Any, state: Any, control: Any, **known: Any) -> None:  # noqa: ARG002
        self.weights[state.global_step] = {name: value.clone() for name, value in trained(known["model"]).items()}


@pytest.mark.parametrize(("patience", "steps", "best"), [(2, 24, 12), (0, 30, 30), (1, 18, 12)])
def test_training_leaves_the_best_and_stops_when_its_patience_is_over(
    tune: Callable[..., Tuned],
    rows: Any,
    training: Training,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    patience: int,
    steps: int,
    best: int,
) -> None:
    monkeypatch.setattr(CausalTrainer, "evaluate", with_losses(LOSSES))
    chosen = replace(training, epochs=5.0, patience=patience)
    snapshots = Snapshots()
    tuned = tune(rows, chosen, tmp_path, snapshots)
    assert (tuned.steps, tuned.best_step) == (steps, best)
    assert not torch.equal(*(next(iter(weights.values())) for weights in list(snapshots.weights.values())[:2]))
    for name, value in trained(tuned.model).items():
        assert torch.equal(value, snapshots.weights[best][name])
    # Asked again after its end, it goes no further, and leaves the same.
    again = tune(rows, chosen, tmp_path)
    assert (again.steps, again.best_step) == (steps, best)
    for name, value in trained(again.model).items():
        assert torch.equal(value, snapshots.weights[best][name])


class Killed(BaseException):
    pass


class Kill(TrainerCallback):
    """What a kill does at the end of a step. Notes the files of the best weights that it leaves."""

    def __init__(self, step: int, folder: Path) -> None:
        self.step, self.folder = step, folder
        self.left: list[str] = []

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        if state.global_step == self.step:
            self.left = sorted(file.name for file in self.folder.glob("best-*"))
            raise Killed


def test_a_better_evaluation_that_a_killed_run_takes_with_it_costs_not_the_best_that_is_known(
    tune: Callable[..., Tuned], rows: Any, training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Step 18 was better than 12, but not when the run goes on from 16: with smaller batches other bits come out."""
    chosen = replace(training, epochs=4.0)
    snapshots = Snapshots()
    kill = Kill(19, tmp_path)
    monkeypatch.setattr(CausalTrainer, "evaluate", with_losses([3.0, 2.0, 1.0]))
    with pytest.raises(Killed):
        tune(rows, chosen, tmp_path, snapshots, kill)
    assert kill.left == ["best-12.safetensors", "best-18.safetensors"]
    monkeypatch.setattr(CausalTrainer, "evaluate", with_losses([3.0, 2.0, 2.5, 2.0]))
    tuned = tune(rows, chosen, tmp_path)
    assert (tuned.resumed_from, tuned.best_step) == (16, 12)
    for name, value in trained(tuned.model).items():
        assert torch.equal(value, snapshots.weights[12][name])
    assert [file.name for file in tmp_path.glob("best-*")] == ["best-12.safetensors"]
