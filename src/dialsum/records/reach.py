"""The store for those who wait before a screen: a server that is away costs them seconds and one line.

Enters: the environment, as in `records.store`. Leaves: its client, or an InputError that names the server. Stages ask
`store` itself, with MLflow's own patience: a record that took hours may wait minutes for its server.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dialsum.errors import InputError
from dialsum.records import store

if TYPE_CHECKING:
    from mlflow import MlflowClient

# MLflow's own are 7 and 120: four minutes where nobody listens, a quarter of an hour where nothing comes back.
IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}  # timeout in seconds


def connect() -> MlflowClient:
    """As `store.connect`. Raises InputError also if the server of MLFLOW_TRACKING_URI is away, or refuses."""
    from mlflow.exceptions import MlflowException

    try:
        with briefly():
            return store.connect()
    except MlflowException as error:
        if store.uri().startswith(store.SQLITE):
            raise
        reason = str(error).rpartition("(Caused by ")[2].rstrip(")")
        raise InputError(
            f"{store.uri()}: does not answer as MLflow's server; start it, or see to the address and the login "
            "(docs/sharing.md), or unset MLFLOW_TRACKING_URI for the store of this repository: "
            f"{' '.join(reason.split())[:200]}"
        ) from error


@contextmanager
def briefly() -> Iterator[None]:
    """Ask a server for seconds only, unless the user says how long. Afterwards as before: workers inherit it."""
    added = {name: value for name, value in IMPATIENT.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
