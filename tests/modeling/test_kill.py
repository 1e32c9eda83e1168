"""kill -9 at any moment of a training, in each batching: what it ends with is what it would have ended with."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from dialsum.params.training import Training

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HERE.parents[1] / "src"), "OMP_NUM_THREADS": "1"}
KILLS = 20


def start(folder: Path, base: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(HERE / "learn.py"), str(folder), str(base)]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def prepare(folder: Path, rows: Any, training: Training) -> Path:
    (folder / "work").mkdir(parents=True)
    rows.save_to_disk(str(folder / "rows"))
    (folder / "training.json").write_text(json.dumps(asdict(training)))
    return folder


def curve(folder: Path) -> list[tuple[Any, ...]]:
    """What the clock does not decide."""
    names = ("step", "loss", "eval_loss", "grad_norm", "learning_rate")
    return [tuple(row.get(name) for name in names) for row in json.loads((folder / "log.json").read_text())]


@pytest.mark.slow
@pytest.mark.parametrize("batching", ["padded", "length_grouped", "packed"])
def test_killed_at_twenty_moments_it_ends_with_the_same_bits(
    rows: Any, small_base: Path, training: Training, tmp_path: Path, batching: Any
) -> None:
    """Several epochs of six steps, so that most kills fall into the training and some into start and end."""
    chosen = replace(training, batching=batching, epochs=40.0, save_steps=4, logging_steps=2)
    whole = prepare(tmp_path / "whole", rows, chosen)
    begin = time.monotonic()
    assert start(whole, small_base).wait(timeout=600) == 0
    seconds = time.monotonic() - begin
    generator = random.Random(batching)
    killed = prepare(tmp_path / "killed", rows, chosen)
    hits = 0
    while hits < KILLS:
        process = start(killed, small_base)
        try:
            process.wait(timeout=generator.uniform(0.3, 1.0) * seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            hits += 1
        else:  # it was done: once more from the start
            assert (killed / "best.safetensors").read_bytes() == (whole / "best.safetensors").read_bytes()
            assert curve(killed) == curve(whole)
            killed = prepare(tmp_path / f"killed{hits}", rows, chosen)
    assert start(killed, small_base).wait(timeout=600) == 0
    assert (killed / "best.safetensors").read_bytes() == (whole / "best.safetensors").read_bytes()
    assert curve(killed) == curve(whole)
