"""A small repository of git and DVC whose one stage takes a second, and sets of experiments in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
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

    def run(self, *command: str, status: int = 0) -> str:
        done = subprocess.run(
            command, cwd=self.path, env=self.environment(), capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == status, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def dialsum(self, *arguments: str, status: int = 0) -> str:
        return self.run(sys.executable, "-m", "dialsum.cli", "experiments", *arguments, status=status)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`dialsum experiments …`, as a shell starts it: in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "dialsum.cli", "experiments", *arguments],
            cwd=self.path,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

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
    made = Small(path)
    made.run("git", "init", "--quiet", "--initial-branch=main")
    made.run("dvc", "init", "--quiet")
    made.run("git", "add", "--all")
    made.run("git", "commit", "--quiet", "--message", "start")
    return made
