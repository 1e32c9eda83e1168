"""The champion of a real run behind the real server, and the pipeline behind `mlflow run`."""

from __future__ import annotations

import json
import socket
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Repository

pytestmark = pytest.mark.timeout(900)


def ask(port: int, *rows: dict[str, Any]) -> Any:
    address, body = f"http://127.0.0.1:{port}/invocations", json.dumps({"dataframe_records": rows}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)


def test_served_texts_are_the_predictions_byte_for_byte(finished: Repository) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def answers() -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5).close()
        except OSError:
            return False
        return True

    source = str(finished.path / "src")  # the environment's own `dialsum` may be that of another folder
    command = ["python", "-m", "dialsum.cli", "serve", "--port", str(port)]
    with finished.started(*command, PYTHONPATH=source) as server:
        finished.wait_until(lambda: answers() or server.poll() is not None)
        assert server.poll() is None, finished.log()

        predictions = {row["id"]: row["text"] for row in finished.lines("data/predictions/dev.jsonl")}
        dialogues = {row["fname"]: row["dialogue"] for row in finished.table("data/synthetic/dev.csv")}
        assert dialogues.keys() == predictions.keys()
        together = ask(port, *({"dialogue": dialogue} for dialogue in dialogues.values()))
        assert together == {"predictions": [{"summary": text} for text in predictions.values()]}
        for name, dialogue in dialogues.items():
            assert ask(port, {"dialogue": dialogue}) == {"predictions": [{"summary": predictions[name]}]}


@pytest.mark.slow
def test_mlflow_run_leaves_findable_results(repository: Repository) -> None:
    repository.set({"registry.metric": "rouge1"})
    output = repository.run("mlflow", "run", ".", "--env-manager", "local")
    assert repository.executed(output) == ["register"]
    output = repository.run(
        "mlflow", "run", ".", "--env-manager", "local", "-e", "experiment", "-P", "overrides=evaluation.tokens=char"
    )
    assert repository.executed(output) == ["evaluate", "register"]

    first, main, experiment = repository.runs()
    assert {run.info.status for run in (first, main, experiment)} == {"FINISHED"}
    assert main.data.params["registry.metric"] == "rouge1"
    assert experiment.data.params["evaluation.tokens"] == "char"
    assert experiment.data.tags["dvc.exp_name"]
    # MLflow's own run of the project is another one, and ours names it.
    outer = {run.info.run_id: run.info.status for run in repository.runs("Default")}
    assert outer == {main.data.tags["project_run"]: "FINISHED", experiment.data.tags["project_run"]: "FINISHED"}
    for run in (main, experiment):
        assert run.info.run_id not in outer
        assert {item.path for item in repository.client().list_artifacts(run.info.run_id)} >= {"metrics", "params.yaml"}
