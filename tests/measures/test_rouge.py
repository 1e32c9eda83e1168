"""ROUGE on Korean fractions worked out by hand, and on the `rouge` package itself."""

from random import Random

import pytest
from rouge import Rouge

from dialsum.measures.rouge import Score, Tokens, common_subsequence, means, score, splitter


def percent(part: int, whole: int) -> float:
    return 100 * part / whole


def one(prediction: str, *references: str, tokens: Tokens = "mecab") -> tuple[float, float, float]:
    row = score("dev_0", prediction, references, splitter(tokens))
    return row.rouge1, row.rouge2, row.rougeL


def of_package(prediction: str, reference: str) -> tuple[float, ...]:
    result = Rouge().get_scores(prediction, reference)[0]
    return tuple(100 * result[name]["f"] for name in ("rouge-1", "rouge-2", "rouge-l"))


@pytest.mark.parametrize(
    ("prediction", "reference", "expected"),
    [
        # 민수 는 학교 에 갔 다 | 민수 는 집 에 갔 다: 5 of 6 morphemes, 3 of 5 pairs, in order 민수 는 에 갔 다.
        ("민수는 학교에 갔다.", "민수는 집에 갔다.", (percent(5, 6), percent(3, 5), percent(5, 6))),
        # 우유 를 사고 빵 을 샀 다 (7) | 빵 을 샀 다 . 우유 를 샀 다 (6 distinct): 6 shared, so 2·6/(7+6).
        # Pairs 6 | 6 with 다-우유 across the full stop: 4 shared. The two sentences' subsequences unite to 6 words.
        ("우유를 사고 빵을 샀다.", "빵을 샀다. 우유를 샀다.", (percent(12, 13), percent(4, 6), percent(12, 13))),
        # # Person 1 은 쉰다 | # Person 2 는 쉰다: the two marks are one in a set of 5; shared # Person 쉰다.
        # Of 5 pairs each only #-Person is shared.
        ("#Person1#은 쉰다.", "#Person2#는 쉰다.", (percent(3, 5), percent(1, 5), percent(3, 5))),
        ("비가 온다.", "눈이 내렸다.", (0.0, 0.0, 0.0)),
    ],
)
def test_fractions_over_morphemes(prediction: str, reference: str, expected: tuple[float, float, float]) -> None:
    # The package adds 1e-8 to a denominator, hence not to the last digit.
    assert one(prediction, reference) == pytest.approx(expected, abs=1e-5)


def test_a_word_said_again_counts_once() -> None:
    # {가} | {가, 나}: precision 1, recall 1/2.
    assert one("가 가 가", "가 나", tokens="whitespace") == pytest.approx((percent(2, 3), 0, percent(2, 3)), abs=1e-5)


def test_a_point_ends_a_sentence_within_a_number_too() -> None:
    # 3 . 5 점 | 5 점 . 3: the same words, in order within each pair of sentences; of the pairs only 5-점 is in both.
    assert one("3.5점", "5점. 3") == pytest.approx((100, 50, 100), abs=1e-5)
    # In one sentence without the point the order counts: 3 5 점 | 5 점 3 have 5 점 in common.
    assert one("3 5 점", "5 점 3", tokens="whitespace") == pytest.approx((100, 50, percent(2, 3)), abs=1e-5)


def test_what_counts_as_a_token_is_chosen() -> None:
    assert one("민수는 갔다", "민수가 갔다", tokens="whitespace")[0] == pytest.approx(50, abs=1e-5)
    assert one("민수는 갔다", "민수가 갔다", tokens="char")[0] == pytest.approx(percent(4, 5), abs=1e-5)
    # 민수 는 갔 다 | 민수 가 갔 다
    assert one("민수는 갔다", "민수가 갔다", tokens="mecab")[0] == pytest.approx(percent(3, 4), abs=1e-5)


def test_several_references_count_by_their_mean() -> None:
    assert one("가 나", "가 나", "다 라", tokens="whitespace") == pytest.approx((50, 50, 50), abs=1e-5)


@pytest.mark.parametrize("nothing", ["", "  \n", ".", "..."])
def test_a_text_without_a_token_scores_zero(nothing: str) -> None:
    assert one(nothing, "비가 온다.")[0] == 0
    assert one("비가 온다.", nothing)[0] == 0
    assert one(nothing, nothing) == (0, 0, 0)


def test_no_reference_is_an_error() -> None:
    with pytest.raises(ValueError, match="not enough values to unpack"):
        one("비가 온다.")


def test_equals_the_package_on_morphemes_joined_by_spaces() -> None:
    from mecab import MeCab

    texts = [
        "#Person1#은 #Person2#에게 오후 3시에 5,000원을 보낸다. #Person2#는 고마워한다.",
        "#Person2#가 #Person1#에게 3.5점을 준다... 그리고 Jimmy는 오후 3시에 떠난다!",
        "고마워한다. 고마워한다. 오후 3시에 #Person1#은 떠난다",
        "ㅋㅋㅋ . . 네",
    ]
    for prediction in texts:
        for reference in texts:
            joined = [" ".join(MeCab().morphs(text)) for text in (prediction, reference)]
            assert one(prediction, reference) == of_package(*joined)


def test_equals_the_package_on_random_texts() -> None:
    rng = Random(1)
    compared = 0
    for _ in range(300):
        prediction, reference = (" ".join(rng.choices("가나다라마바.", k=rng.randint(1, 25))) for _ in range(2))
        if any(set(text) <= set(". ") for text in (prediction, reference)):
            continue
        assert one(prediction, reference, tokens="whitespace") == of_package(prediction, reference)
        compared += 1
    assert compared > 250


def test_three_thousand_morphemes() -> None:
    ascending = [f"가{number}" for number in range(3000)]
    swapped = " ".join(ascending[1500:] + ascending[:1500])
    # The same words, all pairs but one each, and in order only one half.
    expected = (100, percent(2998, 2999), 50)
    assert one(swapped, " ".join(ascending), tokens="whitespace") == pytest.approx(expected, abs=1e-5)
    assert one("빵을 샀다 " * 750, "빵을 샀다 " * 750) == pytest.approx((100, 100, 100), abs=1e-5)


def test_the_package_fails_where_this_does_not() -> None:
    # If a later version survives these, the reason to find the subsequence here is gone.
    with pytest.raises(ValueError, match="empty"):
        of_package("", "비가 온다")
    with pytest.raises(RecursionError):
        of_package("가 " * 1200, "나")


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [("가나다라", "나가라다", "나라"), ("가나다", "라마바", ""), ("", "가", ""), ("가나가나", "나가나가", "나가나")],
)
def test_common_subsequence(left: str, right: str, expected: str) -> None:
    # Of 가다, 나다, 가라 and 나라 the package takes the one that its walk from the end meets.
    from rouge.rouge_score import _recon_lcs

    assert "".join(common_subsequence(left, right)) == expected
    assert set(expected) == _recon_lcs(left, right)._ngrams


def test_a_text_is_taken_apart_once() -> None:
    sentences = splitter("mecab")
    assert sentences("비가 온다. 춥다.") is sentences("비가 온다. 춥다.")


def test_means_over_rows() -> None:
    assert means([Score("a", 10, 20, 30), Score("b", 30, 40, 80)]) == {
        "rouge1": 20,
        "rouge2": 30,
        "rougeL": 55,
        "rouge_sum": 105,
        "rouge_mean": 35,
    }
