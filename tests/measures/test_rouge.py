"""ROUGE on Korean fractions worked out by hand, and on the packages that define the two variants."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge import Rouge as Package
from rouge_score import rouge_scorer

from dialsum.corpus.synthetic.realistic.rows import row
from dialsum.measures.rouge import (
    NOTHING,
    Rouge,
    Variant,
    against,
    columns,
    common_length,
    common_subsequence,
    means,
    named,
    official,
    score_rows,
    scorer,
    strict,
)
from dialsum.measures.units import Unit, units

# Repeated words, points alone and inside a word, and texts of one word or none.
TEXTS = st.lists(st.sampled_from(["가", "나", "다", "라", "#Person1#", ".", "...", "3.5"]), max_size=25)


def triple(row: Rouge) -> tuple[float, float, float]:
    return row.r1, row.r2, row.rL


def one(
    prediction: str, *references: str, unit: Unit = "mecab", variant: Variant = "official"
) -> tuple[float, float, float]:
    return triple(against(prediction, references, scorer(variant, unit)))


def of_rouge(prediction: list[str], reference: list[str]) -> tuple[float, ...]:
    result = Package().get_scores(" ".join(prediction), " ".join(reference))[0]
    return tuple(result[name]["f"] for name in ("rouge-1", "rouge-2", "rouge-l"))


class Ready:
    """What `rouge-score` takes for a tokenizer, for texts whose units are joined by blanks."""

    def tokenize(self, text: str) -> list[str]:
        return text.split(" ") if text else []


def of_rouge_score(prediction: list[str], reference: list[str]) -> tuple[float, ...]:
    names = ["rouge1", "rouge2", "rougeL"]
    result: Any = rouge_scorer.RougeScorer(names, tokenizer=Ready()).score(" ".join(reference), " ".join(prediction))
    return tuple(result[name].fmeasure for name in names)


def assert_equals_the_packages(prediction: list[str], reference: list[str]) -> None:
    assert triple(strict(prediction, reference)) == pytest.approx(of_rouge_score(prediction, reference), abs=1e-12)
    if all(text and set("".join(text)) != {"."} for text in (prediction, reference)):
        assert triple(official(prediction, reference)) == of_rouge(prediction, reference)


@pytest.mark.parametrize(
    ("prediction", "reference", "expected"),
    [
        # 민수 는 학교 에 갔 다 | 민수 는 집 에 갔 다: 5 of 6 morphemes, 3 of 5 pairs, in order 민수 는 에 갔 다.
        ("민수는 학교에 갔다.", "민수는 집에 갔다.", (5 / 6, 3 / 5, 5 / 6)),
        # 우유 를 사고 빵 을 샀 다 (7) | 빵 을 샀 다 . 우유 를 샀 다 (6 distinct): 6 shared, so 2·6/(7+6).
        # Pairs 6 | 6 with 다-우유 across the full stop: 4 shared. The two sentences' subsequences unite to 6 words.
        ("우유를 사고 빵을 샀다.", "빵을 샀다. 우유를 샀다.", (12 / 13, 4 / 6, 12 / 13)),
        # # Person 1 은 쉰다 | # Person 2 는 쉰다: the two marks are one in a set of 5; shared # Person 쉰다.
        # Of 5 pairs each only #-Person is shared.
        ("#Person1#은 쉰다.", "#Person2#는 쉰다.", (3 / 5, 1 / 5, 3 / 5)),
        ("비가 온다.", "눈이 내렸다.", (0.0, 0.0, 0.0)),
    ],
)
def test_official_fractions(prediction: str, reference: str, expected: tuple[float, float, float]) -> None:
    # The package adds 1e-8 to a denominator, hence not to the last digit.
    assert one(prediction, reference) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    ("prediction", "reference", "expected"),
    [
        # The point is a word here: 6 of 7, pairs 민수-는, 에-갔, 갔-다, 다-. of 6.
        ("민수는 학교에 갔다.", "민수는 집에 갔다.", (6 / 7, 4 / 6, 6 / 7)),
        # 우유 를 사고 빵 을 샀 다 . (8) | 빵 을 샀 다 . 우유 를 샀 다 . (10): 우유 를 빵 을 샀 다 . are 7 of 8 and 10.
        # Pairs 우유-를 빵-을 을-샀 샀-다 다-. of 7 and 9. In order, one way: 빵 을 샀 다 .
        ("우유를 사고 빵을 샀다.", "빵을 샀다. 우유를 샀다.", (14 / 18, 10 / 16, 10 / 18)),
        # #Person1# 은 쉰다 . | #Person2# 는 쉰다 .: whole tags share nothing.
        ("#Person1#은 쉰다.", "#Person2#는 쉰다.", (2 / 4, 1 / 3, 2 / 4)),
        ("비가 온다", "눈은 내렸지", (0.0, 0.0, 0.0)),
    ],
)
def test_strict_fractions(prediction: str, reference: str, expected: tuple[float, float, float]) -> None:
    assert one(prediction, reference, variant="strict") == pytest.approx(expected, abs=1e-12)


def test_a_word_said_again_counts_once_or_each_time() -> None:
    # {가} | {가, 나}: precision 1, recall 1/2. As often as said: 1 of 3 and of 2.
    assert one("가 가 가", "가 나", unit="whitespace") == pytest.approx((2 / 3, 0, 2 / 3), abs=1e-7)
    assert one("가 가 가", "가 나", unit="whitespace", variant="strict") == pytest.approx((2 / 5, 0, 2 / 5))


def test_a_point_ends_a_sentence_within_a_number_too() -> None:
    # 3 . 5 점 | 5 점 . 3: the same words, in order within each pair of sentences; of the pairs only 5-점 is in both.
    assert one("3.5점", "5점. 3") == pytest.approx((1, 0.5, 1), abs=1e-7)
    # In one sentence without the point the order counts: 3 5 점 | 5 점 3 have 5 점 in common.
    assert one("3 5 점", "5 점 3", unit="whitespace") == pytest.approx((1, 0.5, 2 / 3), abs=1e-7)


def test_what_is_counted_is_chosen() -> None:
    assert one("민수는 갔다", "민수가 갔다", unit="whitespace")[0] == pytest.approx(1 / 2, abs=1e-7)
    assert one("민수는 갔다", "민수가 갔다", unit="char")[0] == pytest.approx(4 / 5, abs=1e-7)
    # 민수 는 갔 다 | 민수 가 갔 다
    assert one("민수는 갔다", "민수가 갔다", unit="mecab")[0] == pytest.approx(3 / 4, abs=1e-7)


def test_whole_tags() -> None:
    text = "#Person1#은 SD2000001에게 #PhoneNumber#를 준다.\n네"
    parts = ["#", "Person", "1", "#", "은", "SD", "2000001", "에게", "#", "PhoneNumber", "#", "를", "준다", ".", "네"]
    assert units(text, "mecab", whole_tags=False) == parts
    whole = ["#Person1#", "은", "SD2000001", "에게", "#PhoneNumber#", "를", "준다", ".", "네"]
    assert units(text, "mecab", whole_tags=True) == whole
    chars = ["#Person1#", "은", "SD2000001", "에", "게", "#PhoneNumber#", "를", "준", "다", ".", "네"]
    assert units(text, "char", whole_tags=True) == chars
    assert units(text, "whitespace", whole_tags=True) == text.split()


def test_a_nul_ends_no_text() -> None:
    assert units("그는 간다.\0 쉰다.", "mecab", False) == units("그는 간다.  쉰다.", "mecab", False)
    assert len(units("\0그는 간다.\0 쉰다.", "mecab", True)) == 6  # 그, 는, 간다, ., 쉰다, .


def test_a_morpheme_that_reaches_over_a_tag_is_cut() -> None:
    # Mecab takes the two marks in the middle as one.
    assert "##" in units("#Person1##Person2#!", "mecab", whole_tags=False)
    assert units("#Person1##Person2#!", "mecab", whole_tags=True) == ["#Person1#", "#Person2#", "!"]


@pytest.mark.parametrize("text", ["# Person1 #", "#1", "ASD2000001B", "SD카드", "100%#"])
def test_what_is_no_tag_stays_as_mecab_has_it(text: str) -> None:
    assert units(text, "mecab", whole_tags=True) == units(text, "mecab", whole_tags=False)


def test_several_references_count_by_their_mean_or_the_best() -> None:
    pair = scorer("strict", "whitespace")
    assert triple(against("가 나", ("가 나", "다 라"), pair)) == (0.5, 0.5, 0.5)
    # The best of each: of r1 and rL that of the first, of r2 that of the second.
    assert triple(against("가 나 다", ("가 다 나", "라 나 다 마 바"), pair, "best")) == (1, 1 / 3, 2 / 3)


def test_rows_are_scored_in_their_order() -> None:
    rows = score_rows(["가", "나"], [("가",), ("가", "나")], scorer("strict", "whitespace"))
    assert rows == [Rouge(1, 0, 1), Rouge(0.5, 0, 0.5)]
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        score_rows(["가", "나"], [("가",)], scorer("strict", "whitespace"))


@pytest.mark.parametrize("nothing", ["", "  \n", ".", "..."])
def test_a_text_without_a_token_scores_zero(nothing: str) -> None:
    assert one(nothing, "비가 온다.") == (0, 0, 0)
    assert one("비가 온다.", nothing) == (0, 0, 0)
    assert one(nothing, nothing) == (0, 0, 0)


def test_nothing_scores_zero_in_strict_too() -> None:
    assert strict([], ["가"]) == strict(["가"], []) == strict([], []) == NOTHING


def test_no_reference_is_an_error() -> None:
    with pytest.raises(ValueError, match="without a reference"):
        one("비가 온다.")


def test_equals_the_packages_on_morphemes() -> None:
    texts = [
        "#Person1#은 #Person2#에게 오후 3시에 5,000원을 보낸다. #Person2#는 고마워한다.",
        "#Person2#가 #Person1#에게 3.5점을 준다... 그리고 Jimmy는 오후 3시에 떠난다!",
        "고마워한다. 고마워한다. 오후 3시에 #Person1#은 떠난다",
        "ㅋㅋㅋ . . 네",
    ]
    for unit in ("mecab", "char", "whitespace"):
        for whole_tags in (False, True):
            split = [units(text, unit, whole_tags) for text in texts]
            for prediction in split:
                for reference in split:
                    assert_equals_the_packages(prediction, reference)


@given(TEXTS, TEXTS)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_equals_the_packages_on_any_units(prediction: list[str], reference: list[str]) -> None:
    assert_equals_the_packages(prediction, reference)


@pytest.mark.slow
def test_equals_the_packages_on_random_texts() -> None:
    rng = Random(1)
    for _ in range(2000):
        words = rng.choice(["가나다라마바.", "가.", [f"말{number}" for number in range(60)]])
        prediction, reference = (rng.choices(words, k=rng.choice([1, 2, 10, 80])) for _ in range(2))
        assert_equals_the_packages(prediction, reference)


@pytest.mark.slow
def test_equals_the_packages_on_whole_summaries() -> None:
    """2,000 pairs as long as real ones, on morphemes: a reference, and one with words of others, dots or nothing."""
    rng = Random(2)
    references = [row("train", number, 5).summary for number in range(2000)]
    strange = [*" ".join(references[:200]).split(), ".", "...", "3.5", "#Person1#", "Jimmy", "ㅋㅋㅋ"]
    for place, reference in enumerate(references):
        words = [rng.choice(strange) if rng.random() < 0.4 else word for word in reference.split()]
        prediction = rng.choice(["", " ", ".", "..."]) if place % 50 == 0 else " ".join(words)
        for whole_tags in (False, True):
            said, gold = (units(text, "mecab", whole_tags) for text in (prediction, reference))
            assert_equals_the_packages(said, gold)
            if not prediction.strip(" ."):
                assert triple(official(said, gold)) == (0, 0, 0)  # where the package fails


def test_three_thousand_words() -> None:
    ascending = [f"가{number}" for number in range(3000)]
    swapped = ascending[1500:] + ascending[:1500]
    # The same words, all pairs but one each, and in order only one half.
    assert triple(official(swapped, ascending)) == pytest.approx((1, 2998 / 2999, 1 / 2), abs=1e-7)
    assert triple(strict(swapped, ascending)) == pytest.approx((1, 2998 / 2999, 1 / 2))


def test_the_package_fails_where_this_does_not() -> None:
    # If a later version survives these, the reason to find the subsequence here is gone.
    with pytest.raises(ValueError, match="empty"):
        of_rouge([], ["비"])
    with pytest.raises(RecursionError):
        of_rouge(["가"] * 1200, ["나"])


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [("가나다라", "나가라다", "나라"), ("가나다", "라마바", ""), ("", "가", ""), ("가나가나", "나가나가", "나가나")],
)
def test_common_subsequence(left: str, right: str, expected: str) -> None:
    # Of 가다, 나다, 가라 and 나라 the package takes the one that its walk from the end meets.
    from rouge.rouge_score import _recon_lcs

    assert "".join(common_subsequence(left, right)) == expected
    assert set(expected) == _recon_lcs(left, right)._ngrams
    assert common_length(left, right) == len(expected)


def test_columns_are_percent() -> None:
    found = columns([Rouge(0.5, 0.25, 0.375), Rouge(1, 1, 1)])
    assert found == {
        "rouge1": [50, 100],
        "rouge2": [25, 100],
        "rougeL": [37.5, 100],
        "rouge_mean": [37.5, 100],
        "rouge_sum": [112.5, 300],
    }


def test_means_over_rows() -> None:
    assert means([Rouge(0.125, 0.25, 0.25), Rouge(0.375, 0.5, 0.75)]) == {
        "rouge1": 25,
        "rouge2": 37.5,
        "rougeL": 50,
        "rouge_sum": 112.5,
        "rouge_mean": 37.5,
    }


def test_full_names() -> None:
    assert named("rougeL", "strict", "char") == "rougeL.strict.char"
