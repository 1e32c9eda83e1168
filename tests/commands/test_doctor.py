from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from huggingface_hub import constants

from dialsum.commands import doctor
from dialsum.modeling import gpu
from dialsum.modeling.memory import GIB

ROOT = Path(__file__).parents[2]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "catalog").symlink_to(ROOT / "catalog")
    (tmp_path / "params.yaml").write_bytes((ROOT / "tests" / "params.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


def run() -> list[str]:
    return CliRunner().invoke(doctor.main, catch_exceptions=False).output.splitlines()


def test_a_machine_without_gpu(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "gpu_memory", lambda: None)
    lines = run()
    assert lines[0].startswith(f"machine    {platform.system()} ")
    assert " cores" in lines[0]
    assert lines[2].startswith(f"packages   Python {platform.python_version()}, torch {version('torch')}, ")
    assert any(f"GB free for hub cache ({repository / 'hub'})" in line for line in lines)
    assert "hub cache  no models" in lines
    assert "unfinished no work" in lines
    assert "GPU        no GPU" in lines
    assert next(line for line in lines if line.startswith("fits")).endswith("GiB of main memory)")
    assert "           tiny-llama: none, qlora, lora, full" in lines


@pytest.mark.usefixtures("repository")
def test_a_gpu_and_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "gpu_memory", lambda: (int(7.5 * GIB), 10 * GIB))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "A card")
    lines = run()
    assert "GPU        A card, 7.5 of 10.0 GiB free" in lines
    # Of its own micro-batch: generation 9.0, qlora 9.0, lora 11.9, full 64.8 GiB.
    assert "           qwen3-4b: none, qlora" in lines
    assert "           llama-3-korean-8b: nothing" in lines


def test_the_cache_is_listed_with_the_largest_first(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "gpu_memory", lambda: None)
    for name, size in (("models--team--small", 10_000_000), ("models--team--large", 20_000_000)):
        snapshot = repository / "hub" / name / "snapshots" / ("0" * 40)
        snapshot.mkdir(parents=True)
        (snapshot / "model.safetensors").write_bytes(b"0" * size)
    lines = run()
    first = lines.index("hub cache  0.02 GB team/large")
    assert lines[first + 1] == "           0.01 GB team/small"


def test_unfinished_work_is_told_with_its_size(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "gpu_memory", lambda: None)
    for name, content in (("train/aa", 20_000_000), ("generate/bb", 10_000_000)):
        folder = repository / ".dialsum" / name
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(b"0" * content)
    assert "unfinished 0.03 GB of 2 stages that did not end: `dialsum cache unfinished`" in run()


def test_a_gpu_is_asked_through_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (3, 5))
    assert gpu.gpu_memory() == (3, 5)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.gpu_memory() is None
