"""Facts that a summary states, and script that its dialogue does not have."""

import pytest

from dialsum.corpus.dialogue import Dialogue, Fact, Turn
from dialsum.measures.faithfulness import (
    fact_recall,
    foreign_runs,
    stated_facts,
    states,
    tag_errors,
    unsupported_hangul_names,
    unsupported_names,
    unsupported_number_words,
    unsupported_numbers,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("회의는 3시에 시작한다.", "3시"),
        ("회의는 3시", "3시"),
        ("약3시에 만난다.", "3시"),
        ("오후  3시에\n만난다.", "오후 3시"),
        ("값은 5,000원이다.", "5,000원"),
        ("방은 304호, 504호이다.", "504호"),
        ("점수는 95.", "95"),
        ("회의는 오후 3시 30분에 끝난다.", "오후 3시 30분"),
        ("2시간 동안 열 명을 기다린다.", "2시간"),
        ("사과 30개를 산다.", "30개"),
        ("김민수는 쉰다.", "김민수"),
        ("Jimmy는 쉰다.", "Jimmy"),
        ("Ms. Kim이 온다.", "Ms. Kim"),
        ("'푸른 노래'를 빌린다.", "푸른 노래"),
        ("연락처는 #PhoneNumber#이다.", "#PhoneNumber#"),
        ("요금은 10%이다.", "10%"),
        ("3시 반도 4시도 아닌 13시, 그리고 3시.", "3시"),
    ],
)
def test_stated(text: str, value: str) -> None:
    assert states(text, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("회의는 13시에 시작한다.", "3시"),
        ("값은 45,000원이다.", "5,000원"),
        ("값은 5,000원이다.", "000원"),
        ("비율은 2.5%이다.", "5%"),
        ("버스는 950번이다.", "95"),
        ("버스는 95.5이다.", "95"),
        ("11월 2일에 만난다.", "1월 2일"),
        ("1월 20일에 만난다.", "1월 2일"),
        ("오후 3시 30분에 만난다.", "오후 3시"),
        ("3시간 걸린다.", "3시"),
        ("2시간 30분 걸린다.", "2시간"),
        ("30개월 걸린다.", "30개"),
        ("Jimmyson은 쉰다.", "Jimmy"),
        ("Joann은 쉰다.", "ann"),
        ("ÉAnn은 쉰다.", "Ann"),
        ("JB-1234를 찾는다.", "B-1234"),
        ("열두 명이 온다.", "두 명"),
        ("유빈에게 간다.", "빈"),
        ("세 시에 만난다.", "3시"),
        ("", "3시"),
        ("값은 5x000원이다.", "5.000원"),
    ],
)
def test_not_stated(text: str, value: str) -> None:
    assert not states(text, value)


def test_stated_facts_are_those_found() -> None:
    facts = (Fact("time", "오후 3시"), Fact("person", "김민수"))
    assert stated_facts("김민수가 온다.", facts) == [Fact("person", "김민수")]


def test_recall_apart_for_values_that_train_has() -> None:
    dialogues = [
        Dialogue("a", (), facts=(Fact("time", "3시"), Fact("person", "김민수"))),
        Dialogue("b", (), facts=(Fact("time", "4시"), Fact("city", "부산"))),
    ]
    # 부산 is known to train as a station and not as a city.
    seen = {Fact("time", "3시"), Fact("time", "4시"), Fact("station", "부산")}
    assert fact_recall(["김민수는 3시에 온다.", "5시에 대구로 간다."], dialogues, seen) == {
        "fact_recall": 0.5,
        "fact_recall_seen": 0.5,
        "fact_recall_unseen": 0.5,
    }
    assert fact_recall(["김민수는 3시에 온다.", "4시에 대구로 간다."], dialogues, seen) == {
        "fact_recall": 0.75,
        "fact_recall_seen": 1.0,
        "fact_recall_unseen": 0.5,
    }


