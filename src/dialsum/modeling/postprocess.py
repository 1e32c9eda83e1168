"""Mend what a model may get wrong in the form of a summary, never in what it says.

Enters: a text, its dialogue, the switches of `generation.postprocess`. Leaves: the text, and what was mended in it:

    mend("assistant\n요약: #Person1은 화났다. #Person1은 화났다.", "#Person1#: 아, 정말.", ALL_ON)
    == ("#Person1#은 화났다.", ["role_headers", "summary_headers", "open_labels", "repeated_sentences"])

A text that needs nothing stays as it is, and a mended one needs nothing more. None of the 250 real reference summaries
is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict

from dialsum.corpus.cleaning import STEPS
from dialsum.corpus.script import LABEL
from dialsum.corpus.sentences import ends, split_sentences
from dialsum.params.generation import Postprocess

# The header of a reply, left over where a chat format's tokens are no special ones, or repeated by the model.
_ROLE = re.compile(r"(?:<\|[^|<>\s]*\|>|#{2,3} *(?:Response|응답) *:?|assistant(?: *:|(?=\n|$)))\s*", re.IGNORECASE)
_NAME = "(?:(?:대화 ?)?(?:요약문?|Summary)|답변|다음은 (?:대화의? ?)?요약입니다)"
_TITLE = rf"(?:\*\*|\[)?{_NAME}(?:\*\*|\])?"
_HEADER = re.compile(
    rf"(?:(?:#{{1,4}} )?{_TITLE} ?[:：](?:\*\*)?|(?:#{{1,4}} {_TITLE}|\*\*{_NAME}\*\*) *(?=\n)|\[요약\])\s*",
    re.IGNORECASE,
)
_ALONE = "(?<![A-Za-z0-9#＃])"  # no other label ends here
_BROKEN = re.compile(r"\s*\ufffd[\s\ufffd]*")
_SAYS = re.compile(r"\w")


def mend(text: str, dialogue: str, switches: Postprocess) -> tuple[str, list[str]]:
    """The text as it should be, and the switches that had to mend it, each once, in their order."""
    used: set[str] = set()
    before = None
    while before != text:  # one step may lay open what another one mends
        before = text
        for name, on in asdict(switches).items():
            if on and (mended := _STEPS[name](text, dialogue)) != text:
                used.add(name)
                text = mended
    return text, [name for name in asdict(switches) if name in used]


def _without_role(text: str, _: str) -> str:
    found = _ROLE.match(text)
    return text[found.end() :] if found else text


def _without_header(text: str, _: str) -> str:
    found = _HEADER.match(text)
    return text[found.end() :] if found else text


def _without_broken(text: str, _: str) -> str:
    """One blank where a character's bytes are not all there, or one line break where a line ended; nothing invisible.

    The letters on both sides would else make a run ("P", half a character, "ker") that `modeling.foreign` never saw.
    """
    text = STEPS["invisible_characters"](text)
    return _BROKEN.sub(lambda found: "\n" if "\n" in found[0] else " ", text).strip()


def _closed_labels(text: str, dialogue: str) -> str:
    """`#Person1은`, `Person1#은`, `＃#person 1#은` and `# Person1#은` are `#Person1#은`, if the dialogue has that."""
    names = {label.strip("#").lower(): label for label in LABEL.findall(dialogue)}
    if not names:
        return text
    longest_first = sorted(names, key=len, reverse=True)
    name = f"({'|'.join(re.sub(r'(?<=[a-z])(?=[0-9])', ' ?', name) for name in longest_first)})"
    # Of the signs between two labels, as in #Person1##Person2#, the last one is the second's.
    closed = rf"(?:{_ALONE}[#＃]+ ?|[#＃]|{_ALONE}){name}(?:[#＃]+(?![A-Za-z0-9])|[#＃])"
    open_ = rf"(?:{_ALONE}[#＃]+|[#＃]){name}(?![A-Za-z0-9#＃])"
    return re.sub(
        f"{closed}|{open_}",
        lambda found: names[(found[1] or found[2]).replace(" ", "").lower()],
        text,
        flags=re.IGNORECASE,
    )


def _without_repeats(text: str, _: str) -> str:
    """Each sentence once, also the last one if it was begun again and not brought to its end."""
    sentences = split_sentences(text)
    kept: list[str] = []
    parts: list[str] = []
    for place, (sentence, space) in enumerate(sentences, start=1):
        cut_short = place == len(sentences) and not ends(sentence)
        again = any(earlier.startswith(sentence) if cut_short else earlier == sentence for earlier in kept)
        if not again or not _SAYS.search(sentence):
            kept.append(sentence)
            parts.append(sentence + space)
    return "".join(parts).rstrip()


_STEPS: dict[str, Callable[[str, str], str]] = {
    "role_headers": _without_role,
    "summary_headers": _without_header,
    "broken_characters": _without_broken,
    "open_labels": _closed_labels,
    "repeated_sentences": _without_repeats,
}
