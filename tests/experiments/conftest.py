"""A small repository of git and DVC whose one stage takes a second, and sets of experiments in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
EDIT = "  weight_decay: 0.3          # an edit that is not committed\n"
PATIENCE = 200  # seconds for what takes ten on a machine that has nothing else to do

# It says that it ran, in a file of the parent repository, waits while `hold<seed>` is there, and fails for seed 13.
WORK = """\
import json, os, sys, time
from pathlib import Path
from ruamel.yaml import YAML
seed = YAML(typ="safe").load(Path("params.yaml"))["training"]["seed"]
parent = Path(os.environ["DVC_ROOT"])
with (parent / "begun.txt").open("a") as file:
    file.write(f"{seed}\\n")
while (parent / f"hold{seed}").exists():
    time.sleep(0.1)
if seed == 13:
    sys.exit("no luck")
Path("metrics").mkdir(exist_ok=True)
Path("metrics/rouge.json").write_text(json.dumps({"rouge_mean": 50 + seed, "rouge1": 60 + seed}))
with (parent / "ended.txt").open("a") as file:
    file.write(f"{seed}\\n")
"""
PIPELINE = """\
stages:
  work:
    cmd: python work.py
    deps: [work.py]
    params: [training]
    metrics:
      - metrics/rouge.json: {cache: false}
"""
SETS = """\
sets:
  quick:
    describe: three seeds
    common: [training.threads=1]
    experiments:
      one: [training.seed=1]
      two: [training.seed=2]
      three: [training.seed=3]
  mixed:
    describe: one fails
    experiments:
      good: [training.seed=4]
      bad: [training.seed=13]
      late: [training.seed=5]
  gated:
    describe: the second fails its gate
    experiments:
      first: [training.seed=6]
      second: [training.seed=7]
      third: [training.seed=8]
    gates:
      first: {criteria: [rouge.rouge_mean > 55], otherwise: never said}
      second: {criteria: [rouge.rouge_mean > 99], otherwise: Look at the prompt.}
searches:
  seeds:
    describe: the score is the seed
    common: [training.threads=1]
    ranges:
      training.seed: {low: 100, high: 999}
      training.learning_rate: {low: 1e-5, high: 1e-2, log: true}
    metric: rouge.rouge_mean
    trials: 4
  luck:
    describe: one of the two fails
    ranges: {training.seed: {choices: [13, 5]}}
    metric: rouge.rouge_mean
    trials: 4
"""


@dataclass(frozen=True)
class Small:
    """The repository, and what its user types in it."""

    path: Path

    def environment(self) -> dict[str, str]:
        foreign = ("DVC_", "MLFLOW_", "_MLFLOW_", "GIT_", "PYTEST_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
        return {
            **kept,
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(self.path.parent / "site"),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            **{f"GIT_{who}_{what}": "tester" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
        }

    def run(self, *command: str, status: int = 0, patience: int = PATIENCE) -> str:
        done = subprocess.run(
            command, cwd=self.path, env=self.environment(), capture_output=True, text=True, timeout=patience
        )
        assert done.returncode == status, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def dialsum(self, *arguments: str, status: int = 0) -> str:
        return self.run(sys.executable, "-m", "dialsum.cli", "experiments", *arguments, status=status)

    def tune(self, *arguments: str, status: int = 0) -> str:
        return self.run(sys.executable, "-m", "dialsum.cli", "tune", *arguments, status=status, patience=5 * PATIENCE)

    def start(self, *arguments: str, command: str = "experiments") -> subprocess.Popen[str]:
        """`dialsum experiments …`, as a shell starts it: in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "dialsum.cli", command, *arguments],
            cwd=self.path,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def edited(self) -> bytes:
        """params.yaml with an edit that is not committed."""
        file = self.path / "params.yaml"
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join(EDIT if line.startswith("  weight_decay:") else line for line in lines))
        assert EDIT in file.read_text()
        return file.read_bytes()

    def untouched(self, params: bytes) -> bool:
        """HEAD is on its branch, and the edits are what they were."""
        branch = self.run("git", "symbolic-ref", "HEAD").strip()
        changed = self.run("git", "status", "--porcelain").split()
        return (
            branch == "refs/heads/main"
            and changed == ["M", "params.yaml"]
            and (self.path / "params.yaml").read_bytes() == params
            and self.run("git", "stash", "list") == ""
        )

    def stopped(self, process: subprocess.Popen[str], number: int) -> str:
        """What a process has said that ends by a signal."""
        os.kill(process.pid, number)
        return process.communicate(timeout=PATIENCE)[0]

    def kill_all(self) -> None:
        """kill -9 of all that works in this folder: our command, DVC's, the workers, the stages."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):  # others' do not concern us
                if process.cwd().startswith(str(self.path)):
                    found.append(process)
        for process in found:
            process.kill()
        psutil.wait_procs(found, timeout=20)

    def names(self) -> list[str]:
        """The experiments that DVC lists."""
        return sorted(self.run("dvc", "exp", "list", "--name-only").split())

    def lines(self, name: str) -> list[str]:
        file = self.path / name
        return file.read_text().split() if file.exists() else []

    def hold(self, seed: int) -> Path:
        """The stage of this seed waits as long as this file is there."""
        file = self.path / f"hold{seed}"
        file.touch()
        return file

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"nothing after {PATIENCE} seconds"
            time.sleep(0.1)

    def end(self) -> None:
        """No worker outlives its test."""
        for file in self.path.glob("hold*"):
            file.unlink()
        subprocess.run(["dvc", "queue", "stop", "--kill"], cwd=self.path, env=self.environment(), capture_output=True)


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return _made(tmp_path / "small")


@pytest.fixture
def queueing(tmp_path: Path) -> Iterator[Small]:
    """The same, for tests that start workers."""
    made = _made(tmp_path / "small")
    yield made
    made.end()


def _made(path: Path) -> Small:
    path.mkdir()
    (path / "work.py").write_text(WORK)
    (path / "dvc.yaml").write_text(PIPELINE)
    (path / "experiments.yaml").write_text(SETS)
    (path / ".gitignore").write_text("/begun.txt\n/ended.txt\n/hold*\n/.dialsum/\n")
    shutil.copy(ROOT / "tests" / "params.yaml", path)
    (path / "catalog").mkdir()
    shutil.copy(ROOT / "catalog" / "tiny-llama.yaml", path / "catalog")
    (path / "data" / "synthetic").mkdir(parents=True)
    (path / "data" / "synthetic" / "train.csv").write_text("no stage makes it here\n")
    made = Small(path)
    made.run("git", "init", "--quiet", "--initial-branch=main")
    made.run("dvc", "init", "--quiet")
    made.run("git", "add", "--all")
    made.run("git", "commit", "--quiet", "--message", "start")
    return made
