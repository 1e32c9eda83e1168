"""Keep letters of other scripts out of summaries, but for those that the dialogue itself has.

Enters: a tokenizer and dialogues. Leaves: a logits processor for `generate`.

A dialogue with "Jimmy" lets the tokens of "Jimmy" through, one after the other, and no "especialmente". Blocking all
Latin would cost recall: 27 % of the real reference summaries have Latin names. What is let through is what
`measures.faithfulness.foreign_runs` does not count: runs of letters that stand in the dialogue, in any case.

Not blocked are tokens that are but a part of a character: byte-level tokenizers spell rare characters with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

import torch
from transformers import LogitsProcessor, PreTrainedTokenizerBase

from dialsum.corpus.script import LABEL, folded, is_foreign, letter_runs
from dialsum.params.generation import ForeignTokens

_ANCHOR = "0"  # decoded after its last token, a token keeps the blank that decoding strips from the start of a text


@dataclass(frozen=True)
class Foreign:
    """The tokens of a vocabulary that have foreign letters: their texts, and their ids by run.

    `texts` are folded. `ids` holds each token under its first run. `longest`: letters of the longest of these runs.
    """

    texts: dict[int, str]
    ids: dict[str, list[int]]
    longest: int


def find_foreign(tokenizer: PreTrainedTokenizerBase, kept: Sequence[int]) -> Foreign:
    """All foreign tokens but special ones and those of `kept` (the tokens that end a summary)."""
    anchor = tokenizer.encode(_ANCHOR, add_special_tokens=False)[-1]
    before = str(tokenizer.decode([anchor]))
    exempt = {*kept, *tokenizer.all_special_ids}
    numbers = [number for number in range(len(tokenizer)) if number not in exempt]
    decoded = tokenizer.batch_decode([[anchor, number] for number in numbers], clean_up_tokenization_spaces=False)
    plain = (text.removeprefix(before) for text in decoded)
    texts = {number: folded(text) for number, text in zip(numbers, plain, strict=True) if any(map(is_foreign, text))}
    ids: dict[str, list[int]] = defaultdict(list)
    for number, text in texts.items():
        ids[letter_runs(text)[0]].append(number)
    return Foreign(texts, ids, max(map(len, ids), default=0))


def homes(texts: Sequence[str], rule: ForeignTokens) -> list[str]:
    """What each summary may take foreign letters from: its dialogue, or the labels and masks of it alone."""
    if rule == "block":
        return [folded(" ".join(LABEL.findall(text))) for text in texts]
    return [folded(text) for text in texts]


class ForeignBlock(LogitsProcessor):
    """Scores of -inf for tokens that would bring foreign letters into a summary which its `home` does not have."""

    def __init__(self, foreign: Foreign, home: Sequence[str], prompt_length: int) -> None:
        """`home`: what each row may take over (`homes`); `prompt_length`: tokens before the summary."""
        self.foreign, self.home, self.prompt_length = foreign, home, prompt_length
        self.allowed = [sorted(self._at_home(text)) for text in home]
        self.mask: torch.Tensor | None = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """`scores` (rows x beams, vocabulary) for the next token after `input_ids` (rows x beams, tokens)."""
        beams = scores.shape[0] // len(self.home)
        if self.mask is None:
            self.mask = self._mask(scores).repeat_interleave(beams, dim=0)
        scores = scores + self.mask
        for place, said in enumerate(input_ids[:, self.prompt_length :].tolist()):
            if run := self._open_run(said):
                row = place // beams
                barred = [number for number in self.allowed[row] if not self._goes_on(run, number, self.home[row])]
                scores[place, barred] = -torch.inf
        return scores

    def _mask(self, scores: torch.Tensor) -> torch.Tensor:
        """To be added: -inf for foreign tokens, 0 for the others and for those that a row allows."""
        mask = torch.zeros(scores.shape[-1], device=scores.device, dtype=scores.dtype)
        mask[list(self.foreign.texts)] = -torch.inf
        masks = mask.repeat(len(self.home), 1)
        for row, allowed in enumerate(self.allowed):
            masks[row, allowed] = 0
        return masks

    def _at_home(self, home: str) -> Iterator[int]:
        """Tokens all of whose runs stand in `home`; the dictionary spares a look at each token of the vocabulary."""
        parts = {
            run[start:end]
            for run in letter_runs(home)
            for start in range(len(run))
            for end in range(start + 1, min(start + self.foreign.longest, len(run)) + 1)
        }
        for part in parts:
            for number in self.foreign.ids.get(part, []):
                if all(run in home for run in letter_runs(self.foreign.texts[number])):
                    yield number

    def _open_run(self, said: list[int]) -> str:
        """The foreign letters at the end of what was said, which the next token may go on with."""
        run = ""
        for number in reversed(said):
            text = self.foreign.texts.get(number, "")
            tail = "".join(takewhile(is_foreign, reversed(text)))[::-1]
            run = tail + run
            if not tail or len(tail) < len(text):
                break
        return run

    def _goes_on(self, run: str, number: int, home: str) -> bool:
        head = "".join(takewhile(is_foreign, self.foreign.texts[number]))
        return run + head in home
