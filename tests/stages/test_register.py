from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
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
    "metrics/rouge.json": json.dumps({"rouge_mean": 50.0, "rouge1": 60.0, "stop_rate": 1.0, "foreign_rate": 0.0}),
    "plots/training.csv": "step,loss\n10,2.5\n20,1.5\n",
    "data/prepared/dev.jsonl": "dev rows\n",
    "data/scores/dev.csv": "id,rouge_mean\ndev_0,40.0\ndev_1,60.0\n",
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
    assert sorted(served) == ["cleaning", "generation", "length_bounds", "prompt", "registry", "tokenize"]
    assert served["length_bounds"] == {"dialogue_tokens": [9], "summary_tokens": [3, 5]}
    assert not [path for path in model.rglob("*") if path.suffix in (".pkl", ".pyc")]

    second = run()
    assert (second["version"], second["champion"]) == (2, False)
    assert second["reason"] == (
        "rouge_mean 50.0000 against 50.0000 of version 1, higher in 0.0% of 10000 resamples of the 2 dev rows; "
        "95.0% needed"
    )
    assert [item.info.status for item in runs(client)] == ["FINISHED", "FINISHED"]


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


def as_dvc_does() -> None:
    """Note the md5 of what the stage has written."""
    md5 = hashlib.md5(Path("models/mlflow_run.json").read_bytes()).hexdigest()
    Path("dvc.lock").write_text(f"stages: {{register: {{outs: [{{md5: {md5}}}]}}}}\n")


@pytest.mark.usefixtures("repository")
def test_killed_before_dvc_took_note_it_is_not_recorded_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dvc.lock").write_text("stages: {}\n")
    first = run()
    client = store.connect()
    monkeypatch.setenv("DVC_EXP_NAME", "another-name")
    assert run() == first
    (record,) = runs(client)
    assert record.data.tags["dvc.exp_name"] == "another-name"
    # With another value it is another experiment, and once DVC has taken note a repetition is one too.
    params = Path("params.yaml").read_text()
    Path("params.yaml").write_text(params.replace("max_rows: 64", "max_rows: 65"))
    assert run()["version"] == 2
    as_dvc_does()
    assert run()["version"] == 3


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_at_ten_random_moments_the_next_leaves_one_complete_run(repository: Path) -> None:
    arguments = [item for option in FILES.items() for item in option]
    command = [sys.executable, "-m", "dialsum.stages", "register", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}

    def execute(seconds: float | None = None) -> bool:
        """Whether it came to its end within so many seconds, after which it is killed. DVC then keeps the out's md5."""
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
        if process.returncode == 0:
            as_dvc_does()
        return process.returncode == 0

    Path("dvc.lock").write_text("stages: {}\n")
    execute()
    start = time.monotonic()
    assert execute()
    whole = time.monotonic() - start
    client = store.connect()
    moments, complete, killed = random.Random(1), 2, 0
    for _ in range(10):
        if execute(moments.uniform(0.3, 1.1) * whole):
            complete += 1
        else:
            killed += 1
        champion = registry.by_alias(client, "champion")
        assert champion is not None
        assert client.get_run(str(champion.run_id)).info.status == "FINISHED"

        assert execute()
        complete += 1
        found = runs(client)
        finished = [record.info.run_id for record in found if record.info.status == "FINISHED"]
        assert len(finished) == complete
        assert {record.info.status for record in found} <= {"FINISHED", "KILLED"}
        versions = client.search_model_versions(f"name = '{store.MODEL}'")
        assert sorted(version.run_id for version in versions) == sorted(finished)
        assert len(list((repository / "mlartifacts").rglob("MLmodel"))) == complete
        assert json.loads(Path("models/mlflow_run.json").read_text())["run_id"] == finished[-1]
    assert killed > 5
