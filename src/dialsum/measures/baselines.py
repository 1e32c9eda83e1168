"""Summaries that cost nothing, beside which a model's score is read.

Enters: dialogues (and the train split). Leaves: one text a dialogue, in the same order.

    first_turn([Dialogue("dev_0", (Turn("#Person1#", "안녕하세요."), …))]) == ["안녕하세요."]
"""

from __future__ import annotations

from collections.abc import Sequence

from dialsum.corpus.dialogue import Dialogue

# Dialogues compared with all of train at once: bounds the block of similarities to 64 × 12,457 on the full set.
_BLOCK = 64


def first_turn(dialogues: Sequence[Dialogue]) -> list[str]:
    """The text of the first turn, without its speaker."""
    return [dialogue.turns[0].text for dialogue in dialogues]


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


def _longest(dialogue: Dialogue, count: int) -> str:
    by_length = sorted(range(len(dialogue.turns)), key=lambda place: -len(dialogue.turns[place].text))
    return " ".join(dialogue.turns[place].text for place in sorted(by_length[:count]))


def _said(dialogue: Dialogue) -> str:
    return "\n".join(turn.text for turn in dialogue.turns)
