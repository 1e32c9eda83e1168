"""A cache of keys and values with room for the tokens to come.

Enters: a causal model's configuration. Leaves: a Cache for one call of `generate`.

transformers' own cache makes new tensors for each token and copies all that came before: for 32 prompts and a tiny
model on a CPU that was an eighth of the time. The numbers are the same.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

_AHEAD = 64  # tokens that there is room for at once


class RoomyLayer(DynamicLayer):
    """Writes new keys and values behind the others, in place as long as there is room."""

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        *_: Any,
        **__: Any,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """All keys and values so far, of shape (rows, heads, tokens, size), the new ones last."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self.keys = self._append("room_of_keys", self.keys, key_states)
        self.values = self._append("room_of_values", self.values, value_states)
        return self.keys, self.values

    def _append(self, name: str, before: torch.Tensor | None, new: torch.Tensor) -> torch.Tensor:
        start = 0 if before is None or not before.numel() else before.shape[-2]
        end = start + new.shape[-2]
        room = getattr(self, name, None)
        if room is None or end > room.shape[-2]:
            room = new.new_empty((*new.shape[:2], end + _AHEAD, new.shape[-1]))
            if before is not None and start:
                room[:, :, :start] = before
            setattr(self, name, room)
        room[:, :, start:end] = new
        return room[:, :, :end]


def roomy_cache(config: Any) -> DynamicCache:
    """The cache that transformers takes for this model, but for its plain layers. Not for beam search."""
    cache = DynamicCache(config=config)
    cache.layers = [
        RoomyLayer() if type(layer) is DynamicLayer else layer  # type: ignore[no-untyped-call]
        for layer in cache.layers
    ]
    return cache
