"""Out of memory: smaller micro-batches, the same samples a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from dialsum.errors import InputError
from dialsum.modeling.best import trained
from dialsum.modeling.gpu import ran_out
from dialsum.modeling.trainers import CausalTrainer
from dialsum.modeling.training import Tuned, smaller
from dialsum.params.training import Training


@pytest.mark.parametrize(
    ("size", "accumulation", "expected"), [(8, 1, (4, 2)), (2, 3, (1, 6)), (9, 2, (3, 6)), (5, 1, (1, 5))]
)
def test_the_effective_batch_stays(training: Training, size: int, accumulation: int, expected: tuple[int, int]) -> None:
    fitting = smaller(replace(training, micro_batch=size, accumulation=accumulation), "")
    assert (fitting.micro_batch, fitting.accumulation) == expected
    assert fitting.effective_batch == size * accumulation


def test_one_sample_that_does_not_fit_is_the_end(training: Training) -> None:
    with pytest.raises(
        InputError, match=r"^training: out of memory with a micro-batch of 1 \(CUDA out of memory\): choose"
    ):
        smaller(replace(training, micro_batch=1), "CUDA out of memory\nmore")


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("CUDA error: device-side assert triggered"), False),
    ],
)
def test_what_is_taken_for_a_lack_of_memory(error: RuntimeError, answer: bool) -> None:
    assert ran_out(error) is answer


@pytest.mark.parametrize("batching", ["length_grouped", "packed"])
def test_a_run_goes_on_with_half_the_micro_batch(
    tune: Callable[..., Tuned],
    rows: Any,
    training: Training,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    batching: Any,
) -> None:
    """It runs out after step 5, goes on from the checkpoint of step 4, and learns from the same rows in each step."""
    chosen = replace(training, batching=batching, lora=replace(training.lora, dropout=0.0), logging_steps=1)
    whole = tune(rows, chosen, tmp_path / "whole")
    assert whole.micro_batch == 4

    compute = CausalTrainer.compute_loss

    def full_with_four(self: Any, model: Any, inputs: Any, *args: Any, **options: Any) -> Any:
        if self.args.per_device_train_batch_size == 4 and self.state.global_step == 5:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return compute(self, model, inputs, *args, **options)

    monkeypatch.setattr(CausalTrainer, "compute_loss", full_with_four)
    halved = tune(rows, chosen, tmp_path / "halved")
    assert (halved.micro_batch, halved.resumed_from, halved.steps) == (2, 4, whole.steps)
    assert "going on with training.micro_batch 2 and training.accumulation 2" in capsys.readouterr().err
    for one, other in zip(halved.log, whole.log, strict=True):
        assert one["step"] == other["step"]
        assert one.get("loss", 0) == pytest.approx(other.get("loss", 0), rel=1e-3)
    for name, value in trained(halved.model).items():
        torch.testing.assert_close(value, trained(whole.model)[name], rtol=1e-2, atol=1e-4)
