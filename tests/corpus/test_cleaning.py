import unicodedata
from collections import Counter
from dataclasses import fields, replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialsum.corpus.cleaning import ALL, ALWAYS, STEPS, chosen, clean, said, split_turns, to_dialogue
from dialsum.corpus.dialogue import Dialogue, Fact, Turn
from dialsum.params.cleaning import Cleaning

SWITCHES = [switch.name for switch in fields(Cleaning)]
NONE = Cleaning(**dict.fromkeys(SWITCHES, False))

# Parts of all that a step looks for, and of what one step could leave for another.
PIECES = [
    "가", "한글", "ᄒ", "ᅡ", "ᆫ", "ㅋ", "ㅋㅋㅋ", "ㅠ", "#Person1#", "#사람2#", "SD2000001", ":", "：", "#", ".",
    "3", "e", "&", "&&", "amp;", "amp", "#38;", "#x26;", "lt;", "gt;", "nbsp;", "shy;", "#8203;", "#12619;", "#x1112;",
    ";", "l", "t", "<br>", "<", "br", "/", ">", "\\", "\\n", "\\\\n", "r", "n", "👩",
]  # fmt: skip
BLANKS = [" ", "\t", "\n", "\r", "\x85", "\u2028", "\u3000", "\u3164"]
MARKS = ["\u200b", "\u200d", "\u00ad", "\x00", "\ud83d", "\u0301", "\u0338", "\u037e", "\u2329"]
TEXTS = st.lists(st.sampled_from([*PIECES, *BLANKS, *MARKS]), max_size=14).map("".join) | st.text(max_size=30)
CHOICES = st.fixed_dictionaries({name: st.booleans() for name in SWITCHES}).map(lambda values: Cleaning(**values))
steadily = settings(derandomize=True, deadline=None, database=None, max_examples=600)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#Person1#: 네.\\n#Person2#: 아니요.", "#Person1#: 네.\n#Person2#: 아니요."),
        ("SD1: 가\\r\\nSD1: 나\\\\nSD1: 다\\\\r\\\\nSD1: 라", "SD1: 가\nSD1: 나\nSD1: 다\nSD1: 라"),
        ("SD1:가<br>SD1:나<BR/>SD1:다<br />SD1:라</br>SD1:마", "SD1:가\nSD1:나\nSD1:다\nSD1:라\nSD1:마"),
        ("SD1: 가\r\nSD1: 나\rSD1: 다\u2028SD1: 라", "SD1: 가\nSD1: 나\nSD1: 다\nSD1: 라"),
        ("  SD1: 가 \t 나\u00a0다\u3000라  \n\n \nSD1: 마", "SD1: 가 나 다 라\nSD1: 마"),
        ("\ufeff안\u200b녕\x00하\u00ad세\u202e요", "안녕하세요"),
        ("안\u200d녕", "안녕"),
        ("가\u3164\u3164나\u2800", "가 나"),
        ("가족 👨\u200d👩\u200d👧 좋아", "가족 👨\u200d👩\u200d👧 좋아"),
        ("깨진 \ud83d글자", "깨진 글자"),
        (unicodedata.normalize("NFD", "한글"), "한글"),
        ("ㅋㅋ ㅋㅋㅋ ㅋㅋㅋㅋㅎㅎㅎㅠㅠㅠㅜㅜㅜㅜ", "ㅋㅋ ㅋㅋ ㅋㅋㅎㅎㅠㅠㅜㅜ"),
        ("", ""),
        (" \u200b<br>\\n&nbsp; ", ""),
        ("SD1: 가<b\0r\r<br>\u2028>나", "SD1: 가 나"),  # a break inside a break
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 &lt; 4 &amp; 5 &gt; 4, &quot;네&quot; &#39;네&#39;", "3 < 4 & 5 > 4, \"네\" '네'"),
        ("&#54620;&#xAE00;", "한글"),
        ("&#4370;&#4449;&#4523;", "한"),  # ᄒ, ᅡ and ᆫ, which NFC composes
        ("&#35;Person1&#35;: 네&NewLine;&#35;Person2&#35;: 네", "#Person1#: 네\n#Person2#: 네"),
        ("가&nbsp;&nbsp;나&#8203;다&shy;라&zwj;마", "가 나다라마"),
        ("SD1: 가&lt;br&gt;SD1: 나&lt;BR/&gt;", "SD1: 가\nSD1: 나"),
        ("가&bsol;n나&lt;br&gt;다", "가 나 다"),
        # Escaped twice, and more often.
        ("SD1: 가&amp;lt;br&amp;gt;SD1: 나", "SD1: 가\nSD1: 나"),
        ("가&amp;amp;amp;nbsp;나 &#38;#38;lt; &amp;#x26;amp; &AMP;gt;", "가 나 < & >"),
        # What hides an entity, or stands in its name.
        ("&l\u200bt; &l&shy;t; &l&#116; &lt\u037e &&#35;60;", "< < &lt < <"),
        # No entities: no semicolon, or no such name or number.
        ("Q&A R&D AT&T; 가&나; &unknown; &; &#; &#x; &lt &notit &copy=1", None),
        (f"&#{'9' * 8}; &#x{'f' * 7};", None),
    ],
)
def test_html_entities(text: str, expected: str | None) -> None:
    assert clean(text) == (text if expected is None else expected)


