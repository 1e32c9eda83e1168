"""Shorten a dialogue that is too long for a model, by whole turns.

Enters: a Dialogue and a function that measures its prompt. Leaves: what of the dialogue fits. What goes is one stretch
of turns, as short as can be. Of six turns, three of which fit (`truncation`, what is kept):

    tail    1 2 3 . . .
    head    . . . 4 5 6
    middle  1 2 . . . 6     with four: 1 2 . . 5 6

A turn is cut only if it is too long by itself, that is, if the prompt with this turn alone is over the limit. Such a
turn neither costs the others their place nor is it lost: where the stretch would begin or end with one, it is cut, and
more turns are kept. The rule is that of a fair share:

1. Half of the room for a dialogue is kept for the turns that are cut, an equal part of it for each.
2. Whole turns stay as far as the other half allows.
3. What is then left goes to the turns that are cut, equally many characters each. One that would begin or end the
   stretch and whose part was not left gets that rest too; without a single character it goes.

Of 100 tokens of room and turns of 900, 30, 10 and 20, tail keeps 60, 30 and 10; of turns of 70, 900 and 20 it keeps
70 and 30. A turn is cut at its end, and at its beginning where it stands behind the stretch. What stands around the
dialogue (system message, instruction, examples, assistant header) is never cut.

With a larger limit no kept turn is lost, as long as the same turns are too long by themselves. Where a larger limit
makes one fit that was cut before, that turn is whole from there on, and may need the place of others: of turns of 100,
30 and 20, tail keeps 49, 30 and 20 in 99 tokens, and 100 alone in 100.
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
    """A dialogue that fits, how many turns it lost, and how many of those left lost a part."""

    dialogue: Dialogue
    turns_dropped: int = 0
    turns_cut: int = 0


@dataclass(frozen=True)
class Part:
    """`count` turns of a dialogue; those in places `long`, which are too long by themselves, have `chars` at most."""

    dialogue: Dialogue
    truncation: Truncation
    count: int
    long: frozenset[int] = frozenset()
    chars: int = 0

    def places(self) -> list[int]:
        """Where the turns that are kept stand in the dialogue."""
        size, front = len(self.dialogue.turns), _front(self.count, self.truncation)
        return [*range(front), *range(size - self.count + front, size)]

    def following(self) -> int:
        """The place of the turn that comes back first if one more is kept."""
        return min(set(replace(self, count=self.count + 1).places()) - set(self.places()))

    def kept(self) -> Dialogue:
        """The dialogue as it is left."""
        front = _front(self.count, self.truncation)
        turns = (
            _cut(self.dialogue.turns[place], self.chars, beginning=number < front)
            if place in self.long
            else self.dialogue.turns[place]
            for number, place in enumerate(self.places())
        )
        return replace(self.dialogue, turns=tuple(turns))


def fit(dialogue: Dialogue, length: Length, limit: int, truncation: Truncation) -> Fitted:
    """The dialogue without as many turns as make `length` (tokens) at most `limit`.

    Raises InputError if the prompt without a dialogue is over the limit.
    """
    if length(dialogue) <= limit:
        return Fitted(dialogue)
    part = _share_out(_most_turns(Part(dialogue, truncation, 0), length, limit), length, limit)
    kept = part.kept()
    if length(kept) > limit:
        raise InputError(
            f"params.yaml: tokenize.max_source_tokens: {limit} leaves no room for dialogue {dialogue.id}; the prompt "
            f"around it alone has {length(kept)} tokens: raise the limit or choose a shorter prompt"
        )
    return Fitted(kept, len(dialogue.turns) - part.count, len(part.long.intersection(part.places())))


def _most_turns(part: Part, length: Length, limit: int) -> Part:
    """As many turns as fit where those that are too long have half of the room, and a character at least. Of these it
    names the ones that are kept or follow next: what is further on does not matter.
    """
    turns = part.dialogue.turns
    reserve = 0  # tokens for all turns that are too long

    def fits(count: int) -> bool:
        candidate = replace(part, count=count)
        if length(candidate.kept()) > limit:
            return False
        places = set(candidate.places())
        if long := places & part.long:
            others = tuple(turns[place] for place in sorted(places - long))
            return length(replace(part.dialogue, turns=others)) + reserve * len(long) // len(part.long) <= limit
        return True

    while True:
        part = replace(part, count=_most(len(turns), fits))
        if part.count == len(turns):
            return part
        place = part.following()
        if place in part.long or length(replace(part.dialogue, turns=(turns[place],))) <= limit:
            return part
        part = replace(part, long=part.long | {place}, chars=1)
        reserve = (limit - length(replace(part.dialogue, turns=()))) // 2


def _share_out(part: Part, length: Length, limit: int) -> Part:
    """What room is left goes to the turns that are cut, the one that follows next among them if there is enough."""
    if not part.long:
        return part
    longest = max(len(part.dialogue.turns[place].text) for place in part.long)

    def filled(count: int) -> Part:
        grown = replace(part, count=count)
        chars = _most(longest, lambda chars: length(replace(grown, chars=chars).kept()) <= limit)
        return replace(grown, chars=chars)

    if part.count < len(part.dialogue.turns) and part.following() in part.long:
        more = filled(part.count + 1)
        if more.chars or not part.count:
            return more
    return filled(part.count)


def _front(count: int, truncation: Truncation) -> int:
    """How many of the `count` turns that are kept are at the dialogue's beginning."""
    match truncation:
        case "tail":
            return count
        case "head":
            return 0
        case "middle":
            return (count + 1) // 2


def _cut(turn: Turn, chars: int, beginning: bool) -> Turn:
    """So many characters of a turn's beginning, or of its end."""
    return replace(turn, text=turn.text[:chars] if beginning else turn.text[max(0, len(turn.text) - chars) :])


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
