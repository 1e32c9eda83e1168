"""The candidate that the others agree with, on words between blanks, where shares are easily counted."""

import pytest

from dialsum.measures.ensemble import WEIGHTS, Weights, choose
from dialsum.measures.rouge import scorer

PAIR = scorer("official", "whitespace")
ONLY_1: Weights = {"rouge1": 1, "rouge2": 0, "rougeL": 0}
ONLY_2: Weights = {"rouge1": 0, "rouge2": 1, "rougeL": 0}


def test_the_consensus_wins_and_scores_higher() -> None:
    # Words shared with the others: 내일 비가 온다 has 2 of 3 (2/3) with the second and 3 of 4 (6/7) with the third;
    # 내일 눈이 온다 has 2/3 with the first and 2·2/(3+4) with the third; the third has 6/7 and 4/7.
    candidates = ["내일 눈이 온다", "내일 비가 온다", "내일 비가 많이 온다"]
    assert choose(candidates, PAIR, ONLY_1) == 1
    gold = "내일은 비가 온다"
    scores = [PAIR(candidate, gold).r1 for candidate in candidates]
    assert max(scores) == scores[1]
    assert scores[1] > scores[0]


def test_the_metric_with_weight_decides() -> None:
    # By words the first two are alike, and each has two of four with the third. Of pairs the first shares none; the
    # second shares 다-라 with the third.
    candidates = ["라 다 나 가", "가 나 다 라", "다 라 마 바"]
    assert choose(candidates, PAIR, ONLY_1) == 0
    assert choose(candidates, PAIR, ONLY_2) == 1


def test_of_equals_the_first() -> None:
    assert choose(["가 나", "다 라", "마 바"], PAIR, WEIGHTS) == 0
    assert choose(["다 라", "가 나", "가 나"], PAIR, WEIGHTS) == 1
    # The same three sums, added in another order.
    assert choose(["가 나 다", "가 나 다 라", "가 나 다", "가 나 다 라"], PAIR, ONLY_1) == 0


def test_two_that_say_the_same_outvote_one() -> None:
    assert choose(["비가 많이 온다", "눈이 온다", "눈이 온다"], PAIR, WEIGHTS) == 1


def test_an_empty_candidate_is_taken_only_among_empty_ones() -> None:
    assert choose(["", "비가 온다", "비가 온다"], PAIR, WEIGHTS) == 1
    assert choose(["", ""], PAIR, WEIGHTS) == 0


@pytest.mark.parametrize("candidates", [["비가 온다"], [""]])
def test_a_single_candidate(candidates: list[str]) -> None:
    assert choose(candidates, PAIR, WEIGHTS) == 0
