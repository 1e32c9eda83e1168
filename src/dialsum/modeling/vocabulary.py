"""The tokens of a vocabulary by what they do with foreign letters, and what of a text decides about its next token.

Enters: a tokenizer. Leaves: a `Foreign`. With the tokens of Qwen3:

    foreign.texts[36978] == " jimmy"
    foreign.state(tokenizer.encode("#Person1#은 Jim")) == State(mark="", run="jim", begun=b"")
    foreign.state(tokenizer.encode("5 k")) == State(mark="0 ", run="k", begun=b"")
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from typing import NamedTuple

import torch
from transformers import PreTrainedTokenizerBase

from dialsum.corpus.script import (
    AMOUNT,
    LABEL,
    MEASURE,
    NOWHERE,
    RATE,
    SIGNED,
    TIMES,
    UNITS,
    Home,
    folded,
    foreign_runs,
    is_foreign,
    letter_runs,
)
from dialsum.modeling.pieces import find_single, native_beginnings, read_pieces, spell, split

_AHEAD = 20  # characters before a run in which an amount is looked for
_OPEN_NUMBER = re.compile(r"#[a-z]+\d+\Z")  # of a label that is not closed yet: no amount
_UNITS = frozenset(run for unit in UNITS for run in letter_runs(unit))  # m2 is the letter m, and a digit
_HAS_AMOUNT = re.compile(r"[\d°%몇수두세네열반러]")
_TELLING = re.compile(r"[#°%/\d몇수두세네열반러십백천만억 ]\Z")
_TIME = re.compile(rf"/(?:{'|'.join(sorted(TIMES))})")


class State(NamedTuple):
    """What of a text decides about its next token.

    `mark`: # where a label may begin, 0 after an amount, "0 " after that and a blank, "0m/" after that and a unit, °,
    % or nothing. `run`: the letters after it, folded. `begun`: bytes of a character that is not all there.
    """

    mark: str
    run: str
    begun: bytes = b""


FRESH = State("", "")


@dataclass(frozen=True)
class Foreign:
    """The tokens of a vocabulary by what they do with foreign letters.

    `pieces`: the bytes of each token; `ends`: tokens that end a summary. `texts`: folded texts of those with foreign
    letters; `ids`: these by their first run. `parts`: those that are not whole characters, and `single`, those of them
    that are a byte of SentencePiece's. `telling`: those that may leave another state than FRESH.
    """

    pieces: Sequence[bytes]
    ends: frozenset[int]
    texts: dict[int, str]
    ids: dict[str, list[int]]
    parts: dict[int, bytes]
    single: frozenset[int]
    telling: frozenset[int]
    _completing: dict[bytes, list[int]] = field(default_factory=dict)
    _starts: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)
    _closing: dict[tuple[str, str, frozenset[str]], list[int]] = field(default_factory=dict)

    @cached_property
    def barred(self) -> torch.Tensor:
        """The tokens that no summary may have unless its dialogue licenses them, wherever they stand."""
        parts = [number for number, piece in self.parts.items() if _begins_foreign(piece)]
        return torch.tensor([*self.texts, *parts], dtype=torch.long)

    @cached_property
    def longest(self) -> int:
        """Letters of the longest first run."""
        return max(map(len, self.ids), default=0)

    @cached_property
    def lone(self) -> frozenset[str]:
        """The texts that are a run of letters and nothing else."""
        return frozenset(text for text in self.texts.values() if text in self.ids)

    @cached_property
    def amounts(self) -> list[int]:
        """Tokens that are a number with its unit or the beginning of one: they stand in no need of a dialogue."""
        texts = ((number, text) for number, text in self.texts.items() if _HAS_AMOUNT.search(text))
        return [number for number, text in texts if not LABEL.search(text) and self._is_amount(text)]

    @cached_property
    def times(self) -> list[int]:
        """Tokens that make a rate of a unit: /h."""
        texts = ((number, _TIME.match(text), text) for number, text in self.texts.items())
        return [number for number, found, text in texts if found and letter_runs(text) == [found[0][1:]]]

    def _is_amount(self, text: str) -> bool:
        mark, run = tail(text)
        may_be = not run or run in self.starts(wholes(mark, NOWHERE))
        return may_be and not foreign_runs(text[: len(text) - len(run)], NOWHERE)

    def state(self, said: Sequence[int]) -> State:
        """The state after these tokens of a summary; an id beyond the tokenizer's says nothing."""
        if not self.ends.isdisjoint(said):
            return FRESH
        known = [number for number in said if number < len(self.pieces)]
        text, begun = split(spell(known, self.pieces, self.single))
        return State(*tail(folded(text)), begun)

    def completing(self, begun: bytes) -> list[int]:
        """Parts that make a foreign letter of a character that was begun, or leave room for such letters alone."""
        if begun not in self._completing:
            after = ((number, *split(begun + piece)) for number, piece in self.parts.items())
            self._completing[begun] = [
                number for number, text, rest in after if (is_foreign(text[0]) if text else is_foreign_part(rest))
            ]
        return self._completing[begun]

    def starts(self, wholes: frozenset[str]) -> frozenset[str]:
        """The beginnings of `wholes` that tokens can bring to their end, and these themselves."""
        if wholes not in self._starts:
            found = set(wholes)
            for whole in wholes:
                for size in range(len(whole) - 1, 0, -1):
                    ends = [end for end in range(size + 1, len(whole) + 1) if whole[:end] in found]
                    if any(self._saying("", whole[size:end], whole[:end] in wholes) for end in ends):
                        found.add(whole[:size])
            self._starts[wholes] = frozenset(found)
        return self._starts[wholes]

    def closing(self, mark: str, run: str, wholes: frozenset[str]) -> list[int]:
        """The tokens that, after `mark` and `run`, go on to the end of one of `wholes`, or bring it there."""
        key = mark, run, wholes
        if key not in self._closing:
            self._closing[key] = [
                number
                for start in self.starts(wholes)
                if start.startswith(run) and start != run
                for number in self._saying("" if run else mark, start[len(run) :], start in wholes)
            ]
        return self._closing[key]

    def _saying(self, mark: str, part: str, last: bool) -> list[int]:
        """The tokens that say `part` of a unit or a name, with no other letters; what else they say, after the last."""
        texts = [(number, self.texts[number]) for number in self.ids.get(part, ())]
        return [
            number
            for number, text in texts
            if text == part
            or (text == " " + part and mark == "0")
            or (last and text.startswith(part) and letter_runs(text) == [part])
        ]


