"""`dvc repro` from a fresh clone to a registered model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Repository

pytestmark = pytest.mark.timeout(900)


def flat(content: Any, prefix: str = "") -> dict[str, Any]:
    if isinstance(content, dict):
        return {name: value for key in content for name, value in flat(content[key], f"{prefix}{key}.").items()}
    if isinstance(content, list) and all(isinstance(item, int | float) for item in content):
        return {name: value for i, item in enumerate(content) for name, value in flat(item, f"{prefix}{i}.").items()}
    return {prefix[:-1]: content}


def test_every_stage_leaves_what_dvc_yaml_says(finished: Repository) -> None:
    stages = YAML(typ="safe").load(finished.path / "dvc.yaml")["stages"]
    outputs = [out for stage in stages.values() for kind in ("outs", "metrics", "plots") for out in stage.get(kind, [])]
    for out in outputs:
        name = next(iter(out)) if isinstance(out, dict) else out
        assert (finished.path / name).exists(), name
    assert not list(finished.path.rglob("*.part"))
    assert sorted(YAML(typ="safe").load(finished.path / "dvc.lock")["stages"]) == sorted(stages)
    # Nothing is left of the unfinished work.
    assert [path for path in (finished.path / ".dialsum").rglob("*") if path.suffix not in ("", ".lock")] == []


def test_ids_and_their_order_go_through_to_the_submission(finished: Repository) -> None:
    for split, rows in (("train", 60), ("dev", 12), ("test", 8)):
        names = [f"{split}_{row}" for row in range(rows)]
        assert [row["fname"] for row in finished.table(f"data/synthetic/{split}.csv")] == names
        assert [row["id"] for row in finished.lines(f"data/valid/{split}.jsonl")] == names
        assert [row["id"] for row in finished.lines(f"data/prepared/{split}.jsonl")] == names
        assert finished.table(f"data/rejected/{split}.csv") == []
    for split, rows in (("dev", 12), ("test", 8)):
        predictions = finished.lines(f"data/predictions/{split}.jsonl")
        assert [row["id"] for row in predictions] == [f"{split}_{row}" for row in range(rows)]
        # Or nothing that compares predictions would prove anything.
        assert len({row["text"] for row in predictions}) > rows / 2
    assert [row["id"] for row in finished.table("data/scores/dev.csv")] == [f"dev_{row}" for row in range(12)]

    submission = finished.table("data/submission.csv")
    assert [list(row) for row in submission] == [["fname", "summary"]] * 8
    texts = {row["id"]: row["text"] for row in finished.lines("data/predictions/test.jsonl")}
    assert [row["fname"] for row in submission] == list(texts)
    assert all(row["summary"] == texts[row["fname"]] for row in submission if texts[row["fname"]])


def test_one_complete_run_and_one_champion(finished: Repository) -> None:
    (run,) = finished.runs()
    written = finished.json("models/mlflow_run.json")
    assert (run.info.status, run.info.run_id, run.info.run_name) == ("FINISHED", written["run_id"], written["name"])
    assert run.info.run_name.startswith("small_ep2_bs4_lr0.01_")

    # All params: those of params.yaml, and where they are null the value that was in force.
    chosen = flat(YAML(typ="safe").load(finished.path / "params.yaml"))
    in_force = finished.json("models/trained/trained.json")["in_force"]
    base = finished.json("models/base/base.json")
    expected = {**chosen, **in_force, **{f"base.{key}": base[key] for key in ("location", "revision")}}
    assert (chosen["training.learning_rate"], expected["training.learning_rate"]) == (None, 0.01)
    assert {
        key: value if isinstance(expected.get(key), str) else json.loads(value)
        for key, value in run.data.params.items()
    } == expected

    # All metrics: each number of each file.
    files = (finished.path / "metrics").glob("*.json")
    numbers = {
        f"{path.stem}.{key}": value for path in files for key, value in flat(json.loads(path.read_text())).items()
    }
    numbers = {key: float(value) for key, value in numbers.items() if isinstance(value, int | float)}
    assert {"rouge.rouge_mean", "rouge.baselines.most_similar.fact_recall", "train.eval_loss.1"} <= numbers.keys()
    logged = dict(run.data.metrics)
    curves = {name: logged.pop(name) for name in list(logged) if "." not in name}
    assert logged == pytest.approx(numbers)
    assert {"train_loss", "eval_loss", "grad_norm", "learning_rate", "tokens_per_second"} <= curves.keys()
    history = finished.client().get_metric_history(run.info.run_id, "train_loss")
    assert [point.step for point in history] == [5, 10, 15, 20, 25, 30]

    assert (finished.champion().run_id, finished.champion().version) == (run.info.run_id, 1)
    (live,) = finished.runs("dialsum-live")
    assert live.info.status == "FINISHED"


def test_artifacts_lie_in_the_repository(finished: Repository) -> None:
    (run,) = finished.runs()
    assert Path(run.info.artifact_uri.removeprefix("file://")).is_relative_to(finished.path / "mlartifacts")
    kept = {item.path for item in finished.client().list_artifacts(run.info.run_id)}
    assert {"params.yaml", "dvc.yaml", "dvc.lock", "catalog", "metrics", "plots", "scores"} <= kept
    assert {"submission.csv", "prompt.json", "predictions.json", "requirements.txt", "MODEL_CARD.md"} <= kept
    drawn = {item.path for item in finished.client().list_artifacts(run.info.run_id, "plots")}
    assert {f"plots/{name}.png" for name in ("training", "training_speed", "token_lengths", "data_topics")} <= drawn
    assert not [path for path in (finished.path / "mlartifacts").rglob("*") if path.suffix in (".pkl", ".bin", ".pt")]


def test_a_second_repro_runs_nothing_and_adds_no_run(finished: Repository) -> None:
    output = finished.dvc("repro")
    assert finished.executed(output) == []
    assert "Data and pipelines are up to date." in output
    assert len(finished.runs()) == 1
    assert finished.run("git", "status", "--porcelain") == ""
    assert finished.run("git", "ls-files", "data", "models") == ""  # DVC's alone


def test_metrics_and_plots_can_be_shown(finished: Repository, tmp_path: Path) -> None:
    shown = json.loads(finished.dvc("metrics", "show", "--json"))[""]["data"]
    assert {Path(name).name for name in shown} == {path.name for path in (finished.path / "metrics").iterdir()}
    assert shown["metrics/rouge.json"]["data"]["rows"] == 12
    finished.dvc("plots", "show", "--out", str(tmp_path / "plots"))
    page = (tmp_path / "plots" / "index.html").read_text(encoding="utf-8")
    assert "Loss (nats/token)" in page
    assert "Rows by length of the prompt" in page
