"""Sections `prompt` and `tokenize`: what a model reads of a dialogue."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from dialsum.params.model import Family
from dialsum.params.strict import STRICT

Format = Literal["plain", "structured", "alpaca"]
System = Literal["none", "simple", "strict"]
Instruction = Annotated[int, Field(ge=1, le=5)]
Truncation = Literal["tail", "head", "middle"]


@dataclass(frozen=True, config=STRICT)
class Prompt:
    """How a dialogue is asked for (texts: prompts/render). All but `prefix` is for causal models; a seq2seq model
    reads the bare dialogue after `prefix`. A value that the model does not heed is refused (`without_effect`).

    `instruction`: which of five wordings. `augment_instructions`: train on all five; what is evaluated has the first.
    `topic`: whether the structured format names it. `topic_dropout`: the share of training dialogues that lose it where
    `topic` is dropout. `shots`: so many solved examples of train come first.
    """

    format: Format
    system: System
    instruction: Instruction
    augment_instructions: bool
    topic: Literal["never", "when_all_splits_have_it", "dropout"]
    topic_dropout: Annotated[float, Field(ge=0, lt=1)]
    shots: Annotated[int, Field(ge=0)]
    prefix: str

    @model_validator(mode="after")
    def _evaluated_on_the_first(self) -> Prompt:
        if self.augment_instructions and self.instruction != 1:
            raise ValueError(
                f"augment_instructions trains on all five instructions and evaluates on the first: set instruction to "
                f"1, not {self.instruction}, or augment_instructions to false"
            )
        return self

    @model_validator(mode="after")
    def _topic_has_a_place(self) -> Prompt:
        if self.topic != "never" and self.format != "structured":
            raise ValueError(
                f"topic is for format structured, which alone has a place for it, and format is {self.format}; set "
                "format to structured, or topic to never"
            )
        return self


NEUTRAL = {
    "format": "plain",
    "system": "none",
    "instruction": 1,
    "augment_instructions": False,
    "topic": "never",
    "shots": 0,
    "prefix": "",
}


def without_effect(prompt: Prompt, family: Family) -> list[str]:
    """`key: value: why it has no effect and what to do`, for each value that a model of this family does not heed."""
    match family:
        case "causal":
            heeded = NEUTRAL.keys() - {"prefix"}
            reason = "a causal model is asked in the words of prompt.format"
        case "seq2seq":
            heeded = {"prefix"}
            reason = "a seq2seq model reads the bare dialogue, after prompt.prefix"
    return [
        f"{key}: {_yaml(getattr(prompt, key))}: has no effect: {reason}; set it to {_yaml(neutral)}"
        for key, neutral in NEUTRAL.items()
        if key not in heeded and getattr(prompt, key) != neutral
    ]


def _yaml(value: object) -> str:
    """A value as it stands in params.yaml."""
    return value if isinstance(value, str) and value.isidentifier() else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, config=STRICT)
class Tokenize:
    """Bounds in tokens. A prompt over `max_source_tokens` loses turns, a target over `max_target_tokens` its end.

    `truncation`: where the turns go from, the dialogue's end (tail), its beginning (head) or its middle.
    """

    max_source_tokens: Annotated[int, Field(ge=64)]
    max_target_tokens: Annotated[int, Field(ge=8)]
    truncation: Truncation
