"""Rows of a synthetic data set, the same for the same arguments on any machine.

Enters: a split, a number of rows, a seed. Leaves: `Row` values in the columns of the competition, with the facts that
the summary states.

    Row(fname="train_0", dialogue="#Person1#: 안녕하세요, 가람의원입니다.\\n#Person2#: 진료를 …",
        summary="#Person2#는 #Person1#에게 …", topic="진료 예약", facts=(Fact("date", "3월 14일"), …))

A row depends on its split, its seed and its number alone: the first rows of a longer set are the rows of a shorter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from dialsum.corpus.dialogue import Fact
from dialsum.corpus.synthetic.endings import polite
from dialsum.corpus.synthetic.noise import draw_moods, join_turns
from dialsum.corpus.synthetic.scenario import GUEST, MOODS, Line, Scenario, Script
from dialsum.corpus.synthetic.scenarios import SCENARIOS
from dialsum.corpus.synthetic.slots import digest, draw, kind_of
from dialsum.corpus.synthetic.template import Template

# `base` is for base models: the same talk with other values, many of them words that no list has, in the plain style.
Split = Literal["train", "dev", "test", "base"]

_GUEST_SHARE = 0.28
_HELD_OUT_SHARE = 0.3
# Of words in the base corpus: a model that only ever saw real words would learn them instead of learning to copy.
_INVENTED_SHARE = 0.3
# Shares of all combinations of values that belong to dev and to test; the rest is for train and base.
_COMBINATIONS = 12
_COMBINATION_OF = {0: "dev", 1: "test"}


@dataclass(frozen=True)
class Row:
    """A row of the competition's file, and `facts`, which it does not have; their names are those of slots."""

    fname: str
    dialogue: str
    summary: str
    topic: str
    facts: tuple[Fact, ...]


def generate(split: Split, rows: int, seed: int) -> list[Row]:
    """`rows` rows of a split. Splits are independent, and share no combination of scenario and values with train."""
    return [row(split, number, seed) for number in range(rows)]


def row(split: Split, number: int, seed: int) -> Row:
    """The row of that number, whatever the number of rows."""
    # A text as seed goes through SHA-512: stable between versions of Python, and rows do not depend on each other.
    rng = Random(f"{split}/{seed}/{number}")
    fname = f"{split}_{number}"
    scenario = rng.choice(SCENARIOS)
    script = rng.choice(scenario.scripts)
    guest = script.has_guest() and rng.random() < _GUEST_SHARE
    turns = _choose_turns(script, guest, rng)
    summary = rng.choice(scenario.summaries)
    tail = rng.choice(scenario.guest_summaries) if guest else None
    values = draw_values(split, scenario, _slots(turns), scenario.facts(guest=guest), rng)
    facts = tuple(Fact(slot, values[slot]) for slot in scenario.facts(guest=guest))
    filled = {**values, **speakers(turns), **draw_moods(rng)}
    topic = rng.choice(scenario.topics)
    dialogue = join_turns(speak(turns, filled), rng)
    said = " ".join(template.fill(filled) for template in (summary, tail) if template)
    if script.register == "formal" and split != "base":
        said = polite(said)
    return Row(fname, dialogue, said, topic, facts)


def _choose_turns(script: Script, guest: bool, rng: Random) -> list[tuple[Line, Template]]:
    groups = tuple(dict.fromkeys(line.group for line in script.lines))
    kept = {group: group == "" or (guest if group == GUEST else rng.random() < 0.5) for group in groups}
    return [(line, rng.choice(line.phrasings)) for line in script.lines if kept[line.group]]


def _slots(turns: Sequence[tuple[Line, Template]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(slot for _, phrasing in turns for slot in phrasing.slots() if slot not in MOODS))


def speakers(turns: Sequence[tuple[Line, Template]]) -> dict[str, str]:
    """Labels of the roles: who speaks first is #Person1#."""
    roles = dict.fromkeys(line.role for line, _ in turns)
    return {role: f"#Person{place}#" for place, role in enumerate(roles, start=1)}


def speak(turns: Sequence[tuple[Line, Template]], filled: Mapping[str, str]) -> list[str]:
    """The turns as text. Two lines of one role that follow each other are one turn."""
    spoken: list[str] = []
    speaker = ""
    for line, phrasing in turns:
        text = phrasing.fill(filled)
        if line.role == speaker:
            spoken[-1] += f" {text}"
        else:
            spoken.append(f"{filled[line.role]}: {text}")
        speaker = line.role
    return spoken


def draw_values(
    split: Split, scenario: Scenario, slots: Sequence[str], facts: Sequence[str], rng: Random
) -> Mapping[str, str]:
    """A value for each of `slots`, such that those of `facts` are a combination of the split."""
    while True:
        values: dict[str, str] = {}
        for slot in slots:
            values[slot] = _draw_other(split, slot, values, rng)
        if _belongs(split, scenario.name, [values[slot] for slot in facts]):
            return values


def _draw_other(split: Split, slot: str, taken: Mapping[str, str], rng: Random) -> str:
    """A value that no other slot of the kind has: a trip from A to A would make no sense."""
    others = {value for other, value in taken.items() if kind_of(other) == kind_of(slot)}
    unseen = split in ("dev", "test") and rng.random() < _HELD_OUT_SHARE
    while True:
        value = draw(slot, rng, unseen=unseen, invent=_INVENTED_SHARE if split == "base" else 0.0)
        if value not in others:
            return value


def _belongs(split: Split, scenario: str, values: Sequence[str]) -> bool:
    part = digest("|".join((scenario, *values))) % _COMBINATIONS
    return _COMBINATION_OF.get(part, "train") == ("train" if split == "base" else split)
