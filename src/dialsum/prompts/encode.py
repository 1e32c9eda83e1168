"""From a dialogue to token ids: the same source for training, generation and serving.

Enters: a Dialogue, and a reference when training. Leaves: a Source, and `{"input_ids": […], "labels": […]}` where the
labels are -100 on the source and the target's ids, its end token included, after it:

    input_ids  <s> … <|im_start|> assistant \\n | #Person1# 은 … <|im_end|>
    labels     -100 …                  … -100 | #Person1# 은 … <|im_end|>

Source and target are tokenized apart and joined, so that no search for the header can fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from dialsum.corpus.dialogue import Dialogue
from dialsum.params.prompt import Prompt
from dialsum.prompts.render import render
from dialsum.prompts.truncate import fit

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100  # what torch's cross entropy leaves out


@dataclass(frozen=True)
class Source:
    """The prompt's ids, and what the dialogue lost to fit: whole turns, and whether its only turn was cut."""

    ids: list[int]
    turns_dropped: int
    turn_cut: bool


@dataclass(frozen=True)
class Target:
    """The summary's ids with the end token last, and whether the summary was cut to fit."""

    ids: list[int]
    cut: bool


def encode_source(tokenizer: PreTrainedTokenizerBase, dialogue: Dialogue, prompt: Prompt, limit: int) -> Source:
    """The prompt for a dialogue in at most `limit` tokens."""

    @cache  # what is measured to fit is asked for once more
    def ids(candidate: Dialogue) -> list[int]:
        # The template has written the special tokens; the tokenizer must not add them again.
        return list(tokenizer(render(tokenizer, candidate, prompt), add_special_tokens=False)["input_ids"])

    fitting = fit(dialogue, lambda candidate: len(ids(candidate)), limit)
    return Source(
        ids=ids(fitting),
        turns_dropped=len(dialogue.turns) - len(fitting.turns),
        turn_cut=bool(dialogue.turns) and fitting.turns[0] != dialogue.turns[0],
    )


def encode_target(tokenizer: PreTrainedTokenizerBase, summary: str, limit: int) -> Target:
    """The summary and the end token in at most `limit` tokens; a summary that is cut still ends with the end token."""
    ids = tokenizer(summary, add_special_tokens=False)["input_ids"]
    return Target(ids=[*ids[: limit - 1], tokenizer.eos_token_id], cut=len(ids) > limit - 1)


def join(source: Source, target: Target) -> dict[str, list[int]]:
    """One training row: `input_ids` and `labels` of the same length, labels on the target alone."""
    return {
        "input_ids": [*source.ids, *target.ids],
        "labels": [*[IGNORED] * len(source.ids), *target.ids],
    }
