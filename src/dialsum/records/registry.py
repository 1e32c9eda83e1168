"""Versions of the registered model `dialsum`.

Enters: models/base, models/trained and the scores on dev. Leaves: a version that serves itself (weights, code, values),
with tags such as `score.rouge_mean` 70.1288; `records.champions` decides which version is the champion.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.version import Version

import dialsum
from dialsum.errors import InputError
from dialsum.records import serving, store

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.models import ModelSignature

CHAMPION = "champion"
FOLD = "fold"  # tag of a version whose dev rows are a fold of the data: which one
DIGITS = 9  # of a version's number at most: a database takes none over 2,147,483,647
RATES = ("stop_rate", "foreign_rate")  # of dev, that a version is tagged with beside ROUGE
EXAMPLE = "#Person1#: 내일 오후 세 시에 진료 예약을 하고 싶어요.\n#Person2#: 네, 성함이 어떻게 되세요?"

# What a server needs besides Python. Named, because MLflow would load the model once more to find out.
REQUIREMENTS = (
    "accelerate", "bitsandbytes", "mlflow", "numpy", "pandas", "peft", "pydantic", "ruamel.yaml", "safetensors",
    "tokenizers", "torch", "transformers",
)  # fmt: skip
PICKLES = {".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth"}


def add(
    client: MlflowClient, run_id: str, folders: Mapping[str, Path], settings: Mapping[str, Any], tags: Mapping[str, str]
) -> ModelVersion:
    """Register what the run trained as a new version of `dialsum`, with no alias yet.

    `folders`: `base` and `trained`. `settings`: the sections of params.yaml that serving needs, with the form that
    `prompts.form` wrote as `prompt`. `tags`: what `champions.settle` compares, see `score_tags`. Raises InputError if a
    folder holds a pickle: loading one can run anything.
    """
    for folder in folders.values():
        for path in folder.rglob("*"):
            if path.suffix in PICKLES:
                raise InputError(f"{path}: only safetensors are registered, never a pickle; convert it or remove it")
    experiment = client.get_run(run_id).info.experiment_id
    model = client.create_logged_model(experiment, name=store.MODEL, source_run_id=run_id, tags=dict(tags))
    with tempfile.TemporaryDirectory() as scratch:
        saved = _save(Path(scratch), model, folders, settings)
        client.log_model_artifacts(model.model_id, str(saved))
    client.finalize_logged_model(model.model_id, "READY")
    _link(client, run_id, model.model_id)
    with store.lock("registry"):  # a version's number is the last one plus one
        _ensure_registered(client)
        return client.create_model_version(
            store.MODEL, f"models:/{model.model_id}", run_id=run_id, tags=dict(tags), model_id=model.model_id
        )


def score_tags(scores: Mapping[str, Any], dev_md5: str, tokens: str) -> dict[str, str]:
    """What makes versions comparable, and their scores: `scores` is metrics/rouge.json, `tokens` what ROUGE counted."""
    measured = {name: value for name, value in scores.items() if value is not None}
    kept = {name: json.dumps(value) for name, value in measured.items() if name.startswith("rouge") or name in RATES}
    return {"dev_md5": dev_md5, "tokens": tokens, **{f"score.{name}": value for name, value in kept.items()}}


def by_alias(client: MlflowClient, alias: str) -> ModelVersion | None:
    """The version that an alias points to, if there is one."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version_by_alias(store.MODEL, alias)
    except MlflowException as error:
        if error.error_code in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"):
            return None
        raise


def find(client: MlflowClient, number: str) -> ModelVersion | None:
    """The version of that number, if there is one."""
    from mlflow.exceptions import MlflowException

    if len(number) > DIGITS:
        return None
    try:
        return client.get_model_version(store.MODEL, number)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def named_bases(client: MlflowClient) -> set[tuple[str, str]]:
    """Hub repository and revision under each version that an alias names: what is served, or may be given back."""
    from mlflow.exceptions import MlflowException

    found = set()
    for model in client.search_registered_models(f"name = '{store.MODEL}'"):
        for number in set(model.aliases.values()):
            with suppress(MlflowException):  # its run was deleted for good
                params = client.get_run(str(client.get_model_version(store.MODEL, str(number)).run_id)).data.params
                found.add((params.get("base.location", ""), params.get("base.revision", "")))
    return found


def line_alias(dev_md5: str) -> str:
    """The alias of the best version on the dev data with this md5."""
    return f"{CHAMPION}-{dev_md5[:8]}"


def requirements() -> list[str]:
    """Exact pins of what is installed, as the package index knows them (`2.13.0`, not `2.13.0+cpu`)."""
    return [f"{name}=={Version(installed(name)).public}" for name in REQUIREMENTS]


def _ensure_registered(client: MlflowClient) -> None:
    if not client.search_registered_models(f"name = '{store.MODEL}'"):
        client.create_registered_model(store.MODEL, description="Summaries of Korean dialogues")


def _link(client: MlflowClient, run_id: str, model_id: str) -> None:
    from mlflow.entities import LoggedModelOutput

    client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])


def _save(scratch: Path, model: LoggedModel, folders: Mapping[str, Path], settings: Mapping[str, Any]) -> Path:
    """The model in MLflow's format, in a folder below `scratch`."""
    import pandas as pd
    from mlflow.models import Model
    from mlflow.pyfunc import save_model

    values = scratch / "settings.json"
    values.write_text(json.dumps(settings, ensure_ascii=False, indent=2), encoding="utf-8")
    target = scratch / "model"
    save_model(
        target,
        python_model=serving.__file__,
        code_paths=[str(Path(dialsum.__file__).parent)],
        artifacts={**{name: str(folder) for name, folder in folders.items()}, "settings": str(values)},
        signature=_signature(settings["prompt"]["topic"] != "never", settings["generation"]),
        input_example=pd.DataFrame({serving.INPUT: [EXAMPLE]}),
        pip_requirements=requirements(),
        mlflow_model=Model(
            artifact_path=model.artifact_location,
            run_id=model.source_run_id,
            model_uuid=model.model_id,
            model_id=model.model_id,
        ),
    )
    return target


def _signature(with_topic: bool, generation: Mapping[str, Any]) -> ModelSignature:
    """What a request holds: a dialogue, where the model was trained on topics that too, and what it may choose."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

    topic = [ColSpec(DataType.string, serving.TOPIC, required=False)] if with_topic else []
    choices = [field.name for field in fields(serving.Choice)]
    return ModelSignature(
        inputs=Schema([ColSpec(DataType.string, serving.INPUT), *topic]),
        outputs=Schema([ColSpec(DataType.string, serving.OUTPUT)]),
        params=ParamSchema([ParamSpec(name, DataType.long, generation[name]) for name in choices]),
    )
