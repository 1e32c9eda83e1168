"""Sections `prompt` and `tokenize`: what a model reads of a dialogue."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from dialsum.params.strict import STRICT

Format = Literal["plain", "structured"]
System = Literal["none", "simple", "strict"]


@dataclass(frozen=True, config=STRICT)
class Prompt:
    """`format`: how the user message is laid out. `system`: which system message stands before it.

    Both are for causal models; a seq2seq model reads the bare dialogue.
    """

    format: Format
    system: System


@dataclass(frozen=True, config=STRICT)
class Tokenize:
    """Bounds in tokens. A prompt over `max_source_tokens` loses turns, a target over `max_target_tokens` its end."""

    max_source_tokens: Annotated[int, Field(ge=64)]
    max_target_tokens: Annotated[int, Field(ge=8)]
