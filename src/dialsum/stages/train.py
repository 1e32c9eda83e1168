"""Stage train: tune the base model on the tokenized rows.

In: data/tokenized, models/base, the catalog's entry. Out: models/trained (a LoRA adapter, or all weights for `full`,
and trained.json with the values in force), metrics/train.json, plots/training.csv, and metrics/train_speed.json and
plots/training_speed.csv, which alone hold what differs between two equal runs. Method `none` trains nothing and says so
in trained.json.
"""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
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
    from dialsum.modeling.training import Tuned


@click.command()
@click.option("--tokenized", type=click.Path(path_type=Path), required=True)
@click.option("--base", type=click.Path(path_type=Path), required=True)
@click.option("--entry", type=click.Path(path_type=Path), required=True)
@click.option("--trained", type=click.Path(path_type=Path), required=True)
@click.option("--metrics", type=click.Path(path_type=Path), required=True)
@click.option("--speed", type=click.Path(path_type=Path), required=True)
@click.option("--curves", type=click.Path(path_type=Path), required=True)
@click.option("--pace", type=click.Path(path_type=Path), required=True)
def main(
    tokenized: Path, base: Path, entry: Path, trained: Path, metrics: Path, speed: Path, curves: Path, pace: Path
) -> None:
    """Train, or go on with, the model that params.yaml asks for."""
    from dialsum.modeling.catalog import read_entry
    from dialsum.modeling.choice import in_force
    from dialsum.modeling.launching import launch
    from dialsum.modeling.processes import end_with_launcher, is_first, is_launched, is_sharded
    from dialsum.workspace import fingerprint, unfinished, unfinished_folder

    chosen = read_entry(entry)
    training = in_force(load(Path("params.yaml"), "training", Training), chosen)
    if training.processes > 1 and training.method != "none" and not is_launched():
        launch(training, chosen.family, ["dialsum.stages", *sys.argv[1:]])
        return
    if is_launched():
        end_with_launcher()
    if is_first() and training.method != "none":
        click.echo(in_words(training))
    # The checkpoints go when all outputs stand: killed in between, the next run finds the last one and repeats no step.
    name = fingerprint([tokenized, base], [training, is_sharded()])
    if not is_first():
        tune(training, chosen, tokenized, base, unfinished_folder("train", name), entry.stem)
        return
    with unfinished("train", name) as checkpoints:
        trains = training.method != "none"
        outcome = tune(training, chosen, tokenized, base, checkpoints, entry.stem) if trains else UNTRAINED
        with replacing(trained) as part:
            part.mkdir()
            if outcome.model is not None:
                outcome.model.save_pretrained(part, state_dict=outcome.weights)
                (part / "README.md").unlink(missing_ok=True)  # peft's empty form of a model card
            write_json(part / "trained.json", {"method": training.method, "in_force": values_in_force(training)})
        write_json(metrics, {"method": training.method, **outcome.figures})
        write_json(speed, outcome.times)
        _write_curves(curves, outcome.log)
        _write_pace(pace, checkpoints)


@dataclass(frozen=True)
class Outcome:
    """The tuned model, and its `weights` if it does not hold them whole; figures that two equal runs share, times that
    they do not, and the trainer's log.
    """

    model: Any
    weights: dict[str, Any] | None
    figures: dict[str, Any]
    times: dict[str, Any]
    log: list[dict[str, Any]]


UNTRAINED = Outcome(None, None, {"steps": 0}, {"seconds": 0.0}, [])


