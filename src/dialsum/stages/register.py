"""Stage register: the final record of the experiment, and its model as a new version of `dialsum`.

In: what all other stages left. Out: one run in MLflow's experiment `dialsum`, one version of the registered model, the
alias `champion` on the best version, and models/mlflow_run.json:

    {"run_id": "3f2a…", "complete": true, "name": "tiny-llama_ep3_bs16_lr0.004_20250102-030405", "version": 4,
     "champion": false, "reason": "rouge_mean 58.1000 against 61.2000 of version 3, higher in 0.0% of …"}

DVC keeps that file when the stage runs again (`persist`), and keeps the stage out of its run cache: whenever anything
before it changed, this stage runs, and each time it runs it writes one row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from dialsum.outputs import write_json
from dialsum.params.data import Data
from dialsum.params.registry import Evaluation, Registry
from dialsum.params.strict import load, read_yaml

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

    from dialsum.records.tracking import Record

PARAMS = Path("params.yaml")
LOCK = Path("dvc.lock")
PIPELINE = (PARAMS, Path("dvc.yaml"), LOCK)
SERVED = ("cleaning", "tokenize", "generation", "serving")  # with the prompt's form, they decide what a server answers
PLACE = click.Path(path_type=Path)


@dataclass(frozen=True)
class Left:
    """What the other stages left, and `run`, the file that this one writes."""

    entry: Path
    prompt: Path
    base: Path
    trained: Path
    dev: Path
    scores: Path
    submission: Path
    metrics: Path
    plots: Path
    run: Path


@click.command()
@click.option("--entry", type=PLACE, required=True)
@click.option("--prompt", type=PLACE, required=True)
@click.option("--base", type=PLACE, required=True)
@click.option("--trained", type=PLACE, required=True)
@click.option("--dev", type=PLACE, required=True)
@click.option("--scores", type=PLACE, required=True)
@click.option("--submission", type=PLACE, required=True)
@click.option("--metrics", type=PLACE, required=True)
@click.option("--plots", type=PLACE, required=True)
@click.option("--run", type=PLACE, required=True)
def main(**places: Path) -> None:
    """Record the experiment and register its model."""
    from dialsum.records import champions, interrupted, registry, store, tracking

    left = Left(**places)
    client = store.connect()
    dev_md5 = hashlib.md5(left.dev.read_bytes(), usedforsecurity=False).hexdigest()
    figures = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in left.metrics.glob("*.json")}
    tags = registry.score_tags(figures["rouge"], dev_md5, load(PARAMS, "evaluation", Evaluation).tokens)
    if (fold := load(PARAMS, "data", Data).fold) is not None:
        tags[registry.FOLD] = str(fold)
    sections = {name: section for name, section in read_yaml(PARAMS).items() if name in SERVED}
    sections["prompt"] = json.loads(left.prompt.read_text(encoding="utf-8"))
    # Learned from the train split, and part of what the model answers.
    sections["length_bounds"] = figures["generation"]["length_bounds"]
    folders = {"base": left.base, "trained": left.trained}
    record = tracking.read_record(PARAMS, left.entry, LOCK, {**folders, "metrics": left.metrics}, dev_md5)
    if interrupted.is_recorded(client, left.run, LOCK, record):
        click.echo(f"{left.run}: has the record already, by a process that was killed when it was done")
        return

    with interrupted.registration(client) as token, tracking.recording(client, _marked(record, token)) as run_id:
        write_json(left.run, {"run_id": run_id, "complete": False})
        _log(client, run_id, left, record, figures)
        version = registry.add(client, run_id, folders, sections, tags)
        _describe(client, version, left, record, figures)
        verdict = champions.settle(client, version, load(PARAMS, "registry", Registry))
        number, champion = int(version.version), verdict.role == "champion"
        written = {"name": record.name, "version": number, "champion": champion, "reason": verdict.reason}
        write_json(left.run, {"run_id": run_id, "complete": True, **written})

    place = f"version {number} of {store.MODEL}"
    click.echo(f"{record.name}: {place} is {'now' if champion else 'not'} the champion: {verdict.reason}")


def _log(client: MlflowClient, run_id: str, left: Left, record: Record, figures: Mapping[str, Any]) -> None:
    """All of the run but its model: curves, files, pictures, data, and predictions to read."""
    from dialsum.records import examples, inputs, pictures, tracking

    for curves in (left.plots / "training.csv", left.plots / "training_speed.csv"):
        if curves.exists():  # the second is in DVC's cache alone: a clone may be without it
            tracking.log_history(client, run_id, tracking.read_history(curves))
    files = {
        "": [*PIPELINE, left.prompt, left.submission],
        "catalog": [left.entry],
        "metrics": [left.metrics],
        "plots": [left.plots],
        "scores": [left.scores],
    }
    own = Path(f"{record.params['data.dir']}.dvc")  # by which `dvc checkout` brings the user's own data back
    if own.exists() and not own.is_absolute() and ".." not in own.parts:
        files[own.parent.as_posix()] = [own]
    tracking.log_files(client, run_id, files)
    with TemporaryDirectory() as drawn:
        pictures.draw(left.plots, Path(drawn))
        tracking.log_files(client, run_id, {"plots": [Path(drawn)]})
    client.log_inputs(run_id, inputs.datasets(record.params["data.dir"], record.tags, figures["data"]))
    client.log_table(run_id, examples.spread(left.scores / "dev.csv", left.dev), "predictions.json")
    client.log_text(run_id, tracking.installed_packages(), "requirements.txt")


def _describe(
    client: MlflowClient, version: ModelVersion, left: Left, record: Record, figures: Mapping[str, Any]
) -> None:
    """Put the model card beside the model and the run, and on the version's page."""
    from dialsum.modeling.catalog import read_entry
    from dialsum.modeling.pin import read_pin
    from dialsum.records import card, store

    number, run_id = int(version.version), str(version.run_id)
    pin = read_pin(left.base)
    subject = card.Subject(
        record.name, number, run_id, read_entry(left.entry), pin, record.params, record.tags, figures
    )
    text = card.describe(subject)
    client.log_text(run_id, text, card.FILE)
    with TemporaryDirectory() as folder:
        path = Path(folder) / card.FILE
        path.write_text(text, encoding="utf-8")
        client.log_model_artifact(str(version.source).removeprefix("models:/"), str(path))
    client.update_model_version(store.MODEL, version.version, description=text)


def _marked(record: Record, token: str) -> Record:
    """With the tag by which what this process leaves is found, if it is killed."""
    from dialsum.records import interrupted

    return replace(record, tags={**record.tags, interrupted.TAG: token})
