"""A clone of this repository with small steps, in which real `dvc` and `mlflow` commands run as a user types them."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PATIENCE = 300  # seconds for what takes seconds on a machine that has nothing else to do

# What makes the pipeline small. All else is as in the repository.
VALUES = {
    "model.name": "small",
    "synthesis.train_rows": 60,
    "synthesis.dev_rows": 12,
    "synthesis.test_rows": 8,
    "tokenize.max_source_tokens": 256,
    "training.epochs": 2.0,
    "training.save_steps": 5,
    "training.logging_steps": 5,
    "training.threads": 1,
    "generation.max_new_tokens": 64,
    "generation.batch_size": 2,
    "generation.threads": 1,
}
SCRATCH = {"vocab_size": 600, "hidden_size": 64, "intermediate_size": 128, "layers": 2, "heads": 2, "corpus_rows": 120}
LESSONS = {"practice": {"steps": 10, "batch": 4}, "reading": {"steps": 120, "batch": 4}}
RATES = {"learning_rate": 1.0e-2, "warmup_steps": 5}


@dataclass(frozen=True)
class Repository:
    """A folder that is a git and a DVC repository with this product in it."""

    path: Path

    def environment(self) -> dict[str, str]:
        """That of a user's shell in which nothing is activated, and of no other repository."""
        foreign = ("DVC_", "MLFLOW_", "GIT_", "PYTEST_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith((*foreign, "PYTHONPATH"))}
        return {
            **kept,
            "DVC_NO_ANALYTICS": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            **{f"GIT_{who}_{what}": "tester" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
            "HF_HUB_OFFLINE": "1",
        }

    def run(self, *command: str, fails: bool = False) -> str:
        """Run a command, a program of `.venv` if it is there; its stdout and stderr together."""
        done = subprocess.run(
            self.command(*command),
            cwd=self.path,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
        assert (done.returncode != 0) is fails, f"{command} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command with the whole path of its program."""
        own = self.path / ".venv" / "bin" / program
        return [str(own) if own.exists() else program, *arguments]

    def dvc(self, *arguments: str, fails: bool = False) -> str:
        return self.run("dvc", *arguments, fails=fails)

    def git(self, *arguments: str) -> str:
        return self.run("git", *arguments)

    def set(self, **values: object) -> None:
        """Write values into params.yaml; `__` stands for the dot."""
        edit(self.path / "params.yaml", {key.replace("__", "."): value for key, value in values.items()})

    def replace(self, name: str, old: str, new: str) -> None:
        text = self.text(name)
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        (self.path / name).write_text(text.replace(old, new), encoding="utf-8")

    def text(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")

    def json(self, name: str) -> Any:
        return json.loads(self.text(name))

    def lines(self, name: str) -> list[Any]:
        return [json.loads(line) for line in self.text(name).splitlines()]

    def table(self, name: str) -> list[dict[str, str]]:
        with (self.path / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def sha256(self, name: str) -> str:
        return hashlib.sha256((self.path / name).read_bytes()).hexdigest()

    def results(self) -> dict[str, str]:
        """Hashes of what two runs with the same values must share."""
        names = ["models/trained/adapter_model.safetensors", "data/predictions/dev.jsonl", "data/predictions/test.jsonl"]
        names += ["metrics/rouge.json", "metrics/train.json", "plots/training.csv", "data/submission.csv"]
        return {name: self.sha256(name) for name in names}

    def runs(self, experiment: str = "dialsum") -> list[Any]:
        """The runs of an MLflow experiment, the oldest first; none where there is no store."""
        if not (self.path / "mlflow.db").exists():
            return []
        client = self.client()
        found = client.get_experiment_by_name(experiment)
        order = ["attributes.start_time ASC"]
        return list(client.search_runs([found.experiment_id], order_by=order)) if found else []

    def client(self) -> Any:
        """A client on this repository's store."""
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=f"sqlite:///{self.path}/mlflow.db")

    def copy(self, path: Path) -> Repository:
        """All of it, DVC's cache and MLflow's store too, elsewhere."""
        subprocess.run(["cp", "-a", str(self.path), str(path)], check=True)
        return Repository(path)

    @contextmanager
    def started(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """A command in a process group of its own, which is gone at the end; its output goes to `output.log`."""
        with (self.path.parent / f"{self.path.name}.log").open("wb") as log:
            process = subprocess.Popen(
                self.command(*command),
                cwd=self.path,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            kill_group(process)

    def log(self) -> str:
        """What the command that was last `started` has printed."""
        return (self.path.parent / f"{self.path.name}.log").read_text(encoding="utf-8", errors="replace")

    def kill_when(self, condition: Callable[[], bool], *command: str) -> None:
        """Start a command, kill its process group as soon as the condition holds."""
        with self.started(*command) as process:
            wait_until(lambda: condition() or process.poll() is not None, self.log)
            assert process.poll() is None, f"{command} ended before it could be killed:\n{self.log()}"


def kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def wait_until(condition: Callable[[], bool], log: Callable[[], str], patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"nothing after {patience} seconds:\n{log()}")
        time.sleep(0.02)


def edit(path: Path, values: dict[str, object]) -> None:
    """Set dotted keys, which must be there, in a YAML file; its comments stay."""
    yaml = YAML()
    content = yaml.load(path)
    for key, value in values.items():
        *sections, last = key.split(".")
        section = content
        for name in sections:
            section = section[name]
        assert last in section, key
        section[last] = value
    yaml.dump(content, path)


def executed(output: str) -> list[str]:
    """The stages that a `dvc repro` or `dvc exp run` ran, in order; those restored from the run cache do not count."""
    return re.findall(r"^Running stage '(.+)':", output, flags=re.MULTILINE)


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A commit of this working tree, small, in which nothing has run yet."""
    repository = Repository(tmp_path_factory.mktemp("clone") / "dialsum")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        # What a run of the pipeline has left in the working tree is not what a clone starts from.
        if (ROOT / name).is_file() and name != "dvc.lock" and not name.startswith(("metrics/", "plots/")):
            target = repository.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    (repository.path / ".venv").symlink_to(sys.prefix)

    shutil.copy(repository.path / "catalog" / "tiny-llama.yaml", repository.path / "catalog" / "small.yaml")
    own = {f"scratch.{key}": value for key, value in {**SCRATCH, **LESSONS, **RATES, "threads": 1}.items()}
    edit(repository.path / "catalog" / "small.yaml", {"micro_batch": 4, "learning_rate": 1.0e-2, **own})
    edit(repository.path / "params.yaml", VALUES)
    repository.git("init", "--quiet", "--initial-branch=main")
    (repository.path / ".git" / "info" / "exclude").write_text("/.venv\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message", "a clone")
    return repository


@dataclass(frozen=True)
class Finished:
    """A repository in which `dvc repro` has run, and what it printed."""

    repository: Repository
    output: str


@pytest.fixture(scope="session")
def finished(fresh: Repository) -> Finished:
    """The one whole run that the tests share; none of them changes it."""
    repository = fresh.copy(fresh.path.with_name("finished"))
    output = repository.dvc("repro")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message", "results")
    return Finished(repository, output)


@pytest.fixture
def repository(finished: Finished, tmp_path: Path) -> Repository:
    """A copy of the finished one for a test to change."""
    return finished.repository.copy(tmp_path / "repository")
