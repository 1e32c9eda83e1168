from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from mlflow import MlflowClient

from dialsum.records import registry, store
from dialsum.stages import register

ROOT = Path(__file__).parents[2]
FILES = {
    "--entry": "catalog/tiny-llama.yaml",
    "--prompt": "data/prompt.json",
    "--base": "models/base",
    "--trained": "models/trained",
    "--dev": "data/prepared/dev.jsonl",
    "--scores": "data/scores",
    "--submission": "data/submission.csv",
    "--metrics": "metrics",
    "--plots": "plots",
    "--run": "models/mlflow_run.json",
}
CONTENT = {
    "models/base/base.json": "{}",
    "models/trained/trained.json": json.dumps(
        {"method": "lora", "in_force": {"training.learning_rate": 0.004, "effective_batch": 16}}
    ),
    "metrics/generation.json": json.dumps({"length_bounds": {"dialogue_tokens": [9], "summary_tokens": [3, 5]}}),
    "metrics/rouge.json": json.dumps({"rouge_mean": 50.0, "rouge1": 60.0}),
    "plots/training.csv": "step,loss\n10,2.5\n20,1.5\n",
    "data/prepared/dev.jsonl": "dev rows\n",
    "data/scores/dev.csv": "id,rouge1\n",
    "data/submission.csv": "fname,summary\n",
    "data/prompt.json": json.dumps({"format": "plain", "system": "none", "topic": "never"}),
    "dvc.yaml": "stages: {}\n",
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the other stages leave; the model itself is not looked into."""
    for name, text in CONTENT.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "catalog").mkdir()
    shutil.copy(ROOT / "catalog/tiny-llama.yaml", tmp_path / "catalog")
    shutil.copy(ROOT / "tests" / "params.yaml", tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    for name in (*store.ENVIRONMENT, "MLFLOW_TRACKING_URI", "_MLFLOW_SERVER_ARTIFACT_ROOT"):
        monkeypatch.setenv(name, "")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run() -> dict[str, Any]:
    arguments = [item for option in FILES.items() for item in option]
    CliRunner().invoke(register.main, arguments, catch_exceptions=False, standalone_mode=False)
    written: dict[str, Any] = json.loads(Path("models/mlflow_run.json").read_text())
    return written


def runs(client: MlflowClient) -> list[Any]:
    return list(client.search_runs([store.experiment(client, store.EXPERIMENT)], order_by=["attribute.start_time"]))


def test_each_execution_leaves_one_complete_run_and_version(repository: Path) -> None:
    first = run()
    assert first["name"].startswith("tiny-llama_ep2_bs16_lr0.004_")
    assert (first["complete"], first["version"], first["champion"]) == (True, 1, True)

    client = store.connect()
    (record,) = runs(client)
    assert record.info.run_id == first["run_id"]
    assert (record.info.status, record.info.run_name) == ("FINISHED", first["name"])
    assert record.data.params["training.learning_rate"] == "0.004"
    assert record.data.params["training.lora.r"] == "16"
    assert record.data.metrics["rouge.rouge_mean"] == 50.0
    assert len(client.get_metric_history(first["run_id"], "train_loss")) == 2
    kept = {item.path for item in client.list_artifacts(first["run_id"])}
    assert kept == {"params.yaml", "dvc.yaml", "submission.csv", "catalog", "metrics", "plots", "scores"}
    champion = registry.by_alias(client, "champion")
    assert champion is not None
    assert champion.run_id == first["run_id"]
    assert champion.tags["dev_md5"] == hashlib.md5(b"dev rows\n").hexdigest()

    model = repository / "mlartifacts/models" / client.get_run(first["run_id"]).outputs.model_outputs[0].model_id
    served = json.loads((model / "artifacts/artifacts/settings.json").read_text())
    assert sorted(served) == ["cleaning", "generation", "length_bounds", "prompt", "serving", "tokenize"]
    assert served["length_bounds"] == {"dialogue_tokens": [9], "summary_tokens": [3, 5]}
    assert not [path for path in model.rglob("*") if path.suffix in (".pkl", ".pyc")]

    second = run()
    assert (second["version"], second["champion"]) == (2, False)
    assert second["reason"] == "rouge_mean 50.0000 against the champion's 50.0000"
    assert [item.info.status for item in runs(client)] == ["FINISHED", "FINISHED"]

    # Killed half-way: what it had opened is closed by the next execution.
    open_run = client.create_run(store.experiment(client, store.EXPERIMENT)).info.run_id
    Path("models/mlflow_run.json").write_text(json.dumps({"run_id": open_run, "complete": False}))
    assert run()["version"] == 3
    assert client.get_run(open_run).info.status == "KILLED"


def test_a_registration_that_fails_is_failed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(registry, "_save", full)
    with pytest.raises(OSError, match="no space"):
        run()
    client = store.connect()
    (record,) = runs(client)
    assert record.info.status == "FAILED"
    assert record.data.tags["error"] == "OSError: no space left on device"
    assert registry.by_alias(client, "champion") is None
    assert json.loads((repository / "models/mlflow_run.json").read_text())["complete"] is False
