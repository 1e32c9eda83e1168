"""ROUGE-1, -2 and -L F1 as the competition counts them: the `rouge` package (1.0.1) over Mecab morphemes.

Enters: a prediction and the references of its dialogue. Leaves: a `Score`, in percent.

    score("dev_0", "민수는 간다", ("민수는 온다",), splitter("whitespace"))
        == Score(id="dev_0", rouge1=50.0, rouge2=0.0, rougeL=50.0)   # to 1e-6: the package's F1 adds 1e-8

What the package does, and what is kept because the official number is what it gives on morphemes joined by spaces:
- n-grams are sets: a word said twice counts once, in ROUGE-L too;
- "." ends a sentence and is no token, within a number as well (Mecab makes three morphemes of 3.5, and two sentences);
- n-grams run across sentences, the longest common subsequences do not: ROUGE-L unites those of all pairs of sentences.

What it does not survive, and what is done instead: a text without a token (empty, or only ".") raises there and scores
0 here, and counts; a text of about 1,000 tokens reaches the recursion limit there, so the subsequence is found here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean
from typing import Literal

from rouge.rouge_score import f_r_p_rouge_n, rouge_n

Tokens = Literal["mecab", "whitespace", "char"]
Sentences = tuple[str, ...]
Splitter = Callable[[str], Sentences]


@dataclass(frozen=True)
class Score:
    """ROUGE F1 of one dialogue in percent, the mean over its references."""

    id: str
    rouge1: float
    rouge2: float
    rougeL: float  # noqa: N815 - the name of the metric in papers and in metrics/rouge.json


def splitter(tokens: Tokens) -> Splitter:
    """A function from a text to its sentences, each its tokens joined by a space.

    It remembers every text, so that a reference is taken apart once and not once a baseline: keep one for a whole
    evaluation, and let go of it after that.
    """
    tokenize = _tokenizer(tokens)

    @cache
    def sentences(text: str) -> Sentences:
        joined = " ".join(tokenize(text))
        # To the letter what `rouge.Rouge.get_scores` does: "가 . . 나" has a sentence in the middle that is empty.
        return tuple(" ".join(part.split()) for part in joined.split(".") if part)

    return sentences


def score(identifier: str, prediction: str, references: Sequence[str], sentences: Splitter) -> Score:
    """Score a prediction against at least one reference. Raises ValueError (statistics) if there is none."""
    hypothesis = sentences(prediction)
    rows = [_f1(hypothesis, sentences(reference)) for reference in references]
    rouge1, rouge2, rouge_l = (100 * fmean(column) for column in zip(*rows, strict=True))
    return Score(identifier, rouge1, rouge2, rouge_l)


def means(scores: Iterable[Score]) -> dict[str, float]:
    """Means over rows in percent, their sum, and their mean, which is the competition's final score."""
    columns = zip(*((row.rouge1, row.rouge2, row.rougeL) for row in scores), strict=True)
    named = dict(zip(("rouge1", "rouge2", "rougeL"), map(fmean, columns), strict=True))
    return {**named, "rouge_sum": sum(named.values()), "rouge_mean": fmean(named.values())}


def common_subsequence(left: Sequence[str], right: Sequence[str]) -> list[str]:
    """A longest common subsequence, among equals the one that `rouge` picks (which one decides the set of its words).

    Bit-parallel after Hyyrö, Bit-parallel LCS-length computation revisited (2004): a bit of `rows[i]` is 0 where the
    length for left[:i] grows by one with that word of `right`. It needs a bit and no table entry for a pair of words.
    """
    places: dict[str, int] = {}
    for place, word in enumerate(right):
        places[word] = places.get(word, 0) | 1 << place
    full = (1 << len(right)) - 1
    rows = [full]
    for word in left:
        matches = rows[-1] & places.get(word, 0)
        rows.append((rows[-1] + matches | rows[-1] - matches) & full)

    words: list[str] = []
    i, j = len(left), len(right)
    while i and j:
        if left[i - 1] == right[j - 1]:
            words.append(left[i - 1])
            i, j = i - 1, j - 1
        elif rows[i] >> (j - 1) & 1:
            j -= 1
        else:
            i -= 1
    return words[::-1]


def _tokenizer(tokens: Tokens) -> Callable[[str], list[str]]:
    match tokens:
        case "mecab":
            from mecab import MeCab

            morphemes: Callable[[str], list[str]] = MeCab().morphs
            return morphemes
        case "whitespace":
            return str.split
        case "char":
            return lambda text: list("".join(text.split()))


def _f1(hypothesis: Sentences, reference: Sentences) -> tuple[float, float, float]:
    if not hypothesis or not reference:
        return 0.0, 0.0, 0.0
    return (
        rouge_n(hypothesis, reference, n=1)["f"],
        rouge_n(hypothesis, reference, n=2)["f"],
        _rouge_l_f1(hypothesis, reference),
    )


def _rouge_l_f1(hypothesis: Sentences, reference: Sentences) -> float:
    """The summary-level ROUGE-L of `rouge`: distinct words in any common subsequence, of all distinct words."""
    shared: set[str] = set()
    for wanted in reference:
        for given in hypothesis:
            shared.update(common_subsequence(wanted.split(" "), given.split(" ")))
    return float(f_r_p_rouge_n(_distinct(hypothesis), _distinct(reference), len(shared))["f"])


def _distinct(sentences: Sentences) -> int:
    return len({word for sentence in sentences for word in sentence.split(" ")})
