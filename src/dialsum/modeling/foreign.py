"""Keep letters of other scripts out of summaries, but for those that the dialogue licenses.

Enters: the tokens of a vocabulary and dialogues. Leaves: a logits processor for `generate`.

A dialogue with "Jimmy" lets the tokens of "Jimmy" through, one after the other, and no "especialmente". Blocking all
Latin would cost recall: 27 % of the real reference summaries have Latin names. What is let through is what
`corpus.script.foreign_runs` finds nothing in: each run of letters is at any time the beginning of a word of the
dialogue, or of a unit or the name of a label where one may stand. A unit or a name once begun must come to its end,
unless the dialogue has a word that begins so; only `max_new_tokens` can cut it short. Digits, punctuation and symbols
are never barred.

Byte-level tokenizers spell rare characters in parts. A part is barred with which no character of Korean text begins,
and one that would complete a foreign letter, unless the dialogue licenses this one there. (It may be that the character
is not completed then. What is left of it is no letter, and `postprocess.broken_characters` makes a blank of it.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from transformers import LogitsProcessor

from dialsum.corpus.script import LABEL, UNITS, Home, folded, foreign_runs, home_of, is_foreign, letter_runs
from dialsum.modeling.pieces import split
from dialsum.modeling.vocabulary import FRESH, Foreign, State, is_foreign_part, tail, wholes
from dialsum.params.generation import ForeignTokens

_LEAST = -1e9  # a score for what must come, though another rule bars it: else nothing would be left


def homes(texts: Sequence[str], rule: ForeignTokens) -> list[Home]:
    """What licenses foreign letters in each summary: its dialogue, or the labels and speakers of it alone."""
    return [home_of(text, words=rule != "block") for text in texts]


class Ruling(NamedTuple):
    """What a state does to the scores of a row: those of `barred` (None: all) are -inf, but for `allowed`."""

    barred: torch.Tensor | None
    allowed: torch.Tensor


class ForeignBlock(LogitsProcessor):
    """Scores of -inf for tokens that would bring foreign letters into a summary which its dialogue does not license."""

    def __init__(self, foreign: Foreign, homes: Sequence[Home], prompt_length: int) -> None:
        """`homes`: what each row may take over; `prompt_length`: tokens before the summary."""
        self.foreign, self.prompt_length = foreign, prompt_length
        self.licenses = [License(foreign, home) for home in homes]
        self.mask: torch.Tensor | None = None
        self.rulings: dict[tuple[int, State], Ruling] = {}

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """`scores` (rows x beams, vocabulary) for the next token after `input_ids` (rows x beams, tokens).

        They are changed in place: at a vocabulary of 128,256 a copy would take as long as the rule itself.
        """
        if self.mask is None:
            self.mask = self._prepare(scores)
        ruled = [(place, ruling, scores[place, ruling.allowed]) for place, ruling in self._ruled(input_ids, scores)]
        own = scores[self.places, self.tokens]
        scores += self.mask
        scores[self.places, self.tokens] = own
        for place, ruling, allowed in ruled:
            if ruling.barred is None:
                scores[place] = -torch.inf
                scores[place, ruling.allowed] = allowed.clamp(min=_LEAST)
            else:
                scores[place, ruling.barred] = -torch.inf
                scores[place, ruling.allowed] = allowed
        return scores

    def _prepare(self, scores: torch.Tensor) -> torch.Tensor:
        """The mask to be added for all rows; it notes the places of what each row may say in the state FRESH."""
        self.beams = scores.shape[0] // len(self.licenses)
        mask = torch.zeros(scores.shape[-1], device=scores.device, dtype=scores.dtype)
        mask[self.foreign.barred.to(scores.device)] = -torch.inf
        pairs = [
            (row * self.beams + beam, number)
            for row, license in enumerate(self.licenses)
            for beam in range(self.beams)
            for number in license.fresh
        ]
        self.places, self.tokens = torch.tensor(pairs, device=scores.device, dtype=torch.long).reshape(-1, 2).unbind(1)
        return mask

    def _ruled(self, input_ids: torch.Tensor, scores: torch.Tensor) -> list[tuple[int, Ruling]]:
        """The few rows in which what was said decides: letters are at its end, or what some may stand behind."""
        said = input_ids[:, self.prompt_length :]
        if not said.shape[1]:
            return []
        telling = [place for place, number in enumerate(said[:, -1].tolist()) if number in self.foreign.telling]
        states = {place: self.foreign.state(said[place].tolist()) for place in telling}
        return [
            (place, self._rule(place // self.beams, state, scores.device))
            for place, state in states.items()
            if state != FRESH
        ]

    def _rule(self, row: int, state: State, device: torch.device) -> Ruling:
        if (row, state) not in self.rulings:
            license = self.licenses[row]
            barred = self.foreign.completing(state.begun) if state.begun else license.fresh
            self.rulings[row, state] = Ruling(
                None if license.must_go_on(state) else torch.tensor(barred, device=device, dtype=torch.long),
                torch.tensor(license.allowed(state), device=device, dtype=torch.long),
            )
        return self.rulings[row, state]


class License:
    """What one dialogue licenses, state by state; `allowed` is what counts of it."""

    def __init__(self, foreign: Foreign, home: Home) -> None:
        """`home`: what the dialogue has."""
        self.foreign, self.home = foreign, home
        letters = {char for word in home.words for char in word if not char.isascii()}
        self.letters = sorted({char for letter in letters for char in letter + letter.upper()})
        known = set("".join([" ", *home.words, *map(str.upper, home.words)]).encode())
        # An ASCII letter has a token of its own; as a byte of SentencePiece's it could be broken by the next one.
        self.spelled = [
            (number, piece)
            for number, piece in foreign.parts.items()
            if letters and known.issuperset(piece) and not piece.isascii()
        ]
        self.heads: set[int] = set()  # tokens that go on with a run of letters, or begin one
        self.fresh = [*foreign.amounts, *self._at_home(), *self._spelled(FRESH)]

    def allowed(self, state: State) -> list[int]:
        """The tokens with foreign letters that may come next; after a part of a character, those parts alone."""
        if state.begun:
            return self._spelled(state)
        closing = self.foreign.closing(state.mark, state.run, wholes(state.mark, self.home))
        if self.must_go_on(state):
            return closing
        if not state.run:
            return [*self.fresh, *closing]
        others = [number for number in self.fresh if number not in self.heads]
        going_on = [number for number in self.heads if self._goes_on(state, number)]
        times = self.foreign.times if state.mark in ("0", "0 ") and state.run in UNITS else []
        return [*others, *going_on, *closing, *times, *self._spelled(state)]

    def must_go_on(self, state: State) -> bool:
        """Whether what was said ends with half a unit or a name, so that nothing but the rest of it may come."""
        if not state.run or state.begun:
            return False
        return not self.home.has(state.run) and state.run not in wholes(state.mark, self.home)

    def fits(self, state: State, piece: bytes) -> bool:
        """Whether a text in this state may go on with these bytes."""
        added, begun = split(state.begun + piece)
        text = folded(state.mark + state.run + added)
        mark, run = tail(text)
        labelled = all(name in self.home.names for label in LABEL.findall(text) for name in letter_runs(label))
        if not labelled or foreign_runs(text[: len(text) - len(run)], self.home):
            return False
        if run and not self._may_be(mark, run):
            return False
        return not is_foreign_part(begun) or any(
            char.encode().startswith(begun) and self.home.has(folded(run + char)) for char in self.letters
        )

    def _at_home(self) -> list[int]:
        """Tokens with letters that may come in the state FRESH; the dictionary spares a look at all tokens."""
        found = []
        for number in {number for part in self._parts() for number in self.foreign.ids.get(part, ())}:
            text = self.foreign.texts[number]
            if is_foreign(text[0]):
                self.heads.add(number)
            bare = text.removeprefix(" ")
            if self._may_be("", bare) if bare in self.foreign.lone else self.fits(FRESH, self.foreign.pieces[number]):
                found.append(number)
        return found

    def _parts(self) -> set[str]:
        """The parts of all words and names, as long as tokens can be."""
        longest = self.foreign.longest
        return {
            run[start:end]
            for run in {*self.home.words, *self.home.names, *self.home.speakers}
            for start in range(len(run))
            for end in range(start + 1, min(start + longest, len(run)) + 1)
        }

    def _goes_on(self, state: State, number: int) -> bool:
        text = self.foreign.texts[number]
        if text in self.foreign.lone:
            return self.home.has(folded(state.run + text))
        return self.fits(state, self.foreign.pieces[number])

    def _spelled(self, state: State) -> list[int]:
        return [number for number, piece in self.spelled if self.fits(state, piece)]

    def _may_be(self, mark: str, run: str) -> bool:
        return self.home.has(run) or run in self.foreign.starts(wholes(mark, self.home))
