"""The base models to choose from: one file of catalog/ each.

Enters: catalog/NAME.yaml, such as catalog/qwen3-4b.yaml with `hub: Qwen/Qwen3-4B-Instruct-2507`. Leaves: an Entry.
`-S model.name=NAME` chooses it; adding a model is adding a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from dialsum.errors import InputError
from dialsum.params.strict import STRICT, parse, read_yaml

Count = Annotated[int, Field(gt=0)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]


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
class Shape:
    """What of a model's config.json decides how much memory it needs; a causal model has no encoder layers.

    Widths in numbers a token: `hidden` between layers, `queries` and `key_values` in attention (heads × size of a
    head), `intermediate` in the feed-forward part. `gated`: that part has two matrices into it, not one.
    `vocabulary`: rows of the embedding; `tied`: the output layer is the embedding, and not a matrix of its own.
    """

    encoder_layers: Annotated[int, Field(ge=0)]
    decoder_layers: Count
    hidden: Count
    queries: Count
    key_values: Count
    intermediate: Count
    gated: bool
    vocabulary: Count
    tied: bool


@dataclass(frozen=True, config=STRICT)
class Entry:
    """One base model: where it comes from, what it is, and its own rates, which `null` in params.yaml takes.

    `hub`: repository on the Hugging Face hub, null for a model that is trained here (`scratch`).
    `revision`: a commit of it, or null for its newest, which the base stage then pins in models/base/base.json.
    `family`: `causal` goes on with the prompt, `seq2seq` reads it with an encoder and writes with a decoder.
    `parameters`: how many numbers all its weights are, as 3.21e9.
    `chat_tokens`: tokens of its chat format, which must be one id each; none where the format is plain text, as that of
    a base model, whose tokenizer has no chat template.
    `end_tokens`: the tokens that end a reply, one id each too; training teaches the first.
    `dropout`: of its own layers in training, null for what its config.json says. `micro_batch`: rows that fit 24 GB of
    GPU memory (modeling/memory).
    """

    hub: str | None
    revision: str | None
    family: Literal["causal", "seq2seq"]
    architecture: str
    parameters: Positive
    licence: str
    dtype: Literal["float32", "bfloat16", "float16"]
    shape: Shape
    chat_tokens: list[str]
    end_tokens: Annotated[list[str], Field(min_length=1)]
    lora_targets: list[str]
    lora_dropout: Share
    dropout: Share | None
    learning_rate: Positive
    micro_batch: Count
    gradient_checkpointing: bool
    scratch: Scratch | None


def read_entry(path: Path) -> Entry:
    """The entry in a file. Raises InputError that names file and key if it is not one."""
    return parse(Entry, read_yaml(path), str(path))


def read_catalog(folder: Path) -> dict[str, Entry]:
    """All entries of a folder by name, smallest model first. Raises InputError if there is none, or one is wrong."""
    entries = {path.stem: read_entry(path) for path in sorted(folder.glob("*.yaml"))}
    if not entries:
        raise InputError(f"{folder}: has no model (NAME.yaml); call this in the folder of the repository")
    return dict(sorted(entries.items(), key=lambda item: item[1].parameters))