def test_recall_is_none_without_facts() -> None:
    nothing = {"fact_recall": None, "fact_recall_seen": None, "fact_recall_unseen": None}
    assert fact_recall(["가"], [Dialogue("a", ())], frozenset()) == nothing
    only_unseen = fact_recall(["가"], [Dialogue("a", (), facts=(Fact("pet", "가"),))], frozenset())
    assert only_unseen == {"fact_recall": 1.0, "fact_recall_seen": None, "fact_recall_unseen": 1.0}


DIALOGUE = Dialogue(
    "dev_0",
    (
        Turn("#Person1#", "Jimmy, WiFi 비밀번호 알아? 우롱차는 烏龍茶라고 써."),
        Turn("SD2000002", "응, #PhoneNumber#로 전화해."),
    ),
).text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#Person1#은 Jimmy에게 WiFi를 묻는다.", []),
        ("#Person3#은 #Address#를 묻는다.", []),
        ("Person1이 on immy를 몇 kg 산다.", ["Person", "on", "immy"]),
        ("SD2000002는 jimmy에게 wifi를 묻는다.", []),
        ("Jim은 烏龍茶를 산다. 3㎡, 20℃, 50%, ①, ㅋㅋ, ½", []),
        ("Jimmy는 especialmente 바쁘다.", ["especialmente"]),
        ("그는 東京에서 カメラ를 산다.", ["東京", "カメラ"]),
        ("Привет, مرحبا, ไทย", ["Привет", "مرحبا", "ไทย"]),
        ("값은 3kg이다.", []),
        ("", []),
    ],
)
def test_foreign_runs(text: str, expected: list[str]) -> None:
    assert foreign_runs(text, DIALOGUE) == expected


def test_hangul_in_any_form_is_never_foreign() -> None:
    decomposed = "\u1112\u1161\u11ab\u1100\u1173\u11af"
    assert foreign_runs(f"한글 {decomposed} ㄱㄴ \uffa1", "") == []


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert foreign_runs("caf\u00e9에 간다.", "#Person1#: cafe\u0301 갈래?") == []


TALK = Dialogue(
    "dev_1",
    (
        Turn("#Person1#", "Mr. O'Neil, 오후 세 시 반까지 이만 오천 원을 보내 주세요. MP3는 25달러, #1 제품이에요."),
        Turn("SD2000002", "네, 사흘 안에요. #PhoneNumber#로 Jimmy에게 전화할게요."),
    ),
).text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#Person1#은 오후 3시 30분까지 25,000원을 받는다.", []),
        ("SD2000002는 3일 안에 2만 5천 원을 보낸다.", []),
        ("15시에 만난다.", []),
        ("15분에 만난다.", ["15"]),
        ("MP3는 25달러이다.", []),
        ("MP4는 26달러이다.", ["4", "26"]),
        ("2만 원을 보낸다.", ["2만"]),
        ("다섯 사람이 온다.", []),
        # Digits of a label, even of a wrong or a broken one, are no number.
        ("#Person7#이 온다. #Person8이 온다. Person9#가 온다. SD2000008이 온다.", []),
        ("", []),
    ],
)
def test_unsupported_numbers(text: str, expected: list[str]) -> None:
    assert unsupported_numbers(text, TALK) == expected


@pytest.mark.parametrize(
    ("text", "dialogue"),
    [
        ("2시간 30분", "두 시간 반이요."),
        ("3시 30분", "세시반이요."),
        ("6월에 만나 10월까지 6개월", "유월에 만나 시월까지 반년이요."),
        ("3.5점", "삼점오예요."),
        ("2주", "이 주 동안이요."),
        ("3:00에 만난다.", "세 시에 봐요."),
        ("3:30, 03:00", "세시반이요."),
        ("15:00 16:20", "오후 세 시요. 네 시 이십 분까지요."),
        ("15시 20분", "3:20이요."),
        ("오후 3시", "15:00요."),
        ("2.5시간", "두 시간 반 걸려요."),
        ("10.5시간", "10시간 반이요."),
        ("50% 할인, 1/2", "반값이죠?"),
        ("1/2만 산다.", "절반만 살게요."),
        ("1인당 20%", "이십 퍼센트요."),
    ],
)
def test_digits_of_what_the_dialogue_has_in_words(text: str, dialogue: str) -> None:
    assert unsupported_numbers(text, f"#Person1#: {dialogue}") == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("4:00 3:20", ["4", "20"]),
        ("1/2", ["1", "2"]),
        ("1/2/3", ["1", "2"]),
        ("3.5시간, 50%", ["3.5", "50"]),
        ("11인당, 1명", ["11", "1"]),
        ("3:000 1:2:00", ["000", "1", "2", "00"]),
    ],
)
def test_times_halves_and_heads_that_the_dialogue_does_not_state(text: str, numbers: list[str]) -> None:
    assert unsupported_numbers(text, "#Person1#: 세 시에 봐요.") == numbers


