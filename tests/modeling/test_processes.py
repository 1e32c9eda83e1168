"""Two processes, each with half the accumulation, learn what one learns, also if each holds but half of the model."""

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

from dialsum.modeling.training import Tuned
from dialsum.params.training import Training

ROOT = Path(__file__).parents[2]
# What `accelerate launch` tells the processes of a configuration with FSDP.
FSDP = {
    "ACCELERATE_USE_FSDP": "true",
    "FSDP_VERSION": "2",
    "FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP",
    "FSDP_STATE_DICT_TYPE": "SHARDED_STATE_DICT",
    "FSDP_CPU_RAM_EFFICIENT_LOADING": "true",
}
# Those with the whole model (DDP) come first: a process that was told of FSDP goes on to use it.
CASES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "length_grouped": ({"batching": "length_grouped"}, {}),
    "packed": ({"batching": "packed"}, {}),
    "fsdp_full": ({"method": "full", "learning_rate": 1e-3}, FSDP),
    "fsdp_lora": ({}, {**FSDP, "FSDP_STATE_DICT_TYPE": "FULL_STATE_DICT", "FSDP_CPU_RAM_EFFICIENT_LOADING": "false"}),
}


def chosen(training: Training, case: str) -> Training:
    """23 rows by 4 and 2 micro-batches a step: three steps an epoch, of which the last is short."""
    common = replace(training, accumulation=2, epochs=2.0, logging_steps=1, save_steps=1)
    return replace(common, lora=replace(training.lora, dropout=0.0), **CASES[case][0])


@pytest.fixture(scope="module")
def two(
    lay_out: Callable[[Path, Training], Path],
    small_base: Path,
    training: Training,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A folder for each case, as together.py leaves it."""
    place = tmp_path_factory.mktemp("two")
    for case, (_, told) in CASES.items():
        lay_out(place / case, replace(chosen(training, case), processes=2))
        (place / case / "environment.json").write_text(json.dumps(told))
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [
            *launcher,
            str(Path(__file__).with_name("together.py")),
            str(small_base),
            *(str(place / case) for case in CASES),
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "ACCELERATE_USE_CPU": "true",
            "DIALSUM_LAUNCHED": "1",
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return place


@pytest.mark.parametrize("case", CASES)
def test_two_processes_are_one(
    tune: Callable[..., Tuned], rows: Any, training: Training, two: Path, tmp_path: Path, case: str
) -> None:
    alone = tune(rows, chosen(training, case), tmp_path / "alone")
    alone.model.save_pretrained(tmp_path / "trained")
    log = json.loads((two / case / "once/log.json").read_text())
    assert [row["step"] for row in log] == [row["step"] for row in alone.log]
    for one, other in zip(log, alone.log, strict=True):
        for key in ("loss", "grad_norm", "eval_loss"):
            assert one.get(key, 0) == pytest.approx(other.get(key, 0), rel=1e-3), (key, one, other)
    (file,) = (tmp_path / "trained").glob("*.safetensors")
    weights, found = load_file(file), load_file(two / case / "once/trained" / file.name)
    assert found.keys() == weights.keys()
    for name, value in weights.items():
        torch.testing.assert_close(found[name], value, rtol=1e-2, atol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_two_processes_go_on_from_a_complete_checkpoint(two: Path, case: str) -> None:
    files = sorted(path.relative_to(two / case / "once") for path in (two / case / "once").rglob("*.safetensors"))
    assert len(files) == 2  # the best weights, and those that were saved in the end
    for file in files:
        assert (two / case / "again" / file).read_bytes() == (two / case / "once" / file).read_bytes()
    logs = [json.loads((two / case / time / "log.json").read_text()) for time in ("once", "again")]
    once, again = ([(row["step"], row.get("loss"), row.get("eval_loss")) for row in log] for log in logs)
    assert again == once
    # A model in parts is kept in parts.
    parts = list((two / case / "work/checkpoint-5").glob("pytorch_model_fsdp*"))
    assert bool(parts) is case.startswith("fsdp")
