"""Stage train: tune the base model on the tokenized rows.

In: data/tokenized, models/base, the catalog's entry. Out: models/trained (a LoRA adapter, or all weights for `full`,
and trained.json with the values in force), metrics/train.json, plots/training.csv, and metrics/train_speed.json, which
alone holds what differs between two equal runs. Method `none` trains nothing and says so in trained.json.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dialsum.outputs import replacing, write_json
from dialsum.params.strict import load
from dialsum.params.training import Training

if TYPE_CHECKING:
    from dialsum.modeling.catalog import Entry
    from dialsum.modeling.memory import Work


@click.command()
@click.option("--tokenized", type=click.Path(path_type=Path), required=True)
@click.option("--base", type=click.Path(path_type=Path), required=True)
@click.option("--entry", type=click.Path(path_type=Path), required=True)
@click.option("--trained", type=click.Path(path_type=Path), required=True)
@click.option("--metrics", type=click.Path(path_type=Path), required=True)
@click.option("--speed", type=click.Path(path_type=Path), required=True)
@click.option("--curves", type=click.Path(path_type=Path), required=True)
def main(tokenized: Path, base: Path, entry: Path, trained: Path, metrics: Path, speed: Path, curves: Path) -> None:
    """Train, or go on with, the model that params.yaml asks for."""
    from dialsum.modeling.catalog import read_entry
    from dialsum.modeling.training import in_force
    from dialsum.workspace import fingerprint, unfinished

    chosen = read_entry(entry)
    training = in_force(load(Path("params.yaml"), "training", Training), chosen)
    # The checkpoints go when all outputs stand: killed in between, the next run finds the last one and repeats no step.
    with unfinished("train", fingerprint([tokenized, base], [training])) as checkpoints:
        outcome = _tune(training, chosen, tokenized, base, checkpoints) if training.method != "none" else UNTRAINED
        with replacing(trained) as part:
            part.mkdir()
            if outcome.model is not None:
                outcome.model.save_pretrained(part)
                (part / "README.md").unlink(missing_ok=True)  # peft's empty form of a model card
            write_json(part / "trained.json", {"method": training.method, "in_force": values_in_force(training)})
        write_json(metrics, {"method": training.method, **outcome.figures})
        write_json(speed, outcome.times)
        _write_curves(curves, outcome.log)


@dataclass(frozen=True)
class Outcome:
    """The tuned model, figures that two equal runs share, times that they do not, and the trainer's log."""

    model: Any
    figures: dict[str, Any]
    times: dict[str, Any]
    log: list[dict[str, Any]]


UNTRAINED = Outcome(None, {"steps": 0}, {"seconds": 0.0}, [])


def _tune(training: Training, entry: Entry, tokenized: Path, base: Path, checkpoints: Path) -> Outcome:
    import torch
    from datasets import load_from_disk

    from dialsum.modeling.gpu import check_training
    from dialsum.modeling.loading import load_base, load_tokenizer
    from dialsum.modeling.training import prepare, train
    from dialsum.records import live

    torch.set_num_threads(training.threads)
    rows = load_from_disk(str(tokenized))
    check_training(entry, training.method, longest_step(rows["train"], training))
    pad = int(load_tokenizer(base).pad_token_id)
    model = prepare(load_base(base, training.method), training)
    learned = _learned(model, rows["train"])
    with live.curves(f"train {training.method} {checkpoints.name}", checkpoints) as callback:
        start = time.perf_counter()
        tuned = train(model, rows["train"], rows["dev"], training, pad, checkpoints, [callback])
        seconds = time.perf_counter() - start
    times = {
        "seconds": round(seconds, 1),
        "resumed_from_step": tuned.resumed_from,
        "steps_per_second": round((tuned.steps - tuned.resumed_from) / seconds, 3),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }
    return Outcome(tuned.model, {"steps": tuned.steps, **learned, **_from_log(tuned.log)}, times, tuned.log)


def longest_step(rows: Any, training: Training) -> Work:
    """A micro-batch of rows as long as the longest: what memory is estimated for."""
    from dialsum.modeling.memory import Work
    from dialsum.prompts.encode import IGNORED

    target = max(sum(label != IGNORED for label in labels) for labels in rows["labels"])
    source = max(max(rows["length"]) - target, 0)
    micro_batch, checkpointing = int(training.micro_batch or 1), bool(training.gradient_checkpointing)
    return Work(micro_batch, source, target, training.lora.r, checkpointing)


def values_in_force(training: Training) -> dict[str, Any]:
    """The section `training` with the catalog's values in place of null, flat, and the effective batch."""
    values = asdict(training)
    lora = values.pop("lora")
    flat = {f"training.{key}": value for key, value in values.items()}
    flat |= {f"training.lora.{key}": value for key, value in lora.items()}
    return {**flat, "effective_batch": int(training.micro_batch or 0) * training.accumulation}


def _learned(model: Any, rows: Any) -> dict[str, int]:
    from dialsum.prompts.encode import IGNORED

    return {
        "trainable_parameters": sum(value.numel() for value in model.parameters() if value.requires_grad),
        "parameters": sum(value.numel() for value in model.parameters()),
        "rows": len(rows),
        "supervised_tokens": sum(label != IGNORED for labels in rows["labels"] for label in labels),
    }


def _from_log(log: list[dict[str, Any]]) -> dict[str, Any]:
    """Loss on train (last logged) and on dev after each epoch, and the largest gradient norm before clipping."""
    norms = [row["grad_norm"] for row in log if "grad_norm" in row]
    losses = [row["loss"] for row in log if "loss" in row]
    return {
        "last_loss": losses[-1],
        "eval_loss": [round(row["eval_loss"], 6) for row in log if "eval_loss" in row],
        "max_grad_norm": max(norms),
    }


def _write_curves(path: Path, log: list[dict[str, Any]]) -> None:
    """One row a logged step; an epoch's dev loss stands on the row of its last step."""
    import pandas as pd

    columns = ["step", "epoch", "loss", "eval_loss", "learning_rate", "grad_norm"]
    frame = pd.DataFrame(log, columns=pd.Index(columns)).groupby("step", as_index=False).first()
    with replacing(path) as part:
        frame.to_csv(part, index=False)
