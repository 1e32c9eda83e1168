"""Rows of dialogues of one kind: one topic, one length, one number of speakers.

Enters: dialogues. Leaves: groups of their places. Of three dialogues, two of them of 240 and 310 characters:

    Group(by="length", name="200-399", places=(0, 2))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dialsum.corpus.dialogue import Dialogue

# Characters of the dialogue, the same bins for all data so that tables of two runs compare. Half of the competition's
# dialogues are in 200-399.
LENGTHS = (0, 200, 400, 600, 1000)


@dataclass(frozen=True)
class Group:
    """The dialogues at `places` (from 0) are alike in what `by` names: `topic`, `length` or `speakers`."""

    by: str
    name: str
    places: tuple[int, ...]


def divide(dialogues: Sequence[Dialogue]) -> list[Group]:
    """All groups with a dialogue in them: by length and by speakers in rising order, then topics, the largest first.

    A dialogue without topic is in no group of topics.
    """
    lengths = [_bin(len(dialogue.text())) for dialogue in dialogues]
    speakers = [len({turn.speaker for turn in dialogue.turns}) for dialogue in dialogues]
    topics = [dialogue.topic for dialogue in dialogues]
    largest_first = sorted(Counter(topic for topic in topics if topic).items(), key=lambda item: (-item[1], item[0]))
    return [
        *_groups("length", lengths, [name for name in _bins() if name in lengths]),
        *_groups("speakers", speakers, sorted(set(speakers))),
        *_groups("topic", topics, (topic for topic, _ in largest_first)),
    ]


def _groups(by: str, keys: Sequence[object], names: Iterable[object]) -> list[Group]:
    places: dict[object, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    return [Group(by, str(name), tuple(places[name])) for name in names]


def _bin(length: int) -> str:
    return _bins()[sum(length >= start for start in LENGTHS) - 1]


def _bins() -> list[str]:
    return [*(f"{start}-{end - 1}" for start, end in pairwise(LENGTHS)), f"{LENGTHS[-1]}+"]
