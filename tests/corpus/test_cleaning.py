import random
import unicodedata

import pytest

from dialsum.corpus.cleaning import STEPS, clean, clean_reference, clean_stepwise, split_turns, to_dialogue
from dialsum.corpus.dialogue import Dialogue, Fact, Turn


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#Person1#: 네.\\n#Person2#: 아니요.", "#Person1#: 네.\n#Person2#: 아니요."),
        ("가\\r\\n나\\\\n다", "가\n나\n다"),
        ("가<br>나<BR/>다<br />라</br>마", "가\n나\n다\n라\n마"),
        ("가\r\n나\r다\u2028라", "가\n나\n다\n라"),
        ("  가 \t 나\u00a0다\u3000라  \n\n \n마", "가 나 다 라\n마"),
        ("\ufeff안\u200b녕\x00하\u00ad세\u202e요", "안녕하세요"),
        ("안\u200d녕", "안녕"),
        ("가족 👨\u200d👩\u200d👧 좋아", "가족 👨\u200d👩\u200d👧 좋아"),
        ("깨진 \ud83d글자", "깨진 글자"),
        (unicodedata.normalize("NFD", "한글"), "한글"),
        ("", ""),
        (" \u200b<br>\\n ", ""),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "#Person1#: ㅋㅋㅋㅋ 007, NaN… \"네\" 'x' &amp; 1 < 2\n#Person2#: Tom은 #PhoneNumber#로, 3시~4시!!",
        "SD2000001: 경로는 C:\\temp 입니다",
    ],
)
def test_clean_leaves_what_is_said(text: str) -> None:
    assert clean(text) == text


def test_clean_again_changes_nothing() -> None:
    generator = random.Random(7)
    pieces = [
        "가",
        "한글",
        "#Person1#:",
        " ",
        "\n",
        "\r",
        "\\",
        "n",
        "r",
        "<",
        "br",
        "/",
        ">",
        "\u200b",
        "\u200d",
        "👩",
        "\t",
    ]
    for _ in range(2000):
        once = clean("".join(generator.choices(pieces, k=12)))
        assert clean(once) == once


def test_clean_a_long_run_of_anything_in_linear_time() -> None:
    for piece in ("\\", "<", "#", "\n", "\na", " ", "#Person1", "\u200d", "SD"):
        split_turns(clean(piece * 100_000))


def test_clean_stepwise_names_each_step() -> None:
    steps = list(clean_stepwise("가 <br> 나"))
    assert [name for name, _ in steps] == list(STEPS)
    assert dict(steps)["escaped_newlines"] == "가 <br> 나"
    assert dict(steps)["breaks"] == "가 \n 나"
    assert dict(steps)["spaces"] == "가\n나"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#Person1#: 안녕.\n#Person12#: 네.", [("#Person1#", "안녕."), ("#Person12#", "네.")]),
        ("SD2000001: 여행 좋아해요.\nSD2000001: 혹시요?", [("SD2000001", "여행 좋아해요."), ("SD2000001", "혹시요?")]),
        ("화자SD2000001: 네", [("화자SD2000001", "네")]),
        ("#사람1# ：네", [("#사람1#", "네")]),
        ("#Person1#:네:네", [("#Person1#", "네:네")]),
        ("#Person1#:", [("#Person1#", "")]),
        # Masks, and labels within a line, are text.
        ("#Person1#: 주소는요?\n#Address#: 서울", [("#Person1#", "주소는요? #Address#: 서울")]),
        ("#Person1#: 저는 #Person2#: 가 아니라", [("#Person1#", "저는 #Person2#: 가 아니라")]),
        ("#Person1#은 좋다", [("", "#Person1#은 좋다")]),
        # Lines without a label belong to the turn before them.
        ("#Person1#: 첫째\n둘째\n#Person2#:\n셋째", [("#Person1#", "첫째 둘째"), ("#Person2#", "셋째")]),
        ("전화 통화\n#Person1#: 네", [("", "전화 통화"), ("#Person1#", "네")]),
        ("아무 표시도\n없는 글", [("", "아무 표시도 없는 글")]),
        ("", [("", "")]),
    ],
)
def test_split_turns(text: str, expected: list[tuple[str, str]]) -> None:
    assert split_turns(text) == tuple(Turn(speaker, said) for speaker, said in expected)


def test_clean_reference_keeps_all_but_blanks_around_it() -> None:
    assert clean_reference(" #Person1#은  <br> 간다.\\n\n") == "#Person1#은  <br> 간다.\\n"
    assert clean_reference(unicodedata.normalize("NFD", "요약")) == "요약"


def test_to_dialogue() -> None:
    dialogue = to_dialogue(
        "007", "#Person1#:  네 \\n#Person2#: 3시요.", "진료", [" #Person2#는 3시라고 한다. "], [Fact("time", "3시")]
    )
    assert dialogue == Dialogue(
        id="007",
        turns=(Turn("#Person1#", "네"), Turn("#Person2#", "3시요.")),
        topic="진료",
        references=("#Person2#는 3시라고 한다.",),
        facts=(Fact("time", "3시"),),
    )
    assert dialogue.text() == "#Person1#: 네\n#Person2#: 3시요."
