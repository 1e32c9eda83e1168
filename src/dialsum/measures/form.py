"""Whether a summary says nothing twice, and is as long as others.

Enters: summaries. Leaves: what is wrong with their form, whatever they say.

    repeated_sentences("비가 온다. 비가 온다. 춥다.") == ["비가 온다."]
    repeated_share("가 나 다 라 가 나 다 라") == 0.2     # one of its five runs of four words came before
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import fmean

from dialsum.corpus.sentences import split_sentences

_RUN = 4
# Without blanks a loop is one word: 때문에때문에때문에때문에. Three times may be emphasis, four are none.
_LOOP = re.compile(r"([가-힣]{2,12}?)\1{3,}")


def repeated_sentences(text: str) -> list[str]:
    """Sentences that stand in the text a second time (once for each time more), but for blanks alike."""
    seen: set[str] = set()
    repeated = []
    for sentence, _ in split_sentences(text):
        words = " ".join(sentence.split())
        if words in seen:
            repeated.append(words)
        seen.add(words)
    return repeated


def repeated_share(text: str) -> float:
    """Share (0 to 1) of the runs of four words that the text already had before; 0 if it has no such run."""
    words = text.split()
    runs = [tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def loops(text: str) -> bool:
    """Whether the text repeats itself: a sentence, a run of four words, or syllables four times in a row."""
    return bool(repeated_sentences(text)) or repeated_share(text) > 0 or _LOOP.search(text) is not None


def length_ratio(text: str, references: Sequence[str]) -> float:
    """Characters of the text by those of its references, which are not empty, on average."""
    return len(text) / fmean(map(len, references))
