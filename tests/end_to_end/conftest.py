"""A clone of this repository with small steps, in which real `dvc` and `mlflow` commands run as a user types them."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
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
    # A model that has learned this little must still be champion, and a better one be so whatever chance says.
    "registry.confidence": 0.5,
    "registry.max_foreign_rate": 1.0,
    "registry.min_stop_rate": 0.0,
}
SCRATCH = {
    "vocab_size": 600,
    "hidden_size": 64,
    "intermediate_size": 128,
    "layers": 2,
    "heads": 2,
    "rows": 120,
}
LESSONS = {"practice": {"steps": 10, "batch": 4}, "reading": {"steps": 120, "batch": 4}}
RATES = {"learning_rate": 1.0e-2, "warmup_steps": 5}


@dataclass(frozen=True)
class Repository:
    """A folder that is a git and a DVC repository with this product in it."""

    path: Path

    def environment(self) -> dict[str, str]:
        """That of a user's shell in which nothing is activated, and which knows of no other repository."""
        foreign = ("DVC_", "MLFLOW_", "_MLFLOW_", "GIT_", "PYTEST_", "PYTHONPATH")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
        return {
            **kept,
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(self.path.parent / "site"),  # else /var/tmp
            "GIT_CONFIG_GLOBAL": "/dev/null",
            **{f"GIT_{who}_{what}": "tester" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
            "HF_HUB_OFFLINE": "1",
        }

    def run(self, *command: str, fails: bool = False, patience: float = PATIENCE, **variables: str) -> str:
        """Run a command, a program of `.venv` if it is there; its stdout and stderr together."""
        done = subprocess.run(
            self.command(*command),
            cwd=self.path,
            env={**self.environment(), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=patience,
        )
        assert (done.returncode != 0) is fails, f"{command} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command with the whole path of its program."""
        own = self.path / ".venv" / "bin" / program
        return [str(own) if own.exists() else program, *arguments]

    def dvc(self, *arguments: str, fails: bool = False) -> str:
        return self.run("dvc", *arguments, fails=fails)

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    def set(self, values: dict[str, object]) -> None:
        """Write values into params.yaml; the keys are dotted."""
        edit(self.path / "params.yaml", values)

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

    def outputs(self) -> list[str]:
        """The files that stages have written."""
        folders = ("data", "models", "metrics", "plots")
        files = [path for folder in folders for path in (self.path / folder).rglob("*") if path.is_file()]
        return sorted(path.relative_to(self.path).as_posix() for path in files if path.name != ".gitignore")

    def hashes(self) -> dict[str, str]:
        """Of all that two runs with the same values must share: models, data, scores and curves."""
        # These alone hold times, and the id of a run.
        speeds = ("metrics/train_speed.json", "metrics/generation_speed.json", "plots/training_speed.csv")
        names = [name for name in self.outputs() if name not in (*speeds, "models/mlflow_run.json")]
        return {name: hashlib.sha256((self.path / name).read_bytes()).hexdigest() for name in names}

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

    def champion(self) -> Any:
        return self.client().get_model_version_by_alias("dialsum", "champion")

    def copy(self, path: Path) -> Repository:
        """All of it, DVC's cache and MLflow's store too, elsewhere."""
        subprocess.run(["cp", "-a", str(self.path), str(path)], check=True)
        if (path / "mlflow.db").exists():
            _move_store(path / "mlflow.db", self.path.as_uri(), path.as_uri())
        return Repository(path)

    def cloned(self, path: Path) -> Repository:
        """What git alone brings elsewhere, with the same environment beside it."""
        self.run("git", "clone", "--quiet", str(self.path), str(path))
        (path / ".venv").symlink_to(sys.prefix)
        (path / ".git" / "info" / "exclude").write_text("/.venv\n")
        return Repository(path)

    @contextmanager
    def started(self, *command: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
        """A command in a process group of its own, which is gone at the end; see `log`."""
        with self._log().open("wb") as log:
            process = subprocess.Popen(
                self.command(*command),
                cwd=self.path,
                env={**self.environment(), **variables},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            # Its children may live though it does not.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def log(self) -> str:
        """What the command that was last `started` has printed."""
        return self._log().read_text(encoding="utf-8", errors="replace")

    def _log(self) -> Path:
        return self.path.with_name(f"{self.path.name}.log")

    def kill_when(self, condition: Callable[[], bool], *command: str) -> None:
        """Start a command and kill its process group as soon as the condition holds."""
        with self.started(*command) as process:
            self.wait_until(lambda: condition() or process.poll() is not None)
            assert process.poll() is None, f"{command} ended before it could be killed:\n{self.log()}"

    def wait_until(
        self, condition: Callable[[], bool], seconds_between: float = 0.01, patience: int = PATIENCE
    ) -> None:
        deadline = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < deadline, f"nothing after {patience} seconds in {self.path}"
            time.sleep(seconds_between)

    def wait_for_end(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        """Until a process has ended by itself, but no longer than that."""
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)

    def executed(self, output: str) -> list[str]:
        """The stages that a `dvc repro` or `dvc exp run` ran, in order; those restored from the cache do not count."""
        return re.findall(r"^Running stage '(.+)':", output, flags=re.MULTILINE)


def _move_store(database: Path, old: str, new: str) -> None:
    """MLflow keeps the places of its files as whole addresses."""
    with closing(sqlite3.connect(database)) as connection, connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for _, column, kind, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
                if kind.startswith(("VARCHAR", "TEXT")):
                    connection.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (old, new))


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


def clone(path: Path) -> Repository:
    """A commit of this working tree with the default values, in which nothing has run yet."""
    repository = Repository(path)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        # What its user, or a run of the pipeline, has left in the working tree is not what a clone starts from.
        if (ROOT / name).is_file() and name != "dvc.lock" and not name.startswith(("data/", "metrics/", "plots/")):
            target = repository.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    shutil.copy(ROOT / "tests" / "params.yaml", repository.path)
    (repository.path / ".venv").symlink_to(sys.prefix)
    repository.run("git", "init", "--quiet", "--initial-branch=main")
    (repository.path / ".git" / "info" / "exclude").write_text("/.venv\n")
    repository.commit("a clone")
    return repository


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A clone with small values."""
    repository = clone(tmp_path_factory.mktemp("clone") / "dialsum")
    shutil.copy(repository.path / "catalog" / "tiny-llama.yaml", repository.path / "catalog" / "small.yaml")
    own = {f"scratch.{key}": value for key, value in {**SCRATCH, **LESSONS, **RATES, "threads": 1}.items()}
    edit(repository.path / "catalog" / "small.yaml", {"micro_batch": 4, "learning_rate": 1.0e-2, **own})
    edit(repository.path / "params.yaml", VALUES)
    repository.commit("small values")
    return repository


@pytest.fixture
def full(tmp_path: Path) -> Repository:
    """A clone with the default values."""
    return clone(tmp_path / "dialsum")


@pytest.fixture(scope="session")
def prepared(fresh: Repository) -> Repository:
    """A clone in which all has run up to the training."""
    repository = fresh.copy(fresh.path.with_name("prepared"))
    repository.dvc("repro", "tokenize")
    return repository


@pytest.fixture(scope="session")
def finished(prepared: Repository) -> Repository:
    """A clone in which all has run: tests share it, and do not change it."""
    repository = prepared.copy(prepared.path.with_name("finished"))
    repository.dvc("repro")
    repository.commit("results")
    return repository


@pytest.fixture
def repository(finished: Repository, tmp_path: Path) -> Repository:
    """A copy of the finished one for a test to change."""
    return finished.copy(tmp_path / "repository")