@pytest.mark.parametrize(
    "text",
    [
        "#Person1#: ㅋㅋ 007, NaN… \"네\" 'x' R&D & 1 < 2\n#Person2#: Tom은 #PhoneNumber#로, 3시~4시!! 와아아아 ㅇㅇㅇ",
        "SD2000001: 경로는 C:\\temp, C:\\new\\notes 입니다 <b>네</b>",
        "#Person1#: ㅋㅎㅋㅎ ㅠㅜㅠㅜ ㅋㅋ ㅋㅋ",
    ],
)
def test_clean_leaves_what_is_said(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("가&amp;나", "html_entities"),
        ("가\u200b나\x07", "invisible_characters"),
        ("\u1112\u1161\u11ab", "composed_hangul"),
        ("SD1: 가\\nSD1: 나", "escaped_newlines"),
        ("SD1: 가<br>SD1: 나", "breaks"),
        ("ㅋㅋㅋ", "repeated_letters"),
        ("가  나 ", "spaces"),
        ("SD1: 가\n나", "untagged_lines"),
    ],
)
def test_a_switch_is_one_step_and_its_count(text: str, step: str) -> None:
    touched: Counter[str] = Counter()
    assert clean(text, ALL, touched) != text
    assert touched == {step: 1}
    assert clean(text, replace(ALL, **{step: False}), touched) == text
    assert clean(text, NONE, touched) == text
    assert clean(text, replace(NONE, **{step: True}), touched) == clean(text)
    assert touched == {step: 2}


def test_a_step_counts_a_text_once() -> None:
    touched: Counter[str] = Counter()
    assert clean("&l&shy;t;br&gt;  ㅋㅋㅋ &lt;br&gt;", ALL, touched) == "ㅋㅋ"
    assert touched == dict.fromkeys(
        ["html_entities", "invisible_characters", "breaks", "spaces", "repeated_letters"], 1
    )


def test_line_endings_have_no_switch() -> None:
    assert clean("가\r\n나\x85다 \u2028 라", NONE) == "가\n나\n다 \n 라"
    assert clean("\ud83d", NONE) == ""
    assert chosen(NONE) == ["line_endings"]
    assert chosen(ALL) == list(STEPS)
    assert set(STEPS) == {*SWITCHES, *ALWAYS}
    assert [name for name in STEPS if name in SWITCHES] == SWITCHES  # params.yaml tells them in this order


@steadily
@given(TEXTS, CHOICES)
@example("<\nbr>", ALL)  # a line that joins the one before it makes a break
@example("<\u3164br>", ALL)
@example("\u200d\u2329", ALL)  # NFC takes the second to a character before which no joiner stays
@example("ᄒ\u200bᅡ", ALL)
@example("#Person1#\n: 네", ALL)
def test_clean_again_changes_nothing_whatever_is_chosen(text: str, cleaning: Cleaning) -> None:
    once = clean(text, cleaning)
    touched: Counter[str] = Counter()
    assert clean(once, cleaning, touched) == once
    assert not touched


@steadily
@given(TEXTS, CHOICES)
def test_a_dialogue_read_again_has_the_same_turns(text: str, cleaning: Cleaning) -> None:
    dialogue = to_dialogue("a", text, cleaning)
    assert to_dialogue("a", dialogue.text(), cleaning) == dialogue
    assert dialogue.turns
    assert "\n" not in "".join(turn.text for turn in dialogue.turns)


