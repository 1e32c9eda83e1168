"""Readings and particles, against cases worked out by hand."""

from __future__ import annotations

import pytest

from dialsum.corpus.synthetic.endings import polite
from dialsum.corpus.synthetic.particles import PAIRS, choose, last_syllable

CASES = [
    # Hangul
    ("김서준", "은/는", "은"),
    ("김치찌개", "을/를", "를"),
    ("책", "과/와", "과"),
    ("친구", "과/와", "와"),
    ("서울", "으로/로", "로"),
    ("부산", "으로/로", "으로"),
    ("제주", "으로/로", "로"),
    ("지훈", "아/야", "아"),
    ("민수", "아/야", "야"),
    ("물", "이에요/예요", "이에요"),
    ("카페", "이에요/예요", "예요"),
    ("학생", "이다/다", "이다"),
    # digits, alone and before a unit
    ("1", "이/가", "이"),
    ("2", "이/가", "가"),
    ("3", "을/를", "을"),
    ("4", "을/를", "를"),
    ("5", "은/는", "는"),
    ("6", "은/는", "은"),
    ("7", "으로/로", "로"),
    ("8", "으로/로", "로"),
    ("9", "과/와", "와"),
    ("0", "이/가", "이"),
    ("10", "이/가", "이"),
    ("20", "으로/로", "으로"),
    ("100", "을/를", "을"),
    ("1,500", "을/를", "을"),
    ("1000", "으로/로", "으로"),
    ("100,000", "은/는", "은"),
    ("1000000000000", "이/가", "가"),
    ("3.5", "이/가", "가"),
    ("오후 3시", "이/가", "가"),
    ("45,000원", "을/를", "을"),
    ("3월 14일", "으로/로", "로"),
    ("12층", "으로/로", "으로"),
    ("30%", "을/를", "를"),
    ("5km", "을/를", "를"),
    ("3kg", "을/를", "을"),
    ("32GB", "이/가", "가"),
    ("QX-4821", "이/가", "이"),
    ("14A", "이에요/예요", "예요"),
    # Latin names, by the table and by the rule
    ("Kevin", "이/가", "이"),
    ("Lucy", "이/가", "가"),
    ("James", "이/가", "가"),
    ("Brian", "이/가", "이"),
    ("Jack", "은/는", "은"),
    ("Kate", "은/는", "는"),
    ("Mark", "은/는", "는"),
    ("Emily Hall", "으로/로", "로"),
    ("Ms. Dawson", "은/는", "은"),
    ("Mr. Parker", "을/를", "를"),
    ("Duncan", "이/가", "이"),
    ("Simone", "이/가", "이"),
    ("Abigail", "으로/로", "로"),
    ("Fowojos", "이/가", "가"),
    ("Hank", "이/가", "가"),
    ("Zack", "이/가", "이"),
    # letters and acronyms
    ("ATM", "이/가", "이"),
    ("KTX", "을/를", "를"),
    ("DVD", "을/를", "를"),
    ("URL", "으로/로", "로"),
    ("USB", "은/는", "는"),
    ("B", "이/가", "가"),
    ("N", "이/가", "이"),
    # speakers and masks
    ("#Person1#", "은/는", "은"),
    ("#Person2#", "은/는", "는"),
    ("#Person3#", "이/가", "가"),
    ("#Person4#", "과/와", "와"),
    ("#Person7#", "을/를", "을"),
    ("#PhoneNumber#", "이에요/예요", "예요"),
    ("#Address#", "으로/로", "로"),
    ("#Email#", "으로/로", "로"),
    ("#CardNumber#", "을/를", "를"),
    ("#DateOfBirth#", "을/를", "를"),
    ("#PassportNumber#", "은/는", "는"),
    ("#SSN#", "을/를", "을"),
    ("#CarNumber#", "이/가", "가"),
    # what closes a quotation or a bracket is not read
    ("'푸른 바다'", "을/를", "를"),
    ("“긴 겨울”", "이라는/라는", "이라는"),
    ("「토지」", "은/는", "는"),
    ("서울(Seoul)", "을/를", "을"),
    ("한국은행 [본점]", "이/가", "이"),
    ("(책)", "이/가", "이"),
    ("정말.", "이/가", "이"),
    # casual names
    ("서준", "이가/가", "이가"),
    ("민아", "이가/가", "가"),
]


@pytest.mark.parametrize(("text", "pair", "expected"), CASES)
def test_the_reading_decides(text: str, pair: str, expected: str) -> None:
    assert choose(text, pair) == expected


def test_every_pair_gives_one_of_its_members() -> None:
    for pair in PAIRS:
        assert choose("책", pair) == pair.split("/")[0]
        assert choose("나무", pair) == pair.split("/")[1]


def test_rieul_counts_as_a_vowel_for_euro_only() -> None:
    assert choose("길", "으로는/로는") == "로는"
    assert choose("길", "은/는") == "은"


def test_unknown_pair_and_unreadable_text_raise() -> None:
    with pytest.raises(KeyError):
        choose("책", "를/을")
    with pytest.raises(ValueError, match="no reading"):
        last_syllable("…")


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ("예약을 원한다.", "예약을 원합니다."),
        ("요금은 3만 원이다.", "요금은 3만 원입니다."),
        ("약을 먹는다.", "약을 먹습니다."),
        ("자리가 있다. 값이 싸다.", "자리가 있습니다. 값이 쌉니다."),
        ("예약해 준다.", "예약해 줍니다."),
        ("갔다.", "갔습니다."),
        ("빵을 만든다.", "빵을 만듭니다."),
        ("간다고 말한다. Ms. Hall이 맡는다.", "간다고 말합니다. Ms. Hall이 맡습니다."),
        ("끝.", "끝."),
    ],
)
def test_polite_changes_only_the_end_of_a_sentence(plain: str, expected: str) -> None:
    assert polite(plain) == expected
