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
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.entities import Metric, Param, RunStatus, RunTag

from dialsum.modeling.catalog import read_entry
from dialsum.modeling.pin import read_pin
from dialsum.params.strict import read_yaml
from dialsum.records import labels, store, views
from dialsum.records.naming import experiment_name

if TYPE_CHECKING:
    from mlflow import MlflowClient

# What a run takes at once (mlflow.utils.validation): more is refused.
METRICS_A_BATCH = 1000
PARAMS_A_BATCH = 100


@dataclass(frozen=True)
class Record:
    """All that is known of an experiment before its run is opened."""

    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]
    name: str


def read_record(params: Path, entry: Path, lock: Path, folders: Mapping[str, Path], dev_md5: str) -> Record:
    """The record that the files make: params.yaml, the catalog's entry, dvc.lock, which may be missing.

    `folders`: `base` and `trained` of models/, and `metrics`. Params of params.yaml that are null take the value that
    was in force.
    """
    trained = json.loads((folders["trained"] / "trained.json").read_text(encoding="utf-8"))
    pin = read_pin(folders["base"])
    values = {
        **flatten(read_yaml(params)),
        **trained["in_force"],
        "base.location": pin.location,
        "base.revision": pin.revision,
    }
    model = values["model.name"]
    tags = {
        **labels.of_model(read_entry(entry), trained["method"]),
        **labels.of_commit(),
        **labels.of_caller(),
        **labels.of_files(lock),
        "dev_md5": dev_md5,
        "model": model,
    }
    name = f"{experiment_name(model, values)}_{time.strftime('%Y%m%d-%H%M%S')}"
    written = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    return Record(written, read_metrics(folders["metrics"]), tags, name)


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
    views.offer(client, experiment)
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


def installed_packages() -> str:
    """What is installed, one `name==version` a line, as pip reads it."""
    found = {f"{one.name}=={one.version}" for one in distributions()}
    return "".join(f"{line}\n" for line in sorted(found, key=str.lower))


def finish(client: MlflowClient, run_id: str) -> None:
    """Say that the run is complete."""
    client.set_terminated(run_id, RunStatus.to_string(RunStatus.FINISHED))


def _log(client: MlflowClient, run_id: str, metrics: Sequence[Metric]) -> None:
    for start in range(0, len(metrics), METRICS_A_BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + METRICS_A_BATCH])


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000
