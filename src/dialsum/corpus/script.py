"""Letters of scripts that are foreign to Korean text: Latin, Kana, Han, Cyrillic, Arabic, Thai and the like.

Enters: text. Leaves: its runs of such letters.

    foreign_runs("#Person1#은 Jimmy의 T-shirt를 5kg 샀다.") == ["Jimmy", "T", "shirt", "kg"]

Digits, punctuation and symbols (as ℃, ㎡) have no script. Labels and masks (`#Person1#`, `#PhoneNumber#`) are content.
"""

from __future__ import annotations

import re
import unicodedata

# A label or a mask as it stands in dialogues: #Person1#, #PhoneNumber#.
LABEL = re.compile(r"#[A-Za-z]+\d*#")
# Units of measure that Korean writes in Latin letters after a number: 5kg, 30 cm, 25°C. Folded, for looking them up.
# (A tokenizer that composes characters, as KoBART's does, makes °C and m2 of ℃ and ㎡.)
_LENGTHS = ("m", "km", "cm", "mm", "nm", "m2", "km2", "cm2", "mm2", "m3", "cm3", "ha")
_AMOUNTS = ("g", "kg", "mg", "t", "l", "ml", "dl", "cc", "kcal", "cal", "kb", "mb", "gb", "tb", "°c", "°f")
_POWERS = ("hz", "khz", "mhz", "ghz", "w", "kw", "mw", "kwh", "v", "mah", "pa", "hpa", "db")
UNITS = frozenset((*_LENGTHS, *_AMOUNTS, *_POWERS))
_AFTER_NUMBER = "|".join(sorted(UNITS, key=len, reverse=True))
_UNIT = re.compile(rf"(?:(?<=\d) ?(?:{_AFTER_NUMBER})|°[cf])(?![^\W\d_가-힣])", re.IGNORECASE)
# Jamo, compatibility jamo, jamo extended A, syllables with jamo extended B, half-width jamo.
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc]")


def is_foreign(char: str) -> bool:
    """Whether a character is a letter, but not Hangul."""
    return char.isalpha() and not _HANGUL.match(char)


def without_units(text: str) -> str:
    """The text with a blank for each unit of measure that stands after a number ("5kg", "30 cm", "25°C")."""
    return _UNIT.sub(" ", text)


def letter_runs(text: str) -> list[str]:
    """The longest runs of foreign letters, in order, those of labels and masks too."""
    return "".join(char if is_foreign(char) else " " for char in text).split()


def foreign_runs(text: str) -> list[str]:
    """The longest runs of foreign letters, in order, without labels and masks."""
    return letter_runs(LABEL.sub(" ", unicodedata.normalize("NFC", text)))


def folded(text: str) -> str:
    """The text in the form in which runs are looked up in it: composed, and in no case."""
    return unicodedata.normalize("NFC", text).casefold()
