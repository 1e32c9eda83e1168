"""MLflow's own server for two clones: what both leave there, and what they find there."""

from __future__ import annotations

import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlflow import MlflowClient
from postgresql import free_port, postgresql

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Repository

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/mlflow.db"
    else:
        with postgresql() as address:
            yield address


@pytest.fixture
def server(finished: Repository, database: str, tmp_path: Path) -> Iterator[str]:
    """The address of a server with a database and a folder of artifacts of its own."""
    address = f"http://127.0.0.1:{(port := free_port())}"

    def answers() -> bool:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=5).close()
        except OSError:
            return False
        return True

    stores = ["--artifacts-destination", f"{tmp_path}/artifacts"]
    command = ["mlflow", "server", *stores, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    # By a variable, as docs/sharing.md has it: with a password in it, an argument would show it to all users.
    environment = {"MLFLOW_BACKEND_STORE_URI": database, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with finished.started(*command, **environment) as process:
        finished.wait_until(lambda: answers() or process.poll() is not None)
        assert process.poll() is None, finished.log()
        yield address


def test_two_clones_and_one_server(repository: Repository, server: str) -> None:
    tracking = {"MLFLOW_TRACKING_URI": server}
    (repository.path / "mlflow.db").unlink()
    shutil.rmtree(repository.path / "mlartifacts")
    repository.dvc("remote", "add", "--default", "team", str(repository.path.with_name("remote")))
    repository.commit("a remote")
    repository.dvc("push")
    colleague = repository.cloned(repository.path.with_name("colleague"))
    colleague.dvc("pull")

    # A training whose curves go to the server, and a record of what was pulled.
    repository.run("dvc", "exp", "run", "-n", "team--first", "-S", "training.seed=7", **tracking)
    colleague.run("dialsum", "register", **tracking)
    # A worker in a copy, started with the address in its environment.
    colleague.run("dvc", "exp", "run", "--temp", "-n", "team--second", "-S", "evaluation.tokens=char", **tracking)

    client = MlflowClient(tracking_uri=server)
    found = client.get_experiment_by_name("dialsum")
    assert found is not None
    assert found.artifact_location.startswith("mlflow-artifacts:")
    runs = client.search_runs([found.experiment_id], order_by=["attributes.start_time ASC"])
    assert [run.info.status for run in runs] == ["FINISHED"] * 3
    assert [run.data.tags.get("dvc.exp_name") for run in runs] == ["team--first", None, "team--second"]
    live = client.get_experiment_by_name("dialsum-live")
    assert live is not None
    assert [run.info.status for run in client.search_runs([live.experiment_id])] == ["FINISHED"]
    assert len(client.search_model_versions("name = 'dialsum'")) == 3

    # What one has registered, the other lists and asks; nothing of it is in either clone.
    for clone in (repository, colleague):
        assert len(clone.run("dialsum", "registry", "list", **tracking).splitlines()) >= 4
        assert not (clone.path / "mlflow.db").exists()
        assert not (clone.path / "mlartifacts").exists()
        assert not (clone.path / "mlruns").exists()
    (colleague.path / "talk.txt").write_text(
        "#Person1#: 내일 오후 3시에 볼까요?\n#Person2#: 네, 좋아요.\n", encoding="utf-8"
    )
    said = {
        clone: clone.run("dialsum", "summarize", str(colleague.path / "talk.txt"), **tracking)
        for clone in (repository, colleague)
    }
    assert said[repository] == said[colleague] != ""
