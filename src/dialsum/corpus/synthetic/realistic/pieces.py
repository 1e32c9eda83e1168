"""Pieces that lengthen the talk of a scenario: its optional turns, remarks, and detours before and after the matter.

Enters: a scenario's script, and the text that writers write. Leaves: `Piece` values.

A remark is a line: a role, the turn that it follows, a colon, phrasings between bars. The turn is the role's first that
says a slot in all its phrasings, or its `first`, or its `last`. `call` stands before the role's first turn.

    A symptom: 어젯밤에는 한 시간도 못 잤어요. | 지난주 {weekday_since}부터 그랬어요.
    B call: {friend_A},

A detour is a block of turns, and the sentence with which a summary may mention it:

    A: {friend_B}, 드디어 왔네. | {friend_B}, 왜 이렇게 늦었어?
    B: 미안해, {friend_A}. {station}에서 지하철을 잘못 탔어{ㅠ}
    = {B}{은/는} 늦은 것을 {A}에게 사과한다.

All phrasings of a line must suit all phrasings of the lines around it. `{friend_A}`, `{staff_A}` and `{person_A}` are
the name of A. Other slots of a remark are the scenario's own if it has them; those of a detour are the detour's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from statistics import mean

from dialsum.corpus.synthetic.scenario import GUEST, MOODS, ROLES, Line, Script
from dialsum.corpus.synthetic.template import Template

_REMARK = re.compile(r"(?P<role>[A-D]) (?P<turn>\w+): (?P<texts>.+)")
_GREETING = re.compile("안녕|처음 뵙|반갑")
_TURN = re.compile(r"(?P<role>[A-D]): (?P<texts>.+)")
# The names of slots that are not of a participant: {friend}, but neither {A} nor {friend_A}.
_OWN_SLOT = re.compile(r"\{([a-z_]+)\}")
# Places are sorted: within a line of the script its openings, a call, the line itself, its remarks.
_LINE_WIDTH = 10_000
_OPENING, _CALL, _REMARKS = -5_000, -1, 1
_LABEL_CHARS = len("#Person1#: \n")
_SLOT_CHARS = 6


@dataclass(frozen=True)
class Piece:
    """Turns, each with its place in the talk, and about how many characters they add to it.

    `summary` is the sentence with which a summary may mention a detour; `opens` says that the talk begins with it.
    """

    turns: tuple[tuple[int, Line], ...]
    size: int
    summary: Template | None = None
    opens: bool = False


def required(script: Script, *, guest: bool) -> Piece:
    """The turns without which the script makes no sense, with those of the further participant or without."""
    return _lines_of(script, ("", GUEST) if guest else ("",))


def begun(needed: Piece) -> Piece:
    """The same turns for a talk that has begun already: the first does not greet, if it has such a phrasing."""
    (place, line), *others = needed.turns
    plain = tuple(text for text in line.phrasings if not _GREETING.search("".join(text.parts)))
    return replace(needed, turns=((place, replace(line, phrasings=plain or line.phrasings)), *others))


def optional(script: Script) -> list[Piece]:
    """The script's optional turns, those together that stand or fall together."""
    groups = dict.fromkeys(line.group for line in script.lines if line.group not in ("", GUEST))
    return [_lines_of(script, (group,)) for group in groups]


def remarks(script: Script, text: str) -> list[Piece]:
    """The remarks on a script. Raises ValueError for a line that is no remark, and for one without a turn to follow."""
    pieces: list[Piece] = []
    for rank, row in enumerate(text.strip().splitlines()):
        match = _REMARK.fullmatch(row.strip())
        if match is None:
            raise ValueError(f"not a remark: {row!r}")
        line = Line(match["role"], "", _phrasings(match["texts"]))
        number = _commented(script, match["role"], match["turn"])
        offset = _CALL if match["turn"] == "call" else _REMARKS + rank
        pieces.append(Piece(((number * _LINE_WIDTH + offset, line),), _mean_chars(line.phrasings)))
    return pieces


def openings(script: Script, texts: Iterable[str]) -> list[Piece]:
    """Detours before the matter: of a formal talk after the opening words, such as 여보세요, of a casual one first."""
    first = 0 if script.register == "casual" else next(i for i, line in enumerate(script.lines) if not line.group)
    detours = _detours(texts, first * _LINE_WIDTH + _OPENING, "before")
    return [replace(detour, opens=True) for detour in detours]


def follow_ups(script: Script, texts: Iterable[str]) -> list[Piece]:
    """Detours after the matter."""
    return _detours(texts, len(script.lines) * _LINE_WIDTH, "after")


def single(piece: Piece, kinds: Set[str]) -> list[Piece]:
    """The phrasings of a remark that have a slot of one of `kinds`, each a piece of its own."""
    ((place, line),) = piece.turns
    return [
        Piece(((place, Line(line.role, line.group, (text,))),), piece.size)
        for text in line.phrasings
        if any(slot.split("_")[0] in kinds for slot in text.slots())
    ]


def slots(piece: Piece) -> set[str]:
    """Names of all slots of all phrasings."""
    return {slot for _, line in piece.turns for text in line.phrasings for slot in text.slots()}


def _lines_of(script: Script, groups: Sequence[str]) -> Piece:
    turns = tuple((i * _LINE_WIDTH, line) for i, line in enumerate(script.lines) if line.group in groups)
    return Piece(turns, sum(_mean_chars(line.phrasings) + _LABEL_CHARS for _, line in turns))


def _commented(script: Script, role: str, turn: str) -> int:
    """The place in the script of the turn that a remark follows; only turns that are always there count."""
    places = [i for i, line in enumerate(script.lines) if line.role == role and not line.group]
    match turn:
        case "first" | "call":
            return places[0]
        case "last":
            return places[-1]
    for place in places:
        if all(turn in text.slots() for text in script.lines[place].phrasings):
            return place
    raise ValueError(f"{role} has no turn that always says {turn!r}")


def _detours(texts: Iterable[str], place: int, when: str) -> list[Piece]:
    blocks = [block for text in texts for block in re.split(r"\n\s*\n", text.strip())]
    return [_detour(block, place + 10 * number, f"{when}{number}") for number, block in enumerate(blocks)]


def _detour(block: str, place: int, name: str) -> Piece:
    # A name of its own for each slot: two detours about a friend are about two friends.
    block = _OWN_SLOT.sub(rf"{{\1_{name}}}", block)
    *rows, summary = (row.strip() for row in block.splitlines())
    lines: list[Line] = []
    for row in rows:
        match = _TURN.fullmatch(row)
        if match is None:
            raise ValueError(f"not a turn: {row!r}")
        lines.append(Line(match["role"], "", _phrasings(match["texts"])))
    size = sum(_mean_chars(line.phrasings) + _LABEL_CHARS for line in lines)
    turns = tuple((place + i, line) for i, line in enumerate(lines))
    return Piece(turns, size, Template.parse(summary.removeprefix("=")))


def _phrasings(texts: str) -> tuple[Template, ...]:
    return tuple(Template.parse(text) for text in texts.split("|"))


def _mean_chars(phrasings: Sequence[Template]) -> int:
    return round(mean(_chars(text) for text in phrasings))


def _chars(text: Template) -> int:
    """About how long a phrasing is when filled."""
    letters = sum(len(part) for part in text.parts[::2])
    names = [name for name in text.parts[1::2] if name not in (*ROLES, *MOODS)]
    return letters + sum(1 if "/" in name else _SLOT_CHARS for name in names)
