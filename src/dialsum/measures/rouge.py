"""ROUGE-1, -2 and -L F1 of Korean summaries, as the competition counts them and as the papers define them.

Enters: a prediction and a reference, as texts or as lists of units (`measures.units`). Leaves: a `Rouge`, shares from 0
to 1.

    official(["민수", "는", "간다"], ["민수", "는", "온다"]) == Rouge(r1=0.666…, r2=0.5, rL=0.666…)
    means([Rouge(0.5, 0.25, 0.5)]) == {"rouge1": 50.0, "rouge2": 25.0, "rougeL": 50.0, "rouge_sum": 125.0,
                                       "rouge_mean": 41.66…}

Figures that leave the program are percent, and named for what was counted: `rouge1.official.mecab`.

`official` is the number of the `rouge` package (1.0.1) on units joined by spaces; the package itself is but the
reference in tests and benchmarks. What it does, and what is kept:
- n-grams are sets: a word said twice counts once, in ROUGE-L too;
- "." ends a sentence and is no token, within a number as well (Mecab makes three morphemes of 3.5, and two sentences);
- n-grams run across sentences, the longest common subsequences do not: ROUGE-L unites those of all pairs of sentences.
What it does not survive: a text without a token (empty, or only ".") raises there and scores 0 here, and counts; a text
of about 1,000 tokens reaches the recursion limit there.

`strict` is that of `rouge-score` on the same units: n-grams are multisets, ROUGE-L is the length of one longest common
subsequence, "." is a token. Speaker tags and masks are one unit (see there).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from statistics import fmean
from typing import Any, Literal, get_args

from tqdm import tqdm

from dialsum.measures.units import Unit, units

Variant = Literal["official", "strict"]
Over = Literal["mean", "best"]
Pair = Callable[[str, str], "Rouge"]

VARIANTS: tuple[Variant, ...] = get_args(Variant)
NAMES = ("rouge1", "rouge2", "rougeL", "rouge_mean", "rouge_sum")


@dataclass(frozen=True, slots=True)
class Rouge:
    """F1 from 0 to 1."""

    r1: float
    r2: float
    rL: float  # noqa: N815 - the name of the metric in papers


NOTHING = Rouge(0.0, 0.0, 0.0)


def official(prediction: Sequence[str], reference: Sequence[str]) -> Rouge:
    """What `rouge.Rouge().get_scores` gives on units joined by spaces; 0 where it raises for want of a token."""
    return _official(_Sets(prediction), _Sets(reference))


def strict(prediction: Sequence[str], reference: Sequence[str]) -> Rouge:
    """What `rouge_score.rouge_scorer.RougeScorer` gives on these units for rouge1, rouge2 and rougeL."""
    return _strict(_Counts(prediction), _Counts(reference))


def scorer(variant: Variant, unit: Unit) -> Pair:
    """A function that scores a prediction against a reference, both texts.

    It remembers what every text is made of: keep one for a whole evaluation, and let go of it after that.
    """
    take: Callable[[Sequence[str]], Any] = _Sets if variant == "official" else _Counts
    compare: Callable[[Any, Any], Rouge] = _official if variant == "official" else _strict

    @cache
    def made_of(text: str) -> Any:
        return take(units(text, unit, whole_tags=variant == "strict"))

    return lambda prediction, reference: compare(made_of(prediction), made_of(reference))


def against(prediction: str, references: Sequence[str], pair: Pair, over: Over = "mean") -> Rouge:
    """Score a prediction against one or several references: the mean over them, as the competition does, or the best.

    The best is taken for each of r1, r2 and rL by itself. Raises ValueError if there is no reference.
    """
    if not references:
        raise ValueError("a prediction cannot be scored without a reference")
    rows = [pair(prediction, reference) for reference in references]
    choose: Callable[[list[float]], float] = fmean if over == "mean" else max
    return Rouge(*(choose(list(column)) for column in zip(*((row.r1, row.r2, row.rL) for row in rows), strict=True)))


def score_rows(
    predictions: Sequence[str],
    references: Sequence[Sequence[str]],
    pair: Pair,
    over: Over = "mean",
    label: str | None = None,
) -> list[Rouge]:
    """Score each prediction against the references in its place; `label` stands at the progress bar.

    Raises ValueError if the lengths differ, or if one has no reference.
    """
    both = zip(predictions, references, strict=True)
    progress = tqdm(both, desc=label, total=len(predictions), unit=" rows", disable=None)
    return [against(prediction, wanted, pair, over) for prediction, wanted in progress]


def columns(rows: Iterable[Rouge]) -> dict[str, list[float]]:
    """Each metric of NAMES, row by row, in percent: `rouge_sum` is the sum of the three, `rouge_mean` their mean."""
    triples = [(100 * row.r1, 100 * row.r2, 100 * row.rL) for row in rows]
    return {
        **{name: [triple[place] for triple in triples] for place, name in enumerate(NAMES[:3])},
        "rouge_mean": [fmean(triple) for triple in triples],
        "rouge_sum": [sum(triple) for triple in triples],
    }


def means(rows: Iterable[Rouge]) -> dict[str, float]:
    """Means over rows in percent, their sum, and their mean, which is the competition's final score."""
    return means_of(columns(rows))


