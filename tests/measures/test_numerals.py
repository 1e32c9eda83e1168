"""Numbers in digits and in words."""

from decimal import Decimal

import pytest

from dialsum.measures.numerals import Number, stated, worded, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("오후 3시 20분", {"3": 3, "20": 20}),
        ("2만 5천 원", {"2만 5천": 25_000}),
        ("2만5000원", {"2만5000": 25_000}),
        ("3만 2개", {"3만": 30_000, "2": 2}),
        ("3천5백만 원", {"3천5백만": 35_000_000}),
        ("1억 2,000만 원", {"1억 2,000만": 120_000_000}),
        ("1조 원", {"1조": 10**12}),
        ("3,000,000원", {"3,000,000": 3_000_000}),
        ("1,2번 출구", {"1": 1, "2": 2}),
        ("3.5%", {"3.5": Decimal("3.5")}),
        ("2024.11.21", {"2024": 2024, "11": 11, "21": 21}),
        ("12월 5일", {"12": 12, "5": 5}),
        ("007", {"007": 7}),
        ("점수는 95.", {"95": 95}),
        ("세 시", {}),
    ],
)
def test_written(text: str, expected: dict[str, int]) -> None:
    assert {number.text: number.value for number in written(text)} == expected


def test_what_comes_after_a_number() -> None:
    assert written("3시 4") == [Number("3", Decimal(3), "시"), Number("4", Decimal(4), "")]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("세 시쯤이요.", {3}),
        ("일곱시 반에", {7, 30}),
        ("이만 오천 원", {25_000}),
        ("이십 퍼센트", {20}),
        ("칠십팔 세", {78}),
        ("팔십년대", {80}),
        ("만 위안", {10_000}),
        ("오층", {5}),
        ("삼 일", {3}),
        ("구일일에 전화", {911}),
        ("공일공", {10}),
        ("열두 명", {12}),
        ("스무 살", {20}),
        ("스물다섯", {25}),
        ("열 명", {10}),
        ("서너 개", {3, 4}),
        ("한두 명", {1, 2}),
        ("이십 만 원", {20, 10_000, 200_000}),
        ("20 만 원", {20, 10_000, 200_000}),
        ("20 만화책", {20}),
        ("사흘", {3}),
        ("일주일", {1, 7}),
        ("2만 원", {20_000, 2}),
        ("10시 30분", {10, 30}),
        ("네, 이번 주에 이 사람이 이 일을", set()),
        ("열심히 세수한 두더지", set()),
        ("구 분", {9}),
        ("회사원이 한 말", set()),
        # Parts of other words, and what stands where a number and its unit could.
        ("인터넷으로 예약하고 동네 병원에 가요.", set()),
        ("선물을 사 주세요. 사 주고 사인해요.", set()),
        ("네 번호를 사회에서 구분해 이위안은 둘러보고 넷플릭스를 봐요.", set()),
        ("오후세시에, 네 시인데요, 다섯명이서요", {3, 4, 5}),
        ("두 시간 반", {2, Decimal("2.5"), 30}),
        ("10시간 반이면", {10, Decimal("10.5"), 30}),
        ("반값이나 절반", {50, Decimal("0.5")}),
        ("세시반이요", {3, 30}),
        ("세시반장", set()),
        ("유월과 시월에 반년", {6, 10}),
        ("삼점오", {Decimal("3.5")}),
        ("이 주 동안, 사 주 뒤", {2, 4}),
        ("이 주에는", set()),
        ("오월삼일에 다섯시십분", {5}),
        ("", set()),
    ],
)
def test_stated(text: str, values: set[int]) -> None:
    assert stated(text) == {Decimal(value) for value in values}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("오후 세 시 열다섯 명", {"세": 3, "열다섯": 15}),
        ("네시에 셋이서", {"네": 4, "셋": 3}),
        ("스물다섯, 스무 살, 서른네 명", {"스물다섯": 25, "스무": 20, "서른네": 34}),
        ("이만 오천 원, 백오십 달러, 삼십분", {"이만 오천": 25_000, "백오십": 150, "삼십": 30}),
        ("오 층, 삼 개월", {"오": 5, "삼": 3}),
        # One and two are any summary's own; the others are no numbers.
        ("한 사람, 둘 다, 두 번째", {}),
        ("세부 사항, 사회, 네, 세대, 하지만, 열심히, 좋아한다고 하지 만 원하면", {}),
        ("3시와 25,000원", {}),
        ("자전거를 사 주기로 하고 사 주면 집을 팔 일이 없다", {}),
        ("넷플릭스, 셋톱박스, 백분율, 십분 이해한다, 네 번호", {}),
        ("네 명씩 삼십분쯤 셋이서 사 주 동안", {"네": 4, "삼십": 30, "셋": 3, "사": 4}),
        ("", {}),
    ],
)
def test_worded(text: str, values: dict[str, int]) -> None:
    assert {number.text: number.value for number in worded(text)} == values


@pytest.mark.parametrize("piece", ["1", "일", "십", "만", "십일", "만 ", "백 일"])
def test_numerals_without_end_are_read_in_a_time_that_grows_with_them_alone(piece: str) -> None:
    text = piece * 50_000  # minutes, where each place is read to the end of the text
    worded(text)
    assert stated(text)


def test_particles_without_end_too() -> None:
    assert stated("이점" + "이" * 50_000 + "힣")
