"""Two processes, each with half the accumulation, learn what one learns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from dialsum.modeling.best import trained
from dialsum.modeling.training import Tuned
from dialsum.params.training import Training

ROOT = Path(__file__).parents[2]


@pytest.mark.slow  # stages/test_train_processes does the same for one batching
@pytest.mark.parametrize("batching", ["length_grouped", "packed"])
def test_two_processes_are_one(
    tune: Callable[..., Tuned],
    lay_out: Callable[[Path, Training], Path],
    small_base: Path,
    rows: Any,
    training: Training,
    tmp_path: Path,
    batching: Any,
) -> None:
    """23 rows by 4 and 2 micro-batches a step: three steps an epoch, of which the last is short."""
    common = replace(
        training, batching=batching, accumulation=2, epochs=2.0, logging_steps=1, save_steps=100,
        lora=replace(training.lora, dropout=0.0),
    )  # fmt: skip
    alone = tune(rows, common, tmp_path / "alone")
    folder = lay_out(tmp_path / "two", replace(common, processes=2))
    start_two(folder, small_base)
    log = json.loads((folder / "log.json").read_text())
    assert [row["step"] for row in log] == [row["step"] for row in alone.log]
    for one, other in zip(log, alone.log, strict=True):
        for key in ("loss", "grad_norm", "eval_loss"):
            assert one.get(key, 0) == pytest.approx(other.get(key, 0), rel=1e-3), (key, one, other)
    weights = load_file(folder / "best.safetensors")
    for name, value in trained(alone.model).items():
        torch.testing.assert_close(weights[name], value, rtol=1e-2, atol=1e-4)


def test_two_processes_go_on_from_a_complete_checkpoint(
    lay_out: Callable[[Path, Training], Path], small_base: Path, training: Training, tmp_path: Path
) -> None:
    """As after a kill in the last of six steps, while its checkpoint was being written."""
    folder = lay_out(
        tmp_path, replace(training, accumulation=2, epochs=2.0, save_steps=1, logging_steps=1, processes=2)
    )
    start_two(folder, small_base)
    whole, log = (folder / "best.safetensors").read_bytes(), json.loads((folder / "log.json").read_text())
    for path in (folder / "best.safetensors", folder / "log.json", folder / "work/checkpoint-6/complete"):
        path.unlink()
    start_two(folder, small_base)
    assert (folder / "work/checkpoint-6/complete").exists()
    assert (folder / "best.safetensors").read_bytes() == whole
    again = json.loads((folder / "log.json").read_text())
    assert [(row["step"], row.get("loss"), row.get("eval_loss")) for row in again] == [
        (row["step"], row.get("loss"), row.get("eval_loss")) for row in log
    ]


def start_two(folder: Path, base: Path) -> None:
    """Run learn.py in two processes."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*launcher, str(Path(__file__).with_name("learn.py")), str(folder), str(base)],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "ACCELERATE_USE_CPU": "true",
            "DIALSUM_LAUNCHED": "1",
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
