"""What ROUGE counts in a text: its morphemes, its characters or its words.

Enters: a text. Leaves: its units, in order. With Mecab's morphemes, speaker tags whole and as they fall apart:

    units("#Person1#은 간다", "mecab", whole_tags=True) == ["#Person1#", "은", "간다"]
    units("#Person1#은 간다", "mecab", whole_tags=False) == ["#", "Person", "1", "#", "은", "간다"]

Any two speakers share three of those four pieces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Literal, get_args

Unit = Literal["mecab", "char", "whitespace"]

UNITS: tuple[Unit, ...] = get_args(Unit)

# Labels of speakers and masks, whatever stands beside them: #Person1#, #PhoneNumber#, SD2000001.
_TAG = re.compile(r"#[A-Za-z]+\d*#|(?<![A-Za-z\d])SD\d{5,}")


def units(text: str, unit: Unit, whole_tags: bool) -> list[str]:
    """What ROUGE counts in a text: its morphemes, its characters without blanks, or its words between blanks.

    With `whole_tags` a speaker tag or mask is one unit; what stands around it, and words, stay as they are.
    """
    match unit:
        case "mecab":
            found: Sequence[str] = _morphemes(text)
        case "char":
            found = "".join(text.split())
        case "whitespace":
            return text.split()
    return _with_whole_tags(text, found) if whole_tags else list(found)


@cache
def _mecab() -> Callable[[str], list[str]]:
    from mecab import MeCab

    morphs: Callable[[str], list[str]] = MeCab().morphs
    return morphs


@lru_cache(maxsize=1 << 14)  # both variants ask for the same texts
def _morphemes(text: str) -> tuple[str, ...]:
    return tuple(_mecab()(text.replace("\0", " ")))  # for Mecab, which is written in C, a NUL ends the text


def _with_whole_tags(text: str, found: Sequence[str]) -> list[str]:
    """The pieces `found` of a text, in order, with each tag as one; a piece that reaches over a tag's end is cut."""
    tags = [match.span() for match in _TAG.finditer(text)]
    if not tags:
        return list(found)
    inside = {place for start, end in tags for place in range(start, end)}
    whole = {start: text[start:end] for start, end in tags}
    pieces: list[str] = []
    place = 0
    for piece in found:
        place = text.index(piece, place)
        rest = ""
        for at, letter in enumerate(piece, start=place):
            if at not in inside:
                rest += letter
            else:
                pieces += [rest] if rest else []
                pieces += [whole[at]] if at in whole else []
                rest = ""
        pieces += [rest] if rest else []
        place += len(piece)
    return pieces
