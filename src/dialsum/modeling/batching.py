"""Which rows go into a batch, and how they become one tensor.

Enters: rows `{"input_ids": […], "labels": […]}`. Leaves: tensors of shape (rows, tokens), filled up on the right. Three
samples of 5, 3 and 2 tokens, padded and packed:

    padded                    packed
    a a a a a                 a a a a a
    b b b . .                 b b b c c      positions 0 1 2 0 1
    c c . . .

In all three batchings an optimizer step holds the same number of samples, so what changes is the speed alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch.utils.data import Sampler

from dialsum.prompts.encode import IGNORED

Row = Mapping[str, list[int]]
Lengths = Mapping[str, Sequence[int]]  # a row, or ranges as long as its lists, where only their lengths count
Batching = Literal["padded", "length_grouped", "packed"]

# Length grouping sorts within this many batches: enough for batches of one length, few enough to stay random.
BATCHES_PER_GROUP = 50


def fill(sequences: Sequence[Sequence[int]], value: int) -> torch.Tensor:
    """Sequences as one int64 tensor (sequences, longest), the shorter ones filled up on the right with `value`."""
    longest = max(map(len, sequences))
    return torch.tensor([[*sequence, *[value] * (longest - len(sequence))] for sequence in sequences])


@dataclass(frozen=True)
class Collator:
    """One sample a row. Padding goes by position: `pad == eos` masks no end token."""

    pad: int

    def __call__(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        """`input_ids`, `attention_mask` (rows, longest) and `labels`, for a causal model of the same shape."""
        return {
            "input_ids": fill([row["input_ids"] for row in rows], self.pad),
            "attention_mask": fill([[1] * len(row["input_ids"]) for row in rows], 0),
            "labels": fill([row["labels"] for row in rows], IGNORED),
        }

    def size(self, rows: Sequence[Lengths]) -> int:
        """Tokens of the batch, padding among them."""
        return len(rows) * _longest(rows, "input_ids")


@dataclass(frozen=True)
class PairCollator:
    """Sources and targets of a seq2seq model, each padded to its longest. `shift` makes what the decoder reads."""

    pad: int
    shift: Callable[[torch.Tensor], torch.Tensor]

    def __call__(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        """`input_ids` and its mask (rows, longest source), `labels` and `decoder_input_ids` (rows, longest target)."""
        labels = fill([row["labels"] for row in rows], IGNORED)
        return {
            "input_ids": fill([row["input_ids"] for row in rows], self.pad),
            "attention_mask": fill([[1] * len(row["input_ids"]) for row in rows], 0),
            "labels": labels,
            "decoder_input_ids": self.shift(labels),  # a model makes it from labels itself, but not if the loss is ours
        }

    def size(self, rows: Sequence[Lengths]) -> int:
        """Tokens of the batch, of sources and targets, padding among them."""
        return len(rows) * (_longest(rows, "input_ids") + _longest(rows, "labels"))


@dataclass(frozen=True)
class Packing:
    """Samples behind each other in rows, each with positions that begin at 0: by these the model keeps them apart.

    There is no attention mask: transformers makes one of blocks from the positions (`create_causal_mask`), and only if
    none is given. `width` is the model's hidden size; None packs all into one row, for attention that needs no dense
    mask (flash, flex).
    """

    pad: int
    width: int | None

    def __call__(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        """`input_ids`, `position_ids` and `labels`, of shape (packed rows, longest)."""
        lengths, bins = self._bins(rows)

        def joined(key: str) -> list[list[int]]:
            return [[token for place in places for token in rows[place][key]] for places in bins]

        positions = [[position for place in places for position in range(lengths[place])] for places in bins]
        # What fills a row up stands at position 0, again and again: each a sample of its own that no other sees.
        return {
            "input_ids": fill(joined("input_ids"), self.pad),
            "position_ids": fill(positions, 0),
            "labels": fill(joined("labels"), IGNORED),
        }

    def size(self, rows: Sequence[Lengths]) -> int:
        """Tokens of the batch, padding among them."""
        lengths, bins = self._bins(rows)
        return len(bins) * max(sum(lengths[place] for place in places) for places in bins)

    def _bins(self, rows: Sequence[Lengths]) -> tuple[list[int], list[list[int]]]:
        """Tokens of each sample, and the places of the samples of each packed row."""
        lengths = [len(row["input_ids"]) for row in rows]
        return lengths, [list(range(len(rows)))] if self.width is None else pack(lengths, self.width)


def _longest(rows: Sequence[Lengths], key: str) -> int:
    return max(len(row[key]) for row in rows)


def pack(lengths: Sequence[int], width: int) -> list[list[int]]:
    """Places of samples in the rows that cost a model of hidden size `width` the least.

    Each sample, the longest first, goes into the row that is shortest so far (longest processing time first: Graham
    1969, "Bounds on multiprocessing timing anomalies"). How many rows there are is tried out.
    """
    order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    choices = [_spread(order, lengths, count) for count in range(1, len(lengths) + 1)]
    return min(choices, key=lambda rows: _cost(rows, lengths, width))


def _spread(order: Sequence[int], lengths: Sequence[int], count: int) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in range(count)]
    sizes = [0] * count
    for place in order:
        row = sizes.index(min(sizes))
        rows[row].append(place)
        sizes[row] += lengths[place]
    return rows


def _cost(rows: Sequence[Sequence[int]], lengths: Sequence[int], width: int) -> float:
    """Operations, up to a factor: a token costs a layer some 26 width² for its weights (attention 8, a gated network of
    three times the width 18), and 4 width for each token of its row, masked or not.
    """
    longest = max(sum(lengths[place] for place in row) for row in rows)
    return len(rows) * longest * (1 + longest / (6.5 * width))


def without_prompt_logits(batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor | int]:
    """What a causal model needs for the loss of the labels: no logits of prompts, as far as that goes.

    A quarter of the time of the tiny model went into the logits of prompts; over a vocabulary of 150,000 they are most
    of the memory. Nor does a causal model need the mask of padding that stands on the right.
    """
    if "position_ids" in batch:
        return _packed_without_prompt_logits(batch)
    labels = batch["labels"]
    first = int((labels != IGNORED).any(dim=0).int().argmax())
    kept = labels.shape[1] - max(first - 1, 0)
    return {"input_ids": batch["input_ids"], "labels": labels[:, -kept:], "logits_to_keep": kept}


def _packed_without_prompt_logits(batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor | int]:
    """Logits where any row has a label on the next token.

    A loss compares each logit with the label that stands one place further; so the labels get a place before the
    first, and the logits one after the last, that count for nothing.
    """
    labels = batch["labels"]
    wanted = (labels[:, 1:] != IGNORED).any(dim=0).nonzero().flatten()
    if not len(wanted):
        wanted = torch.zeros(1, dtype=torch.int64, device=labels.device)
    before = torch.full_like(labels[:, :1], IGNORED)
    return {
        "input_ids": batch["input_ids"],
        "position_ids": batch["position_ids"],
        "labels": torch.cat([before, labels[:, wanted + 1]], dim=1),
        "logits_to_keep": torch.cat([wanted, wanted[-1:]]),
        "use_cache": False,  # with a cache transformers takes the positions for those of one sample
    }


class EpochSampler(Sampler[int]):
    """Row numbers in an order that depends on seed and epoch alone: a resumed run goes on with the same batches.

    (The stock length-grouped sampler draws from the global generator, and resumes with other batches in epoch two.)
    """

    def __init__(
        self, lengths: Sequence[int], batch_size: int, batching: Batching, seed: int, multiple: int = 1
    ) -> None:
        """`lengths`: tokens of each row; `batch_size`: rows of one micro-batch.

        An epoch ends with as many fillers, each the row after the last, as give it a `multiple` of rows: several
        processes then have as many batches each, and the library need not take rows twice.
        """
        self.lengths, self.batch_size, self.batching, self.seed = lengths, batch_size, batching, seed
        self.fillers = -len(lengths) % multiple
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before each epoch, the resumed one included."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Rows of an epoch."""
        return len(self.lengths) + self.fillers

    def __iter__(self) -> Iterator[int]:
        """Each row once."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        order = torch.randperm(len(self.lengths), generator=generator).tolist()
        if self.batching == "length_grouped":
            order = self._grouped(order, generator)
        return iter([*order, *[len(self.lengths)] * self.fillers])

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
