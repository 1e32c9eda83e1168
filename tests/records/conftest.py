"""A store of its own for each test, without the seconds that MLflow takes to make its tables."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from dialsum.records import registry, store

SYNTHETIC = "bbbbbbbb22"  # md5 of dev data


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


MakeVersion = Callable[..., ModelVersion]


@pytest.fixture
def make_version(client: MlflowClient, tmp_path: Path) -> MakeVersion:
    """Make a version as `registry.add` leaves it, without the weights: its run is open and holds the scores of rows."""

    def make(
        scores: Sequence[float], dev: str = SYNTHETIC, tokens: str = "mecab", name: str = "a run", **rates: float
    ) -> ModelVersion:
        run = client.create_run(store.experiment(client, store.EXPERIMENT), run_name=name)
        lines = [f"dev_{row},{score}" for row, score in enumerate(scores)]
        (tmp_path / "dev.csv").write_text("\n".join(["id,rouge_mean", *lines]))
        client.log_artifact(run.info.run_id, str(tmp_path / "dev.csv"), "scores")
        means = {"rouge_mean": sum(scores) / len(scores), "foreign_rate": 0.0, "stop_rate": 1.0, **rates}
        tags = registry.score_tags(means, dev, tokens)
        with store.lock("registry"):
            registry._ensure_registered(client)
            return client.create_model_version(store.MODEL, run.info.artifact_uri, run_id=run.info.run_id, tags=tags)

    return make
