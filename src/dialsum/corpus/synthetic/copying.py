"""Dialogues in which someone reads out values for another to write down: practice in copying strings never seen.

Enters: a random source. Leaves: turns and the memo which repeats the values.

    #Person1#: 불러 드릴게요. 암호는 서길도입니다.
    #Person2#: 네, 적었어요. 다음은요?
    #Person1#: 번호는 QX-4821이에요.                    ->  받아 적기: 암호 서길도, 번호 QX-4821

A tiny model learns the copying itself only from values that it cannot know: see "induction heads", Olsson et al. 2022.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from dialsum.corpus.dialogue import Fact
from dialsum.corpus.synthetic.memo import write_memo
from dialsum.corpus.synthetic.slots import KINDS, draw, held_out, invent_word
from dialsum.corpus.synthetic.template import Template
from dialsum.corpus.synthetic.words import WORDS

_OPENINGS = (
    "받아 적어 주세요.",
    "불러 드릴게요.",
    "메모 좀 해 주세요.",
    "지금부터 읽을게요.",
    "중요하니까 적어 두세요.",
)
_READINGS = (
    "{label}{은/는} {value}입니다.",
    "{label}{은/는} {value}{이에요/예요}.",
    "{label}{이라고/라고} 쓰고 {value}{을/를} 적으세요.",
    "{value}, 이게 {label}입니다.",
    "{label}, {value}.",
    "{label}{으로/로}는 {value}{이/가} 맞아요.",
)
_REPLIES = (
    "네.",
    "네, 적었어요.",
    "다음은요?",
    "네, 계속하세요.",
    "잠시만요. 네, 적었습니다.",
    "{label} {value}, 맞죠?",
    "{value}{이라고/라고} 적었어요.",
)
_CLOSINGS = ("이게 전부예요.", "다 적으셨죠?", "끝입니다.", "수고하셨어요.")
_TOPICS = ("받아 적기", "메모 전달", "내용 확인", "목록 작성", "전달 사항")
_KINDS = tuple(name for name, kind in KINDS.items() if not kind.closed)


@dataclass(frozen=True)
class Dictation:
    """`facts` are the values read out, in the order of the reading."""

    topic: str
    turns: tuple[str, ...]
    memo: str
    facts: tuple[Fact, ...]


def dictate(rng: Random) -> Dictation:
    """One to five values of any form, each under a label that says nothing about its form."""
    labels = rng.sample(WORDS["label"], rng.randint(1, 5))
    items = [(label, _value(rng)) for label in labels]
    reader, writer = rng.sample(("#Person1#", "#Person2#"), 2)
    turns = [f"{writer}: 네, 말씀하세요."] if writer == "#Person1#" else []
    opening = rng.choice(_OPENINGS) + " "
    for label, value in items:
        filled = {"label": label, "value": value}
        turns.append(f"{reader}: {opening}{Template.parse(rng.choice(_READINGS)).fill(filled)}")
        turns.append(f"{writer}: {Template.parse(rng.choice(_REPLIES)).fill(filled)}")
        opening = ""
    turns.append(f"{reader}: {rng.choice(_CLOSINGS)}")
    topic = rng.choice(_TOPICS)
    facts = tuple(Fact(label, value) for label, value in items)
    return Dictation(topic, tuple(turns), write_memo(topic, items, rng), facts)


def _value(rng: Random) -> str:
    while True:
        value = rng.choice(_FORMS)(rng)
        # Whatever its form, it must not be one of the values that only dev and test may show.
        if not held_out("product", value):
            return value


def _syllables(rng: Random) -> str:
    return invent_word(rng, rng.randint(2, 6))


def _words(rng: Random) -> str:
    return " ".join(invent_word(rng, rng.randint(1, 4)) for _ in range(rng.randint(2, 3)))


def _digits(rng: Random) -> str:
    return "".join(rng.choice("0123456789") for _ in range(rng.randint(2, 7)))


def _code(rng: Random) -> str:
    letters = "".join(rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(rng.randint(1, 3)))
    return f"{letters}{rng.choice(('-', ''))}{rng.randint(1, 9999)}"


def _latin(rng: Random) -> str:
    word = "".join(rng.choice("bdfgjklmnprstvwz") + rng.choice("aeiou") for _ in range(rng.randint(1, 3)))
    return word.capitalize() + rng.choice(("", "n", "m", "l", "s", "t"))


def _slot(rng: Random) -> str:
    return draw(rng.choice(_KINDS), rng, unseen=False, invent=0.5)


_FORMS: tuple[Callable[[Random], str], ...] = (
    _syllables,
    _syllables,
    _words,
    _digits,
    _code,
    _latin,
    _slot,
    _slot,
    _slot,
    _slot,
)