def test_no_number_is_read_in_other_words() -> None:
    assert unsupported_numbers("4시에 만난다.", "#Person1#: 네, 인터넷으로 사 주세요. 동네 병원에서 사인해요.") == ["4"]


def test_an_hour_of_the_afternoon_is_the_same_either_way() -> None:
    assert unsupported_numbers("오후 3시에 온다.", "#Person1#: 15시요.") == []
    assert unsupported_numbers("오후 3분에 온다.", "#Person1#: 15분이요.") == ["3"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("세 시 반에 이만 오천 원을 낸다. 사흘 뒤이다.", []),
        ("네 시에 다섯 명이 삼만 원을 낸다.", ["네", "다섯", "삼만"]),
        ("둘 다 두 사람을 만난다.", []),
        ("4시에 만난다.", []),
    ],
)
def test_unsupported_number_words(text: str, expected: list[str]) -> None:
    assert unsupported_number_words(text, TALK) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#Person1#은 브라질에서 #Person2#에게 전화한다.", ["브라질"]),
        ("#Person1#이 서울 역에 간다.", []),
        ("SD2000001에게 회의가 있다고 말한다.", []),
        ("", []),
    ],
)
def test_unsupported_names_in_hangul(text: str, expected: list[str]) -> None:
    assert unsupported_hangul_names(text, "#Person1#: 서울역에서 만나요.") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jimmy와 O'Neil이 온다.", []),
        ("JIMMY가 온다.", []),
        ("Jim이 온다.", ["Jim"]),
        ("Sally와 Jimmy Brown이 온다.", ["Sally", "Brown"]),
        ("especialmente 온다.", []),
        ("#Person3#은 #Address#에 있다. Person3이 온다.", []),
        ("샐리가 온다.", []),
        ("25°C에서 5GB와 1.5L를 쓰고 5 KG를 든다.", []),
        ("GB를 L에게 준다.", ["GB", "L"]),
    ],
)
def test_unsupported_names(text: str, expected: list[str]) -> None:
    assert unsupported_names(text, TALK) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#Person1#은 SD2000002에게 #PhoneNumber#를 준다.", []),
        ("#Person2#가 온다.", ["#Person2#"]),
        ("#person1#이 온다.", ["#person1#"]),
        ("#Address#로 온다.", ["#Address#"]),
        ("#Person2은 온다.", ["#Person2"]),
        ("Person1#은 온다.", ["Person1#"]),
        ("Person 3은 온다.", ["Person 3"]),
        ("##Person1#은 온다.", ["#"]),
        ("#Person1#Person1#은 온다.", ["Person1#"]),
        ("SD2000003과 SD200000이 온다.", ["SD2000003", "SD200000"]),
        ("#1 제품을 산다.", []),
        ("MP3를 산다.", []),
        ("그는SD2000003이고 그는Person1이다.", ["Person1", "SD2000003"]),
    ],
)
def test_tag_errors(text: str, expected: list[str]) -> None:
    assert tag_errors(text, TALK) == expected


def test_a_label_cut_short_is_broken_though_its_letters_stand_in_the_dialogue() -> None:
    assert tag_errors("#Person1은 온다.", TALK) == ["#Person1"]
    assert tag_errors("Person1이 온다.", TALK) == ["Person1"]
