from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from mlflow import MlflowClient
from mlflow.data import get_source

from dialsum.params.strict import read_yaml
from dialsum.records import interrupted, registry, store, tracking
from dialsum.stages import register

ROOT = Path(__file__).parents[2]
SPLITS = {"train": 9000, "dev": 2, "test": 200}
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
ROUGE = {
    **{"rouge1": 60.0, "rouge2": 40.0, "rougeL": 50.0, "rouge_mean": 50.0},
    **{"fact_recall": 0.75, "stop_rate": 1.0, "foreign_rate": 0.0},
}
DIALOGUE = {"topic": "약속", "turns": [{"speaker": "#Person1#", "text": "내일 봐요."}], "facts": []}
ROW = "약속,50.0,3,4,{text},내일 만난다."
LOCK = """
schema: '2.0'
stages:
  validate:
    deps:
    - {path: data/synthetic/train.csv, hash: md5, md5: 00000000000000000000000000000aa1, size: 1}
    - {path: data/synthetic/dev.csv, hash: md5, md5: 00000000000000000000000000000aa2, size: 1}
    - {path: data/synthetic/test.csv, hash: md5, md5: 00000000000000000000000000000aa3, size: 1}
  tokenize:
    outs: [{path: data/tokenized, hash: md5, md5: bb1.dir, size: 1, nfiles: 2}]
"""
DEV = "".join(
    json.dumps({"id": f"dev_{row}", **DIALOGUE, "references": ["내일 만난다."]}, ensure_ascii=False) + "\n"
    for row in range(2)
)
CONTENT = {
    "models/base/base.json": json.dumps(
        {
            **{"name": "tiny-llama", "source": "scratch", "location": None, "revision": None, "family": "causal"},
            **{"dtype": "float32", "end_tokens": ["<|im_end|>"], "files": {}},
        }
    ),
    "models/trained/trained.json": json.dumps(
        {"method": "lora", "in_force": {"training.learning_rate": 0.004, "effective_batch": 16}}
    ),
    "metrics/data.json": json.dumps({split: {"rows": rows} for split, rows in SPLITS.items()}),
    "metrics/tokens.json": json.dumps({"dev": {"rows_truncated": 1}}),
    "metrics/train.json": json.dumps(
        {
            **{"method": "lora", "steps": 20, "best_step": 10, "trainable_parameters": 81920, "parameters": 892544},
            **{"eval_loss": [1.75, 1.5]},
        }
    ),
    "metrics/generation.json": json.dumps({"length_bounds": {"dialogue_tokens": [9], "summary_tokens": [3, 5]}}),
    "metrics/rouge.json": json.dumps(
        {
            **{"rows": 2, **ROUGE, "intervals": {"rouge1": {"low": 55.5, "high": 64.25}}},
            "baselines": {
                "lead_1": {"rouge_mean": 10.0, "rouge1": 12.0},
                "most_similar": {"rouge_mean": 20.0, "rouge1": 25.0},
                "reference": {"rouge_mean": 90.0, "rouge1": 91.0},
            },
        }
    ),
    "plots/training.csv": "step,loss,learning_rate,grad_norm\n10,2.5,0.004,1.25\n20,1.5,0.002,1.0\n",
    "plots/training_speed.csv": "step,tokens_per_second\n14,17158\n",
    "data/prepared/dev.jsonl": DEV,
    "data/scores/dev.csv": "id,topic,rouge_mean,facts_found,facts_total,prediction,reference\n"
    f"dev_0,{ROW.format(text='내일 만난다.')}\ndev_1,{ROW.format(text='모레 만난다.')}\n",
    "data/scores/worst.md": "# The 2 rows with the lowest ROUGE\n",
    "data/submission.csv": "fname,summary\n",
    "data/prompt.json": json.dumps({"format": "plain", "system": "none", "topic": "never"}),
    "dvc.yaml": "stages: {}\n",
    "dvc.lock": LOCK,
}


