"""Shorten a dialogue that is too long for a model, by whole turns.

Enters: a Dialogue and a function that measures its prompt. Leaves: what of the dialogue fits. What goes is one stretch
of turns, as short as can be. Of six turns, three of which fit (`truncation`, what is kept):

    tail    1 2 3 . . .
    head    . . . 4 5 6
    middle  1 2 . . . 6     with four: 1 2 . . 5 6

A turn that does not fit by itself is cut where the stretch begins or ends. What stands around the dialogue (system
message, instruction, examples, assistant header) is never cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dialsum.corpus.dialogue import Dialogue, Turn
from dialsum.errors import InputError
from dialsum.params.prompt import Truncation

Length = Callable[[Dialogue], int]


@dataclass(frozen=True)
class Fitted:
    """A dialogue that fits, how many turns it lost, and whether one of those left lost a part."""

    dialogue: Dialogue
    turns_dropped: int = 0
    turn_cut: bool = False


def fit(dialogue: Dialogue, length: Length, limit: int, truncation: Truncation) -> Fitted:
    """The dialogue without as many turns as make `length` (tokens) at most `limit`.

    Raises InputError if the prompt without a dialogue is over the limit.
    """
    if length(dialogue) <= limit:
        return Fitted(dialogue)
    turns = dialogue.turns

    def part(count: int, *cut: Turn) -> Dialogue:
        front = _front(count, truncation)
        return replace(dialogue, turns=(*turns[:front], *cut, *turns[len(turns) - count + front :]))

    kept = _most(len(turns) - 1, lambda count: length(part(count)) <= limit)
    following = _next(turns, kept, truncation)
    if kept and length(replace(dialogue, turns=(following,))) <= limit:
        return Fitted(part(kept), len(turns) - kept)
    seam = _cut(following, _grows_in_front(kept, truncation), lambda cut: length(part(kept, cut)) <= limit)
    if kept and not seam.text:
        return Fitted(part(kept), len(turns) - kept)
    shortened = part(kept, seam)
    if length(shortened) > limit:
        raise InputError(
            f"params.yaml: tokenize.max_source_tokens: {limit} leaves no room for dialogue {dialogue.id}; the prompt "
            f"around it alone has {length(shortened)} tokens: raise the limit or choose a shorter prompt"
        )
    return Fitted(shortened, len(turns) - kept - 1, turn_cut=True)


def _front(count: int, truncation: Truncation) -> int:
    """How many of the `count` turns that are kept are at the dialogue's beginning."""
    match truncation:
        case "tail":
            return count
        case "head":
            return 0
        case "middle":
            return (count + 1) // 2


def _grows_in_front(count: int, truncation: Truncation) -> bool:
    """Whether one more turn would be kept at the dialogue's beginning, or else at its end."""
    return _front(count + 1, truncation) > _front(count, truncation)


def _next(turns: tuple[Turn, ...], kept: int, truncation: Truncation) -> Turn:
    """The turn that comes back first if one more is kept."""
    front = _front(kept, truncation)
    return turns[front] if _grows_in_front(kept, truncation) else turns[len(turns) - kept + front - 1]


def _cut(turn: Turn, beginning: bool, fits: Callable[[Turn], bool]) -> Turn:
    """As much of a turn as fits: of its beginning where it follows what is kept, of its end where it precedes it."""

    def cut(chars: int) -> Turn:
        return replace(turn, text=turn.text[:chars] if beginning else turn.text[len(turn.text) - chars :])

    return cut(_most(len(turn.text), lambda chars: fits(cut(chars))))


def _most(upper: int, fits: Callable[[int], bool]) -> int:
    """The largest count from 0 to `upper` that fits, by bisection: longer never fits where shorter does not."""
    low, high = 0, upper
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low
