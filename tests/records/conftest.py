"""A store of its own for each test, without the seconds that MLflow takes to make its tables."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient

from dialsum.records import store


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_ROOT", str(folder))
        for name in (*store.ENVIRONMENT, "MLFLOW_TRACKING_URI", "_MLFLOW_SERVER_ARTIFACT_ROOT"):
            patch.setenv(name, "")
        store.connect()
    return folder / "mlflow.db"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository that DVC says it runs in. What connect() puts into the environment goes away again."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    for name in (*store.ENVIRONMENT, "MLFLOW_TRACKING_URI", "_MLFLOW_SERVER_ARTIFACT_ROOT"):
        monkeypatch.setenv(name, "")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def client(repository: Path, empty_database: Path) -> MlflowClient:
    shutil.copy(empty_database, repository / "mlflow.db")
    return store.connect()