def find_foreign(tokenizer: PreTrainedTokenizerBase, kept: Sequence[int]) -> Foreign:
    """The tokens of a tokenizer; `kept` end a summary, and are never barred, nor are special ones."""
    return sort_tokens(read_pieces(tokenizer, kept), kept, find_single(tokenizer))


def sort_tokens(pieces: Sequence[bytes], ends: Sequence[int], single: Collection[int] = ()) -> Foreign:
    """Tokens by what their bytes do with foreign letters; those without bytes (special ones) leave a text as it is.

    `single`: tokens that are a byte of SentencePiece's.
    """
    texts, parts, telling = dict[int, str](), dict[int, bytes](), set[int]()
    ids: dict[str, list[int]] = defaultdict(list)
    for number, piece in enumerate(pieces):
        text = None if number in single else _whole(piece)
        if text is None:
            parts[number] = piece
            telling.add(number)
            continue
        if any(map(is_foreign, text)):
            texts[number] = folded(text)
            ids[letter_runs(texts[number])[0]].append(number)
        if not text or is_foreign(text[-1]) or _TELLING.search(text):
            telling.add(number)
    return Foreign(pieces, frozenset(ends), texts, dict(ids), parts, frozenset(single), frozenset(telling) - set(ends))


def tail(text: str) -> tuple[str, str]:
    """The mark and the run of letters (see `State`) at the end of a folded text."""
    plain = LABEL.sub(".", text)
    run = "".join(takewhile(is_foreign, reversed(plain)))[::-1]
    before = plain[: len(plain) - len(run)][-_AHEAD:]
    if before.endswith(("#", *SIGNED)):
        return before[-1], run
    if RATE.search(before):
        return "0m/", run
    if AMOUNT.search(before) and not (_OPEN_NUMBER.search(before) or MEASURE.search(before)):
        return ("0 " if before.endswith(" ") else "0"), run
    return "", run


def wholes(mark: str, home: Home) -> frozenset[str]:
    """The letters that may stand after a mark, and must come to their end once they are begun."""
    match mark:
        case "":
            return home.speakers
        case "#":
            return home.names | home.speakers
        case "°" | "%":
            return SIGNED[mark] | home.speakers
        case "0m/":
            return TIMES | home.speakers
        case _:
            return _UNITS | home.speakers


def is_foreign_part(begun: bytes) -> bool:
    """Whether the bytes at the end of a text begin a character, but none of Korean text."""
    return bool(begun) and begun not in native_beginnings()


def _whole(piece: bytes) -> str | None:
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return None


def _begins_foreign(piece: bytes) -> bool:
    text, begun = split(piece)
    return any(map(is_foreign, text)) or is_foreign_part(begun)
