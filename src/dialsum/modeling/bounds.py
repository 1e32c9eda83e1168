"""How long a summary may be, by the length of its dialogue.

Enters: dialogues with references. Leaves: LengthBounds, as they stand in metrics/generation.json and beside a
registered model:

    {"dialogue_tokens": [150, 260], "summary_tokens": [45, 60, 95]}

A dialogue of up to 150 tokens then gets a summary of about 45: the sentence in which the 45th stands is the last one.
In the real data the two lengths correlate at 0.74, so that one bound for all is too wide for most.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dialsum.corpus.dialogue import Dialogue

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class LengthBounds:
    """`dialogue_tokens`: up to which length each group but the last goes, ascending. `summary_tokens`: its bound."""

    dialogue_tokens: list[int]
    summary_tokens: list[int]

    def of(self, dialogue_tokens: int) -> int:
        """The bound on the summary of a dialogue of that length."""
        return self.summary_tokens[bisect_left(self.dialogue_tokens, dialogue_tokens)]


def fit_bounds(
    tokenizer: PreTrainedTokenizerBase, dialogues: Iterable[Dialogue], bins: int, quantile: float
) -> LengthBounds:
    """The bounds that the references of `dialogues`, those of the train split, lead to."""
    pairs = [(dialogue.text(), text) for dialogue in dialogues for text in dialogue.references]
    sizes = [count_tokens(tokenizer, [pair[side] for pair in pairs]) for side in (0, 1)]
    return bounds_of(sizes[0], sizes[1], bins, quantile)


def bounds_of(dialogues: Sequence[int], summaries: Sequence[int], bins: int, quantile: float) -> LengthBounds:
    """The bounds from lengths in tokens: groups of about as many rows each, and in each the quantile, a length that is.

    A longer dialogue never has a lower bound. Groups that would end at one length are one.
    """
    lengths, said = np.asarray(dialogues), np.asarray(summaries)
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    edges = np.unique(np.quantile(lengths, inner, method="lower")).astype(int)
    edges = edges[edges < lengths.max()]  # else the last group would be empty
    groups = np.searchsorted(edges, lengths)
    most = [np.quantile(said[groups == group], quantile, method="higher") for group in range(len(edges) + 1)]
    return LengthBounds([int(edge) for edge in edges], [int(bound) for bound in np.maximum.accumulate(most)])


def count_tokens(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[int]:
    """How many tokens each text has, special ones not counted."""
    return [len(ids) for ids in tokenizer(list(texts), add_special_tokens=False)["input_ids"]] if texts else []
