"""Keep letters of other scripts out of summaries, but for those that the dialogue itself has.

Enters: a tokenizer and dialogues. Leaves: a logits processor for `generate`.

A dialogue with "Jimmy" lets the tokens of "Jimmy" through, one after the other, and no "especialmente". Blocking all
Latin would cost recall: 27 % of the real reference summaries have Latin names. What is let through is what
`measures.faithfulness.foreign_runs` does not count: runs of letters that stand in the dialogue, in any case, and units
of measure after a number ("5kg", "30 cm"), which Korean writes in Latin letters. Digits, punctuation and symbols are no
letters, and never blocked.

Not blocked are tokens that are but a part of a character: byte-level tokenizers spell rare characters with them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

import torch
from transformers import LogitsProcessor, PreTrainedTokenizerBase

from dialsum.corpus.script import LABEL, UNITS, folded, is_foreign, letter_runs
from dialsum.params.generation import ForeignTokens

_ANCHOR = "0"  # decoded after its last token, a token keeps the blank that decoding strips from the start of a text
_PARTS = frozenset(
    unit[start:end] for unit in UNITS for start in range(len(unit)) for end in range(start + 1, len(unit) + 1)
)
_AMOUNT = re.compile(rf"\s*(?:\d+ ?(?:{'|'.join(sorted(UNITS))})|°[cf])")
_LEAST = -1e9  # a score for what must come, though another rule bars it: else nothing would be left


@dataclass(frozen=True)
class Foreign:
    """The tokens of a vocabulary that have foreign letters: their texts, and their ids by run.

    `texts` are folded. `ids` holds each token under its first run. `longest`: letters of the longest of these runs.
    `numerals`: tokens that end with a digit; `degrees`: with °; `blanks`: those that are but a space.
    """

    texts: dict[int, str]
    ids: dict[str, list[int]]
    longest: int
    numerals: frozenset[int] = frozenset()
    degrees: frozenset[int] = frozenset()
    blanks: frozenset[int] = frozenset()

    @cached_property
    def numbers(self) -> torch.Tensor:
        """All these tokens."""
        return torch.tensor(sorted(self.texts), dtype=torch.long)

    @cached_property
    def starts(self) -> frozenset[str]:
        """Units of measure, and those beginnings of them that tokens can bring to their end."""
        pieces = {text for text in self.texts.values() if text in _PARTS}
        found, before = set(UNITS), set[str]()
        while found != before:
            before = set(found)
            found |= {start for start in _PARTS if any(start + piece in before for piece in pieces)}
        return frozenset(found)

    @cached_property
    def telling(self) -> frozenset[int]:
        """Tokens that decide about the next one."""
        return frozenset(self.texts) | self.numerals | self.degrees | self.blanks

    @cached_property
    def amounts(self) -> list[int]:
        """Tokens that are a number with its unit."""
        return [number for number, text in self.texts.items() if _AMOUNT.fullmatch(text)]

    @cached_property
    def units(self) -> dict[int, str]:
        """Tokens that are a part of a unit, and their texts."""
        return {number: text for number, text in self.texts.items() if text.strip() in _PARTS}


def find_foreign(tokenizer: PreTrainedTokenizerBase, kept: Sequence[int]) -> Foreign:
    """All foreign tokens but special ones and those of `kept` (the tokens that end a summary)."""
    anchor = tokenizer.encode(_ANCHOR, add_special_tokens=False)[-1]
    before = str(tokenizer.decode([anchor]))
    exempt = {*kept, *tokenizer.all_special_ids}
    numbers = [number for number in range(len(tokenizer)) if number not in exempt]
    decoded = tokenizer.batch_decode([[anchor, number] for number in numbers], clean_up_tokenization_spaces=False)
    plain = {number: text.removeprefix(before) for number, text in zip(numbers, decoded, strict=True)}
    texts = {number: folded(text) for number, text in plain.items() if any(map(is_foreign, text))}
    ids: dict[str, list[int]] = defaultdict(list)
    for number, text in texts.items():
        ids[letter_runs(text)[0]].append(number)
    return Foreign(
        texts,
        ids,
        longest=max(map(len, ids), default=0),
        numerals=frozenset(number for number, text in plain.items() if text[-1:].isdigit()),
        degrees=frozenset(number for number, text in plain.items() if text.endswith("°")),
        blanks=frozenset(number for number, text in plain.items() if text == " "),
    )


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
        self.allowed = [sorted({*self._at_home(text), *foreign.amounts}) for text in home]
        self.mask: torch.Tensor | None = None
        self.barred: dict[tuple[int, str], torch.Tensor] = {}
        self.fitting: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """`scores` (rows x beams, vocabulary) for the next token after `input_ids` (rows x beams, tokens).

        They are changed in place: at a vocabulary of 128,256 a copy would take as long as the rule itself.
        """
        if self.mask is None:
            self.mask = self._prepare(scores)
        rows = self._rows(input_ids)
        units = {place: scores[place, self.units] for place, (_, unit) in rows.items() if unit is not None}
        own = scores[self.places, self.tokens]
        scores += self.mask
        scores[self.places, self.tokens] = own
        for place, (run, unit) in rows.items():
            self._judge(scores[place], place // self.beams, run, unit, units.get(place))
        return scores

    def _prepare(self, scores: torch.Tensor) -> torch.Tensor:
        """The mask to be added for all rows; it notes the places of what each row may say."""
        self.beams = scores.shape[0] // len(self.home)
        self.units = torch.tensor(list(self.foreign.units), device=scores.device, dtype=torch.long)
        mask = torch.zeros(scores.shape[-1], device=scores.device, dtype=scores.dtype)
        mask[self.foreign.numbers.to(scores.device)] = -torch.inf
        pairs = [
            (row * self.beams + beam, number)
            for row, allowed in enumerate(self.allowed)
            for beam in range(self.beams)
            for number in allowed
        ]
        self.places, self.tokens = torch.tensor(pairs, device=scores.device, dtype=torch.long).reshape(-1, 2).unbind(1)
        return mask

    def _rows(self, input_ids: torch.Tensor) -> dict[int, tuple[str, str | None]]:
        """The few rows in which what was said decides: foreign letters are at its end, or a number. See `_open`."""
        said = input_ids[:, self.prompt_length :]
        if not said.shape[1]:
            return {}
        telling = [place for place, number in enumerate(said[:, -1].tolist()) if number in self.foreign.telling]
        found = {place: self._open(said[place].tolist()) for place in telling}
        return {place: opened for place, opened in found.items() if opened != ("", None)}

    def _open(self, said: list[int]) -> tuple[str, str | None]:
        """The foreign letters at the end of what was said, and what there is of a unit: "" right after a number.

        The second is None where no unit may stand, and begins with ° where the letters come after that.
        """
        run, place, begins = "", len(said), True
        while place:
            text = self.foreign.texts.get(said[place - 1], "")
            tail = "".join(takewhile(is_foreign, reversed(text)))[::-1]
            if not tail:
                break
            run, place = tail + run, place - 1
            if tail != text:  # something else stands before the letters: a unit has at most a blank there
                begins = text.lstrip() == tail
                break
        if not place or not begins:
            return run, None
        if said[place - 1] in self.foreign.degrees:
            return run, "°" + run
        before = said[place - 2 : place - 1] if said[place - 1] in self.foreign.blanks else said[place - 1 : place]
        return run, run if self.foreign.numerals.issuperset(before) and before else None

    def _judge(self, scores: torch.Tensor, row: int, run: str, unit: str | None, own: torch.Tensor | None) -> None:
        """Bar in one row what does not go on with its `run`, and let through what goes on with its `unit`."""
        if run:
            scores.index_fill_(0, self._barred(row, run, scores.device), -torch.inf)
        if unit is None or own is None:
            return
        if unit not in ("", "°", *UNITS) and unit not in self.home[row]:  # half a unit: it must come to its end
            scores[:] = -torch.inf
            own = own.clamp(min=_LEAST)
        tokens, places = self._fitting(unit, scores.device)
        scores[tokens] = own[places]

    def _barred(self, row: int, run: str, device: torch.device) -> torch.Tensor:
        """What a row may say elsewhere, but not after the letters `run`."""
        if (row, run) not in self.barred:
            heads = ((number, self._head(number)) for number in self.allowed[row])
            barred = [number for number, head in heads if head and run + head not in self.home[row]]
            self.barred[row, run] = torch.tensor(barred, device=device, dtype=torch.long)
        return self.barred[row, run]

    def _fitting(self, unit: str, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """The tokens that go on with a unit, and their places among all those of units."""
        if unit not in self.fitting:
            texts = enumerate(self.foreign.units.values())
            places = torch.tensor([place for place, text in texts if self._goes_on(unit, text)], device=device).long()
            self.fitting[unit] = self.units[places], places
        return self.fitting[unit]

    def _goes_on(self, unit: str, text: str) -> bool:
        return (unit + text if unit else text.strip()) in self.foreign.starts

    def _head(self, number: int) -> str:
        return "".join(takewhile(is_foreign, self.foreign.texts[number]))

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
