"""What params.yaml and the catalog choose together.

Enters: section `training` with its nulls, and the model's entry. Leaves: the values in force, which are what is logged;
or an InputError for values that make no sense together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dialsum.errors import InputError
from dialsum.modeling.catalog import Entry
from dialsum.params.training import Training


def in_force(training: Training, entry: Entry) -> Training:
    """`training` with the catalog's values in place of null. Raises InputError if the model cannot be trained so."""
    chosen = replace(
        training,
        learning_rate=_choose(training.learning_rate, entry.learning_rate),
        dropout=_choose(training.dropout, entry.dropout),
        micro_batch=_choose(training.micro_batch, entry.micro_batch),
        gradient_checkpointing=_choose(training.gradient_checkpointing, entry.gradient_checkpointing),
        lora=replace(
            training.lora,
            targets=_choose(training.lora.targets, entry.lora_targets),
            dropout=_choose(training.lora.dropout, entry.lora_dropout),
        ),
    )
    if reason := senseless(chosen, entry):
        raise InputError(f"params.yaml: training.{reason}")
    return chosen


def _choose(value: Any, own: Any) -> Any:
    return own if value is None else value


def senseless(training: Training, entry: Entry) -> str | None:
    """The key of section `training`, with its nulls or without, that does not fit the others or the model, and why."""
    if training.method == "none":
        return None
    if training.method == "full" and (training.lora.rslora or training.lora.dora):
        return "lora.rslora, lora.dora: are ways of LoRA, and training.method is full; choose lora or qlora, or false"
    if entry.family == "seq2seq" and training.batching == "packed":
        return "batching: packed: a seq2seq model cannot keep packed samples apart; choose length_grouped"
    if entry.family == "seq2seq" and training.trainer == "sft":
        return "trainer: sft: TRL's SFTTrainer is for causal models; choose trainer"
    if training.trainer == "sft" and training.label_smoothing:
        return "label_smoothing: SFTTrainer would run the model twice for it; choose training.trainer=trainer, or 0.0"
    return None