@steadily
@given(st.text("가나다ᄒabAB019 \n\t.,!?\"'()#:~-…·&<>/é", max_size=60))
def test_clean_keeps_every_letter_and_its_place(text: str) -> None:
    assert "".join(clean(text).split()) == "".join(text.split())


@pytest.mark.timeout(60)
def test_clean_a_long_run_of_anything_in_linear_time() -> None:
    pieces = (
        "\\",
        "\\r",
        "<",
        "< ",
        "#",
        "\n",
        "\na",
        "\n#a",
        " ",
        "#Person1",
        "\u200d",
        "SD",
        "&",
        "&amp;",
        "&#",
        "ㅋ",
    )
    for piece in pieces:
        split_turns(clean(piece * 100_000))
    assert clean("&" + "amp;" * 100_000 + "lt;") == "<"
    assert clean("&" + "#38;" * 100_000 + "lt;") == "<"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#Person1#: 안녕.\n#Person12#: 네.", [("#Person1#", "안녕."), ("#Person12#", "네.")]),
        ("SD2000001: 여행 좋아해요.\nSD2000001: 혹시요?", [("SD2000001", "여행 좋아해요."), ("SD2000001", "혹시요?")]),
        ("화자SD2000001: 네", [("화자SD2000001", "네")]),
        ("화자 SD2: 네", [("화자 SD2", "네")]),
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
def test_turns_of_a_clean_text(text: str, expected: list[tuple[str, str]]) -> None:
    assert split_turns(clean(text)) == tuple(Turn(speaker, words) for speaker, words in expected)


def test_lines_without_a_speaker_may_be_turns_of_their_own() -> None:
    own = replace(ALL, untagged_lines=False)
    turns = to_dialogue("a", "전화 통화\n#Person1#: 첫째\n\n둘째<br>#Person2#: 셋째", own).turns
    assert turns == (Turn("", "전화 통화"), Turn("#Person1#", "첫째"), Turn("", "둘째"), Turn("#Person2#", "셋째"))


def test_labels_are_seen_behind_blanks_that_stay() -> None:
    kept = to_dialogue("a", "  #Person1# :  가  나 \n\n \t#Person2#: 다\n ", replace(ALL, spaces=False))
    assert kept.turns == (Turn("#Person1#", "가  나"), Turn("#Person2#", "다"))


def test_said_is_what_is_left_to_read() -> None:
    assert said("#Person1#: 네.<br>#Person2#: \u200b") == "네."
    assert said("#Person1#:&nbsp;\n#Person2#: <br>\u3164") == ""


def test_what_is_said_of_a_dialogue_is_cleaned_and_counted_too() -> None:
    apart = unicodedata.normalize("NFD", "예약")
    told = (apart, [f" #Person1#은  {apart}&amp;확인을<br>한다. ㅋㅋㅋ\n", "둘째"], [Fact("topic", apart)])
    touched: Counter[str] = Counter()
    dialogue = to_dialogue("a", "#Person1#: 네", ALL, *told, touched)
    assert dialogue.references == ("#Person1#은 예약&확인을\n한다. ㅋㅋ", "둘째")
    assert (dialogue.topic, dialogue.facts) == ("예약", (Fact("topic", "예약"),))
    assert touched == dict.fromkeys(["html_entities", "composed_hangul", "breaks", "repeated_letters", "spaces"], 1)
    as_it_was = to_dialogue("a", "#Person1#: 네", NONE, *told)
    assert (as_it_was.topic, as_it_was.references[0]) == (apart, told[1][0].strip())


def test_a_numbered_mask_is_no_speaker() -> None:
    assert split_turns("#CardNumber2#: 네") == (Turn("", "#CardNumber2#: 네"),)


def test_to_dialogue() -> None:
    touched: Counter[str] = Counter()
    dialogue = to_dialogue(
        "007",
        "#Person1#:  네 \\n#Person2#: 3시요.",
        ALL,
        "진료",
        [" #Person2#는 3시라고 한다. "],
        [Fact("time", "3시")],
        touched,
    )
    assert dialogue == Dialogue(
        id="007",
        turns=(Turn("#Person1#", "네"), Turn("#Person2#", "3시요.")),
        topic="진료",
        references=("#Person2#는 3시라고 한다.",),
        facts=(Fact("time", "3시"),),
    )
    assert dialogue.text() == "#Person1#: 네\n#Person2#: 3시요."
    assert touched == {"escaped_newlines": 1, "spaces": 1}
