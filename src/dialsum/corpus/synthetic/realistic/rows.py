"""Rows as long as the real ones: 400 characters and 9.5 turns on average, and a long tail.

Enters: a split, a row's number, a seed. Leaves: a `Row`, in the columns and with the promises of `generate`.

    row("train", 0, 42).dialogue
    -> "#Person1#: 방을 예약하고 싶습니다. Kevin이 묵어 보고 참 좋았다고 해서요.\\n#Person2#: 언제부터 며칠 묵으실 …"

A row is the talk of one scenario, whose facts its summary states. It starts with the turns that the script needs, and
is lengthened piece by piece (see `pieces`) until it is as long as drawn. A row depends on split, seed and number alone.

The lengths are those of the Korean DialogSum data: the characters of 350 dialogues are lognormal from the first
percentile to the last (136 to 1,069; mean 410, standard deviation 199).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from random import Random
from typing import Literal

from dialsum.corpus.dialogue import Fact
from dialsum.corpus.synthetic.endings import polite
from dialsum.corpus.synthetic.generate import Row, draw_values, speak, speakers
from dialsum.corpus.synthetic.noise import draw_moods, join_turns
from dialsum.corpus.synthetic.realistic import pieces
from dialsum.corpus.synthetic.realistic.detours_casual import CASUAL_FOLLOW_UPS, CASUAL_OPENINGS
from dialsum.corpus.synthetic.realistic.detours_formal import FORMAL_FOLLOW_UPS, FORMAL_OPENINGS
from dialsum.corpus.synthetic.realistic.pieces import Piece
from dialsum.corpus.synthetic.realistic.remarks_casual import CASUAL
from dialsum.corpus.synthetic.realistic.remarks_formal import FORMAL
from dialsum.corpus.synthetic.realistic.settings import AT_ONCE, SETTINGS
from dialsum.corpus.synthetic.scenario import MOODS, Line, Scenario, Script
from dialsum.corpus.synthetic.scenarios import SCENARIOS
from dialsum.corpus.synthetic.slots import draw
from dialsum.corpus.synthetic.template import Template

Split = Literal["train", "dev", "test"]
Turn = tuple[Line, Template]

# Mean and standard deviation of the logarithm of a dialogue's characters.
_LENGTH = (5.88, 0.46)
# Shares of rows: with three or more speakers, and whose people have Latin names.
_CROWDED = 0.009
_LATIN = 0.74
# Shares: of the detours among the pieces that are added, of those that the summary mentions, of the speakers that it
# calls by their names where the dialogue has these.
_DETOURS = 0.17
_MENTIONED = 0.25
_CALLED = 0.8

_NAMES = frozenset({"person", "friend", "staff", "teacher"})
_LETTER = re.compile("[A-Za-z]")
# Values of a kind to choose from for slots that are not the scenario's own.
_POOL = 600


@dataclass(frozen=True)
class _Talk:
    """A script, and the pieces that can lengthen it: `near` has optional turns and remarks.

    `own` are the slots that the scenario fills. `begun` is `needed` for a talk that has begun with something else.
    `naming` has remarks that hold a name, each with its place in `near`.
    """

    scenario: Scenario
    script: Script
    guest: bool
    own: frozenset[str]
    needed: Piece
    begun: Piece
    near: tuple[Piece, ...]
    naming: tuple[tuple[int, Piece], ...]
    detours: tuple[Piece, ...]


def row(split: Split, number: int, seed: int) -> Row:
    """The row of that number. Splits share no combination of scenario and values with train."""
    rng = Random(f"realistic/{split}/{seed}/{number}")
    talk = rng.choice(_CROWDED_TALKS if rng.random() < _CROWDED else _TALKS)
    latin = rng.random() < _LATIN
    chosen = _choose(talk, rng.lognormvariate(*_LENGTH), latin, rng)
    turns = _turns(talk, chosen, rng)
    scenario, facts = talk.scenario, talk.scenario.facts(guest=talk.guest)
    values = _values(split, talk, turns, latin, rng)
    labels = speakers(turns)
    dialogue = join_turns(speak(turns, {**values, **labels, **draw_moods(rng)}), rng)
    sentences = [rng.choice(scenario.summaries)]
    if talk.guest and scenario.guest_summaries:
        sentences.append(rng.choice(scenario.guest_summaries))
    sentences += [piece.summary for piece in chosen if piece.summary and rng.random() < _MENTIONED]
    named = {**values, **labels, **_names(labels, values, rng)}
    summary = " ".join(sentence.fill(named) for sentence in sentences)
    return Row(
        fname=f"{split}_{number}",
        dialogue=dialogue,
        summary=polite(summary) if talk.script.register == "formal" else summary,
        topic=rng.choice(scenario.topics),
        facts=tuple(Fact(slot, values[slot]) for slot in facts),
    )


def _choose(talk: _Talk, chars: float, latin: bool, rng: Random) -> list[Piece]:
    """Pieces that make the talk about `chars` characters long, in its order; all there are if these are too few.

    Where people have Latin names, a remark with a name comes before all others, so that short rows have one too.
    """
    near, detours = list(talk.near), list(talk.detours)
    chosen: list[Piece] = []
    size = talk.needed.size
    if latin:
        place, naming = rng.choice(talk.naming)
        del near[place]
        chosen.append(naming)
        size += naming.size
    while near or detours:
        pool = detours if detours and (not near or rng.random() < _DETOURS) else near
        piece = pool.pop(rng.randrange(len(pool)))
        if size + piece.size / 2 > chars:
            break
        chosen.append(piece)
        size += piece.size
    return sorted(chosen, key=lambda piece: piece.turns[0][0])


def _turns(talk: _Talk, chosen: Sequence[Piece], rng: Random) -> list[Turn]:
    """All turns in their order, each with one of its phrasings."""
    needed = talk.begun if any(piece.opens for piece in chosen) else talk.needed
    placed = [turn for piece in (needed, *chosen) for turn in piece.turns]
    placed.sort(key=itemgetter(0))
    return [(line, rng.choice(line.phrasings)) for _, line in placed]


def _values(split: Split, talk: _Talk, turns: Sequence[Turn], latin: bool, rng: Random) -> Mapping[str, str]:
    """Values of all slots: the scenario's own as `generate` draws them, then those of remarks and detours."""
    slots = dict.fromkeys(slot for _, text in turns for slot in text.slots() if slot not in MOODS)
    own = [slot for slot in slots if slot in talk.own]
    values = dict(draw_values(split, talk.scenario, own, talk.scenario.facts(guest=talk.guest), rng))
    for slot in slots:
        if slot not in talk.own:
            values[slot] = _draw_other(slot, values, latin, rng)
    return values


