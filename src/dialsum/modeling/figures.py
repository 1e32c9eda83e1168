"""What a training was, in figures.

Enters: the trained model, the rows in their batches, the trainer's log. Leaves: what two equal runs share, as
metrics/train.json has it; what depends on the machine is not among it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from datasets import Dataset

from dialsum.errors import InputError
from dialsum.modeling.batching import Lengths
from dialsum.prompts.encode import IGNORED

SPIKE = 1.5  # a gradient norm above it is one
Log = Sequence[Mapping[str, Any]]


def of_model(model: Any) -> dict[str, int]:
    """Numbers of parameters: those that are trained, and all. Weights of 4 bits count as they were."""
    trainable, total = model.get_nb_trainable_parameters() if hasattr(model, "peft_config") else (0, 0)
    if not total:
        total = sum(value.numel() for value in model.parameters())
        trainable = sum(value.numel() for value in model.parameters() if value.requires_grad)
    return {"trainable_parameters": trainable, "parameters": total}


@dataclass(frozen=True)
class Rows:
    """Tokens of the rows of a split: how many each has, and how many of all are supervised."""

    lengths: list[Lengths]
    supervised: int


def read(rows: Dataset, end: Sequence[int], split: str) -> Rows:
    """Look through the rows once. Raises InputError unless the last label of each is one of `end`.

    A model that never saw the token that ends a summary never stops. So no row, and no batch, is without a label.
    """
    lengths: list[Lengths] = []
    supervised = 0
    for number, row in enumerate(rows.select_columns(["input_ids", "labels"]).with_format("numpy")):
        labels = row["labels"]
        if not len(labels) or labels[-1] not in end:
            raise InputError(
                f"data/tokenized: {split}: row {number}: its last label is not the token that ends a summary; run "
                "`dvc repro --force --single-item tokenize` to make it anew"
            )
        lengths.append({"input_ids": range(len(row["input_ids"])), "labels": range(len(labels))})
        supervised += int((labels != IGNORED).sum())
    return Rows(lengths, supervised)


def of_rows(rows: Rows, order: Iterable[int], batch_size: int, size: Callable[[list[Lengths]], int]) -> dict[str, Any]:
    """Tokens of an epoch whose rows come in `order`; `size` gives the tokens of a batch, padding among them.

    `padding_share`: of the tokens that the model computes, how many are padding.
    """
    lengths = rows.lengths
    places = [place for place in order if place < len(lengths)]  # a filler is no row
    starts = range(0, len(places), batch_size)
    computed = sum(size([lengths[place] for place in places[start : start + batch_size]]) for start in starts)
    tokens = sum(size([one]) for one in lengths)
    return {
        "rows": len(lengths),
        "tokens": tokens,
        "supervised_tokens": rows.supervised,
        "padding_tokens": computed - tokens,
        "padding_share": round(1 - tokens / computed, 4),
    }


def of_log(log: Log) -> dict[str, Any]:
    """Losses and gradient norms (before clipping) of the logged steps, and the dev scores after each epoch.

    A step whose gradient overflowed in float16 changed nothing, and has no norm.
    """
    steps = [row for row in log if "loss" in row]
    norms = [row["grad_norm"] for row in steps if math.isfinite(row["grad_norm"])]
    ends = [row["epoch"] for row in log if "eval_loss" in row]
    epochs = [
        [row["loss"] for row in steps if low < row["epoch"] <= high]
        for low, high in zip([0, *ends], ends, strict=False)
    ]
    figures = {
        "epochs": round(steps[-1]["epoch"], 4),
        "last_loss": steps[-1]["loss"],
        "epoch_loss": [round(fmean(losses), 6) for losses in epochs if losses],
        "max_grad_norm": max(norms, default=None),
        "overflowed_steps": len(steps) - len(norms),
        "grad_norm_spikes": sum(norm > SPIKE for norm in norms),
    }
    scores = {name: [round(row[name], 6) for row in log if name in row] for name in ("eval_loss", "eval_rouge_sum")}
    return figures | {name: values for name, values in scores.items() if values}
