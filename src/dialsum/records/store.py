"""Where MLflow keeps runs, versions and files, and the locks that let several workers share it.

Enters: the environment. MLFLOW_TRACKING_URI wins; else the store is `sqlite:///$DVC_ROOT/mlflow.db` with its files in
`$DVC_ROOT/mlartifacts`. DVC sets DVC_ROOT to the parent repository, also in `--temp` and in queue workers: what runs in
a copy that is deleted afterwards is recorded in the repository that asked for it.
Leaves: an MlflowClient on a store that is set up, and experiments in it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from filelock import FileLock

from dialsum.errors import InputError
from dialsum.outputs import replacing

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "dialsum"
LIVE_EXPERIMENT = "dialsum-live"
MODEL = "dialsum"

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # it would be drawn into the logs of every stage
}
SQLITE = "sqlite:///"
OTHER_DATABASES = ("postgresql", "mysql", "mssql")


def root() -> Path:
    """The repository that owns the store: DVC_ROOT inside a stage, else the DVC or git repository around here."""
    if "DVC_ROOT" in os.environ:
        return Path(os.environ["DVC_ROOT"])
    here = Path.cwd()
    for marker in (".dvc", ".git"):
        for folder in (here, *here.parents):
            if (folder / marker).exists():
                return folder
    return here


def uri() -> str:
    """The tracking URI. A relative SQLite path counts from the repository, not from the copy that a worker runs in."""
    file = _database()
    if file is None:
        return os.environ["MLFLOW_TRACKING_URI"]
    return _sqlite(file)


def _database() -> Path | None:
    """The SQLite file, or None for a tracking server. `mlflow run` hands on its path quoted (`my%20folder`)."""
    given = os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}mlflow.db"
    return root() / unquote(given.removeprefix(SQLITE)) if given.startswith(SQLITE) else None


def _sqlite(file: Path) -> str:
    """The address of a SQLite file. Only % is quoted: MLflow makes folders of all else that is."""
    return SQLITE + str(file).replace("%", "%25")


def connect() -> MlflowClient:
    """A client of the store, which is created when it does not exist yet.

    Under the lock, because two workers that meet an empty database both try to create its tables, and one fails.
    Raises InputError for a database other than SQLite, whose artifacts MLflow would put into the working directory: of
    a worker, a copy to be deleted.
    """
    if uri().startswith(OTHER_DATABASES):
        raise InputError(
            f"MLFLOW_TRACKING_URI: {uri().partition(':')[0]}: is a database alone, without a place for models; start "
            "`mlflow server` on it and give the server's address (docs/sharing.md)"
        )
    # The address too: some of MLflow, as `models:/` sources, asks the environment and not the client. And the place of
    # MLflow's own first experiment, which would otherwise be the working directory: of a worker, a copy to be deleted.
    os.environ.update(ENVIRONMENT, MLFLOW_TRACKING_URI=uri())
    if location := _artifact_location():
        os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = location
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    with lock("setup"):
        file = _database()
        if file is not None and not file.exists():
            # Elsewhere first: MLflow cannot go on with tables that a killed process left half made.
            with replacing(file) as part:
                _set_up(_sqlite(part))
        return _set_up(uri())


def experiment(client: MlflowClient, name: str) -> str:
    """The id of the experiment `name`, which is created when it does not exist yet.

    Raises InputError if it was deleted: MLflow keeps its name, and takes no run for it.
    """
    with lock("setup"):
        found = client.get_experiment_by_name(name)
        if found is None:
            return str(client.create_experiment(name, artifact_location=_artifact_location()))
    if found.lifecycle_stage == "deleted":
        remedy = f"mlflow experiments restore --experiment-id {found.experiment_id}"
        raise InputError(f"{uri()}: the experiment {name!r} is deleted; bring it back: {remedy}")
    return str(found.experiment_id)


def is_there() -> bool:
    """Whether there is a store already; what a tracking server has is not asked."""
    file = _database()
    return file is None or file.exists()


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Hold the lock `name` among all processes that work for this repository."""
    folder = root() / ".dialsum"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / f"{name}.lock"):
        yield


def _set_up(address: str) -> MlflowClient:
    """A client of the store at `address`, whose tables MLflow makes on the first question."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=address)
    client.search_experiments(max_results=1)
    return client


def _artifact_location() -> str | None:
    """The folder of artifacts beside a SQLite file; a tracking server (None) chooses for itself."""
    file = _database()
    return None if file is None else (file.parent / "mlartifacts").as_uri()
