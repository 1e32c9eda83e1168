from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

from dialsum.errors import InputError
from dialsum.records import store

SOURCE = Path(store.__file__).parents[2]


def test_the_store_is_in_the_repository_that_dvc_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "copy"
    (copy / ".dvc").mkdir(parents=True)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "parent"))
    assert store.uri() == f"sqlite:///{tmp_path}/parent/mlflow.db"


def test_outside_dvc_the_store_is_in_the_repository_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "data" / "mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "data" / "mine")
    assert store.uri() == f"sqlite:///{tmp_path}/mlflow.db"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("sqlite:////else/where.db", "sqlite:////else/where.db"),
        ("sqlite:///mlflow.db", "sqlite:///{root}/mlflow.db"),
        ("sqlite:////else/my%20folder/%ED%95%9C.db", "sqlite:////else/my folder/한.db"),  # as `mlflow run` writes it
        ("sqlite:////else/100%25.db", "sqlite:////else/100%25.db"),
    ],
)
def test_the_environment_wins(repository: Path, monkeypatch: pytest.MonkeyPatch, given: str, expected: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", given)
    assert store.uri() == expected.format(root=repository)


@pytest.mark.parametrize("given", ["postgresql://u:secret@db/mlflow", "mysql+pymysql://u:secret@db/mlflow"])
def test_a_database_without_a_server_is_refused(repository: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.chdir(repository)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", given)
    with pytest.raises(InputError, match=r"give the server's address") as refused:
        store.connect()
    assert "secret" not in str(refused.value)


def test_files_are_kept_beside_the_database(client: MlflowClient, repository: Path) -> None:
    number = store.experiment(client, store.EXPERIMENT)
    assert client.get_experiment(number).artifact_location == f"file://{repository}/mlartifacts"
    assert store.experiment(client, store.EXPERIMENT) == number


def test_a_deleted_experiment_is_named_with_the_remedy(client: MlflowClient) -> None:
    number = store.experiment(client, store.EXPERIMENT)
    client.delete_experiment(number)
    with pytest.raises(InputError, match=f"mlflow experiments restore --experiment-id {number}"):
        store.experiment(client, store.EXPERIMENT)


def test_two_workers_meet_an_empty_folder(repository: Path) -> None:
    """In copies of a folder with a blank and Hangul in its name. Without the lock one of them fails in alembic."""
    parent = repository / "내 repo"
    code = (
        "from dialsum.records import store, tracking\n"
        "client = store.connect()\n"
        "record = tracking.Record({}, {'a': 1.0}, {}, 'worker')\n"
        "with tracking.recording(client, record) as run: tracking.finish(client, run)\n"
    )
    workers = []
    for number in range(2):
        copy = repository / f"copy{number}"
        copy.mkdir()
        environment = {"DVC_ROOT": str(parent), "PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"}
        parent.mkdir(exist_ok=True)
        workers.append(subprocess.Popen([sys.executable, "-c", code], cwd=copy, env=environment))
    assert [worker.wait(120) for worker in workers] == [0, 0]
    client = MlflowClient(tracking_uri=f"sqlite:///{parent}/mlflow.db")
    experiments = {experiment.name: experiment for experiment in client.search_experiments()}
    runs = client.search_runs([experiments["dialsum"].experiment_id])
    assert [run.info.status for run in runs] == ["FINISHED", "FINISHED"]
    # Nothing of MLflow is bound to a copy that DVC deletes.
    assert all((parent / "mlartifacts").as_uri() in item.artifact_location for item in experiments.values())
    assert [path.name for path in (repository / "copy0").iterdir()] == []


def test_a_kill_while_the_tables_are_made_costs_nothing(repository: Path) -> None:
    """At three moments of it: the next call ends with a whole store each time."""
    dying = (
        "import os, signal, sqlalchemy\n"
        "from dialsum.records import store\n"
        "made = 0\n"
        "def count(connection, cursor, statement, *rest):\n"
        "    global made\n"
        "    made += 'CREATE TABLE' in statement\n"
        "    if made == LAST: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sqlalchemy.event.listen(sqlalchemy.Engine, 'before_cursor_execute', count)\n"
        "store.connect()\n"
    )
    environment = {"DVC_ROOT": str(repository), "PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"}
    for last in (2, 12, 40):
        process = [sys.executable, "-c", dying.replace("LAST", str(last))]
        assert subprocess.run(process, env=environment, timeout=120).returncode == -signal.SIGKILL
        assert [path.name for path in repository.glob("mlflow.db*")] != ["mlflow.db"]
    assert store.experiment(store.connect(), store.EXPERIMENT)
    assert [path.name for path in repository.glob("mlflow.db*")] == ["mlflow.db"]
