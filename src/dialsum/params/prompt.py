"""Sections `prompt` and `tokenize`: what a model reads of a dialogue."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from dialsum.params.strict import STRICT

Format = Literal["plain", "structured", "alpaca"]
System = Literal["none", "simple", "strict"]
Instruction = Annotated[int, Field(ge=1, le=5)]
Truncation = Literal["tail", "head", "middle"]


@dataclass(frozen=True, config=STRICT)
class Prompt:
    """How a dialogue is asked for (texts: prompts/render). All but `prefix` is for causal models; a seq2seq model
    reads the bare dialogue after `prefix`.

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


@dataclass(frozen=True, config=STRICT)
class Tokenize:
    """Bounds in tokens. A prompt over `max_source_tokens` loses turns, a target over `max_target_tokens` its end.

    `truncation`: where the turns go from, the dialogue's end (tail), its beginning (head) or its middle.
    """

    max_source_tokens: Annotated[int, Field(ge=64)]
    max_target_tokens: Annotated[int, Field(ge=8)]
    truncation: Truncation
