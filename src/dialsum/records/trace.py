"""The way back from a version of `dialsum` to what made it.

Enters: a version's number; its run in MLflow, with the params.yaml, the dvc.lock and more of that moment among its
files, and this repository's git. Leaves: facts by headings, and the commands that bring code, params, data and models
back:

    Trace(facts={"version": {"number": "3", "aliases": "champion", …}, "run": {…}, "git": {"commit": "1fe2…", …},
                 "params beside that commit": {"training.learning_rate": "null -> 2e-05"},
                 "md5": {"data/synthetic/train.csv": "9a0c…", "models/trained": "77d1….dir", …}},
          restore=("git checkout 1fe2…", "cp …/params.yaml …/dvc.lock .", "dvc checkout"))
"""

from __future__ import annotations

import json
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from ruamel.yaml import YAML

from dialsum.errors import InputError
from dialsum.records import store
from dialsum.records.registry import find
from dialsum.records.tracking import flatten

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

KEPT = ("params.yaml", "dvc.yaml", "dvc.lock")  # of that moment, among the run's files
TAGS = ("verdict", "reason", "promoted_by_hand", "former_champion", "dev_md5", "tokens")
MADE = {"validate": "deps", "tokenize": "outs", "base": "outs", "train": "outs"}  # stages, and which of their md5 count


@dataclass(frozen=True)
class Trace:
    """`facts`: by heading, then by name. `restore`: shell commands, in order, for the root of the repository."""

    facts: dict[str, dict[str, str]]
    restore: tuple[str, ...]


def trace(client: MlflowClient, number: str) -> Trace:
    """What made a version. Raises InputError if there is no such version, or its run was deleted for good."""
    version = find(client, number)
    if version is None:
        raise InputError(f"{store.uri()}: there is no version {number} of {store.MODEL}; see `dialsum registry list`")
    run = _run(client, version)
    values = run.data.params
    own = (f"catalog/{values.get('model.name', '')}.yaml", f"{values.get('data.dir', '')}.dvc")
    names = (*KEPT, *own)
    kept = _kept_files(client, run, names)
    commit = run.data.tags.get("git.commit")
    committed = {name: _committed(commit, name) for name in names}
    changed = [name for name in kept if kept[name] != committed[name]]
    facts = {
        "version": _version_facts(version),
        "run": _run_facts(run),
        "git": _git_facts(run, commit, committed, changed),
        "params beside that commit": _differences(committed["params.yaml"], kept.get("params.yaml")),
        "md5": dict(_md5(kept.get("dvc.lock", ""))),
    }
    return Trace({heading: found for heading, found in facts.items() if found}, _commands(run, commit, changed))


def _run(client: MlflowClient, version: ModelVersion) -> Run:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(str(version.run_id))
    except MlflowException as error:
        lost = f"the run {version.run_id} of version {version.version} is gone"
        raise InputError(f"{store.uri()}: {lost}; what made it is not known") from error


def _kept_files(client: MlflowClient, run: Run, names: Sequence[str]) -> dict[str, str]:
    """The texts of these files as the run keeps them, those that it has."""
    run_id = run.info.run_id
    folders = {Path(name).parent.as_posix() for name in names}
    listed = {item.path for folder in folders for item in client.list_artifacts(run_id, folder.removeprefix("."))}
    with tempfile.TemporaryDirectory() as scratch:
        paths = {name: Path(client.download_artifacts(run_id, name, scratch)) for name in names if name in listed}
        return {name: path.read_text(encoding="utf-8") for name, path in paths.items()}


def _version_facts(version: ModelVersion) -> dict[str, str]:
    named = {"number": str(version.version), "aliases": ", ".join(version.aliases) or "none"}
    scores = {name.removeprefix("score."): value for name, value in version.tags.items() if name.startswith("score.")}
    return {**named, **{name: version.tags[name] for name in TAGS if name in version.tags}, **scores}


def _run_facts(run: Run) -> dict[str, str]:
    started = datetime.fromtimestamp(run.info.start_time / 1000, UTC)
    return {
        "name": run.info.run_name,
        "id": run.info.run_id,
        "state": f"{run.info.status}, started {started:%Y-%m-%d %H:%M:%S} UTC",
        "files": run.info.artifact_uri,
    }


def _git_facts(
    run: Run, commit: str | None, committed: Mapping[str, str | None], changed: Sequence[str]
) -> dict[str, str]:
    """`changed`: the files of the run that are not as committed."""
    if commit is None:
        return {"commit": "none: it ran outside a git repository"}
    is_here = any(committed.values())
    dirty = run.data.tags.get("git.dirty") == "true"
    experiment = {"experiment": "dvc.exp_name", "baseline": "dvc.baseline"}
    return {
        "commit": commit + ("" if is_here else ", which this repository does not have: git fetch"),
        "changed": "yes: params, catalog or code were not as committed" if dirty else "no",
        **({"not as committed": ", ".join(changed)} if is_here and changed else {}),
        **{name: run.data.tags[tag] for name, tag in experiment.items() if tag in run.data.tags},
    }


def _differences(committed: str | None, kept: str | None) -> dict[str, str]:
    """Keys of params.yaml whose value was not that of the commit, as `null -> 2e-05`."""
    if committed is None or kept is None:
        return {}
    yaml = YAML(typ="safe")
    before, after = flatten(yaml.load(committed)), flatten(yaml.load(kept))
    keys = [
        key for key in {**before, **after} if before.get(key) != after.get(key) or (key in before) != (key in after)
    ]
    return {key: f"{_shown(before, key)} -> {_shown(after, key)}" for key in keys}


def _shown(values: Mapping[str, Any], key: str) -> str:
    return json.dumps(values[key], ensure_ascii=False) if key in values else "not there"


def _md5(lock: str) -> Iterator[tuple[str, str]]:
    """The data that the run began with, what it was trained on, and its models, as DVC knows them."""
    stages = (YAML(typ="safe").load(lock) or {}).get("stages", {})
    for stage, kind in MADE.items():
        for item in stages.get(stage, {}).get(kind, []):
            if not item["path"].startswith(("src/", "metrics/", "plots/")):
                yield item["path"], item["md5"]


def _commands(run: Run, commit: str | None, changed: list[str]) -> tuple[str, ...]:
    """`changed`: the files that git does not have as they were."""
    checkout = [f"git checkout {commit}"] if commit else []
    address = urlparse(run.info.artifact_uri)
    if address.scheme == "file":
        folder = Path(url2pathname(address.path))
        copies = [
            shlex.join(["cp", *(str(folder / name) for name in changed if Path(name).parent == place), str(place)])
            for place in sorted({Path(name).parent for name in changed})
        ]
    else:
        fetch = f"mlflow artifacts download --run-id {run.info.run_id} --dst-path ."
        copies = [f"{fetch} --artifact-path {shlex.quote(name)}" for name in changed]
    return (*checkout, *copies, "dvc checkout")


def _committed(commit: str | None, name: str) -> str | None:
    """The text of a file in a commit; None where this repository has not got it."""
    if commit is None:
        return None
    try:
        shown = subprocess.run(["git", "show", f"{commit}:{name}"], cwd=store.root(), capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return shown.stdout.decode("utf-8")
