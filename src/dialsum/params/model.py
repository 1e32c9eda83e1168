"""Section `model`: which base model."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from dialsum.params.strict import STRICT


@dataclass(frozen=True, config=STRICT)
class Model:
    """`name`: a file of catalog/ without its ending. `path`: a local folder in the hub's format for the weights."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    path: str | None