def means_of(columns: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The same of columns."""
    three = {name: fmean(columns[name]) for name in NAMES[:3]}
    return {**three, "rouge_sum": sum(three.values()), "rouge_mean": fmean(three.values())}


def named(name: str, variant: Variant, unit: Unit) -> str:
    """The full name of a metric, as `rouge1.official.mecab`."""
    return f"{name}.{variant}.{unit}"


def common_subsequence(left: Sequence[str], right: Sequence[str]) -> list[str]:
    """A longest common subsequence, among equals the one that `rouge` picks (which one decides the set of its words).

    Bit-parallel after Hyyrö, Bit-parallel LCS-length computation revisited (2004): a bit of `rows[i]` is 0 where the
    length for left[:i] grows by one with that word of `right`. It needs a bit and no table entry for a pair of words.
    """
    places, full = _places(right)
    row = full
    rows = []
    for word in left:
        matches = row & places.get(word, 0)
        row = (row + matches | row - matches) & full
        rows.append(row)

    # The package walks back from the end: it takes a pair of like words at once, goes left in `right` where that costs
    # nothing, else back in `left`. Here it goes to the next place where it does not go left in one step.
    words: list[str] = []
    below = full
    for word, row in zip(reversed(left), reversed(rows), strict=True):
        matches = places.get(word, 0)
        j = ((~row | matches) & below).bit_length()
        if not j:
            break
        taken = matches >> (j - 1) & 1
        if taken:
            words.append(word)
        below = (1 << (j - taken)) - 1
    return words[::-1]


def common_length(left: Sequence[str], right: Sequence[str]) -> int:
    """The length of the longest common subsequences."""
    places, full = _places(right)
    row = full
    for word in left:
        matches = row & places.get(word, 0)
        row = (row + matches | row - matches) & full
    return len(right) - row.bit_count()


class _Sets:
    """A text as `official` compares it."""

    __slots__ = ("pairs", "sentences", "words")

    def __init__(self, given: Sequence[str]) -> None:
        # To the letter what `rouge.Rouge.get_scores` does: "가 . . 나" has a sentence in the middle whose only word is
        # "", as the package splits it at the blank again.
        self.sentences = [part.split() or [""] for part in " ".join(given).split(".") if part]
        words = [word for sentence in self.sentences for word in sentence]
        self.words = set(words)
        self.pairs = set(pairwise(words))


class _Counts:
    """A text as `strict` compares it."""

    __slots__ = ("pairs", "units", "words")

    def __init__(self, given: Sequence[str]) -> None:
        self.units = given
        self.words = Counter(given)
        self.pairs = Counter(pairwise(given))


def _official(prediction: _Sets, reference: _Sets) -> Rouge:
    if not prediction.sentences or not reference.sentences:
        return NOTHING
    in_order: set[str] = set()
    for wanted in reference.sentences:
        for given in prediction.sentences:
            in_order.update(common_subsequence(wanted, given))
    words, wanted_words = prediction.words, reference.words
    return Rouge(
        _smoothed_f1(len(words & wanted_words), len(words), len(wanted_words)),
        _smoothed_f1(len(prediction.pairs & reference.pairs), len(prediction.pairs), len(reference.pairs)),
        _smoothed_f1(len(in_order), len(words), len(wanted_words)),
    )


def _strict(prediction: _Counts, reference: _Counts) -> Rouge:
    given, wanted = prediction.units, reference.units
    return Rouge(
        _f1(_shared(prediction.words, reference.words), len(given), len(wanted)),
        _f1(_shared(prediction.pairs, reference.pairs), len(given) - 1, len(wanted) - 1),
        _f1(common_length(given, wanted), len(given), len(wanted)),
    )


def _smoothed_f1(shared: int, given: int, wanted: int) -> float:
    """The formula of `rouge.rouge_score.f_r_p_rouge_n`, operation by operation: no digit may differ."""
    if not shared:
        return 0.0
    precision, recall = shared / given, shared / wanted
    return 2.0 * ((precision * recall) / (precision + recall + 1e-8))


def _f1(shared: int, given: int, wanted: int) -> float:
    return 2 * shared / (given + wanted) if shared else 0.0


def _shared(left: Counter[Any], right: Counter[Any]) -> int:
    return sum(min(count, right[gram]) for gram, count in left.items() if gram in right)


def _places(words: Sequence[str]) -> tuple[dict[str, int], int]:
    """A number for each word whose bits are its places, and one with a bit for every place."""
    places: dict[str, int] = {}
    bit = 1
    for word in words:
        places[word] = places.get(word, 0) | bit
        bit <<= 1
    return places, bit - 1
