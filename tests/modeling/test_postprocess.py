from __future__ import annotations

import random
from dataclasses import fields, replace

import pytest

from dialsum.modeling.postprocess import mend
from dialsum.params.generation import Postprocess

ALL = Postprocess(**{field.name: True for field in fields(Postprocess)})
NONE = Postprocess(**{field.name: False for field in fields(Postprocess)})
DIALOGUE = "#Person1#: 아, 정말.\n#Person2#: 네.\n#Person11#: #PhoneNumber#로 거세요."

CASES = [
    ("assistant\n#Person1#은 화났다.", "#Person1#은 화났다.", "role_headers"),
    ("Assistant: 그는 갔다.", "그는 갔다.", "role_headers"),
    ("### Response:\n그는 갔다.", "그는 갔다.", "role_headers"),
    ("<|assistant|>\n그는 갔다.", "그는 갔다.", "role_headers"),
    ("요약: #Person1#은 화났다.", "#Person1#은 화났다.", "summary_headers"),
    ("**요약:** 그는 갔다.", "그는 갔다.", "summary_headers"),
    ("[요약] 그는 갔다.", "그는 갔다.", "summary_headers"),
    ("대화 요약：그는 갔다.", "그는 갔다.", "summary_headers"),
    ("### 요약:\n그는 갔다.", "그는 갔다.", "summary_headers"),
    ("## 요약\n그는 갔다.", "그는 갔다.", "summary_headers"),
    ("# **대화 요약**\n\n그는 갔다.", "그는 갔다.", "summary_headers"),
    ("답변: 그는 갔다.", "그는 갔다.", "summary_headers"),
    ("다음은 요약입니다: 그는 갔다.", "그는 갔다.", "summary_headers"),
    ("다음은 대화의 요약입니다:\n그는 갔다.", "그는 갔다.", "summary_headers"),
    ("P\ufffd\ufffdker는 갔다.\ufffd", "P ker는 갔다.", "broken_characters"),
    ("진료를 \ufffd \ufffd합니다.\ufffd 네.", "진료를 합니다. 네.", "broken_characters"),
    ("그는 갔다.\ufffd\n \ufffd그녀는 왔다.", "그는 갔다.\n그녀는 왔다.", "broken_characters"),
    ("#Person1은 Person2#와 싸웠다.", "#Person1#은 #Person2#와 싸웠다.", "open_labels"),
    ("#Person11과 #Person1", "#Person11#과 #Person1#", "open_labels"),
    ("번호는 #PhoneNumber입니다.", "번호는 #PhoneNumber#입니다.", "open_labels"),
    ("# Person1#은 갔다.", "#Person1#은 갔다.", "open_labels"),
    ("##Person1#은 갔다.", "#Person1#은 갔다.", "open_labels"),
    ("##Person1은 갔다.", "#Person1#은 갔다.", "open_labels"),
    ("#Person1##은 #Person11###Person2##", "#Person1#은 #Person11##Person2#", "open_labels"),
    ("#person 1#은 ＃Person2#와 #PerSON11과 싸웠다.", "#Person1#은 #Person2#와 #Person11#과 싸웠다.", "open_labels"),
    ("번호는 #phonenumber#다.", "번호는 #PhoneNumber#다.", "open_labels"),
    ("그는\x00 \x06갔\u200b다.", "그는 갔다.", "broken_characters"),
    ("**요약**\n그는 갔다.", "그는 갔다.", "summary_headers"),
    ('그는 "네."라고 했다. 그는 "네."라고 했다.', '그는 "네."라고 했다.', "repeated_sentences"),
    ("- 갔다\n- 왔다\n- 갔다", "- 갔다\n- 왔다", "repeated_sentences"),
    ("그는 갔다. 왔다. 그는 갔다.", "그는 갔다. 왔다.", "repeated_sentences"),
    ("그는 갔다.그는 갔다.그는 갔다.", "그는 갔다.", "repeated_sentences"),
    ("그는 갔다. 그녀는 왔다. 그는", "그는 갔다. 그녀는 왔다.", "repeated_sentences"),
]
SOUND = [
    "",
    "#Person1#은 3.5점을 받았다. 3.5점은 높다.",
    "#Person1##Person2#는 #PhoneNumber#로 전화했다.",
    "#Person3은 대화에 없다.",  # a label that the dialogue does not have is no mistake in writing
    "#Person3##Person1#은 #Person1##Person3#과 #Person2##1을 본다.",
    "# 요약 과제를 낸다.",
    "요약\n그는 갔다.",
    "답변을 기다린다.",
    "요약하면, 그는 갔다.",
    "assistant를 뽑는다.",
    "그는 갔다. 그는 갔다가 왔다.",
    "값은 #1이다.",
    '#Person1#은 "좋다."라고 말했다. #Person2#는 "싫다."라고 말했다.',
    '#Person1#은 "좋다."라고 했고, #Person2#는 "네."',
    "(#Person1#은 갔다.) (#Person2#는 왔다.)",
    "#Person1#은 묻는다. '왜?'라고. #Person2#도 묻는다. '어디?'라고.",
    '#Person1#은 "네. 네. 네. 좋아요."라고 말한다.',
    "Dr. Kim은 갔다. Dr. Kim은 왔다.",
    "그는 갔다. ! ! 왔다.",
]


@pytest.mark.parametrize(("text", "expected", "switch"), CASES)
def test_each_switch_mends_its_own(text: str, expected: str, switch: str) -> None:
    assert mend(text, DIALOGUE, ALL) == (expected, [switch])
    assert mend(text, DIALOGUE, replace(NONE, **{switch: True})) == (expected, [switch])
    assert mend(text, DIALOGUE, replace(ALL, **{switch: False})) == (text, [])


@pytest.mark.parametrize("text", SOUND)
def test_a_sound_text_stays_as_it_is(text: str) -> None:
    assert mend(text, DIALOGUE, ALL) == (text, [])


def test_several_at_once() -> None:
    text = "요약: assistant\n요약: #Person1은 화났다. #Person1#은 화났다."
    used = ["role_headers", "summary_headers", "open_labels", "repeated_sentences"]
    assert mend(text, DIALOGUE, ALL) == ("#Person1#은 화났다.", used)


def test_a_mended_text_needs_nothing_more() -> None:
    pieces = [
        "요약:",
        "assistant\n",
        "#Person1",
        "#Person1#",
        "Person2#",
        "#",
        "# ",
        "\ufffd",
        "갔다.",
        " ",
        "###",
        "왔다!",
        "답변:",
        "## 요약\n",
        "1",
    ]
    chance = random.Random(1)
    for _ in range(3000):
        text = "".join(chance.choices(pieces, k=chance.randint(0, 9))).strip()
        mended, _ = mend(text, DIALOGUE, ALL)
        assert mend(mended, DIALOGUE, ALL) == (mended, []), text
