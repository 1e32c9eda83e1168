"""From the text of a file, or of a request, to the turns that a model reads.

Enters: `#Person1#: 안녕하세요.\\n#Person2#:  네,<br>반가워요.`, with a written-out `\\n` as in the competition's files.
Leaves: `Turn("#Person1#", "안녕하세요."), Turn("#Person2#", "네, 반가워요.")`.

`prepare` and the server both clean here, so that a model is asked about the same text that it was trained on. Cleaning
changes how a text is written down, never what it says: no word, label or mask is dropped or renamed. What is clean
already comes back as it is, whichever steps are chosen.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from html.entities import html5
from types import MappingProxyType

from dialsum.corpus.dialogue import Dialogue, Fact, Turn
from dialsum.params.cleaning import Cleaning

# A name with a number between hashes is a person (#Person1#); one without a number is a mask (#Address#) and thus text,
# and so is a second card (#CardNumber2#).
# SD2000001 and 화자SD2000001 are the labels of the NIKL everyday conversations.
LABEL = re.compile(r"#(?!\w*Number)[^\W\d_]+ ?\d+#|SD\d+|화자 ?SD\d+")
_TAG = re.compile(rf"[^\S\n]*(?P<speaker>{LABEL.pattern})[^\S\n]*[:：]")
_UNTAGGED_LINE = re.compile(rf"\n(?!{_TAG.pattern})")

# With their semicolon only: without it, "R&notes" and the "&copy=" of an address would be entities too. More digits
# than these stand for no character.
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]*);")
_AMPERSANDS = re.compile(r"&(?:(?:amp|AMP|#38|#[xX]26);)+")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_ENDING = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Control characters but tab and newline, and the marks that take no room: soft hyphen, zero-width space and non-joiner,
# writing direction, word joiner, byte order mark. A joiner is kept where it builds an emoji.
_MARKS = "\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_INVISIBLE = re.compile(
    f"[{_MARKS}\ufff9-\ufffb]|\u200d(?![\u2190-\u21ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff])"
)
_SUSPECT = re.compile(f"[{_MARKS}\ufff9-\ufffb\u200d]")  # one class alone is searched several times as fast
_FILLERS = ("\u2800", "\u3164", "\uffa0")  # blank to the eye, though Unicode calls them letters or symbols
# A file written by a program is often escaped twice. C:\\new is no newline: before a small Latin letter none is taken.
_ESCAPED_NEWLINE = re.compile(r"\\\\?(?:r\\\\?)?n(?![a-z])")
_BREAK = re.compile(r"</?\s*br\s*/?>", re.IGNORECASE)
_REPEATED = re.compile(r"([ㅋㅎㅠㅜ])\1{2,}")


def _html_entities(text: str) -> str:
    """The characters that entities stand for, `&lt;` as `<`; `&amp;lt;`, which was escaped twice, is `<` too."""
    return _ENTITY.sub(_decoded, _AMPERSANDS.sub("&", text))


def _decoded(match: re.Match[str]) -> str:
    entity = match[0]
    return html.unescape(entity) if entity[1] == "#" or entity[1:] in html5 else entity


def _line_endings(text: str) -> str:
    return _LINE_ENDING.sub("\n", text)


def _invisible_characters(text: str) -> str:
    for filler in _FILLERS:
        text = text.replace(filler, " ")
    return _INVISIBLE.sub("", text) if _SUSPECT.search(text) else text


def _composed_hangul(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _escaped_newlines(text: str) -> str:
    return _ESCAPED_NEWLINE.sub("\n", text)


def _breaks(text: str) -> str:
    return _BREAK.sub("\n", text)


def _repeated_letters(text: str) -> str:
    """Two letters of a laugh, or of tears, where there were more."""
    return _REPEATED.sub(r"\1\1", text)


def _spaces(text: str) -> str:
    """One blank between words, none around a line, no blank line."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _untagged_lines(text: str) -> str:
    """Each line without a speaker at the end of the line before it; the first line has none before it."""
    return _UNTAGGED_LINE.sub(" ", text)


# In this order: entities can stand for all that the other steps look for, what is invisible can hide a `<br>`, and
# breaks leave blanks beside them.
STEPS: MappingProxyType[str, Callable[[str], str]] = MappingProxyType(
    {
        "html_entities": _html_entities,
        "line_endings": _line_endings,
        "invisible_characters": _invisible_characters,
        "composed_hangul": _composed_hangul,
        "escaped_newlines": _escaped_newlines,
        "breaks": _breaks,
        "repeated_letters": _repeated_letters,
        "spaces": _spaces,
        "untagged_lines": _untagged_lines,
    }
)
ALWAYS = ("line_endings",)  # no switch: without it nobody could say what a line is
ALL = Cleaning(**{switch.name: True for switch in fields(Cleaning)})


def clean(text: str, cleaning: Cleaning = ALL, touched: Counter[str] | None = None) -> str:
    """One dialogue's text in normal form: one line a turn, lines parted by `\\n`.

    `touched` counts one more text for each step that changed this one.
    """
    changed: set[str] = set()
    text = _taken(chosen(cleaning), text, changed)
    if touched is not None:
        touched.update(changed)
    return text


def _taken(steps: Sequence[str], text: str, changed: set[str]) -> str:
    """The text after the steps; those that have changed it are added to `changed`."""
    text = _LONE_SURROGATE.sub("", text)  # a request may hold one, no file can
    while True:
        before = text
        for name in steps:
            after = STEPS[name](text)
            if after != text:
                changed.add(name)
                text = after
        # One round leaves nothing for a second, unless it has joined the parts of an entity or a break: `&l\u200bt;`.
        if text == before or not ("&" in text or "<" in text):
            return text


def chosen(cleaning: Cleaning) -> list[str]:
    """The names of the steps that are taken, in their order."""
    return [name for name in STEPS if name in ALWAYS or getattr(cleaning, name)]


def split_turns(text: str) -> tuple[Turn, ...]:
    """The turns of a clean text, one a line; at least one. The speaker of a line without a label is `""`."""
    return tuple(_turn(line) for line in text.split("\n") if line.strip()) or (Turn("", ""),)


def _turn(line: str) -> Turn:
    tag = _TAG.match(line)
    return Turn(tag["speaker"], line[tag.end() :].strip()) if tag else Turn("", line.strip())


def said(text: str) -> str:
    """What is left to read of a dialogue as it came in: labels, invisible characters and blanks say nothing."""
    return " ".join(turn.text for turn in split_turns(clean(text))).strip()


def to_dialogue(
    identifier: str,
    text: str,
    cleaning: Cleaning,
    topic: str | None = None,
    references: Iterable[str] = (),
    facts: Iterable[Fact] = (),
    touched: Counter[str] | None = None,
) -> Dialogue:
    """A dialogue from its text as it came in: cleaned and split into turns.

    What is said of it is cleaned too, or a summary would no longer have the words of its dialogue; it has no turns, so
    its lines stay apart. `touched` counts one more row for each step that changed any of its texts.
    """
    steps = chosen(cleaning)
    said_of_it = [name for name in steps if name != "untagged_lines"]
    changed: set[str] = set()

    def cleaned(other: str) -> str:
        return _taken(said_of_it, other, changed).strip()

    dialogue = Dialogue(
        id=identifier,
        turns=split_turns(_taken(steps, text, changed)),
        topic=None if topic is None else cleaned(topic),
        references=tuple(map(cleaned, references)),
        facts=tuple(Fact(fact.name, cleaned(fact.value)) for fact in facts),
    )
    if touched is not None:
        touched.update(changed)
    return dialogue
