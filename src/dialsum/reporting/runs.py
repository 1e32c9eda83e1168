"""Records of experiments as MLflow keeps them: a run each, which stage register wrote.

Enters: ids of runs. Leaves: their Records.
"""

from __future__ import annotations

import json
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


def read(client: MlflowClient, run_id: str) -> Record:
    """The record of a run. Raises InputError if there is none, or if it is not complete."""
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        raise InputError(f"{run_id}: is no run of MLflow's store; `dialsum ui` shows their ids") from error
    if run.info.status != "FINISHED":
        raise InputError(f"{run_id}: the run is {run.info.status.lower()}, and its record not complete")
    return read_run(client, run)


def read_all(client: MlflowClient) -> list[Run]:
    """The finished runs of the experiment `dialsum`, the oldest first."""
    from dialsum.records import store

    found = client.get_experiment_by_name(store.EXPERIMENT)
    runs: list[Run] = []
    token: str | None = ""
    while found is not None and token is not None:
        order = ["attributes.start_time ASC"]
        page = client.search_runs(
            [found.experiment_id], "attributes.status = 'FINISHED'", order_by=order, page_token=token or None
        )
        runs += page
        token = page.token or None
    return runs


def read_run(client: MlflowClient, run: Run) -> Record:
    """The record of a finished run. Raises InputError if it has no scores."""
    run_id = str(run.info.run_id)
    with TemporaryDirectory() as folder:
        files = {path: _fetch(client, run_id, path, folder) for path in (METRICS, CURVE, ANSWERS, EXAMPLES, LOCK)}
        figures = read_figures(metrics) if (metrics := files[METRICS]) else {}
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
