"""A server that is away, as those meet it who wait before a screen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from mlflow.exceptions import MlflowException

from dialsum import cli
from dialsum.errors import InputError
from dialsum.records import reach, store

NOBODY = "http://127.0.0.1:9"  # the port of `discard`, where nothing listens


@pytest.fixture(autouse=True)
def _in_a_repository(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOBODY)
    for name in reach.IMPATIENT:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "arguments",
    [
        "log",
        "report --runs abc",
        "registry list",
        "registry promote 1",
        "registry rollback",
        "registry trace 1",
        "serve",
    ],
)
def test_a_server_that_is_away_is_one_line(arguments: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    Path("dvc.yaml").touch()
    done = CliRunner().invoke(cli.group, arguments.split())
    assert isinstance(done.exception, InputError), done.exc_info
    said = str(done.exception)
    assert said.startswith(f"{NOBODY}: does not answer as MLflow's server; start it, or ")
    assert "unset MLFLOW_TRACKING_URI" in said
    assert said.endswith('Connection refused"')


def test_it_is_asked_for_seconds_unless_the_user_says_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str | None]] = []
    monkeypatch.setattr(store, "connect", lambda: seen.append({name: os.environ.get(name) for name in reach.IMPATIENT}))
    reach.connect()
    assert seen == [reach.IMPATIENT]
    assert not reach.IMPATIENT.keys() & os.environ.keys(), "workers and servers keep MLflow's own"
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "300")
    reach.connect()
    assert seen[1] == {**reach.IMPATIENT, "MLFLOW_HTTP_REQUEST_TIMEOUT": "300"}
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "300"


def test_a_fault_of_a_file_is_not_told_as_that_of_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect() -> None:
        raise MlflowException("out-of-date database schema")

    monkeypatch.setattr(store, "connect", connect)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    with pytest.raises(MlflowException, match="out-of-date"):
        reach.connect()
