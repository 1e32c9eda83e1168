from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from dialsum import workspace
from dialsum.params.generation import Generation
from dialsum.params.strict import load
from dialsum.workspace import fingerprint, unfinished

GREEDY = load(Path(__file__).parent / "params.yaml", "generation", Generation)


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def inputs() -> list[Path]:
    Path("models/base/deep").mkdir(parents=True)
    Path("models/base/deep/a.bin").write_bytes(b"weights")
    Path("dev.jsonl").write_bytes(b"rows")
    return [Path("models/base"), Path("dev.jsonl")]


def test_equal_inputs_have_one_fingerprint_wherever_they_lie(inputs: list[Path], tmp_path: Path) -> None:
    first = fingerprint(inputs, [GREEDY, {"a": 1, "b": None}])
    assert first == fingerprint(inputs, [GREEDY, {"b": None, "a": 1}])
    assert first == fingerprint([tmp_path / path for path in inputs], [GREEDY, {"a": 1, "b": None}])
    Path("models").rename("moved")
    assert first == fingerprint([Path("moved/base"), inputs[1]], [GREEDY, {"a": 1, "b": None}])
    assert len(first) == 16
    int(first, 16)


def test_each_change_of_an_input_is_another_fingerprint(inputs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {fingerprint(inputs, [GREEDY])}
    deep = Path("models/base/deep")

    def is_new(values: list[object]) -> bool:
        name = fingerprint(inputs, values)
        new = name not in seen
        seen.add(name)
        return new

    inputs[1].write_bytes(b"rows!")
    assert is_new([GREEDY])
    (deep / "a.bin").write_bytes(b"weights!")
    assert is_new([GREEDY])
    (deep / "a.bin").rename(deep / "b.bin")
    assert is_new([GREEDY])
    (deep / "c.bin").touch()
    assert is_new([GREEDY])
    assert is_new([replace(GREEDY, num_beams=2)])
    assert is_new([GREEDY, 2e-5])
    assert is_new([GREEDY, 2e-4])
    monkeypatch.setattr(workspace, "version", lambda name: f"{name} 1")
    assert is_new([GREEDY])
    monkeypatch.setattr(workspace, "SOURCE", deep)
    assert is_new([GREEDY])


def test_compiled_files_do_not_count(inputs: list[Path]) -> None:
    before = fingerprint(inputs, [])
    (inputs[0] / "a.pyc").touch()
    assert fingerprint(inputs, []) == before


def test_the_folder_goes_when_the_work_is_done(repository: Path) -> None:
    with unfinished("train", "0123") as folder:
        assert folder == repository / ".dialsum" / "train" / "0123"
        (folder / "checkpoint-5").mkdir()
        (folder / "checkpoint-5" / "weights").touch()
    assert not folder.exists()


def test_the_folder_stays_when_the_work_failed() -> None:
    def failing() -> None:
        with unfinished("train", "0123") as folder:
            (folder / "checkpoint-5").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    with unfinished("train", "0123") as again:
        assert [item.name for item in again.iterdir()] == ["checkpoint-5"]


def test_other_work_has_another_folder() -> None:
    with (
        unfinished("train", "0123") as one,
        unfinished("train", "4567") as two,
        unfinished("generate", "0123") as three,
    ):
        assert len({one, two, three}) == 3


def test_in_a_copy_it_lies_in_the_parent_repository(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = tmp_path_factory.mktemp("parent")
    monkeypatch.setenv("DVC_ROOT", str(parent))
    with unfinished("train", "0123") as folder:
        assert folder.is_relative_to(parent / ".dialsum")


def test_of_two_runs_of_the_same_work_the_second_says_so_and_waits(capsys: pytest.CaptureFixture[str]) -> None:
    order: list[str] = []
    inside = threading.Event()

    def second() -> None:
        inside.wait(10)
        order.append("second asks")
        with unfinished("train", "0123") as folder:
            order.append("second works")
            assert list(folder.iterdir()) == []

    thread = threading.Thread(target=second)
    thread.start()
    with unfinished("train", "0123") as folder:
        inside.set()
        (folder / "half").touch()
        thread.join(0.5)
        order.append("first ends")
    thread.join(10)
    assert order == ["second asks", "first ends", "second works"]
    assert capsys.readouterr().err == (
        "another process is at this very train, with the same values, and this one waits until it has ended; "
        "which it is: pgrep -af 'dialsum.stages train'\n"
    )


def test_a_killed_process_leaves_folder_and_no_lock(repository: Path) -> None:
    code = (
        "import os, signal\n"
        "from dialsum.workspace import unfinished\n"
        "with unfinished('train', '0123') as folder:\n"
        "    (folder / 'checkpoint-5').touch()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(workspace.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, env=environment, timeout=60)
    assert done.returncode == -9
    with unfinished("train", "0123") as folder:
        assert [item.name for item in folder.iterdir()] == ["checkpoint-5"]