@pytest.fixture
def repository(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the other stages leave; the model itself is not looked into."""
    shutil.copy(empty_database, tmp_path / "mlflow.db")
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
    champion = registry.by_alias(client, "champion")
    assert champion is not None
    assert champion.run_id == first["run_id"]
    assert champion.tags["dev_md5"] == hashlib.md5(DEV.encode()).hexdigest()

    model = repository / "mlartifacts/models" / client.get_run(first["run_id"]).outputs.model_outputs[0].model_id
    served = json.loads((model / "artifacts/artifacts/settings.json").read_text())
    assert sorted(served) == ["cleaning", "generation", "length_bounds", "prompt", "serving", "tokenize"]
    assert served["length_bounds"] == {"dialogue_tokens": [9], "summary_tokens": [3, 5]}
    assert not [path for path in model.rglob("*") if path.suffix in (".pkl", ".pyc")]

    as_dvc_does()
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


def test_a_run_holds_all_there_is_to_know(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "phases--phase-2")
    monkeypatch.setenv("DVC_EXP_BASELINE_REV", "c0ffee")
    run_id = run()["run_id"]
    client = store.connect()
    found = client.get_run(run_id)

    params, values = found.data.params, tracking.flatten(read_yaml(Path("params.yaml")))
    assert params.keys() == {*values, "effective_batch", "base.location", "base.revision"}
    # As params.yaml has it, and as it was in force where that is null.
    assert (params["training.lora.r"], params["training.learning_rate"]) == ("16", "0.004")
    assert found.data.metrics == {
        **{f"rouge.{name}": value for name, value in ROUGE.items()},
        **{f"data.{split}.rows": rows for split, rows in SPLITS.items()},
        **{"rouge.rows": 2, "rouge.intervals.rouge1.low": 55.5, "rouge.intervals.rouge1.high": 64.25},
        **{"rouge.baselines.lead_1.rouge_mean": 10, "rouge.baselines.lead_1.rouge1": 12},
        **{"rouge.baselines.most_similar.rouge_mean": 20, "rouge.baselines.most_similar.rouge1": 25},
        **{"rouge.baselines.reference.rouge_mean": 90, "rouge.baselines.reference.rouge1": 91},
        **{"train.steps": 20, "train.best_step": 10, "train.trainable_parameters": 81920},
        **{"train.parameters": 892544, "train.eval_loss.0": 1.75, "train.eval_loss.1": 1.5},
        **{"tokens.dev.rows_truncated": 1, "generation.length_bounds.dialogue_tokens.0": 9},
        **{"generation.length_bounds.summary_tokens.0": 3, "generation.length_bounds.summary_tokens.1": 5},
        # The last points of the curves.
        **{"train_loss": 1.5, "learning_rate": 0.002, "grad_norm": 1.0, "tokens_per_second": 17158},
    }
    curves = ("train_loss", "learning_rate", "grad_norm", "tokens_per_second")
    steps = {name: [point.step for point in client.get_metric_history(run_id, name)] for name in curves}
    assert steps == {
        "train_loss": [10, 20],
        "learning_rate": [10, 20],
        "grad_norm": [10, 20],
        "tokens_per_second": [14],
    }

    tags = {
        **{"model-type": "causal_lm", "training": "lora", "size": "0.81M", "arch": "llama", "float": "fp32"},
        **{"set": "phases", "phase": "phase-2", "dvc.exp_name": "phases--phase-2", "dvc.baseline": "c0ffee"},
        **{"md5.data.train": "00000000000000000000000000000aa1", "md5.tokenized": "bb1.dir", "model": "tiny-llama"},
    }
    assert tags.items() <= found.data.tags.items()

    data = [
        (one.dataset.name, one.dataset.digest[-3:], json.loads(one.dataset.profile or ""), one.tags[0].value)
        for one in found.inputs.dataset_inputs
    ]
    assert data == [
        ("data/synthetic/train.csv", "aa1", {"num_rows": 9000}, "training"),
        ("data/synthetic/dev.csv", "aa2", {"num_rows": 2}, "validation"),
        ("data/synthetic/test.csv", "aa3", {"num_rows": 200}, "testing"),
    ]
    assert get_source(found.inputs.dataset_inputs[0]).uri == "data/synthetic/train.csv"

    top = {item.path for item in client.list_artifacts(run_id)}
    assert top == {
        *{"params.yaml", "dvc.yaml", "dvc.lock", "prompt.json", "submission.csv", "predictions.json"},
        *{"requirements.txt", "MODEL_CARD.md", "catalog", "metrics", "plots", "scores"},
    }
    below = {item.path for folder in ("catalog", "plots", "scores") for item in client.list_artifacts(run_id, folder)}
    assert below == {
        *{"catalog/tiny-llama.yaml", "scores/dev.csv", "scores/worst.md"},
        *{f"plots/{name}.{kind}" for name in ("training", "training_speed") for kind in ("csv", "png")},
    }
    table = client.load_table("1", "predictions.json", [run_id])
    assert list(table["id"]) == ["dev_0", "dev_1"]
    assert table.loc[1, ["prediction", "reference", "dialogue"]].tolist() == [
        "모레 만난다.",
        "내일 만난다.",
        "#Person1#: 내일 봐요.",
    ]
    assert json.loads(found.data.tags["mlflow.loggedArtifacts"]) == [{"path": "predictions.json", "type": "table"}]

    # The card is with the run, with the model, and on the version's page.
    card = Path(client.download_artifacts(run_id, "MODEL_CARD.md", str(repository))).read_text(encoding="utf-8")
    assert client.get_model_version("dialsum", "1").description == card
    model = found.outputs.model_outputs[0].model_id
    assert (repository / f"mlartifacts/models/{model}/artifacts/MODEL_CARD.md").read_text(encoding="utf-8") == card
    assert "| ROUGE-1 | 60.00 | 55.50 to 64.25 | 25.00 |" in card  # beside the best of the trivial ways


def as_dvc_does() -> None:
    """Note the md5 of what the stage has written."""
    md5 = hashlib.md5(Path("models/mlflow_run.json").read_bytes()).hexdigest()
    Path("dvc.lock").write_text(f"{LOCK}  register: {{outs: [{{path: {FILES['--run']}, md5: {md5}}}]}}\n")


@pytest.mark.usefixtures("repository")
def test_killed_before_dvc_took_note_it_is_not_recorded_twice(monkeypatch: pytest.MonkeyPatch) -> None:
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


def another_experiment(rows: int) -> None:
    params = Path("params.yaml")
    params.write_text(re.sub(r"max_rows: \d+", f"max_rows: {rows}", params.read_text()))


def assert_whole(repository: Path, registrations: int) -> None:
    """So many runs that came to their end, each with one version and one model, and nothing left to be undone."""
    client = store.connect()
    found = runs(client)
    assert {record.info.status for record in found} <= {"FINISHED", "KILLED"}
    finished = [record.info.run_id for record in found if record.info.status == "FINISHED"]
    assert len(finished) == registrations
    versions = client.search_model_versions(f"name = '{store.MODEL}'")
    assert sorted(str(version.run_id) for version in versions) == sorted(finished)
    assert len(list((repository / "mlartifacts").rglob("MLmodel"))) == registrations
    assert list((repository / ".dialsum/registering").rglob("*.lock")) == []
    assert json.loads(Path("models/mlflow_run.json").read_text())["run_id"] == finished[-1]
    champion = registry.by_alias(client, "champion")
    assert champion is not None
    assert str(champion.version) == "1"


class Killed(BaseException):
    """What no code catches, as little as kill -9."""


def test_killed_when_all_was_written_it_stands(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(interrupted, "_remove", killed)  # what follows the last word of models/mlflow_run.json
        with pytest.raises(Killed):
            run()
    assert len(list((repository / ".dialsum/registering").rglob("*.lock"))) == 1
    assert run()["version"] == 1
    assert_whole(repository, 1)
    for registrations in (2, 3):
        as_dvc_does()
        another_experiment(registrations)
        run()
        assert_whole(repository, registrations)


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

    def execute_whole() -> float:
        """The seconds that it took: of the last time, for the machine may have had more to do before."""
        start = time.monotonic()
        assert execute()
        return time.monotonic() - start

    execute()
    whole = execute_whole()
    moments, complete, killed = random.Random(1), 2, 0
    for moment in range(10):
        another_experiment(10 * moment + 1)
        if execute(moments.uniform(0.3, 1.1) * whole):
            complete += 1
        else:
            killed += 1
        # The same experiment, as the next `dvc repro` runs it; then another, and another.
        for place in range(3):
            another_experiment(10 * moment + 1 + place)
            whole = execute_whole()
            complete += 1
            assert_whole(repository, complete)
    assert killed > 5
