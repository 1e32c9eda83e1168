"""Scenarios: what is talked about, in which words, and what a summary must say.

Enters: the text that writers of scenarios write. Leaves: `Scenario` values that are known to be consistent.

A script is one turn a line: the role, a colon, the phrasings between bars.

    ?B: 네, {clinic}입니다. | 안녕하세요, {clinic}입니다.
    A: 진료를 예약하고 싶어요. | 진료 예약이 되나요?
    ?1 B: 처음 오셨나요?
    ?1 A: 네, 처음이에요.
    +C: 저도 {symptom_guest} 때문에 같이 볼게요.

`?` is optional by itself, `?1` stands or falls with the other `?1` lines, `+` comes only with a further participant.
Roles are numbered as they first speak, so an optional opening changes who is #Person1#. In a summary `{A}` is a
participant's label. The slots of the summaries are the facts; `{ㅋ}` and `{ㅠ}` end a sentence
with a mood, or with a mere full stop.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dialsum.corpus.synthetic.slots import kind_of
from dialsum.corpus.synthetic.template import Template

ROLES = ("A", "B", "C", "D")
MOODS = ("ㅋ", "ㅠ")
GUEST = "+"
_LINE = re.compile(r"(?P<group>\?\d*|\+)?\s*(?P<role>[A-D]):\s*(?P<texts>.+)")

Register = Literal["formal", "casual"]


@dataclass(frozen=True)
class Line:
    """One turn. `group` is "" for a turn that is always there, "+" for the further participant's part."""

    role: str
    group: str
    phrasings: tuple[Template, ...]


@dataclass(frozen=True)
class Script:
    """The turns of a dialogue in one register."""

    register: Register
    lines: tuple[Line, ...]

    def has_guest(self) -> bool:
        """Whether a further participant can join."""
        return any(line.group == GUEST for line in self.lines)


@dataclass(frozen=True)
class Scenario:
    """`guest_summaries` follow the summary when the further participant speaks."""

    name: str
    topics: tuple[str, ...]
    scripts: tuple[Script, ...]
    summaries: tuple[Template, ...]
    guest_summaries: tuple[Template, ...] = ()

    def facts(self, *, guest: bool) -> tuple[str, ...]:
        """Names of the slots that a summary states, in the order of its first phrasing."""
        stated = self.summaries[0].slots() + (self.guest_summaries[0].slots() if guest else ())
        return tuple(dict.fromkeys(slot for slot in stated if slot not in ROLES))


def write_scenario(
    name: str,
    topic: str,
    *,
    summary: str,
    formal: str = "",
    casual: str = "",
    guest: str = "",
) -> Scenario:
    """A scenario from its text. Raises ValueError, which names the scenario, for whatever would not render."""
    try:
        scenario = Scenario(
            name=name,
            topics=_alternatives(topic),
            scripts=_scripts(formal, casual),
            summaries=_templates(summary.strip().splitlines()),
            guest_summaries=_templates(guest.strip().splitlines()),
        )
        _check(scenario)
    except ValueError as error:
        raise ValueError(f"scenario {name!r}: {error}") from error
    return scenario


def _scripts(formal: str, casual: str) -> tuple[Script, ...]:
    registers: tuple[tuple[Register, str], ...] = (("formal", formal), ("casual", casual))
    return tuple(Script(register, _lines(text)) for register, text in registers if text)


def _lines(text: str) -> tuple[Line, ...]:
    lines: list[Line] = []
    for number, row in enumerate(text.strip().splitlines()):
        match = _LINE.fullmatch(row.strip())
        if match is None:
            raise ValueError(f"not a turn: {row!r}")
        group = match["group"] or ""
        # Optional turns without a number are each a group of their own.
        lines.append(
            Line(match["role"], f"?{row}{number}" if group == "?" else group, _templates(match["texts"].split("|")))
        )
    return tuple(lines)


def _alternatives(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|"))


def _templates(texts: list[str]) -> tuple[Template, ...]:
    return tuple(Template.parse(text) for text in texts)


def _check(scenario: Scenario) -> None:
    if not scenario.scripts or len(scenario.summaries) < 3:
        raise ValueError("needs a script and three summaries")
    _check_summaries(scenario.summaries, set(scenario.facts(guest=False)))
    if scenario.guest_summaries:
        _check_summaries(scenario.guest_summaries, set(scenario.guest_summaries[0].slots()) - set(ROLES))
    for script in scenario.scripts:
        _check_script(scenario, script)


def _check_summaries(summaries: tuple[Template, ...], facts: set[str]) -> None:
    for summary in summaries:
        if set(summary.slots()) - set(ROLES) != facts:
            raise ValueError(f"a summary does not state exactly {sorted(facts)}: {''.join(summary.parts)}")


def _check_script(scenario: Scenario, script: Script) -> None:
    for line in script.lines:
        for slot in (slot for phrasing in line.phrasings for slot in phrasing.slots()):
            _check_slot(slot)
    if script.has_guest() != bool(scenario.guest_summaries):
        raise ValueError("turns of a further participant and their summaries come together")
    for guest in {False, script.has_guest()}:
        spoken = {line.role for line in script.lines if line.group in ("", GUEST if guest else "")}
        always = [line for line in script.lines if line.group in ("", GUEST if guest else "")]
        for fact in scenario.facts(guest=guest):
            _check_slot(fact)
            if not any(all(fact in text.slots() for text in line.phrasings) for line in always):
                raise ValueError(f"fact {fact!r} is not said in every rendering of the {script.register} script")
        named = scenario.summaries + (scenario.guest_summaries if guest else ())
        if missing := {slot for text in named for slot in text.slots() if slot in ROLES} - spoken:
            raise ValueError(f"a summary names {sorted(missing)}, who may not speak")


def _check_slot(slot: str) -> None:
    if slot in MOODS:
        return
    try:
        kind_of(slot)
    except KeyError:
        raise ValueError(f"unknown slot {slot!r}") from None
