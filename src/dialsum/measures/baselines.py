"""Summaries that cost nothing, beside which a model's score is read.

Enters: dialogues (and the train split). Leaves: one text a dialogue, in the same order.

    lead([Dialogue("dev_0", (Turn("#Person1#", "안녕하세요."), …))], 1) == ["안녕하세요."]
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from dialsum.corpus.dialogue import Dialogue

# Dialogues compared with all of train at once: bounds the block of similarities to 64 × 12,457 on the full set.
_BLOCK = 64


def lead(dialogues: Sequence[Dialogue], count: int) -> list[str]:
    """The texts of the first `count` turns, without speakers."""
    return [" ".join(turn.text for turn in dialogue.turns[:count]) for dialogue in dialogues]


def longest_turns(dialogues: Sequence[Dialogue], count: int = 3) -> list[str]:
    """The texts of the `count` turns with the most characters, without speakers, in the order of the dialogue.

    Of turns of one length the earlier wins.
    """
    return [_longest(dialogue, count) for dialogue in dialogues]


def most_similar(dialogues: Sequence[Dialogue], train: Sequence[Dialogue]) -> list[str]:
    """The first reference of the most similar dialogue of `train`, which must not be empty.

    Similarity is the cosine of TF-IDF weights of character pairs and triples within words (which, unlike words, agree
    in spite of particles), over what is said and not who says it. Of dialogues equally similar the first wins, so that
    two runs agree.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics.pairwise import linear_kernel

    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3), sublinear_tf=True)
    known = vectorizer.fit_transform(map(_said, train))
    asked = vectorizer.transform(map(_said, dialogues))
    nearest: list[int] = []
    for start in range(0, len(dialogues), _BLOCK):
        nearest.extend(linear_kernel(asked[start : start + _BLOCK], known).argmax(axis=1).tolist())
    return [train[place].references[0] for place in nearest]


def other_row(count: int, train: Sequence[Dialogue]) -> list[str]:
    """The first references of `count` rows of `train`, drawn with replacement: what a text earns by its form alone.

    The draws are the same each time, so that two runs agree.
    """
    drawn = random.Random(0)
    return [train[drawn.randrange(len(train))].references[0] for _ in range(count)]


def reference(dialogues: Sequence[Dialogue]) -> tuple[list[str], list[Dialogue]]:
    """The first reference of each dialogue that has several, and those dialogues with their other references alone.

    Scored like any other system it says how well people agree. Both are empty if no dialogue has two references.
    """
    several = [dialogue for dialogue in dialogues if len(dialogue.references) > 1]
    others = [replace(dialogue, references=dialogue.references[1:]) for dialogue in several]
    return [dialogue.references[0] for dialogue in several], others


def _longest(dialogue: Dialogue, count: int) -> str:
    by_length = sorted(range(len(dialogue.turns)), key=lambda place: -len(dialogue.turns[place].text))
    return " ".join(dialogue.turns[place].text for place in sorted(by_length[:count]))


def _said(dialogue: Dialogue) -> str:
    return "\n".join(turn.text for turn in dialogue.turns)
