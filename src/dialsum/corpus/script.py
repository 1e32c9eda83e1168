"""Letters of scripts that are foreign to Korean text (Latin, Kana, Han, Cyrillic, Thai …), and what licenses them.

Enters: a summary and its dialogue. Leaves: the runs of such letters in the summary that nothing licenses.

    foreign_runs("#Person1#은 Jim, Sam과 몇 kg을 샀다.", home_of("#Person1#: Jimmy예요.")) == ["Sam"]

A run of letters is licensed, in any case, if it is

- a word of the dialogue or the beginning of one: "Jim", but not "immy", where the dialogue has "Jimmy". In scripts that
  have no capitals a part of a word is enough, for most of them, as Han and Kana, leave no blanks between words;
- a unit of measure behind a number: "5kg", "30 cm", "25°C", "100km/h", "3%p", "몇 kg", "두 kg", "수십 km";
- in a label or a mask: `#Person1#`, `#PhoneNumber#`, SD2000001. They are content, and license nothing but themselves:
  for the sake of its speakers a dialogue has no word "Person". Of a broken one (`#Person1은`) the name is licensed if
  the dialogue has it. Whether a label is the right one is for `measures.faithfulness.tag_errors` to say.

Digits, punctuation and symbols (as ℃, ㎡) have no script.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass

# A label or a mask as it stands in dialogues: #Person1#, #PhoneNumber#.
LABEL = re.compile(r"#[A-Za-z]+\d*#")
# Units of measure that Korean writes in Latin letters after a number: 5kg, 30 cm, 25°C. Folded, for looking them up.
# (A tokenizer that composes characters, as KoBART's does, makes °C and m2 of ℃ and ㎡.)
_LENGTHS = ("m", "km", "cm", "mm", "nm", "m2", "km2", "cm2", "mm2", "m3", "cm3", "ha", "\u03bcm", "ft", "px")
_AMOUNTS = (
    "g",
    "kg",
    "mg",
    "t",
    "l",
    "ml",
    "dl",
    "cc",
    "kcal",
    "cal",
    "kb",
    "mb",
    "gb",
    "tb",
    "\u03bcg",
    "\u03bcl",
    "\u2113",
    "lb",
)
_POWERS = ("hz", "khz", "mhz", "ghz", "w", "kw", "mw", "kwh", "v", "mah", "pa", "hpa", "mmhg", "db")
_RATES = ("kbps", "mbps", "gbps", "rpm", "fps", "ppm", "k", "am", "pm")  # 4K; 3 PM
UNITS = frozenset((*_LENGTHS, *_AMOUNTS, *_POWERS, *_RATES))
TIMES = frozenset(("h", "s", "min"))  # behind a unit and a stroke: km/h
SIGNED = {"°": frozenset(("c", "f")), "%": frozenset(("p",))}  # behind a sign
# Jamo, compatibility jamo, jamo extended A, syllables with jamo extended B, half-width jamo.
_HANGUL = "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc"
# A speaker without signs around it, as the NIKL data have them: SD2000001.
SPEAKER = re.compile(rf"(?<![^\W_{_HANGUL}])SD\d+")  # not at the end of a word
_IS_HANGUL = re.compile(f"[{_HANGUL}]")
# What a unit may stand behind, with a blank or without: 5, 3만, 몇, 몇백, 수십, 두, 여러.
_AMOUNT = r"(?:\d|몇|수(?=[십백천만억])|(?<![가-힣])(?:두|세|네|열|반|여러|수))[십백천만억]* ?"
AMOUNT = re.compile(rf"{_AMOUNT}\Z")
_ANY_UNIT = f"(?:{'|'.join(sorted(UNITS, key=len, reverse=True))})"
MEASURE = re.compile(rf"{_AMOUNT}{_ANY_UNIT} ?\Z", re.IGNORECASE)  # the digit of 5m2 is no amount
RATE = re.compile(rf"{_AMOUNT}{_ANY_UNIT}/\Z", re.IGNORECASE)  # what a time may stand behind: 100km/
_NUMERALS = (
    "\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2089\u2150-\u2189\u2460-\u249b\u24ea-\u24ff\u2776-\u2793"  # ², ½, ①
)
_NO_LETTER = rf"(?![^\W\d_{_NUMERALS}{_HANGUL}])"
_UNIT = re.compile(
    rf"(?:({_AMOUNT}){_ANY_UNIT}(?:/(?:{'|'.join(sorted(TIMES))}){_NO_LETTER})?|°[cf]|%p){_NO_LETTER}", re.IGNORECASE
)
_BEGUN_LABEL = re.compile(r"#([A-Za-z]+)")


@dataclass(frozen=True)
class Home:
    """What licenses foreign letters in a summary of one dialogue, all of it folded.

    `words`: the dialogue's own, sorted; `caseless`: those without capitals, with blanks between; `names`: of its labels
    and masks, without signs and digits (`person`); `speakers`: letters of speakers that have no signs (`sd`).
    """

    words: tuple[str, ...]
    caseless: str
    names: frozenset[str]
    speakers: frozenset[str]

    def has(self, run: str) -> bool:
        """Whether a folded run of letters is a word of the dialogue, its beginning, or without capitals a part."""
        place = bisect_left(self.words, run)
        return (place < len(self.words) and self.words[place].startswith(run)) or run in self.caseless


NOWHERE = Home((), "", frozenset(), frozenset())


def home_of(dialogue: str, words: bool = True) -> Home:
    """What a dialogue, whose text is given with its speakers, licenses; without `words` its labels and masks alone."""
    text = unicodedata.normalize("NFC", dialogue)
    labels, speakers = LABEL.findall(text), SPEAKER.findall(text)
    runs = set(letter_runs(folded(SPEAKER.sub(" ", LABEL.sub(" ", text))))) if words else set()
    return Home(
        tuple(sorted(runs)),
        " ".join(sorted(run for run in runs if run == run.upper())),
        frozenset(letter_runs(folded(" ".join(labels)))),
        frozenset(letter_runs(folded(" ".join(speakers)))),
    )


def foreign_runs(text: str, home: Home) -> list[str]:
    """The longest runs of foreign letters that nothing licenses, in order, as they stand in `text` (composed)."""
    plain = LABEL.sub(" ", without_units(text))
    plain = _BEGUN_LABEL.sub(lambda found: " " if folded(found[1]) in home.names else found[0], plain)
    return [run for run in letter_runs(plain) if not (home.has(folded(run)) or folded(run) in home.speakers)]


def without_units(text: str) -> str:
    """The text, composed, with a blank for each unit of measure behind a number."""
    return _UNIT.sub(r"\1 ", unicodedata.normalize("NFC", text))


def is_foreign(char: str) -> bool:
    """Whether a character is a letter, but not Hangul, or an accent that makes another letter of the one before it."""
    return (char.isalpha() and not _IS_HANGUL.match(char)) or "\u0300" <= char <= "\u036f"


def letter_runs(text: str) -> list[str]:
    """The longest runs of foreign letters, in order, whatever licenses them."""
    return "".join(char if is_foreign(char) else " " for char in text).split()


def folded(text: str) -> str:
    """The text in the form in which runs are looked up: composed, and in no case."""
    return unicodedata.normalize("NFC", text).casefold()
