from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dialsum.errors import InputError
from dialsum.modeling import gpu
from dialsum.modeling.catalog import read_entry
from dialsum.modeling.memory import GIB, Work

SOLAR = read_entry(Path(__file__).parents[2] / "catalog" / "solar-10.7b.yaml")
# lora, one row, in 1e9 bytes: weights 21.46; adapter 48 × 16 × 81,920 × 16 = 1.01; 48 inputs of layers 0.48 and one
# layer 0.46; logits 0.06; spare 0.54. Together 24.01, which are 22.4 GiB.
WORK = Work(rows=8, source=1024, target=200, rank=16, checkpointing=True)


def have(monkeypatch: pytest.MonkeyPatch, free: float, total: float) -> None:
    monkeypatch.setattr(gpu, "gpu_memory", lambda: (int(free * GIB), int(total * GIB)))


def test_without_a_gpu_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "gpu_memory", lambda: None)
    gpu.check_training(SOLAR, "full", lambda: WORK)
    gpu.check_generation(SOLAR, "none", WORK, beams=1)


def test_a_model_that_the_gpu_cannot_hold_is_refused_with_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, free=15.5, total=16)
    with pytest.raises(InputError) as caught:
        gpu.check_training(SOLAR, "lora", lambda: WORK)
    assert str(caught.value) == (
        "params.yaml: training.method: lora of upstage/SOLAR-10.7B-Instruct-v1.0 needs about 22.4 GiB of GPU memory, "
        "even with one row at a time; 15.5 of 16.0 GiB are free; choose training.method=qlora, or a smaller model "
        "(`dialsum models` lists what each needs)"
    )


def test_a_gpu_that_others_fill_is_named_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, free=3, total=24)
    with pytest.raises(InputError, match=r"3\.0 of 24\.0 GiB are free; end the other programs on the GPU"):
        gpu.check_training(SOLAR, "qlora", lambda: WORK)


def test_a_micro_batch_that_may_not_fit_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    have(monkeypatch, free=12, total=12)
    gpu.check_training(SOLAR, "qlora", lambda: WORK)
    warning = capsys.readouterr().err
    assert warning.startswith(
        "warning: params.yaml: training.method: qlora of upstage/SOLAR-10.7B-Instruct-v1.0: a batch"
    )
    assert warning.endswith(
        ", free are 12.0; it is halved when that runs out, and a smaller training.micro_batch spares the attempt\n"
    )
    have(monkeypatch, free=80, total=80)
    gpu.check_training(SOLAR, "qlora", lambda: WORK)
    assert capsys.readouterr().err == ""


def test_a_batch_of_summaries_that_may_not_fit_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    have(monkeypatch, free=22, total=24)
    gpu.check_generation(SOLAR, "none", WORK, beams=1)
    assert capsys.readouterr().err.endswith(
        ", free are 22.0; it is halved when that runs out, and a smaller generation.batch_size spares the attempt\n"
    )


def test_a_model_too_large_to_generate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, free=8, total=8)
    with pytest.raises(InputError, match=r"^params\.yaml: model\.name: upstage/SOLAR.*; choose a smaller model"):
        gpu.check_generation(SOLAR, "none", WORK, beams=1)


def test_a_summary_takes_the_room_of_all_its_beams(monkeypatch: pytest.MonkeyPatch) -> None:
    """In 1e9 bytes: weights 21.46, spare 0.54, and a row 0.24 for keys and values and 0.12 for its prompt."""
    have(monkeypatch, free=21, total=21)
    gpu.check_generation(SOLAR, "none", WORK, beams=1)  # 20.8 GiB
    with pytest.raises(InputError, match=r"needs about 21\.8 GiB of GPU memory, even with one row at a time"):
        gpu.check_generation(SOLAR, "none", WORK, beams=4)


def test_a_run_takes_its_gpu_before_any_library_asks_for_all(tmp_path: Path) -> None:
    """bitsandbytes looks at each GPU when it is imported; after that the choice would be without effect."""
    program = """
import sys
from dialsum.modeling import processes
from dialsum.stages.train import tune

def take_gpu():
    sys.exit(1 if {"bitsandbytes", "peft", "transformers"} & sys.modules.keys() else 0)

processes.take_gpu = take_gpu
tune(None, None, None, None, None, None)
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0
