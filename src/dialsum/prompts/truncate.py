"""Shorten a dialogue that is too long for a model, by whole turns.

Enters: a Dialogue and a function that measures its prompt. Leaves: the longest beginning of the dialogue that fits.
What stands around the dialogue (system message, instruction, assistant header) is never cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dialsum.corpus.dialogue import Dialogue
from dialsum.errors import InputError


def fit(dialogue: Dialogue, length: Callable[[Dialogue], int], limit: int) -> Dialogue:
    """The dialogue without as many of its last turns as make `length` (tokens) at most `limit`.

    If not even the first turn fits, that turn loses its end. Raises InputError if the prompt without a dialogue is
    over the limit.
    """
    if length(dialogue) <= limit:
        return dialogue
    kept = _most(len(dialogue.turns), lambda count: length(replace(dialogue, turns=dialogue.turns[:count])) <= limit)
    if kept:
        return replace(dialogue, turns=dialogue.turns[:kept])
    return _cut_first_turn(dialogue, length, limit)


def _cut_first_turn(dialogue: Dialogue, length: Callable[[Dialogue], int], limit: int) -> Dialogue:
    first = dialogue.turns[0]

    def cut(chars: int) -> Dialogue:
        return replace(dialogue, turns=(replace(first, text=first.text[:chars]),))

    if length(cut(0)) > limit:
        raise InputError(
            f"params.yaml: tokenize.max_source_tokens: {limit} leaves no room for dialogue {dialogue.id}; the prompt "
            f"around it alone has {length(cut(0))} tokens: raise the limit or choose a shorter prompt"
        )
    return cut(_most(len(first.text), lambda chars: length(cut(chars)) <= limit))


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
