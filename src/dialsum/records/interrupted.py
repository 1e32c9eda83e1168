"""Registrations that were killed: nothing of them stays that could be taken for a whole one.

Enters: a registration, from the moment before its run is opened to the moment after its last word is written.
Leaves: `.dialsum/registering/<store>/<token>.lock`, locked as long as the process lives and removed when all is
written. The run carries the token as tag `registration`. So a file that nobody holds is that of a process which was
killed, however and wherever, and its token names what is to be undone: its run is KILLED, its version and its model's
files are gone, and an alias that had moved is where it was.

It is undone by the next registration, promotion or rollback in the same store, which all hold the lock `registry` then.
A process can also be killed when all is written and DVC does not know it yet; what it wrote is whole, and stands as
soon as the same experiment finds it (`is_recorded`).
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout
from mlflow.entities import RunStatus, ViewType

from dialsum.records import store
from dialsum.records.registry import find

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

    from dialsum.records.tracking import Record

TAG = "registration"
FORMER = "former_champion"  # tag of a version: whom it replaced
MOVED = "moved_aliases"  # tag of a version: the aliases that its registration moves, each with [before, after]


@contextmanager
def registration(client: MlflowClient) -> Iterator[str]:
    """Give the token that the run of this registration has to carry as tag `registration`.

    What killed ones left is undone first; if the block fails, so is what the block did.
    """
    token = uuid.uuid4().hex
    held = FileLock(_folder() / f"{token}.lock")
    with store.lock("registry"):
        undo_killed(client)
        held.acquire()
    try:
        yield token
    except BaseException:
        with store.lock("registry"):
            _undo(client, token)
            _remove(held)
        raise
    else:
        with store.lock("registry"):  # nobody looks at the file while it goes
            _remove(held)
    finally:
        held.release()


def undo_killed(client: MlflowClient) -> None:
    """Undo all registrations whose process is gone. The caller holds the lock `registry`."""
    for path in sorted(_folder().glob("*.lock")):
        held = FileLock(path, timeout=0)
        try:
            held.acquire()
        except Timeout:
            continue  # it is at work
        try:
            _undo(client, path.stem)
            _remove(held)
        finally:
            held.release()


def is_recorded(client: MlflowClient, written: Path, lock: Path, record: Record) -> bool:
    """Whether the last registration made this very record, and was killed before DVC took note of what it has written.

    `written`: models/mlflow_run.json. `lock`: dvc.lock, which holds its md5 as soon as DVC has seen the process end.
    The run then gets the record's tags: another `dvc exp run` has another name. And it is no killed one from then on.
    """
    if not written.exists() or not lock.exists():
        return False
    content = written.read_bytes()
    last = json.loads(content)
    if not last["complete"] or hashlib.md5(content, usedforsecurity=False).hexdigest() in lock.read_text("utf-8"):
        return False
    with store.lock("registry"):  # nobody undoes it meanwhile
        run = _same(client, last["run_id"], record)
        if run is None:
            return False
        (_folder() / f"{run.data.tags.get(TAG)}.lock").unlink(missing_ok=True)
    for key, value in record.tags.items():
        client.set_tag(run.info.run_id, key, value)
    return True


def _same(client: MlflowClient, run_id: str, record: Record) -> Run | None:
    """The run of that id, if it came to its end with this very record."""
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
    except MlflowException:  # of another store
        return None
    # Seconds of training are among the metrics: the same numbers are the same training.
    same = run.data.params == record.params and record.metrics.items() <= run.data.metrics.items()
    return run if same and run.info.status == RunStatus.to_string(RunStatus.FINISHED) else None


def _folder() -> Path:
    """Where the locks of this store are: what another store has to undo cannot be undone here."""
    name = hashlib.md5(store.uri().encode(), usedforsecurity=False).hexdigest()
    folder = store.root() / ".dialsum" / "registering" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _remove(held: FileLock) -> None:
    Path(held.lock_file).unlink(missing_ok=True)


def _undo(client: MlflowClient, token: str) -> None:
    """Take back all that the registration `token` has written. Killed itself, it can be done again."""
    experiment = client.get_experiment_by_name(store.EXPERIMENT)
    if experiment is None:
        return
    places = [experiment.experiment_id]
    for run in client.search_runs(places, f"tags.{TAG} = '{token}'", run_view_type=ViewType.ALL):
        run_id = run.info.run_id
        for version in client.search_model_versions(f"name = '{store.MODEL}' and run_id = '{run_id}'"):
            _give_back(client, version)
            client.delete_model_version(store.MODEL, version.version)
        for model in client.search_logged_models(places, f"source_run_id = '{run_id}'"):
            _delete_files(model.artifact_location)
            client.delete_logged_model(model.model_id)
        if run.info.status != RunStatus.to_string(RunStatus.FAILED):
            client.set_tag(run_id, "error", "killed while it was registered; run `dvc repro` again")
            client.set_terminated(run_id, RunStatus.to_string(RunStatus.KILLED))


def note_moves(before: Mapping[str, Any], moves: Mapping[str, ModelVersion | None]) -> str:
    """A version's tag before its aliases move: `{"champion": ["3", "4"], "challenger": ["2", null]}`."""
    after = {alias: str(version.version) if version else None for alias, version in moves.items()}
    now = {alias: str(before[alias]) if alias in before else None for alias in moves}
    return json.dumps({alias: [now[alias], after[alias]] for alias in moves if now[alias] != after[alias]})


def _give_back(client: MlflowClient, version: ModelVersion) -> None:
    """Point the aliases that the version's registration moved to where they were, if nobody has moved them since."""
    aliases = client.get_registered_model(store.MODEL).aliases
    for alias, (before, after) in json.loads(version.tags.get(MOVED, "{}")).items():
        if (str(aliases[alias]) if alias in aliases else None) != after:
            continue
        if before and find(client, before):
            client.set_registered_model_alias(store.MODEL, alias, before)
        elif alias in aliases:
            client.delete_registered_model_alias(store.MODEL, alias)


def _delete_files(location: str) -> None:
    """MLflow only hides a model that is deleted; half the weights would stay on the disk."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    get_artifact_repository(location).delete_artifacts()  # type: ignore[no-untyped-call]
