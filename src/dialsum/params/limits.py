"""Section `limits`: what sets of experiments leave of this machine's disk."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from dialsum.params.strict import STRICT


@dataclass(frozen=True, config=STRICT)
class Limits:
    """For `dialsum experiments run`; no result depends on them.

    `disk_gb`: GB (1e9 bytes) that must be free, here and in the hub's cache, for a further experiment to begin.
    `free_cache`: delete a hub model from the cache when no further experiment of the set needs it.
    """

    disk_gb: Annotated[float, Field(ge=0)]
    free_cache: bool
