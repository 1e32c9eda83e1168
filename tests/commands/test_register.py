from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dialsum.commands import register
from dialsum.errors import InputError
from dialsum.records import store
from dialsum.stages import register as stage

ROOT = Path(__file__).parents[2]
PIPELINE = """
stages:
  register:
    cmd: python -m dialsum.stages register --dev "data/dev rows.jsonl" --run models/mlflow_run.json
    deps: [data/dev rows.jsonl, metrics/rouge.json, src/code.py]
    params: [params.yaml: ]
    outs:
      - models/mlflow_run.json: {persist: true}
"""


def shell(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def pulled(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone as `git pull && dvc pull` leave it."""
    monkeypatch.chdir(tmp_path)
    for name in (*store.ENVIRONMENT, "_MLFLOW_SERVER_ARTIFACT_ROOT"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / ".site"))
    for name in ("mlflow.db", "other.db"):
        shutil.copy(empty_database, tmp_path / name)
    for folder in ("data", "metrics", "models", "src", "catalog"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / "tests" / "params.yaml", tmp_path)
    shutil.copy(ROOT / "catalog" / "tiny-llama.yaml", tmp_path / "catalog")
    (tmp_path / "data/dev rows.jsonl").write_text("rows")
    (tmp_path / "metrics/rouge.json").write_text("{}")
    (tmp_path / "src/code.py").write_text("")
    (tmp_path / "models/mlflow_run.json").write_text(json.dumps({"run_id": "0" * 32, "complete": True}))
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    (tmp_path / ".gitignore").write_text("/data\n/*.db\n/.dialsum\n/.site\n")
    shell("git", "init", "-q")
    shell(sys.executable, "-m", "dvc", "init", "-q")
    shell(sys.executable, "-m", "dvc", "commit", "-q", "-f")
    shell("git", "add", ".")
    shell("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "results")
    return tmp_path


def call() -> None:
    CliRunner().invoke(register.main, [], catch_exceptions=False, standalone_mode=False)


def test_what_was_pulled_is_recorded_once(pulled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def record(arguments: list[str], **_: Any) -> None:
        calls.append(arguments)
        client = store.connect()
        run_id = client.create_run("0").info.run_id
        client.set_terminated(run_id)
        Path(arguments[-1]).write_text(json.dumps({"run_id": run_id}))

    monkeypatch.setattr(stage, "main", record)
    (pulled / "src/code.py").write_text("# another version, which tells the same")
    call()
    written = str(pulled / ".dialsum/recreated" / f"{'0' * 32}.json")
    assert calls == [["--dev", "data/dev rows.jsonl", "--run", "models/mlflow_run.json", "--run", written]]
    assert json.loads((pulled / "models/mlflow_run.json").read_text())["run_id"] == "0" * 32

    with pytest.raises(InputError, match=r"mlflow\.db: has this record already: run [0-9a-f]{32}; `dialsum registry"):
        call()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///other.db")
    call()
    assert len(calls) == 2
    store.connect().delete_run(json.loads(Path(written).read_text())["run_id"])  # in MLflow's pages
    call()
    assert len(calls) == 3


def test_files_that_are_not_those_of_the_lock_are_refused(pulled: Path) -> None:
    params = (pulled / "params.yaml").read_text()
    (pulled / "params.yaml").write_text(params.replace("max_rows: 64", "max_rows: 65"))
    (pulled / "data/dev rows.jsonl").unlink()
    with pytest.raises(InputError) as refused:
        call()
    assert str(refused.value) == (
        "data/dev rows.jsonl, params.yaml: not as dvc.lock names them; bring them back: `git checkout params.yaml` "
        "and `dvc pull` (`dvc checkout --force` for what you have changed)"
    )
    shell("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam", "another value")
    with pytest.raises(InputError, match=r"not as dvc\.lock names them; results as these would give are made by `dvc"):
        call()


def test_without_results_there_is_nothing_to_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for lock in (None, "schema: '2.0'\nstages: {}\n"):
        if lock:
            Path("dvc.lock").write_text(lock)
        with pytest.raises(InputError, match=r"^dvc\.lock: knows no results yet; `git pull`"):
            call()