def _draw_other(slot: str, taken: Mapping[str, str], latin: bool, rng: Random) -> str:
    """A value; a name is one that nobody else in the row has. These names are all in Latin letters, or none is."""
    kind = slot.split("_")[0]
    if kind not in _NAMES:
        return rng.choice(_pool(kind, None))
    while True:
        name = rng.choice(_pool(kind, latin))
        if name not in taken.values():
            return name


@cache
def _pool(kind: str, latin: bool | None) -> tuple[str, ...]:
    """Values of a kind that train may show. Composing each value of each row anew would take twice the time."""
    rng = Random(f"realistic/{kind}")
    values = (draw(kind, rng, unseen=False) for _ in range(_POOL))
    return tuple(dict.fromkeys(value for value in values if latin is None or bool(_LETTER.search(value)) == latin))


def _names(labels: Mapping[str, str], values: Mapping[str, str], rng: Random) -> dict[str, str]:
    """Some of the speakers whose names are said, under their names, as real summaries call them."""
    known = {slot[-1]: value for slot, value in values.items() if slot[-2:-1] == "_" and slot[-1] in labels}
    return {role: name for role, name in known.items() if rng.random() < _CALLED}


def _talk(scenario: Scenario, script: Script, *, guest: bool) -> _Talk:
    formal = script.register == "formal"
    own = {slot for line in script.lines for text in line.phrasings for slot in text.slots()}
    needed = pieces.required(script, guest=guest)
    comments = pieces.remarks(script, (FORMAL if formal else CASUAL)[scenario.name])
    naming = ((place, name) for place, remark in enumerate(comments) for name in pieces.single(remark, _NAMES))
    detours = _formal_detours(scenario.name, script) if formal else _casual_detours(script)
    if any(slot.startswith("person") for slot in own):
        # Who says his name in the scenario itself must not introduce himself before, under another.
        detours = [detour for detour in detours if "person_A" not in pieces.slots(detour)]
    return _Talk(
        scenario=scenario,
        script=script,
        guest=guest,
        own=frozenset(own),
        needed=needed,
        begun=pieces.begun(needed),
        near=(*comments, *pieces.optional(script)),
        naming=tuple(naming),
        detours=tuple(detours),
    )


def _formal_detours(name: str, script: Script) -> list[Piece]:
    before = [FORMAL_OPENINGS[setting] for setting in SETTINGS[name] if setting in FORMAL_OPENINGS]
    after = [FORMAL_FOLLOW_UPS[setting] for setting in SETTINGS[name] if setting in FORMAL_FOLLOW_UPS]
    if name in AT_ONCE:
        return pieces.follow_ups(script, after)
    return [*pieces.openings(script, before), *pieces.follow_ups(script, after)]


def _casual_detours(script: Script) -> list[Piece]:
    return [*pieces.openings(script, [CASUAL_OPENINGS]), *pieces.follow_ups(script, [CASUAL_FOLLOW_UPS])]


def _is_crowded(talk: _Talk) -> bool:
    return len({line.role for _, line in talk.needed.turns}) > 2


_ALL = [
    _talk(scenario, script, guest=guest)
    for scenario in SCENARIOS
    for script in scenario.scripts
    for guest in sorted({False, script.has_guest()})
]
_TALKS = [talk for talk in _ALL if not _is_crowded(talk)]
_CROWDED_TALKS = [talk for talk in _ALL if _is_crowded(talk)]
