"""kill -9 at any moment of a training, in each batching: what it ends with is what it would have ended with."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
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


def curve(folder: Path) -> list[tuple[Any, ...]]:
    """What the clock does not decide."""
    names = ("step", "loss", "eval_loss", "grad_norm", "learning_rate")
    return [tuple(row.get(name) for name in names) for row in json.loads((folder / "log.json").read_text())]


@pytest.mark.slow
@pytest.mark.parametrize("batching", ["padded", "length_grouped", "packed"])
def test_killed_at_twenty_moments_it_ends_with_the_same_bits(
    lay_out: Callable[[Path, Training], Path], small_base: Path, training: Training, tmp_path: Path, batching: Any
) -> None:
    """Several epochs of six steps, so that most kills fall into the training and some into start and end."""
    chosen = replace(training, batching=batching, epochs=40.0, save_steps=4, logging_steps=2)
    whole = lay_out(tmp_path / "whole", chosen)
    begin = time.monotonic()
    assert start(whole, small_base).wait(timeout=600) == 0
    seconds = time.monotonic() - begin
    generator = random.Random(batching)
    folders = (lay_out(tmp_path / f"killed{number}", chosen) for number in itertools.count())
    killed = next(folders)
    hits = 0
    while hits < KILLS:
        begin = time.monotonic()
        process = start(killed, small_base)
        try:
            process.wait(timeout=generator.uniform(0.3, 1.0) * seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            hits += 1
        else:  # it was done: once more from the start
            check_same(killed, whole)
            killed = next(folders)
            seconds = min(seconds, 2 * (time.monotonic() - begin))  # the machine may have less to do by now
    assert start(killed, small_base).wait(timeout=600) == 0
    check_same(killed, whole)


def check_same(killed: Path, whole: Path) -> None:
    assert (killed / "best.safetensors").read_bytes() == (whole / "best.safetensors").read_bytes()
    assert curve(killed) == curve(whole)