def tune(training: Training, entry: Entry, tokenized: Path, base: Path, checkpoints: Path, model: str) -> Outcome:
    """Train the base model on the tokenized rows. `model`: its name in catalog/, for the run of its curves."""
    from dialsum.modeling.processes import is_first, is_sharded, take_gpu

    take_gpu()  # first of all: bitsandbytes, which others import, asks CUDA for its devices

    import torch
    from datasets import load_from_disk

    from dialsum.modeling import figures
    from dialsum.modeling.adapter import prepare
    from dialsum.modeling.gpu import check_training
    from dialsum.modeling.isolation import fastest_isolating
    from dialsum.modeling.loading import end_ids, load_base, load_tokenizer
    from dialsum.modeling.trainers import Lesson
    from dialsum.modeling.training import train
    from dialsum.records import live
    from dialsum.records.naming import experiment_name

    torch.set_num_threads(training.threads)
    splits = load_from_disk(str(tokenized))
    parted = is_sharded()
    if not parted:  # else no GPU needs room for the whole
        check_training(entry, training.method, lambda: longest_step(splits["train"], training))
    tokenizer = load_tokenizer(base)
    lesson = Lesson(splits["train"], splits["dev"], tokenizer, end_ids(tokenizer, base))
    attention = fastest_isolating(entry.dtype, training.method) if training.batching == "packed" else None
    place = torch.device("cpu") if parted else None  # each GPU gets its part of it
    values = values_in_force(training)
    curves = live.curves(experiment_name(model, values), checkpoints, values) if is_first() else nullcontext()
    with curves as callback:
        start = time.perf_counter()
        tuned = train(
            lambda: prepare(load_base(base, training.method, attention, place), training),
            lesson,
            training,
            checkpoints,
            [callback] if callback else [],
        )
        seconds = time.perf_counter() - start
    found = {
        "steps": tuned.steps,
        "best_step": tuned.best_step,
        "micro_batch": tuned.micro_batch,
        "accumulation": tuned.accumulation,
        **figures.of_model(tuned.model),
        **tuned.rows,
        **figures.of_log(tuned.log),
    }
    return Outcome(tuned.model, tuned.weights, found, _times(tuned, seconds, checkpoints), tuned.log)


def _times(tuned: Tuned, seconds: float, checkpoints: Path) -> dict[str, Any]:
    """What depends on the machine; of several processes, on the first.

    `seconds` are those of this run, with loading and evaluations; all else is by the steps themselves, those too that a
    run took before it was killed, so that a resumed training compares with a whole one.
    """
    import resource

    import torch

    from dialsum.modeling import pace

    cuda = torch.cuda.is_available()
    unit = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss
    peak = torch.cuda.max_memory_allocated() if cuda else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    speed, rows = pace.tokens_per_second(checkpoints), tuned.rows
    epochs = max(row["epoch"] for row in tuned.log)
    return {
        "seconds": round(seconds, 1),
        "seconds_per_epoch": speed and round(rows["tokens"] / speed, 1),
        "tokens_per_second": speed and round(speed),
        "supervised_tokens_per_second": speed and round(speed * rows["supervised_tokens"] / rows["tokens"]),
        "steps_per_second": speed and round(speed * tuned.steps / (epochs * rows["tokens"]), 3),
        "resumed_from_step": tuned.resumed_from,
        "peak_memory_mib": round(peak / 2**20),
        "device": torch.cuda.get_device_name() if cuda else "cpu",
    }


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
    return {**flat, "effective_batch": training.effective_batch}


def in_words(training: Training) -> str:
    """The values that matter most, as they are in force."""
    return (
        f"{training.method}, {training.trainer}, {training.batching}: effective batch {training.effective_batch} = "
        f"{training.micro_batch} rows × {training.accumulation} accumulated; learning rate {training.learning_rate:g} "
        f"({training.scheduler}), {training.epochs:g} epochs"
    )


def _write_curves(path: Path, log: list[dict[str, Any]]) -> None:
    """One row a logged step; an epoch's dev loss stands on the row of its last step."""
    import pandas as pd

    columns = ["step", "epoch", "loss", "eval_loss", "eval_rouge_sum", "learning_rate", "grad_norm"]
    frame = pd.DataFrame(log, columns=pd.Index(columns)).groupby("step", as_index=False).first()
    with replacing(path) as part:
        frame.to_csv(part, index=False)


def _write_pace(path: Path, checkpoints: Path) -> None:
    """The tokens a second on the way; no line where nothing was trained."""
    from dialsum.modeling import pace

    measured = checkpoints / pace.FILE
    with replacing(path) as part:
        part.write_text(measured.read_text(encoding="utf-8") if measured.exists() else pace.HEADER, encoding="utf-8")
