from __future__ import annotations

import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from mlflow import MlflowClient

from dialsum.modeling.pin import Pin, write_pin
from dialsum.records import store, tracking, views

ENTRY = Path(__file__).parents[2] / "catalog" / "tiny-llama.yaml"
PARAMS = """
model: {name: tiny-llama, path: null}
training: {method: lora, learning_rate: null, epochs: 3.0, micro_batch: null, seed: 42, lora: {r: 16, targets: null}}
"""
IN_FORCE = {
    "training.learning_rate": 2e-05,
    "training.micro_batch": 16,
    "training.lora.targets": ["q_proj", "v_proj"],
    "effective_batch": 64,
}


@pytest.fixture
def outputs(repository: Path) -> Path:
    """What the stages before register leave, as far as a record needs it."""
    (repository / "params.yaml").write_text(PARAMS)
    for folder in ("base", "trained", "metrics", "plots"):
        (repository / folder).mkdir()
    write_pin(repository / "base", Pin("tiny-llama", "hub", "team/tiny", "c0ffee", "causal", "float32", ["</s>"], {}))
    (repository / "trained/trained.json").write_text(json.dumps({"method": "lora", "in_force": IN_FORCE}))
    (repository / "metrics/rouge.json").write_text(
        json.dumps({"rouge_mean": 61.5, "fact_recall": None, "baselines": {"lead_1": {"rouge1": 10}}})
    )
    (repository / "metrics/train.json").write_text(json.dumps({"method": "lora", "eval_loss": [2.5, 1.5]}))
    (repository / "plots/training.csv").write_text(
        "step,loss,eval_loss,learning_rate,grad_norm\n10,2.5,,0.00002,1.25\n20,1.5,1.75,0.00001,1.0\n"
    )
    return repository


def read(folder: Path) -> tracking.Record:
    folders = {name: folder / name for name in ("base", "trained", "metrics")}
    return tracking.read_record(folder / "params.yaml", ENTRY, folder / "dvc.lock", folders, "0123abcd")


def test_params_are_flat_and_null_takes_the_value_in_force(outputs: Path) -> None:
    assert read(outputs).params == {
        "model.name": "tiny-llama",
        "model.path": "null",
        "training.method": "lora",
        "training.learning_rate": "2e-05",
        "training.epochs": "3.0",
        "training.micro_batch": "16",
        "training.seed": "42",
        "training.lora.r": "16",
        "training.lora.targets": '["q_proj", "v_proj"]',
        "effective_batch": "64",
        "base.location": "team/tiny",
        "base.revision": "c0ffee",
    }


def test_metrics_are_the_numbers_of_all_files(outputs: Path) -> None:
    assert read(outputs).metrics == {
        "rouge.rouge_mean": 61.5,
        "rouge.baselines.lead_1.rouge1": 10.0,
        "train.eval_loss.0": 2.5,
        "train.eval_loss.1": 1.5,
    }


def test_curves_skip_empty_cells(outputs: Path) -> None:
    assert tracking.read_history(outputs / "plots/training.csv") == [
        (10, "train_loss", 2.5),
        (10, "learning_rate", 0.00002),
        (10, "grad_norm", 1.25),
        (20, "train_loss", 1.5),
        (20, "eval_loss", 1.75),
        (20, "learning_rate", 0.00001),
        (20, "grad_norm", 1.0),
    ]


def test_a_record_is_named_and_labelled(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "phases--phase-2")
    record = read(outputs)
    assert re.fullmatch(r"tiny-llama_ep3_bs64_lr2e-05_\d{8}-\d{6}", record.name)
    assert record.tags == {
        "model-type": "causal_lm",
        "training": "lora",
        "size": "0.81M",
        "arch": "llama",
        "float": "fp32",
        "dvc.exp_name": "phases--phase-2",
        "set": "phases",
        "phase": "phase-2",
        "mlflow.source.name": "dialsum.stages.register",
        "dev_md5": "0123abcd",
        "model": "tiny-llama",
    }


def test_packages_are_as_pip_reads_them() -> None:
    lines = tracking.installed_packages().splitlines()
    assert f"mlflow=={version('mlflow')}" in lines
    assert len(lines) == len(set(lines))


def test_a_run_holds_everything_and_is_finished_last(client: MlflowClient, outputs: Path) -> None:
    record = read(outputs)
    with tracking.recording(client, record) as run_id:
        tracking.log_history(client, run_id, tracking.read_history(outputs / "plots/training.csv"))
        files = {"": [outputs / "params.yaml", outputs / "dvc.lock"], "metrics": [outputs / "metrics"]}
        tracking.log_files(client, run_id, files)
        assert client.get_run(run_id).info.status == "RUNNING"
        tracking.finish(client, run_id)
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params == record.params
    assert record.metrics.items() <= run.data.metrics.items()
    assert run.data.tags["model"] == "tiny-llama"
    losses = client.get_metric_history(run_id, "train_loss")
    assert [(point.step, point.value) for point in losses] == [(10, 2.5), (20, 1.5)]
    assert {item.path for item in client.list_artifacts(run_id)} == {"params.yaml", "metrics"}


def test_more_than_a_batch_of_numbers(client: MlflowClient) -> None:
    record = tracking.Record({f"p{number}": "1" for number in range(230)}, {}, {}, "many")
    with tracking.recording(client, record) as run_id:
        tracking.log_history(client, run_id, [(step, "train_loss", 0.5) for step in range(2300)])
    assert len(client.get_run(run_id).data.params) == 230
    assert len(client.get_metric_history(run_id, "train_loss")) == 2300


def test_a_failure_is_failed_with_its_reason(client: MlflowClient) -> None:
    with (
        pytest.raises(RuntimeError),
        tracking.recording(client, tracking.Record({}, {}, {}, "broken")) as run_id,
    ):
        raise RuntimeError("disk full")
    run = client.get_run(run_id)
    assert (run.info.status, run.data.tags["error"]) == ("FAILED", "RuntimeError: disk full")


def test_the_run_of_mlflow_run_is_not_adopted(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    outer = client.create_run("0").info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", outer)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "0")
    with tracking.recording(client, tracking.Record({"a": "1"}, {}, {}, "ours")) as run_id:
        tracking.finish(client, run_id)
    assert run_id != outer
    assert client.get_run(run_id).info.experiment_id == store.experiment(client, store.EXPERIMENT)
    assert client.get_run(outer).data.params == {}
    assert client.get_run(outer).info.status == "RUNNING"


def test_the_page_opens_with_runs_grouped_by_set(client: MlflowClient) -> None:
    with tracking.recording(client, tracking.Record({}, {}, {}, "one")) as run_id:
        tracking.finish(client, run_id)
    experiment = client.get_experiment_by_name(store.EXPERIMENT)
    assert experiment is not None
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    view = json.loads(experiment.tags["mlflow.sharedViewState.phases"])
    assert view["groupBy"]["groupByKeys"] == [{"mode": "tag", "groupByData": "set"}]
    assert "metrics.`rouge.rouge_mean`" in view["selectedColumns"]
    assert views.link("http://127.0.0.1:5000", "1").endswith(
        "#/experiments/1/runs?workflowType=machine_learning&viewStateShareKey=phases"
    )
