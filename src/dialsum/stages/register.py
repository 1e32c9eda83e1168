"""Stage register: the final record of the experiment, and its model as a new version of `dialsum`.

In: what all other stages left. Out: one run in MLflow's experiment `dialsum`, one version of the registered model, the
alias `champion` on the best version, and models/mlflow_run.json:

    {"run_id": "3f2a…", "complete": true, "name": "tiny-llama_ep3_bs16_lr0.004_20250102-030405", "version": 4,
     "champion": false, "reason": "rouge_mean 58.1000 against the champion's 61.2000"}

DVC keeps that file when the stage runs again (`persist`), and keeps the stage out of its run cache: whenever anything
before it changed, this stage runs, and each time it runs it writes one row.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialsum.outputs import write_json
from dialsum.params.registry import Evaluation, Registry
from dialsum.params.strict import load, read_yaml

if TYPE_CHECKING:
    from mlflow import MlflowClient

PARAMS = Path("params.yaml")
PIPELINE = (PARAMS, Path("dvc.yaml"), Path("dvc.lock"))
SERVED = ("cleaning", "tokenize", "generation", "serving")  # with the prompt's form, they decide what a server answers
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
    from dialsum.records import registry, store, tracking

    client = store.connect()
    _abandon_killed(client, run)
    dev_md5 = hashlib.md5(dev.read_bytes(), usedforsecurity=False).hexdigest()
    rouge = json.loads((metrics / "rouge.json").read_text(encoding="utf-8"))
    tags = registry.score_tags(rouge, dev_md5, load(PARAMS, "evaluation", Evaluation).tokens)
    sections = {name: section for name, section in read_yaml(PARAMS).items() if name in SERVED}
    sections["prompt"] = json.loads(prompt.read_text(encoding="utf-8"))
    # Learned from the train split, and part of what the model answers.
    sections["length_bounds"] = json.loads((metrics / "generation.json").read_text(encoding="utf-8"))["length_bounds"]
    record = tracking.read_record(PARAMS, trained, metrics, dev_md5)

    with tracking.recording(client, record) as run_id:
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
        verdict = registry.promote(client, version, load(PARAMS, "registry", Registry).metric)

    number = int(version.version)
    write_json(run, {"run_id": run_id, "complete": True, "name": record.name, "version": number, **asdict(verdict)})
    place = f"version {number} of {store.MODEL}"
    click.echo(f"{record.name}: {place} is {'now' if verdict.champion else 'not'} the champion: {verdict.reason}")


def _abandon_killed(client: MlflowClient, run: Path) -> None:
    """If the process that ran this stage last was killed, say so of the run that it left open."""
    from dialsum.records import tracking

    if run.exists():
        last = json.loads(run.read_text(encoding="utf-8"))
        if not last["complete"]:
            tracking.abandon(client, last["run_id"])
