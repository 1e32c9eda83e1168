"""From the text of a file, or of a request, to the turns that a model reads.

Enters: `#Person1#: 안녕하세요.\\n#Person2#:  네,<br>반가워요.`, with a written-out `\\n` as in the competition's files.
Leaves: `Turn("#Person1#", "안녕하세요."), Turn("#Person2#", "네, 반가워요.")`.

`prepare` and the server both clean here, so that a model is asked about the same text that it was trained on. Cleaning
changes how a text is written down, never what it says: no word, label or mask is dropped or renamed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from types import MappingProxyType

from dialsum.corpus.dialogue import Dialogue, Fact, Turn

# A name with a number between hashes is a person (#Person1#); one without a number is a mask (#Address#) and thus text.
# SD2000001 and 화자SD2000001 are the labels of the NIKL everyday conversations.
_SPEAKER = re.compile(r"(?P<speaker>#[^\W\d_]+ ?\d+#|(?:화자 ?)?SD\d+)\s*[:：]\s*(?P<text>.*)")
_LINE_ENDING = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Control characters but tab and newline, lone surrogates, and the marks that take no room: soft hyphen, zero-width
# space and non-joiner, writing direction, word joiner, byte order mark. A joiner is kept where it builds an emoji.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\u00ad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
    "|\u200d(?![\u2190-\u2bff\U0001f000-\U0001faff])"
)
_ESCAPED_NEWLINE = re.compile(r"(?:\\{1,2}r)?\\{1,2}n")  # a file written by a program is often escaped twice
_BREAK = re.compile(r"</?[^\S\n]*br[^\S\n]*/?>", re.IGNORECASE)
_SPACES = re.compile(r"[^\S\n]+")


def _line_endings(text: str) -> str:
    return _LINE_ENDING.sub("\n", text)


def _invisible(text: str) -> str:
    return _INVISIBLE.sub("", text)


def _escaped_newlines(text: str) -> str:
    return _ESCAPED_NEWLINE.sub("\n", text)


def _breaks(text: str) -> str:
    return _BREAK.sub("\n", text)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _spaces(text: str) -> str:
    """One blank between words, none around a line, no blank line."""
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


# In this order: what is invisible goes first, as it can hide a `<br>`; spaces come last, as other steps leave some.
STEPS: MappingProxyType[str, Callable[[str], str]] = MappingProxyType(
    {
        "line_endings": _line_endings,
        "invisible_characters": _invisible,
        "escaped_newlines": _escaped_newlines,
        "breaks": _breaks,
        "composed_hangul": _composed,
        "spaces": _spaces,
    }
)


def clean_stepwise(text: str) -> Iterator[tuple[str, str]]:
    """The name of each cleaning step and the text after it, in order."""
    for name, step in STEPS.items():
        text = step(text)
        yield name, text


def clean(text: str) -> str:
    """One dialogue's text in normal form: lines parted by `\\n`, one blank between words, composed Hangul (NFC).

    What is clean already comes back as it is.
    """
    *_, (_, cleaned) = clean_stepwise(text)
    return cleaned


def clean_reference(summary: str) -> str:
    """A summary as it is learnt and measured: composed Hangul, no blanks around it, otherwise as it was written."""
    return unicodedata.normalize("NFC", summary).strip()


def split_turns(text: str) -> tuple[Turn, ...]:
    """The turns of a clean text; at least one, whose speaker is `""` if the text has no label.

    A turn starts at a line that starts with a label and a colon. Other lines belong to the turn before them.
    """
    turns: list[tuple[str, list[str]]] = []
    for line in text.split("\n"):
        label = _SPEAKER.match(line)
        if label:
            turns.append((label["speaker"], [label["text"]]))
        elif turns:
            turns[-1][1].append(line)
        else:
            turns.append(("", [line]))
    return tuple(Turn(speaker, " ".join(lines).strip()) for speaker, lines in turns)


def said(text: str) -> str:
    """What is left to read of a dialogue as it came in: labels, invisible characters and blanks say nothing."""
    return " ".join(turn.text for turn in split_turns(clean(text))).strip()


def to_dialogue(
    identifier: str,
    text: str,
    topic: str | None = None,
    references: Iterable[str] = (),
    facts: Iterable[Fact] = (),
) -> Dialogue:
    """A dialogue from its text as it came in: cleaned and split into turns."""
    return Dialogue(
        id=identifier,
        turns=split_turns(clean(text)),
        topic=topic,
        references=tuple(clean_reference(reference) for reference in references),
        facts=tuple(facts),
    )
