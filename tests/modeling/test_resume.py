"""A killed training ends as if it had not been killed: the same bits, the same log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from transformers import TrainerCallback

from dialsum.modeling.batching import Collator, EpochSampler
from dialsum.modeling.training import Tuned
from dialsum.modeling.watching import COMPLETE, Marker
from dialsum.params.training import Training

Tensors = dict[str, torch.Tensor]
Tune = Callable[..., Tuned]


class Stop(TrainerCallback):
    """What a kill does, at the end of a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        if state.global_step == self.step:
            raise Killed


class Begin(TrainerCallback):
    """Notes the step that a training begins with."""

    def __init__(self, steps: list[int]) -> None:
        self.steps = steps

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        self.steps.append(state.global_step)


class Killed(BaseException):
    pass


def trainable(model: Any) -> Tensors:
    return {name: value.detach().clone() for name, value in model.named_parameters() if value.requires_grad}


def same_bits(one: Tensors, other: Tensors) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def stable(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What stage train keeps of the log: nothing that the clock decides."""
    kept = ("step", "epoch", "loss", "eval_loss", "eval_rouge_sum", "learning_rate", "grad_norm")
    return [{key: row[key] for key in kept if key in row} for row in log]


@pytest.fixture(scope="module")
def grouped(training: Training) -> Training:
    return replace(training, batching="length_grouped")


@pytest.fixture(scope="module")
def undisturbed(tune: Tune, rows: Any, grouped: Training, tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    """What `grouped` makes if nothing kills it."""
    return tune(rows, grouped, tmp_path_factory.mktemp("undisturbed"))


KILLS = {  # at the end of which step, and from which the next run must go on
    3: 0,  # before the first checkpoint
    5: 4,  # in epoch 1
    10: 8,  # in epoch 2, where the stock length-grouped sampler goes on with other batches
    13: 12,  # the checkpoint is the end of epoch 2
    17: 16,
}


def test_a_run_that_was_killed_again_and_again_ends_as_if_it_had_not_been(
    undisturbed: Tuned, tune: Tune, rows: Any, grouped: Training, tmp_path: Path
) -> None:
    check_killed(tune, rows, grouped, tmp_path, undisturbed, list(KILLS))


@pytest.mark.parametrize("batching", ["padded", "packed"])
def test_so_does_one_of_the_other_batchings(
    tune: Tune, rows: Any, training: Training, tmp_path: Path, batching: Any
) -> None:
    chosen = replace(training, batching=batching)
    check_killed(tune, rows, chosen, tmp_path / "killed", tune(rows, chosen, tmp_path / "whole"), [5, 10])


def check_killed(tune: Tune, rows: Any, training: Training, folder: Path, whole: Tuned, kills: list[int]) -> None:
    begun: list[int] = []
    for step in kills:
        with pytest.raises(Killed):
            tune(rows, training, folder, Stop(step), Begin(begun))
    resumed = tune(rows, training, folder, Begin(begun))
    assert begun == [0, *(KILLS[step] for step in kills)]
    assert resumed.steps == 18
    assert same_bits(trainable(resumed.model), trainable(whole.model))
    assert stable(resumed.log) == stable(whole.log)


OTHERS: list[dict[str, Any]] = [
    {"trainer": "sft"},
    {"method": "full", "learning_rate": 1e-3},
    {"method": "qlora"},
    {"epochs": 1.5},
]


@pytest.mark.parametrize("values", OTHERS, ids=lambda values: "-".join(map(str, values.values())))
def test_the_other_trainer_and_methods_go_on_too(
    tune: Tune, rows: Any, training: Training, tmp_path: Path, values: dict[str, Any]
) -> None:
    """Killed twice before the same checkpoint, of step 8, and for 18 steps in the last epoch."""
    check_goes_on(lambda folder, *callbacks: tune(rows, replace(training, **values), folder, *callbacks), tmp_path)


def test_a_seq2seq_model_goes_on_too(
    tune: Tune, pairs: Any, bart_base: Path, training: Training, tmp_path: Path
) -> None:
    """With dropout, and with the summaries that it writes in evaluation."""
    chosen = replace(training, method="full", dropout=0.1, learning_rate=1e-3)
    check_goes_on(lambda folder, *callbacks: tune(pairs, chosen, folder, *callbacks, base=bart_base), tmp_path)


def check_goes_on(run: Tune, folder: Path) -> None:
    whole = run(folder / "whole")
    kills = [step for step in (5, 7, 15) if step < whole.steps]
    for step in kills:
        with pytest.raises(Killed):
            run(folder / "killed", Stop(step))
    resumed = run(folder / "killed")
    assert resumed.resumed_from == kills[-1] // 4 * 4
    assert (resumed.steps, resumed.best_step) == (whole.steps, whole.best_step)
    assert same_bits(trainable(resumed.model), trainable(whole.model))
    assert stable(resumed.log) == stable(whole.log)


def test_killed_twice_and_with_accumulation(tune: Tune, rows: Any, training: Training, tmp_path: Path) -> None:
    """23 rows by 2, 3 batches a step: 4 steps an epoch, the last one of them short."""
    chosen = replace(training, micro_batch=2, accumulation=3, save_steps=2, epochs=2.0, batching="length_grouped")
    whole = tune(rows, chosen, tmp_path / "whole")
    assert whole.steps == 8
    for step in (3, 7):
        with pytest.raises(Killed):
            tune(rows, chosen, tmp_path / "killed", Stop(step))
    resumed = tune(rows, chosen, tmp_path / "killed")
    assert resumed.resumed_from == 6
    assert same_bits(trainable(resumed.model), trainable(whole.model))


def test_two_runs_agree_to_the_bit_and_one_that_is_asked_again_repeats_no_step(
    undisturbed: Tuned, tune: Tune, rows: Any, grouped: Training, tmp_path: Path
) -> None:
    """Again: killed between the last step and the writing of the outputs."""
    second = tune(rows, grouped, tmp_path)
    again = tune(rows, grouped, tmp_path)
    assert again.resumed_from == 18
    for tuned in (second, again):
        assert same_bits(trainable(tuned.model), trainable(undisturbed.model))
        assert stable(tuned.log) == stable(undisturbed.log)


def test_a_checkpoint_without_its_mark_is_not_trusted(
    undisturbed: Tuned, tune: Tune, rows: Any, grouped: Training, tmp_path: Path
) -> None:
    with pytest.raises(Killed):
        tune(rows, grouped, tmp_path, Stop(10))
    (tmp_path / "checkpoint-8" / COMPLETE).unlink()
    for file in (tmp_path / "checkpoint-8").glob("*.safetensors"):
        file.write_bytes(b"half")
    resumed = tune(rows, grouped, tmp_path)
    assert resumed.resumed_from == 4
    assert same_bits(trainable(resumed.model), trainable(undisturbed.model))


def test_the_newest_complete_checkpoint_is_chosen_by_number_and_the_others_go(tmp_path: Path) -> None:
    assert Marker.newest(tmp_path) is None
    for step, complete in ((8, True), (9, True), (10, True), (12, False)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if complete:
            (tmp_path / f"checkpoint-{step}" / COMPLETE).touch()
    assert Marker.newest(tmp_path) == tmp_path / "checkpoint-10"
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-10"]


class Recorder(Collator):
    """Keeps the batches of training rows, as their first ids."""

    seen: ClassVar[list[list[list[int]]]] = []

    def __call__(self, rows: Any) -> Tensors:
        self.seen.append([row["input_ids"] for row in rows])
        return super().__call__(rows)


@pytest.mark.parametrize("killed_at", [None, 4, 10, 12])
def test_batches_are_those_of_the_sampler_in_each_epoch(
    tune: Tune, rows: Any, training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    """Epochs differ, and a resumed run reads what is left of its epoch."""
    if killed_at is not None:
        with pytest.raises(Killed):
            tune(rows, training, tmp_path, Stop(killed_at))
    monkeypatch.setattr("dialsum.modeling.trainers.Collator", Recorder)
    monkeypatch.setattr(Recorder, "seen", [])
    resumed_from = tune(rows, training, tmp_path).resumed_from
    sampler = EpochSampler(rows["length"], 4, training.batching, training.seed)
    expected = []
    for epoch in range(3):
        sampler.set_epoch(epoch)
        order = list(sampler)
        expected += [[rows[row]["input_ids"] for row in order[start : start + 4]] for start in range(0, len(rows), 4)]
    dev = [[rows[row]["input_ids"] for row in four] for four in (range(4), range(4, 8))]
    assert [batch for batch in Recorder.seen if batch not in dev] == expected[resumed_from:]
