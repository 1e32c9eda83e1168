"""Teach a base model the task with transformers' Trainer, or TRL's; go on where a killed run stopped, to the same bits.

Enters: the base model made ready (`modeling.adapter`), tokenized rows, the values in force (`modeling.choice`).
Leaves: the tuned model as it was at its best evaluation, and the trainer's log, one row a logged step:
{"step", "loss", "grad_norm", "learning_rate"}.

The loss of a step is the mean over the supervised tokens of all its samples, however they are spread over micro-batches
and processes, in a last step with fewer samples too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch.distributed.tensor import DTensor
from transformers import PrinterCallback, ProgressCallback, TrainerCallback
from transformers.trainer import TRAINER_STATE_NAME

from dialsum.errors import InputError
from dialsum.modeling import best, figures
from dialsum.modeling.batching import EpochSampler
from dialsum.modeling.gpu import ran_out
from dialsum.modeling.pace import Pace
from dialsum.modeling.sharding import gather
from dialsum.modeling.trainers import Lesson, make_trainer
from dialsum.modeling.watching import Marker, Order, ProgressBar, Watch
from dialsum.params.training import Training


@dataclass(frozen=True)
class Tuned:
    """What training leaves. `steps`: optimizer steps; `best_step`: the one whose weights `model` has.

    `resumed_from`: the step it went on from, 0 for a fresh start. `micro_batch` and
    `accumulation`: what fitted into memory. `rows`: figures of the rows of an epoch (`figures.of_rows`). `weights`: all
    that learned, in the first process, of a model that is shared out (FSDP); else None, and `model` has it.
    """

    model: Any
    weights: dict[str, torch.Tensor] | None
    log: list[dict[str, Any]]
    steps: int
    best_step: int
    resumed_from: int
    micro_batch: int
    accumulation: int
    rows: dict[str, Any]


def train(
    make_model: Callable[[], Any],
    lesson: Lesson,
    training: Training,
    checkpoints: Path,
    callbacks: Sequence[TrainerCallback],
) -> Tuned:
    """Train the model that `make_model` gives; it is asked again, and the micro-batch is smaller, if memory runs out.

    Checkpoints go to the folder `checkpoints`; if a complete one is there, training goes on from it.
    Raises InputError when the loss is no longer a number, when not even single samples fit into memory, or when a row
    teaches no end.
    """
    rows = figures.read(lesson.rows, lesson.end, "train")
    figures.read(lesson.dev, lesson.end, "dev")
    fitting = training
    while True:
        try:
            return _train(make_model(), lesson, rows, training, fitting, checkpoints, callbacks)
        except RuntimeError as error:
            if not ran_out(error):
                raise
            reason = str(error)
            if training.processes > 1:  # the others would wait for this one
                raise InputError(_too_much(fitting, reason)) from error
        # Outside of the except clause: inside, the traceback would hold on to what filled the memory.
        torch.cuda.empty_cache()
        fitting = smaller(fitting, reason)
        print(
            f"out of memory: going on with training.micro_batch {fitting.micro_batch} and training.accumulation "
            f"{fitting.accumulation}; the effective batch stays {fitting.effective_batch}",
            file=sys.stderr,
        )


def smaller(training: Training, reason: str) -> Training:
    """Half the micro-batch (a third, a fifth, … of an odd one) and as much more accumulation."""
    size = int(training.micro_batch or 0)
    if size == 1:
        raise InputError(_too_much(training, reason))
    part = next(part for part in range(2, size + 1) if size % part == 0)
    return replace(training, micro_batch=size // part, accumulation=training.accumulation * part)


def _too_much(training: Training, reason: str) -> str:
    size = int(training.micro_batch or 0)
    smaller = "" if size == 1 else "a smaller training.micro_batch with as much more training.accumulation, "
    return (
        f"training: out of memory with a micro-batch of {size} ({reason.splitlines()[0]}): choose {smaller}a smaller "
        "model, training.method=qlora, training.gradient_checkpointing=true or a lower tokenize.max_source_tokens"
    )


def _train(
    model: Any,
    lesson: Lesson,
    read: figures.Rows,
    chosen: Training,
    fitting: Training,
    checkpoints: Path,
    callbacks: Sequence[TrainerCallback],
) -> Tuned:
    """One attempt. `fitting` has the micro-batch that memory allows; the order of rows is that of `chosen`."""
    goal = best.ROUGE if model.config.is_encoder_decoder else best.LOSS
    trainer = make_trainer(model, lesson, fitting, checkpoints)
    last = Marker.newest(checkpoints)  # the processes know of each other by now
    log = json.loads((last / TRAINER_STATE_NAME).read_text(encoding="utf-8"))["log_history"] if last else []
    # By the batches that were chosen: a run that goes on with smaller ones takes the rows in the same order.
    trainer.sampler = sampler_of(lesson.rows["length"], chosen)
    rows = figures.of_rows(read, trainer.sampler, int(fitting.micro_batch or 1), trainer.data_collator.size)
    tokens_per_step = rows["tokens"] * chosen.effective_batch / rows["rows"]
    for callback in (
        Order(trainer.sampler),
        Marker(),
        Watch(),
        ProgressBar(tokens_per_step),
        Pace(tokens_per_step, checkpoints),
        best.Best(goal, chosen.patience, checkpoints, log),
        *callbacks,
    ):
        trainer.add_callback(callback)
    # Their output is replaced by ProgressBar, which is silent when nobody watches.
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    if not best.is_over(log, goal, chosen.patience):  # else it was killed after its end
        trainer.train(resume_from_checkpoint=str(last) if last else None)
        log = trainer.state.log_history
    tuned = trainer.accelerator.unwrap_model(trainer.model)
    step = best.best_step(log, goal)
    best.restore(tuned, checkpoints, step)
    # A run that was killed after its end has not been shared out again.
    parted = any(isinstance(value, DTensor) for value in tuned.parameters())
    weights = gather(best.trained(tuned)) if parted else None
    trainer.accelerator.wait_for_everyone()  # the first process will remove the folder
    return Tuned(
        model=tuned,
        weights=weights,
        log=log,
        steps=max(row["step"] for row in log),
        best_step=step,
        resumed_from=int(last.name.rsplit("-", 1)[1]) if last else 0,
        micro_batch=int(fitting.micro_batch or 0),
        accumulation=fitting.accumulation,
        rows=rows,
    )


def sampler_of(lengths: Sequence[int], training: Training) -> EpochSampler:
    """The order in which rows are learned."""
    size = int(training.micro_batch or 1)
    multiple = size * training.processes if training.processes > 1 else 1
    return EpochSampler(lengths, size, training.batching, training.seed, multiple)
