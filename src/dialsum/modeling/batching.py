"""Which rows go into a batch, and how they become one tensor.

Enters: rows `{"input_ids": […], "labels": […]}`. Leaves: tensors of shape (rows, longest), padded on the right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch.utils.data import Sampler

from dialsum.prompts.encode import IGNORED

# Length grouping sorts within this many batches: enough for batches of one length, few enough to stay random.
BATCHES_PER_GROUP = 50


@dataclass(frozen=True)
class Collator:
    """Pads rows to the longest of the batch. Padding goes by position: `pad == eos` masks no end token."""

    pad: int

    def __call__(self, rows: Sequence[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        """Tensors `input_ids`, `attention_mask` and `labels` (int64) of shape (rows, longest)."""
        longest = max(len(row["input_ids"]) for row in rows)

        def padded(key: str, value: int) -> torch.Tensor:
            return torch.tensor([row[key] + [value] * (longest - len(row[key])) for row in rows])

        mask = torch.tensor([[1] * len(row["input_ids"]) + [0] * (longest - len(row["input_ids"])) for row in rows])
        return {"input_ids": padded("input_ids", self.pad), "attention_mask": mask, "labels": padded("labels", IGNORED)}


def without_prompt_logits(batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor | int]:
    """What a causal model needs for the loss of the labels: logits from just before the batch's first label on.

    A quarter of the time of the tiny model went into the logits of prompts; over a vocabulary of 150,000 they are most
    of the memory. Nor does a causal model need the mask of padding that stands on the right.
    """
    labels = batch["labels"]
    first = int((labels != IGNORED).any(dim=0).int().argmax())
    kept = labels.shape[1] - max(first - 1, 0)
    return {"input_ids": batch["input_ids"], "labels": labels[:, -kept:], "logits_to_keep": kept}


class EpochSampler(Sampler[int]):
    """Row numbers in an order that depends on seed and epoch alone: a resumed run goes on with the same batches.

    (The stock length-grouped sampler draws from the global generator, and resumes with other batches in epoch two.)
    """

    def __init__(
        self, lengths: Sequence[int], batch_size: int, batching: Literal["padded", "length_grouped"], seed: int
    ) -> None:
        """`lengths`: tokens of each row; `batch_size`: rows of one micro-batch."""
        self.lengths, self.batch_size, self.batching, self.seed = lengths, batch_size, batching, seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before each epoch, the resumed one included."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Rows of an epoch."""
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        """Each row once."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        order = torch.randperm(len(self.lengths), generator=generator).tolist()
        if self.batching == "padded":
            return iter(order)
        return iter(self._grouped(order, generator))

    def _grouped(self, order: list[int], generator: torch.Generator) -> list[int]:
        """`order` cut into groups, each sorted by length and cut into batches, and the batches shuffled."""
        size = self.batch_size * BATCHES_PER_GROUP
        batches: list[list[int]] = []
        for start in range(0, len(order), size):
            group = sorted(order[start : start + size], key=lambda row: self.lengths[row], reverse=True)
            batches += [group[first : first + self.batch_size] for first in range(0, len(group), self.batch_size)]
        # Only the last batch may be short, and it must stay last: the loader cuts the stream every `batch_size` rows.
        short = [batches.pop()] if len(batches[-1]) < self.batch_size else []
        shuffled = torch.randperm(len(batches), generator=generator).tolist()
        return [row for number in shuffled for row in batches[number]] + [row for batch in short for row in batch]
