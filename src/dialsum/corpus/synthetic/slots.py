"""Kinds of slot: how a value is composed, and which values train never sees.

Enters: the name of a slot and a random source. Leaves: a value.

    KINDS["date"] == Kind(("[1-12]월 [1-28]일",))          draw("date", rng) -> "3월 14일"

A slot is named by its kind, or by kind and role: `city_from` and `city_to` are both of the kind `city`. In a pattern,
`[name]` takes a word of `WORDS[name]`, `[1-28]` a whole number, `[10-50/10]` one in steps of 10.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from random import Random

from dialsum.corpus.synthetic.words import WORDS

# A sixth of the values of each open kind: near the 15-20 % that the measure of copying wants.
_HELD_OUT_ONE_IN = 6
_DRAWS_BEFORE_GIVING_UP = 1000
_PLACE = re.compile(r"\[([^\]]+)\]")
_RANGE = re.compile(r"(\d+)-(\d+)(?:/(\d+))?")


@dataclass(frozen=True)
class Kind:
    """A `closed` kind has too few values to hold any out."""

    patterns: tuple[str, ...]
    closed: bool = False


_BOTH = ("[surname][given1][given2]", "[surname][given1][given2]", "[first_name] [last_name]")
_TIME = tuple(
    f"{half}시{minute}"
    for half in ("오전 [9-11]", "오후 [1-7]")
    for minute in ("", " 30분", " [10-50/10]분", " [15-45/30]분")
)
_CLOCK = ("오전 [6-11]시 [5-55/5]분", "오후 [1-11]시 [5-55/5]분", "오후 [1-11]시", "오전 [6-11]시")

KINDS: dict[str, Kind] = {
    # people
    "person": Kind(_BOTH),
    "friend": Kind(("[given1][given2]", "[given1][given2]", "[first_name]")),
    "staff": Kind(("[surname][given1][given2] [rank]", "[surname] [rank]", "Ms. [last_name]", "Mr. [last_name]")),
    "teacher": Kind(("[surname][given1][given2] 선생님", "[last_name] 선생님", "Ms. [last_name]", "Mr. [last_name]")),
    "designer": Kind(("[given1][given2] 디자이너", "[first_name] 디자이너", "[surname][given1][given2] 디자이너")),
    "pet": Kind(("[pet]",)),
    # when
    "date": Kind(("[1-12]월 [1-28]일",)),
    "time": Kind(_TIME),
    "mealtime": Kind(("낮 12시", "낮 12시 [5-55/5]분", "오후 [5-8]시", "오후 [1-8]시 [5-55/5]분")),
    "clock": Kind(_CLOCK),
    "weekday": Kind(("[weekday]요일",), closed=True),
    "day": Kind(("이번 주 [weekday]요일", "다음 주 [weekday]요일"), closed=True),
    "weekend": Kind(("이번 주 토요일", "이번 주 일요일", "다음 주 토요일", "다음 주 일요일"), closed=True),
    "nights": Kind(("[1-14]박", "[night]"), closed=True),
    "days": Kind(
        (
            "[4-20]일",
            "1박 2일",
            "2박 3일",
            "3박 4일",
            "4박 5일",
            "5박 6일",
            "6박 7일",
            "7박 8일",
            "8박 9일",
            "9박 10일",
        ),
        closed=True,
    ),
    "minutes": Kind(("[5-55/5]분", "[1-4]시간", "[1-4]시간 [5-55/5]분")),
    "period": Kind(("[1-18]개월", "[3-24]주")),
    # how much
    "money": Kind(("[10-99],[000-900/100]원", "[1-9]만 [1-9]천 원", "[2-12]만 원")),
    "fee": Kind(("[11-300],[000-900/100]원", "[5-60]만 [1-9]천 원", "[5-60]만 원")),
    "rent": Kind(("[30-250/5]만 원",)),
    "percent": Kind(("[1-60]%",)),
    "people": Kind(("[native] 명", "[2-40]명")),
    "sheets": Kind(("[native] 장", "[2-9]장"), closed=True),
    "area": Kind(("[9-40]평", "[20-130]제곱미터")),
    "pages": Kind(("[5-90]쪽", "[2-60]페이지")),
    "data": Kind(("[2-150]GB",)),
    "dose": Kind(("하루 [times] 번", "[3-12]시간마다", "아침저녁으로", "식사 후마다"), closed=True),
    "lowscore": Kind(("[30-74]점",)),
    "highscore": Kind(("[75-100]점",), closed=True),
    "fasting": Kind(("[6-12]시간",), closed=True),
    "exam": Kind(("[school_subject] [exam]",)),
    "part": Kind(("[part_how] [part]",)),
    "cost": Kind(("[30-300]만 원", "[30-99]만 [1-9]천 원", "[300-990/10],000원")),
    "deposit": Kind(("[5-200/5]만 원", "[10-99]만 원", "[50-990/10],000원")),
    "rate": Kind(("[1-7].[1-9]%", "[2-8]%")),
    "price": Kind(("[3-49],[000-900/100]원", "[1-4]만 [1-9]천 원", "[3-9]천 [1-9]백 원")),
    "soon": Kind(("[5-55/5]분", "1시간 [5-55/5]분", "2시간 [5-55/5]분")),
    "term": Kind(("[2-36]개월", "[1-5]년")),
    "career": Kind(("[1-15]년", "[1-9]년 [1-11]개월", "[6-30]개월")),
    "bulk": Kind(("[10-500/5]개", "[2-40]상자", "[20-300/10]세트")),
    "morning": Kind(("오전 [6-11]시", "오전 [6-11]시 [5-55/5]분")),
    "evening": Kind(("오후 [2-8]시", "오후 [2-8]시 [5-55/5]분")),
    "dawn": Kind(("아침 [6-8]시",), closed=True),
    "night": Kind(("밤 [8-11]시", "밤 [8-11]시 [10-50/10]분", "저녁 [6-8]시", "저녁 [6-8]시 [10-50/10]분")),
    "meal": Kind(("하루 [times] 번", "[4-12]시간마다", "아침저녁으로"), closed=True),
    "planeseat": Kind(("[1-60][seat_letter]",)),
    "theater": Kind(
        ("[stem1][stem2]홀", "[stem1][stem2]아트홀", "[brand] 극장", "[city] 문화 회관", "[stem1][stem2] 소극장"),
    ),
    "abroad": Kind(("[abroad]",)),
    "lunch": Kind(("[food_style] [lunch_dish]",)),
    "snack": Kind(("[snack_style] [snack]",)),
    "pieces": Kind(("[native] 개", "[2-9]개"), closed=True),
    "illness": Kind(("[illness_how] [illness]", "[side] [limb] [injury]")),
    "workday": Kind(("이번 주 [workday]요일", "다음 주 [workday]요일"), closed=True),
    "daytime": Kind(
        (
            "오전 [9-11]시",
            "오전 [9-11]시 [10-50/10]분",
            "오후 [1-4]시",
            "오후 [1-4]시 [10-50/10]분",
            "낮 12시 [10-50/10]분",
        ),
    ),
    "event": Kind(("[event_of] [event]",)),
    # numbers that name a thing
    "flight": Kind(("[airline] [100-999]편", "[airline][1000-9899]편")),
    "bus": Kind(("[10-999]번 버스", "[1000-9899]번 버스")),
    "exit": Kind(("[1-14]번 출구",), closed=True),
    "room": Kind(("[1-29][01-12]호", "[101-120]동 [1-29][01-12]호")),
    "order": Kind(("[letter]-[1000-9999]", "[letter][letter][100-9999]", "[10000-999999]")),
    "seat": Kind(("[letter]열 [1-60]번", "[1-3]층 [letter]열 [1-40]번")),
    "gate": Kind(("[1-90]번 탑승구",)),
    # where
    "station": Kind(("[stem1][stem2]역",)),
    "district": Kind(("[stem1][stem2]동", "[stem1][stem2]읍")),
    "hotel": Kind(("[stem1][stem2] 호텔", "[brand] 호텔", "호텔 [stem1][stem2]")),
    "cafe": Kind(("카페 [stem1][stem2]", "[stem1][stem2] 카페", "[brand] 카페")),
    "restaurant": Kind(("[stem1][stem2]식당", "[stem1][stem2]반점", "[stem1][stem2]회관", "[brand] 식당")),
    "hospital": Kind(("[stem1][stem2]병원", "[brand]병원", "[stem1][stem2]의료원")),
    "clinic": Kind(("[stem1][stem2]의원", "[brand]의원", "[stem1][stem2]내과")),
    "company": Kind(("[brand]전자", "[brand]물산", "[brand]식품", "[stem1][stem2]산업", "[stem1][stem2]미디어")),
    "bank": Kind(("[stem1][stem2]은행", "[brand]은행")),
    "park": Kind(("[stem1][stem2]공원", "[stem1][stem2]산", "[stem1][stem2]호수")),
    "town": Kind(("[city]",)),
    "hall": Kind(("[1-30]층 [stem1][stem2]실", "[stem1][stem2]홀", "제[1-12]회의실", "[1-20]층 [letter]회의실")),
    # things
    "product": Kind(("[adjective] [thing]", "[brand] [thing]")),
    "clothes": Kind(("[color] [garment]", "[pattern] [garment]", "[color] [pattern] [garment]")),
    "flaw": Kind(("[flaw]",), closed=True),
    "fault": Kind(("[fault]", "[fault_when] [fault]")),
    "remedy": Kind(("[where] [remedy]",)),
    "carpart": Kind(("[carwear] [carpart]", "[carside] [sidepart]")),
    "shelf": Kind(("[1-9]층 [1-40]번 서가", "[letter]-[1-60] 서가", "[1-6]층 [shelf_room]")),
    "sport": Kind(("[sport_level] [sport]",)),
    "bed": Kind(("[bed]", "[view] [bed]")),
    "strength": Kind(("[manner] [virtue]",)),
    "belonging": Kind(
        (
            "[color] [belonging]",
            "[color] [material] [belonging]",
            "[pattern] [belonging]",
            "[color] [pattern] [belonging]",
        ),
    ),
    "food": Kind(("[food_style] [dish]",)),
    "drink": Kind(("[drink] [drink_base]",)),
    "device": Kind(("[brand] [device]", "[room_name] [room_device]", "[device]")),
    "animal": Kind(("[animal_how] [animal_what]",)),
    "medicine": Kind(("[medicine1][medicine2][medicine3]", "[medicine1][medicine1][medicine2][medicine3]")),
    "symptom": Kind(("[degree] [ailment]", "[side] [body] [ache]", "[degree] [body] [ache]")),
    "book": Kind(("[title1] [title3]", "[title2] [title3]", "[title1] [title2] [title3]")),
    "gift": Kind(("[gift_style] [gift_thing]",)),
    "car": Kind(("[color] [car]", "[brand] [car]")),
    "hair": Kind(("[hair] [hair_work]",)),
    "noise": Kind(("[noise]", "[night_or_day] [noise]")),
    "plan": Kind(("[brand] [30-99]", "[brand] 무제한 [1-9]", "[stem1][stem2] 요금제")),
    "course": Kind(("[level] [course]",)),
    "activity": Kind(("[outing]", "[city] [sightseeing]")),
    "job": Kind(("[job] [rank]", "[job]")),
    "agenda": Kind(("[period_name] [subject] [agenda]", "[subject] [agenda]")),
    "document": Kind(("[period_name] [subject] [document]", "[subject] [document]")),
    "reason": Kind(("[noun_work]", "[kin] [family_matter]", "[hurried] [noun_work]")),
    "task": Kind(("[school_subject] [school_work]",)),
    # what the competition masks
    "phone": Kind(("#PhoneNumber#",), closed=True),
    "address": Kind(("#Address#",), closed=True),
    "card": Kind(("#CardNumber#",), closed=True),
    "carnumber": Kind(("#CarNumber#",), closed=True),
}


def kind_of(slot: str) -> Kind:
    """Kind of a slot such as `city_from`. Raises KeyError for a kind that does not exist."""
    return KINDS[slot.split("_")[0]]


def held_out(slot_name: str, value: str) -> bool:
    """Whether train (and the base corpus) must never show `value` in this slot.

    Decided by a digest of the value alone, so that a value is held out in every kind that can compose it.
    """
    return not kind_of(slot_name).closed and digest(value) % _HELD_OUT_ONE_IN == 0


def digest(text: str) -> int:
    """A number that is the same on any machine, and even over values that differ in one digit, as CRC-32 is not."""
    return int.from_bytes(hashlib.blake2s(text.encode(), digest_size=4).digest())


def draw(slot: str, rng: Random, *, unseen: bool, invent: float = 0.0) -> str:
    """A value that is held out (`unseen`) or not; a closed kind has only the one sort.

    `invent` is the chance with which a word of the pattern is replaced by syllables put together at random.
    """
    kind = kind_of(slot)
    wanted = unseen and not kind.closed
    for _ in range(_DRAWS_BEFORE_GIVING_UP):
        value = _compose(rng.choice(kind.patterns), rng, invent)
        if held_out(slot, value) == wanted:
            return value
    raise ValueError(f"slot {slot!r}: no value with held_out == {wanted}")


def _compose(pattern: str, rng: Random, invent: float) -> str:
    def fill(place: re.Match[str]) -> str:
        if numbers := _RANGE.fullmatch(place[1]):
            number = rng.choice(_numbers(numbers))
            # [01-12]: a leading zero asks for numbers of one width, as in room 504.
            return str(number).zfill(len(numbers[1]) if numbers[1].startswith("0") else 0)
        words = WORDS[place[1]]
        word = rng.choice(words)
        return invent_word(rng, len(word)) if place[1] not in _CLOSED_WORDS and rng.random() < invent else word

    return _PLACE.sub(fill, pattern)


def _numbers(numbers: re.Match[str]) -> range:
    return range(int(numbers[1]), int(numbers[2]) + 1, int(numbers[3] or 1))


# Lists whose words belong to the grammar of the value (counters, weekdays), or are not Hangul.
_CLOSED_WORDS = frozenset(
    {
        "native",
        "night",
        "times",
        "weekday",
        "workday",
        "letter",
        "seat_letter",
        "airline",
        "first_name",
        "last_name",
        "surname",
        "rank",
        "side",
    }
)
_ONSETS = (0, 2, 3, 5, 6, 7, 9, 11, 12, 14, 15, 16, 17, 18)
_VOWELS = (0, 1, 4, 5, 6, 8, 12, 13, 17, 18, 20)
_FINALS = (0, 0, 0, 0, 1, 4, 8, 16, 17, 19, 21)


def invent_word(rng: Random, syllables: int) -> str:
    """A word that no list holds, of plain syllables: 무텀, 서길도."""
    return "".join(
        chr(ord("가") + (rng.choice(_ONSETS) * 21 + rng.choice(_VOWELS)) * 28 + rng.choice(_FINALS))
        for _ in range(max(syllables, 1))
    )
