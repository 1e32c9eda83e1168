"""Rules that `generate` follows token by token: what may come next in a summary, and what is drawn.

Enters: the tokens so far and a score for each token of the vocabulary. Leaves: the scores, -inf for what may not come.

All look at the summary alone. transformers' own settings count the prompt too, and so forbid to take over what the
dialogue says: with `no_repeat_ngram_size` 6 the share of facts stated fell by half.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    NoRepeatNGramLogitsProcessor,
    PreTrainedTokenizerBase,
    RepetitionPenaltyLogitsProcessor,
    StoppingCriteria,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from dialsum.corpus.sentences import surely_ends
from dialsum.modeling.foreign import ForeignBlock, homes

if TYPE_CHECKING:
    from dialsum.modeling.decoding import Summarizer

_FEW, _PATIENCE = 4, 1.25  # one row in four may be left, when the batch has gone on by a quarter


def make_rules(
    summarizer: Summarizer, texts: Sequence[str], bounds: Sequence[int], seeds: Sequence[int], before: int
) -> LogitsProcessorList:
    """The rules that are in force, in the order of transformers' own.

    One item a row: `texts`, the dialogues; `bounds`, tokens (or none for all); `seeds`, of sampling. `before`: tokens
    before the summary, padding included.
    """
    generation = summarizer.generation
    # An end token may stand above the number of tokens, where a tokenizer's ids have gaps.
    rules = LogitsProcessorList([NoUnknown(max(len(summarizer.tokenizer), *(number + 1 for number in summarizer.end)))])
    if generation.repetition_penalty != 1:
        rules.append(RepetitionPenaltyLogitsProcessor(generation.repetition_penalty, prompt_ignore_length=before))
    if generation.no_repeat_ngram_size:
        rules.append(NoRepeatInSummary(generation.no_repeat_ngram_size, before))
    if summarizer.foreign:
        rules.append(ForeignBlock(summarizer.foreign, homes(texts, generation.foreign_tokens), before))
    if bounds:
        rules.append(NoSentenceBeyond(bounds, summarizer.tokenizer, summarizer.end, before))
    if generation.do_sample:
        if generation.temperature != 1:
            rules.append(TemperatureLogitsWarper(generation.temperature))
        if generation.top_k:
            rules.append(TopKLogitsWarper(generation.top_k))
        if generation.top_p < 1:
            rules.append(TopPLogitsWarper(generation.top_p))
        rules.append(Draw(seeds, generation.max_new_tokens, before))
    return rules


class NoUnknown(LogitsProcessor):
    """No id that the tokenizer lacks: hub models have rows beyond it in their embeddings (Qwen3-4B 267), never trained.

    Decoding makes nothing of such an id, and other rules do not know it.
    """

    def __init__(self, size: int) -> None:
        """`size`: ids from 0 that the tokenizer knows."""
        self.size = size

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """`scores` (rows, vocabulary) for the next token."""
        scores[:, self.size :] = -torch.inf
        return scores


class NoRepeatInSummary(NoRepeatNGramLogitsProcessor):
    """No n-gram of tokens twice in a summary."""

    def __init__(self, size: int, prompt_length: int) -> None:
        """`size`: tokens of an n-gram; `prompt_length`: tokens before the summary, padding included."""
        super().__init__(size)
        self.prompt_length = prompt_length

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """`scores` (rows, vocabulary) for the next token after `input_ids` (rows, prompt and summary so far)."""
        barred: torch.Tensor = super().__call__(input_ids[:, self.prompt_length :], scores)
        return barred


class NoSentenceBeyond(LogitsProcessor):
    """A summary that has as many tokens as its bound ends with the sentence that it is in: no other one may begin."""

    def __init__(
        self, bounds: Sequence[int], tokenizer: PreTrainedTokenizerBase, end: Sequence[int], prompt_length: int
    ) -> None:
        """`bounds`: tokens, one number a row; `end`: ids that end a summary, the first of which is said."""
        self.bounds, self.tokenizer, self.end, self.prompt_length = bounds, tokenizer, end, prompt_length

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """`scores` (rows x beams, vocabulary) for the next token after `input_ids` (rows x beams, tokens)."""
        said, beams = input_ids.shape[1] - self.prompt_length, scores.shape[0] // len(self.bounds)
        for place in range(scores.shape[0]):
            if said < self.bounds[place // beams]:
                continue
            if surely_ends(str(self.tokenizer.decode(input_ids[place, self.prompt_length :]))):
                scores[place] = -torch.inf
                scores[place, self.end[0]] = 0  # certain, whatever the model thought of it
        return scores


class Draw(LogitsProcessor):
    """Leaves one token a row, drawn with the probabilities that the scores say.

    Each row has random numbers of its own, one for each token: what is drawn for a dialogue does not hang on the batch
    in which it stands, nor on what was drawn before. (torch.multinomial has one generator for all rows.)
    """

    def __init__(self, seeds: Sequence[int], length: int, prompt_length: int) -> None:
        """`seeds`: one a row (`seed_of`); `length`: most tokens of a summary."""
        numbers = [torch.rand(length, generator=torch.Generator().manual_seed(seed)).double() for seed in seeds]
        self.numbers, self.prompt_length = torch.stack(numbers), prompt_length

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """`scores` (rows, vocabulary) for the next token after `input_ids` (rows, tokens)."""
        heights = scores.double().softmax(dim=-1).cumsum(dim=-1)
        number = self.numbers[:, input_ids.shape[1] - self.prompt_length].to(scores.device)
        # The first token whose height is above the number: one of probability 0 is never that.
        drawn = torch.searchsorted(heights, (number * heights[:, -1])[:, None], right=True)
        return torch.full_like(scores, -torch.inf).scatter_(1, drawn, 0.0)


class MostEnded(StoppingCriteria):
    """Ends a batch where a few rows go on and on: when a quarter more steps have passed than three in four rows took.

    For one call of `generate`, without beams.
    """

    def __init__(self, end: Sequence[int]) -> None:
        """`end`: ids that end a summary."""
        self.end, self.ended = torch.tensor(end), torch.zeros(0, dtype=torch.bool)
        self.steps, self.most = 0, torch.inf

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **_: object) -> torch.Tensor:  # noqa: ARG002
        """For each row of `input_ids` (rows, tokens), the last one just said, whether the batch ends here."""
        said = torch.isin(input_ids[:, -1], self.end.to(input_ids.device))
        self.ended = said | self.ended.to(said.device) if self.steps else said
        self.steps += 1
        if self.most == torch.inf and len(said) - int(self.ended.sum()) <= len(said) // _FEW:
            self.most = self.steps * _PATIENCE
        return torch.full_like(said, self.steps >= self.most)


def seed_of(seed: int, source: Sequence[int], sample: int) -> int:
    """A seed of its own for each sample of each prompt (its token ids)."""
    digest = hashlib.sha256(json.dumps([seed, list(source), sample]).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
