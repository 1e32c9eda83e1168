"""Section `validation`: when a row is set aside, and when that is too many."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from dialsum.params.strict import STRICT


@dataclass(frozen=True, config=STRICT)
class Validation:
    """`max_rejected_fraction`: more rows of a split set aside than this share, and the run stops.

    `max_dialogue_chars` and `max_summary_chars` bound what counts as a dialogue and as a summary. `known_masks` are
    names that stand between hashes for what was hidden; others are only counted.
    """

    max_rejected_fraction: Annotated[float, Field(ge=0, le=1)]
    max_dialogue_chars: Annotated[int, Field(gt=0)]
    max_summary_chars: Annotated[int, Field(gt=0)]
    known_masks: list[Annotated[str, Field(pattern=r"^[^\W\d_]+$")]]
