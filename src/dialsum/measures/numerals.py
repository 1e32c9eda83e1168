"""Numbers in Korean text, in digits and in words.

Enters: text. Leaves: the numbers that it writes in digits, those that it surely writes in words, and the values that it
may state in any form.

    written("오후 3시에 2만 5천 원을 낸다.") == [Number("3", Decimal(3), "시"), Number("2만 5천", Decimal(25000), " ")]
    worded("열다섯 명이 세 시에 둘을 만난다.") == [Number("열다섯", Decimal(15), " "), Number("세", Decimal(3), " ")]
    stated("세 시쯤 이만 오천 원이요.") >= {Decimal(3), Decimal(25000)}

`stated` reads words generously, but not each syllable that can be a numeral: 이, 일, 사, 오, 한, 두, 세 and 네 stand in
nearly every dialogue as something else, and count only before a unit (두 시, 오층, 세 사람).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_DIGITS = {syllable: value for value, syllable in enumerate("영일이삼사오육칠팔구")} | {"공": 0, "륙": 6}
_SMALL = {"십": 10, "백": 100, "천": 1000}
_LARGE = {"만": 10**4, "억": 10**8, "조": 10**12}

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|(?<!\.)\d+\.\d+(?!\.?\d)|\d+)"
_SIZE = "[십백천]?[만억조]?"
# 2만, 3천5백만, 1억 2,000만, 2만5000. After a blank it goes on only if a size follows: "3만 2개" is two numbers.
_WRITTEN = re.compile(
    rf"{_NUMBER}{_SIZE}(?:(?<=[백천만억조]) ?{_NUMBER}(?=[십백천만억조]){_SIZE}|(?<=[백천만억조]){_NUMBER})*"
)
_TOKEN = re.compile(rf"{_NUMBER}|[가-힣]")

_SYLLABLES = "".join((*_DIGITS, *_SMALL, *_LARGE))
_SINO = f"[{_SYLLABLES}]"
# Where a pattern may fail behind a run, the run is bounded: else a text of nothing but numerals would take minutes.
_SOME = f"{_SINO}{{0,20}}"
# What may stand behind a unit in the same word: minutes or a day (세시십분, 오월삼일), particles, and nothing else.
_END = (
    rf"(?:{_SINO}{{1,9}}[분일])?"
    r"[은는이가을를의에도만과와로으랑나요예야서부터까지쯤씩정마다보당짜리동안간전후뒤반경째밖뿐치차인데고며입니면라죠든하었였습어여]{0,20}"
    r"(?![가-힣])"
)
_SPAN = " ?(?:동안|간|뒤|후|전)"
_SINO_RUN = re.compile(rf"(?<!\d){_SINO}+(?:(?<=[백천만억조]) {_SINO}*[십백천만억조]{_SINO}*)*")
_SINO_UNITS = (
    "분|초|일|월|년|층|호|세|원|달러|위안|엔|유로|파운드|퍼센트|프로|번|주|인|인분|인용|박|등|차|회|학년|페이지|배|개월"
    "|킬로|킬로미터|킬로그램|미터|단계"
)
# What looks like a number with its unit, but is more often a word: 이번 (this time), 사인 (signature), 팔 일 (to sell).
_NO_NUMBER = (
    "(?!이(?:번|분|일|인|주|위안)|사(?:인|회|원|주)|구(?:분|인|호|박|차)|오(?:인|차|호)|육박|일주(?!일)"
    rf"|(?:사 주|팔 일)(?!{_SPAN}))"
)
_SINO_ALONE = re.compile(
    rf"(?<![가-힣\d]){_NO_NUMBER}(?:(?P<near>[{''.join(_DIGITS)}십백천만억])|(?P<far>[일삼사오육칠팔구십백천만억]) )"
    rf"(?:{_SINO_UNITS}){_END}|(?<![가-힣\d])(?P<this>이) (?=(?:주|년|개월){_SPAN})"
)
_POINT = re.compile(rf"(?<![가-힣])({_SINO}+) ?점 ?([{''.join(_DIGITS)}]+){_END}")  # 삼점오

_TENS = {"열": 10, "스물": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70, "여든": 80, "아흔": 90}
_CLEAR = {"하나": 1, "둘": 2, "셋": 3, "넷": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9}
_BEFORE_UNITS = {"한": 1, "두": 2, "세": 3, "석": 3, "네": 4, "넉": 4}
_NATIVE_UNITS = (
    "시|시간|개|명|분|장|달|살|사람|번|권|잔|병|마리|대|곳|가지|벌|켤레|배|군데|곡|통|그루|송이|조각|끼|줄|팀|과목|학기|주|주일"
    "|쪽|차례|칸|건|편|그릇|접시|상자|봉지|컵|블록|정거장|자리|쌍|밤|해|방|아이|친구|여자|남자|형제|자매|아들|딸|째|판|모금|번째|부"
)
_COUNTED = f" ?(?:{_NATIVE_UNITS})"
_NATIVE = re.compile(
    rf"(?:(?<![가-힣])|(?<=오[전후]))(?:(?P<tens>{'|'.join(_TENS)})?"
    rf"(?:(?P<clear>{'|'.join(_CLEAR)})(?=(?:{_COUNTED})?{_END})|(?P<short>{'|'.join(_BEFORE_UNITS)})(?={_COUNTED}{_END}))"
    rf"|(?P<round>{'|'.join(_TENS)})(?={_COUNTED}{_END}| ?[여몇])|(?P<twenty>스무)(?={_COUNTED}))"
)
_HOURS_AND_HALF = re.compile(rf"(?:(\d{{1,3}})|[가-힣]{{1,5}}) ?시간 ?반{_END}")
_HALF_HOUR = re.compile(rf"시간? ?반{_END}")
# 이십 만, 20 만: a blank before 만 is none that ends a number, but "이십 만" alone may be two.
_SPACED = re.compile(rf"((?:(?<!\d)(?<!\d[.,]){_NUMBER}|(?<![\d{_SYLLABLES}]){_SOME}십) [만억])(?![가-힣])")
# Words that are a number for sure: nothing stands before them in the same word, and few are glued to what they count.
_GLUED = "시|시간|명|개|살|번|달|가지|사람"
_WORDED = re.compile(
    rf"(?<![가-힣\d])(?:(?P<native>(?:{'|'.join(_TENS)})?(?:{'|'.join(_CLEAR)}))(?=(?:{_COUNTED})?{_END})"
    rf"|(?P<short>(?:{'|'.join(_TENS)})?(?:{'|'.join(_BEFORE_UNITS)}))(?=(?: (?:{_NATIVE_UNITS})|(?:{_GLUED})){_END})"
    rf"|(?P<round>{'|'.join(_TENS)}|스무)(?=(?: (?:{_NATIVE_UNITS})|(?:{_GLUED})){_END})|{_NO_NUMBER}(?:"
    rf"(?P<sino>{_SINO}{_SOME}(?:(?<=[백천만억조]) {_SOME}[십백천만억조]{_SOME}){{0,4}})(?= (?:{_SINO_UNITS}){_END})"
    rf"|(?!십분 )(?P<glued>{_SOME}[십백천만억조]{_SOME})(?=(?:분|달러|퍼센트|개월){_END})))"
)
HALF = Decimal("0.5")
_LEAST = 3  # one and two come up as "한 사람" and "두 사람", whatever the dialogue says
# Words that are a number or two.
_WORDS = {
    "하루": (1,), "이틀": (2,), "사흘": (3,), "나흘": (4,), "닷새": (5,), "엿새": (6,), "열흘": (10,), "보름": (15,),
    "일주일": (1, 7), "첫": (1,), "한두": (1, 2), "두세": (2, 3), "두어": (2,), "서너": (3, 4), "네다섯": (4, 5),
    "대여섯": (5, 6), "예닐곱": (6, 7), "절반": (50, 0.5), "반값": (50, 0.5), "정오": (12,), "자정": (12, 0, 24),
    "반년": (6,), "유월": (6,), "시월": (10,),
}  # fmt: skip


@dataclass(frozen=True)
class Number:
    """A number as it is written in digits, its value, and the character after it ("" at the end)."""

    text: str
    value: Decimal
    after: str


def written(text: str) -> list[Number]:
    """The numbers of `text` that have digits, in order; 만, 천 and their like belong to the number before them."""
    return [
        Number(found.group(), _value(found.group()), text[found.end() : found.end() + 1])
        for found in _WRITTEN.finditer(text)
    ]


def worded(text: str) -> list[Number]:
    """The numbers from three on that `text` writes in words, in order, as far as they can be nothing else."""
    found = []
    for match in _WORDED.finditer(text):
        run = match.group()
        value = _value(run.replace(" ", "")) if match["sino"] or match["glued"] else next(_native(run + " 명"))
        if value >= _LEAST and run != "만":
            found.append(Number(run, value, text[match.end() : match.end() + 1]))
    return found


def stated(text: str) -> set[Decimal]:
    """The values that `text` states: in digits (whole, and each run of digits), in Sino-Korean and in Korean words."""
    values = {number.value for number in written(text)}
    values |= {Decimal(run) for run in re.findall(r"\d+", text)}
    values |= set(_sino(text)) | set(_native(text))
    values |= {_value(run.replace(" ", "")) for run in _SPACED.findall(text)}
    values |= {Decimal(f"{_value(whole)}.{_digits(part)}") for whole, part in _POINT.findall(text)}
    for hours in _HOURS_AND_HALF.finditer(text):
        values |= {value + HALF for value in ([Decimal(hours[1])] if hours[1] else _native(hours[0]))}
    if _HALF_HOUR.search(text):
        values.add(Decimal(30))
    values |= {Decimal(value) for word, several in _WORDS.items() if word in text for value in several}
    return values


def _sino(text: str) -> Iterator[Decimal]:
    for found in _SINO_RUN.finditer(text):
        run = found.group().replace(" ", "")
        if len(run) > 2 and set(run) <= _DIGITS.keys():  # digit for digit, as in 공일공 and 구일일
            yield Decimal(_digits(run))
        elif len(run) > 1 and not set(run) <= _DIGITS.keys():
            yield _value(run)
    for found in _SINO_ALONE.finditer(text):
        yield _value(found["near"] or found["far"] or found["this"])


def _native(text: str) -> Iterator[Decimal]:
    for found in _NATIVE.finditer(text):
        if found["twenty"]:
            yield Decimal(20)
        elif found["round"]:
            yield Decimal(_TENS[found["round"]])
        else:
            ones = _CLEAR[found["clear"]] if found["clear"] else _BEFORE_UNITS[found["short"]]
            yield Decimal(_TENS.get(found["tens"], 0) + ones)


def _digits(run: str) -> str:
    return "".join(str(_DIGITS[syllable]) for syllable in run)


def _value(run: str) -> Decimal:
    """The value of digits and Sino-Korean syllables: 3천5백만 is (3 · 1000 + 5 · 100) · 10,000."""
    total = section = Decimal(0)
    ones: Decimal | None = None
    for token in _TOKEN.findall(run):
        if token in _SMALL:
            section += (Decimal(1) if ones is None else ones) * _SMALL[token]
            ones = None
        elif token in _LARGE:
            section += ones or 0
            total += (section or 1) * _LARGE[token]
            section, ones = Decimal(0), None
        else:
            ones = Decimal(_DIGITS[token]) if token in _DIGITS else Decimal(token.replace(",", ""))
    return total + section + (ones or 0)
