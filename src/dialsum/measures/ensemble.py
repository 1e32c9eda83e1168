"""One summary of several for the same dialogue: the one that the others agree with most.

Enters: candidates for a dialogue, of several models or several samples of one. Leaves: the place of one of them.

    choose(["비가 온다", "눈이 내린다", "비가 많이 온다"], scorer("official", "whitespace"), WEIGHTS) == 0

Minimum Bayes risk (Kumar and Byrne, Minimum Bayes-risk decoding for statistical machine translation, 2004): what a
candidate can be expected to score is its mean score against the others, each taken as a reference in turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from dialsum.measures.rouge import Pair

Weights = Mapping[str, float]

# Each counts alike in the competition's score.
WEIGHTS: Weights = {"rouge1": 1.0, "rouge2": 1.0, "rougeL": 1.0}
# Scores nearer than this are equal: sums of the same numbers in another order.
_EQUAL = 1e-9


def choose(candidates: Sequence[str], pair: Pair, weights: Weights) -> int:
    """The place of the candidate with the highest expected score, of equals the first.

    `weights` are by metric: rouge1, rouge2, rougeL. A candidate that occurs twice speaks twice for itself.
    """
    expected = [_expected(place, candidates, pair, weights) for place in range(len(candidates))]
    best = max(expected)
    return next(place for place, score in enumerate(expected) if score >= best - _EQUAL)


def _expected(place: int, candidates: Sequence[str], pair: Pair, weights: Weights) -> float:
    others = [other for at, other in enumerate(candidates) if at != place]
    return fmean(_weighted(candidates[place], other, pair, weights) for other in others) if others else 0.0


def _weighted(candidate: str, other: str, pair: Pair, weights: Weights) -> float:
    score = pair(candidate, other)
    return weights["rouge1"] * score.r1 + weights["rouge2"] * score.r2 + weights["rougeL"] * score.rL
