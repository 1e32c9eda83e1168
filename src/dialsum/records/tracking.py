"""The one writer of an experiment's final record.

Enters: what the stages left, params.yaml, metrics/*.json, plots/training.csv and the files worth keeping.
Leaves: one run in the MLflow experiment `dialsum`, with a name such as `tiny-llama_ep3_bs16_lr0.004_20250102-030405`,
params such as `training.learning_rate` 0.004 and metrics such as `rouge.rouge_mean` 61.2.

A run is FINISHED only when all of it is there: one that was killed midway stays RUNNING, one that failed is FAILED.
MlflowClient is used and never `start_run`, which under `mlflow run` would adopt the project's own run (MLFLOW_RUN_ID).
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.entities import Metric, Param, RunStatus, RunTag

from dialsum.params.strict import read_yaml
from dialsum.records import store

if TYPE_CHECKING:
    from mlflow import MlflowClient

# What a run takes at once (mlflow.utils.validation): more is refused.
METRICS_A_BATCH = 1000
PARAMS_A_BATCH = 100

# What the pipeline itself rewrites does not make a commit dirty; its code, params and catalog do.
WRITTEN_BY_STAGES = ("dvc.lock", "metrics", "plots", "data", "models")


@dataclass(frozen=True)
class Record:
    """All that is known of an experiment before its run is opened."""

    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]
    name: str


def read_record(params: Path, trained: Path, metrics: Path, dev_md5: str) -> Record:
    """The record that the files make. `params` is params.yaml, `trained` holds trained.json, `metrics` the JSON files.

    Params of params.yaml that are null take the value that was in force.
    """
    chosen = flatten(read_yaml(params))
    in_force: dict[str, Any] = json.loads((trained / "trained.json").read_text(encoding="utf-8"))["in_force"]
    values = {**chosen, **in_force}
    return Record(
        params={key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()},
        metrics=read_metrics(metrics),
        tags={**_git_tags(), **_dvc_tags(), "dev_md5": dev_md5, "model": values["model.name"]},
        name=run_name(values, time.strftime("%Y%m%d-%H%M%S")),
    )


def run_name(values: Mapping[str, Any], timestamp: str) -> str:
    """`{model}_ep{epochs}_bs{effective_batch}_lr{lr}_{timestamp}`; `{model}_none_{timestamp}` for no training."""
    model = values["model.name"]
    if values["training.method"] == "none":
        return f"{model}_none_{timestamp}"
    epochs, rate = values["training.epochs"], values["training.learning_rate"]
    return f"{model}_ep{epochs:g}_bs{values['effective_batch']}_lr{rate:g}_{timestamp}"


def flatten(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"training": {"lora": {"r": 16}}}` as `{"training.lora.r": 16}`. Lists stay values."""
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def read_metrics(folder: Path) -> dict[str, float]:
    """All numbers of folder/*.json, as `FILE.key.subkey`, in a list `FILE.key.0`. Nulls and texts are left out."""
    files = sorted(folder.glob("*.json"))
    return dict(item for path in files for item in _numbers(path.stem, json.loads(path.read_text(encoding="utf-8"))))


def _numbers(name: str, value: Any) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _numbers(f"{name}.{key}", below)
    elif isinstance(value, list):
        for place, below in enumerate(value):
            yield from _numbers(f"{name}.{place}", below)
    elif isinstance(value, int | float):
        yield name, float(value)


def read_history(curves: Path) -> list[tuple[int, str, float]]:
    """Step, name and value of each number in plots/training.csv; the column `loss` is named `train_loss`."""
    points = []
    with curves.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            step = int(float(row.pop("step")))
            points += [(step, _curve_name(column), float(cell)) for column, cell in row.items() if cell]
    return points


def _curve_name(column: str) -> str:
    """`loss` alone would not say of which rows, next to `eval_loss`."""
    return "train_loss" if column == "loss" else column


@contextmanager
def recording(client: MlflowClient, record: Record) -> Iterator[str]:
    """Open a fresh run, write the record to it and give its id. If the block fails, the run is FAILED.

    The block ends the run with `finish`, at the moment when nothing is missing.
    """
    experiment = store.experiment(client, store.EXPERIMENT)
    run_id = str(client.create_run(experiment, tags=record.tags, run_name=record.name).info.run_id)
    try:
        now = _milliseconds()
        _log(client, run_id, [Metric(key, value, now, 0) for key, value in record.metrics.items()])
        params = [Param(key, value) for key, value in record.params.items()]
        for start in range(0, len(params), PARAMS_A_BATCH):
            client.log_batch(run_id, params=params[start : start + PARAMS_A_BATCH])
        yield run_id
    except BaseException as error:
        client.log_batch(run_id, tags=[RunTag("error", f"{type(error).__name__}: {error}"[:500])])
        client.set_terminated(run_id, RunStatus.to_string(RunStatus.FAILED))
        raise


def log_history(client: MlflowClient, run_id: str, points: Sequence[tuple[int, str, float]]) -> None:
    """Write curves, as `read_history` gives them."""
    now = _milliseconds()
    _log(client, run_id, [Metric(name, value, now, step) for step, name, value in points])


def log_files(client: MlflowClient, run_id: str, files: Mapping[str, Sequence[Path]]) -> None:
    """Copy files and folders to the run. A key is the folder that receives its paths, "" the top. Missing: skipped."""
    for folder, paths in files.items():
        for path in paths:
            if path.is_dir():
                client.log_artifacts(run_id, str(path), folder or None)
            elif path.exists():
                client.log_artifact(run_id, str(path), folder or None)


def finish(client: MlflowClient, run_id: str) -> None:
    """Say that the run is complete."""
    client.set_terminated(run_id, RunStatus.to_string(RunStatus.FINISHED))


def _log(client: MlflowClient, run_id: str, metrics: Sequence[Metric]) -> None:
    for start in range(0, len(metrics), METRICS_A_BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + METRICS_A_BATCH])


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


def _git_tags() -> dict[str, str]:
    """The commit, and whether the files that people write differ from it. Nothing outside a git repository."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return {}
    excluded = [f":(exclude){path}" for path in WRITTEN_BY_STAGES]
    changed = _git("status", "--porcelain", "--", ".", *excluded)
    return {"mlflow.source.git.commit": commit, "git.commit": commit, "git.dirty": str(bool(changed)).lower()}


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _dvc_tags() -> dict[str, str]:
    """Who asked: `dvc exp run` names the experiment, `dvc repro` does not; `mlflow run` has a run of its own."""
    names = {"DVC_EXP_NAME": "dvc.exp_name", "DVC_EXP_BASELINE_REV": "dvc.baseline", "MLFLOW_RUN_ID": "project_run"}
    asked = {tag: os.environ[variable] for variable, tag in names.items() if os.environ.get(variable)}
    return {**asked, "mlflow.source.name": "dialsum.stages.register"}
