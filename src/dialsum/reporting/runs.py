"""Records of experiments as MLflow keeps them: a run each, which stage register wrote.

Enters: ids of runs. Leaves: their Records.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from dialsum.errors import InputError
from dialsum.reporting.record import Answer, Record, check, read_answers, read_code, read_curve, read_figures

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

EXPERIMENT = "dvc.exp_name"  # the tag
METRICS, CURVE, ANSWERS, EXAMPLES = "metrics", "plots/training.csv", "scores/dev.csv", "predictions.json"
LOCK = "dvc.lock"
LOST = "no scores of rows: it is not compared row by row"


def read(client: MlflowClient, ids: Sequence[str]) -> list[Record]:
    """The records of runs, by their ids or unique beginnings of them.

    Raises InputError if one names no run, or several, or one that has no record or none yet, or if two name the same.
    """
    found: dict[str, str] = {}
    records = []
    for given in ids:
        run = _find(client, given)
        if twin := found.get(run.info.run_id):
            raise InputError(f"{given}: is the same run as {twin}")
        found[run.info.run_id] = given
        if run.info.status != "FINISHED":
            raise InputError(f"{given}: the run is {run.info.status.lower()}, and its record not complete")
        records.append(read_run(client, run))
    return records


def _find(client: MlflowClient, given: str) -> Run:
    from dialsum.records import store

    recorded, live = (_runs(client, name) for name in (store.EXPERIMENT, store.LIVE_EXPERIMENT))
    found = [run for run in (*recorded, *live) if run.info.run_id.startswith(given)]
    if not found:
        raise InputError(f"{given}: is no run of {store.EXPERIMENT} in MLflow's store; `dialsum ui` shows their ids")
    if len(found) > 1:
        raise InputError(f"{given}: begins the ids of {len(found)} runs; write more of it")
    if found[0] in live:
        raise InputError(
            f"{given}: is a run of {store.LIVE_EXPERIMENT}, which has the curves of a training and no scores; take the "
            f"run that stage register wrote afterwards, in {store.EXPERIMENT}"
        )
    return found[0]


def read_all(client: MlflowClient) -> list[Run]:
    """The finished runs of the experiment `dialsum`, the oldest first."""
    from dialsum.records import store

    return _runs(client, store.EXPERIMENT, "attributes.status = 'FINISHED'")


def _runs(client: MlflowClient, experiment: str, condition: str = "") -> list[Run]:
    """The runs of an experiment of MLflow, the oldest first."""
    found = client.get_experiment_by_name(experiment)
    runs: list[Run] = []
    token: str | None = ""
    while found is not None and token is not None:
        order = ["attributes.start_time ASC"]
        page = client.search_runs([found.experiment_id], condition, order_by=order, page_token=token or None)
        runs += page
        token = page.token or None
    return runs


def read_run(client: MlflowClient, run: Run) -> Record:
    """The record of a finished run. Raises InputError if it has no scores, or if they cannot be fetched."""
    run_id = str(run.info.run_id)
    with TemporaryDirectory() as folder:
        files = {path: _fetch(client, run_id, path, folder) for path in (METRICS, CURVE, ANSWERS, EXAMPLES, LOCK)}
        if (metrics := files[METRICS]) is None:
            raise InputError(
                f"{run_id}: its files cannot be fetched from {run.info.artifact_uri}; see that they are there"
            )
        figures = read_figures(metrics)
        check(run_id, figures)
        answers: dict[str, Answer] = _lines(files[ANSWERS], read_answers, {})
        return Record(
            name=run.data.tags.get(EXPERIMENT) or str(run.info.run_name),
            source=run_id,
            when=datetime.fromtimestamp(run.info.start_time / 1000, UTC),
            params=dict(run.data.params),
            figures=figures,
            curve=_lines(files[CURVE], read_curve, []),
            answers=answers,
            dialogues=_dialogues(files[EXAMPLES]) if answers else {},
            code=read_code(lock.read_text(encoding="utf-8")) if (lock := files[LOCK]) else {},
            note="" if answers else LOST,
        )


def _fetch(client: MlflowClient, run_id: str, path: str, folder: str) -> Path | None:
    """Where MLflow put a file or folder of a run; None if the run has none."""
    from mlflow.exceptions import MlflowException

    try:
        return Path(client.download_artifacts(run_id, path, folder))
    except (OSError, MlflowException):
        return None


def _lines(path: Path | None, read: Any, none: Any) -> Any:
    if path is None:
        return none
    with path.open(encoding="utf-8", newline="") as file:
        return read(file)


def _dialogues(path: Path | None) -> dict[str, str]:
    """The dialogues of the table that `register` logs, by id."""
    if path is None:
        return {}
    table = json.loads(path.read_text(encoding="utf-8"))
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    return {row["id"]: row["dialogue"] for row in rows}
