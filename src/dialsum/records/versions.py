"""Registered versions as folders, and the values that are in them.

Enters: nothing, for the champion, or what a person calls a version: `3`, `challenger`, `some/folder`. Leaves: the
folder of the model in MLflow's format, as it was registered:

    MLmodel  serving.py  code/dialsum/…  artifacts/base/…  artifacts/trained/…  artifacts/settings.json
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dialsum.errors import InputError
from dialsum.records import reach, registry, store

NO_CHAMPION = (
    "no model is the champion yet; run `make repro`, or, where that finds nothing to do, `dvc repro --force "
    "--single-item register`; `dialsum registry list` says why versions that are there are not"
)
SETTINGS = Path("artifacts") / "settings.json"


def locate(name: str | None) -> Path:
    """The folder of a version by its number or alias, or of a model folder; of the champion if none is named.

    Raises InputError if there is no such version, or the folder has no model in MLflow's format.
    """
    if name is not None and Path(name).is_dir():
        folder = Path(name)
    else:
        from mlflow.artifacts import download_artifacts

        folder = Path(download_artifacts(f"models:/{store.MODEL}/{_number(name)}"))
    if not (folder / SETTINGS).is_file():
        raise InputError(f"{folder}: has no {SETTINGS}; expected is a model of dialsum in MLflow's format")
    return folder


def read_settings(folder: Path) -> dict[str, Any]:
    """The sections of params.yaml that were in force, by their names, and what else decides an answer."""
    settings: dict[str, Any] = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    if "serving" not in settings:
        raise InputError(
            f"{folder}: is of an older dialsum; register it again: dvc repro --force --single-item register"
        )
    return settings


def artifact(folder: Path, name: str) -> Path:
    """The place of `base` or `trained` in a version. Raises InputError if it is said to be elsewhere."""
    from mlflow.models import Model

    listed = Model.load(str(folder)).flavors["python_function"]["artifacts"]
    place: Path = (folder / listed[name]["path"]).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise InputError(f"{folder / 'MLmodel'}: artifacts.{name}: lies outside of the folder; take a whole version")
    return place


def _number(name: str | None) -> str:
    """The number of a version. Raises InputError if there is none."""
    client = reach.connect()
    if name is not None and name.isdecimal():
        found = registry.find(client, name)
    else:
        found = registry.by_alias(client, name or registry.CHAMPION)
    if found is None and name is None:
        raise InputError(f"{store.uri()}: {NO_CHAMPION}")
    if found is None:
        raise InputError(
            f"--model {name}: is no version, no alias and no folder; give a number such as 3, or leave it out for the "
            "champion"
        )
    return str(found.version)
