"""Section `model`: which base model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from dialsum.params.strict import STRICT

# causal: a model goes on after a prompt. seq2seq: an encoder reads the dialogue, a decoder says the summary.
Family = Literal["causal", "seq2seq"]


@dataclass(frozen=True, config=STRICT)
class Model:
    """`name`: a file of catalog/ without its ending. `path`: a local folder in the hub's format for the weights."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    path: str | None
