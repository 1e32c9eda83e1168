"""The base models to choose from: one file of catalog/ each.

Enters: catalog/NAME.yaml. Leaves: an Entry. `-S model.name=NAME` chooses it; adding a model is adding a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from dialsum.params.strict import STRICT, parse, read_yaml

Count = Annotated[int, Field(gt=0)]
Positive = Annotated[float, Field(gt=0)]


@dataclass(frozen=True, config=STRICT)
class Lesson:
    """A part of a base model's training: that many steps, of that many rows each."""

    steps: Count
    batch: Count


@dataclass(frozen=True, config=STRICT)
class Scratch:
    """How a tiny model is made here: its shape, its tokenizer, and fixed steps on a synthetic corpus of its own.

    `practice` comes first, on random tokens to copy, then `reading`, on `rows` dialogues with summaries.
    """

    vocab_size: Count
    hidden_size: Count
    layers: Count
    heads: Count
    intermediate_size: Count
    rows: Count
    corpus_seed: int
    practice: Lesson
    reading: Lesson
    learning_rate: Positive
    warmup_steps: Count
    threads: Count
    seed: int


@dataclass(frozen=True, config=STRICT)
class Entry:
    """One base model: where it comes from, what it is, and its own rates, which `null` in params.yaml takes.

    `hub`: repository on the Hugging Face hub, null for a model that is trained here (`scratch`).
    `revision`: a commit of it, or null for its newest, which the base stage then pins in models/base/base.json.
    `end_tokens`: the tokens that end a reply, besides the tokenizer's own end token; `chat_tokens` must be one id each.
    """

    hub: str | None
    revision: str | None
    family: Literal["causal", "seq2seq"]
    architecture: str
    parameters: str
    licence: str
    dtype: Literal["float32", "bfloat16", "float16"]
    chat_tokens: list[str]
    end_tokens: list[str]
    lora_targets: list[str]
    lora_dropout: Annotated[float, Field(ge=0, lt=1)]
    learning_rate: Positive
    micro_batch: Count
    gradient_checkpointing: bool
    scratch: Scratch | None


def read_entry(path: Path) -> Entry:
    """The entry in a file. Raises InputError that names file and key if it is not one."""
    return parse(Entry, read_yaml(path), str(path))
