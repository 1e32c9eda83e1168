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
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialsum.outputs import write_json
from dialsum.params.registry import Evaluation, Registry
from dialsum.params.strict import load, read_yaml

if TYPE_CHECKING:
    from dialsum.records.tracking import Record

PARAMS = Path("params.yaml")
LOCK = Path("dvc.lock")
PIPELINE = (PARAMS, Path("dvc.yaml"), LOCK)
SERVED = ("cleaning", "tokenize", "generation", "registry")  # with the prompt's form, they decide what a server answers
PLACE = click.Path(path_type=Path)


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
def main(
    entry: Path,
    prompt: Path,
    base: Path,
    trained: Path,
    dev: Path,
    scores: Path,
    submission: Path,
    metrics: Path,
    plots: Path,
    run: Path,
) -> None:
    """Record the experiment and register its model."""
    from dialsum.records import champions, interrupted, registry, store, tracking

    client = store.connect()
    dev_md5 = hashlib.md5(dev.read_bytes(), usedforsecurity=False).hexdigest()
    rouge = json.loads((metrics / "rouge.json").read_text(encoding="utf-8"))
    tags = registry.score_tags(rouge, dev_md5, load(PARAMS, "evaluation", Evaluation).tokens)
    sections = {name: section for name, section in read_yaml(PARAMS).items() if name in SERVED}
    sections["prompt"] = json.loads(prompt.read_text(encoding="utf-8"))
    # Learned from the train split, and part of what the model answers.
    sections["length_bounds"] = json.loads((metrics / "generation.json").read_text(encoding="utf-8"))["length_bounds"]
    record = tracking.read_record(PARAMS, trained, metrics, dev_md5)
    if interrupted.is_recorded(client, run, LOCK, record):
        click.echo(f"{run}: has the record already, by a process that was killed when it was done")
        return

    with interrupted.registration(client) as token, tracking.recording(client, _marked(record, token)) as run_id:
        write_json(run, {"run_id": run_id, "complete": False})
        tracking.log_history(client, run_id, tracking.read_history(plots / "training.csv"))
        files = {
            "": [*PIPELINE, submission],
            "catalog": [entry],
            "metrics": [metrics],
            "plots": [plots],
            "scores": [scores],
        }
        tracking.log_files(client, run_id, files)
        version = registry.add(client, run_id, {"base": base, "trained": trained}, sections, tags)
        verdict = champions.settle(client, version, load(PARAMS, "registry", Registry))
        number, champion = int(version.version), verdict.role == "champion"
        written = {"name": record.name, "version": number, "champion": champion, "reason": verdict.reason}
        write_json(run, {"run_id": run_id, "complete": True, **written})

    place = f"version {number} of {store.MODEL}"
    click.echo(f"{record.name}: {place} is {'now' if champion else 'not'} the champion: {verdict.reason}")


def _marked(record: Record, token: str) -> Record:
    """With the tag by which what this process leaves is found, if it is killed."""
    from dialsum.records import interrupted

    return replace(record, tags={**record.tags, interrupted.TAG: token})
