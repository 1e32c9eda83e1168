from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import constants

from dialsum.errors import InputError
from dialsum.experiments import room
from dialsum.experiments.sets import Experiment, Set, plan
from dialsum.modeling import gpu
from dialsum.modeling.pin import Pin, write_pin
from dialsum.params.limits import Limits

if TYPE_CHECKING:
    from tests.experiments.conftest import Small

ROOT = Path(__file__).parents[2]
QWEN, LLAMA = "Qwen/Qwen3-4B-Instruct-2507", "Bllossom/llama-3.2-Korean-Bllossom-3B"


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("catalog").symlink_to(ROOT / "catalog")
    shutil.copy(ROOT / "tests" / "params.yaml", "params.yaml")


def experiment(*overrides: str) -> Experiment:
    (one,) = plan("mine", Set("d", {"a": list(overrides)}))
    return one


def test_a_disk_that_is_too_full_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free_disk", lambda _: 4_900_000_000)
    room.check_disk(Limits(disk_gb=4.9, free_cache=False))
    with pytest.raises(InputError, match=r"params.yaml: limits.disk_gb: .* has 4.9 GB free, less than 5; free some"):
        room.check_disk(Limits(disk_gb=5.0, free_cache=False))


def test_a_model_that_the_gpu_cannot_hold_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    solar = experiment("model.name=solar-10.7b", "training.method=none")
    monkeypatch.setattr(gpu, "gpu_memory", lambda: (1, 8 * 2**30))
    said = room.too_large(solar)
    assert said is not None
    assert said.startswith("solar-10.7b needs about 2")  # 10.7e9 weights of two bytes alone are 19.9 GiB
    assert said.endswith("GiB, of GPU memory there are 8.0")
    assert room.too_large(experiment("model.name=tiny-llama")) is None
    monkeypatch.setattr(gpu, "gpu_memory", lambda: (1, 24 * 2**30))
    assert room.too_large(solar) is None


def test_without_a_gpu_the_main_memory_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "gpu_memory", lambda: None)
    monkeypatch.setattr(room, "_main_memory", lambda: 8 * 2**30)
    said = room.too_large(experiment("model.name=qwen3-4b", "training.method=none"))
    assert said is not None
    assert said.endswith("GiB, of main memory (there is no GPU) there are 8.0")
    assert room.too_large(experiment("model.name=qwen3-4b", "model.path=/models/small")) is None, "not the catalog's"


def test_models_that_nothing_asks_for_any_more_are_freed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    for name, revision in ((QWEN, "1" * 40), (QWEN, "2" * 40), (LLAMA, "3" * 40), ("team/other", "4" * 40)):
        weights(cache, name, revision)

    def left() -> str:
        return "".join(sorted(path.name[0] for path in cache.glob("*/snapshots/*")))

    qwen, llama = experiment("model.name=qwen3-4b"), experiment("model.name=llama-3.2-korean-3b")
    sixteen = experiment("model.name=llama-3.2-korean-3b-fp16")
    assert room.free_models([qwen], [qwen]) == []
    local = replace(qwen, params={**qwen.params, "model": {"name": "qwen3-4b", "path": "/here"}})
    assert room.free_models([local, experiment("model.name=tiny-llama")], []) == []
    assert left() == "1234"

    # The last run in the workspace stands on the second revision.
    Path("models/base").mkdir(parents=True)
    write_pin(Path("models/base"), Pin("qwen3-4b", "hub", QWEN, "2" * 40, "causal", "float16", ["<|im_end|>"], {}))
    said = f"{QWEN} at 11111111: 0.01 GB of the hub's cache are free again"
    assert room.free_models([llama, qwen], [sixteen]) == [said]
    assert left() == "234"


def weights(cache: Path, name: str, revision: str) -> None:
    """A revision with one file of 5 MB, as the hub's library lays them out."""
    snapshot = cache / f"models--{name.replace('/', '--')}" / "snapshots" / revision
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").write_bytes(b"0" * 5_000_000)


@pytest.mark.parametrize("begun", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_an_experiment_in_dvcs_queue_keeps_its_model_in_the_cache(queueing: Small, tmp_path: Path, begun: bool) -> None:
    hub = tmp_path / "hub"
    for name, revision in ((QWEN, "1" * 40), (LLAMA, "2" * 40)):
        weights(hub, name, revision)
    for name in ("qwen3-4b", "llama-3.2-korean-3b"):
        shutil.copy(ROOT / "catalog" / f"{name}.yaml", queueing.path / "catalog")

    def left() -> list[str]:
        command = (sys.executable, "-m", "dialsum.cli", "cache", "prune", "--yes")
        queueing.run("env", f"HF_HUB_CACHE={hub}", *command)
        return [path.name[0] for path in hub.glob("*/snapshots/*")]

    held = queueing.hold(1)
    queueing.run("dvc", "exp", "run", "--queue", "-S", "model.name=qwen3-4b", "-S", "training.seed=1")
    if begun:
        queueing.run("sh", "-c", "dvc queue start > said.txt 2>&1")  # the worker holds on to what this writes to
        queueing.wait_until(lambda: queueing.lines("begun.txt") == ["1"])
    assert left() == ["1"]
    held.unlink()
    if begun:
        queueing.wait_until(lambda: queueing.lines("ended.txt") == ["1"])
        queueing.wait_until(lambda: left() == [])
    else:
        queueing.run("dvc", "queue", "remove", "--queued")
        assert left() == []
