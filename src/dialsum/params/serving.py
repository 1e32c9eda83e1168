"""Section `serving`: what the served model takes, and how it takes several requests together."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from dialsum.params.strict import STRICT

Count = Annotated[int, Field(gt=0)]


@dataclass(frozen=True, config=STRICT)
class Serving:
    """`max_rows`, `max_chars`: dialogues of one request, and characters of each.

    `max_new_tokens`, `max_beams`: the most that a request may ask for; what the version does by itself may be more.
    `batch_rows`: dialogues, of whichever requests, that are decoded together; 1: each by itself.
    `batch_wait_ms`: how long an idle model waits for one more dialogue.
    `max_waiting`: dialogues that may wait for their turn; a request for which there is no room is refused.
    """

    max_rows: Count
    max_chars: Count
    max_new_tokens: Count
    max_beams: Count
    batch_rows: Count
    batch_wait_ms: Annotated[float, Field(ge=0, le=1000)]
    max_waiting: Count

    @model_validator(mode="after")
    def _room_for_one(self) -> Serving:
        if self.max_waiting < self.max_rows:
            raise ValueError(
                f"max_waiting ({self.max_waiting}) is less than max_rows ({self.max_rows}): a request of that size "
                "would always be refused"
            )
        return self
