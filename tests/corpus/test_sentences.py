"""Sentences of summaries, with quotations and brackets in them."""

import pytest

from dialsum.corpus.sentences import ends, split_sentences, surely_ends


@pytest.mark.parametrize(
    "sentences",
    [
        [],
        ["그는 갔다.", " ", "왔다.", "  ", "그는"],
        ["그는 갔다.", "", "그녀는 왔다!?", "", "#Person1#은 쉰다.", ""],
        ['#Person1#은 "네. 좋아요."라고 말한다.', " ", "그는 갔다.", ""],
        ["#Person1#은 '왜?'라고 묻는다.", " ", "그는 갔다.", ""],
        ['A는 "좋다."', " ", 'B는 "좋다."', ""],
        ["(#Person1#은 갔다.)", " ", "(#Person2#는 왔다. 또 갔다.)", ""],
        ["3.5점은 높다.", " ", "Dr. Kim은 3,000. 5원을 낸다.", ""],
        ["- 갔다", "\n", "- 왔다", "\n\n", "- 갔다", ""],
        ['그는 "네.', " ", "왔다", ""],  # nothing closes it
        ["Tom's 가게에 간다.", " ", "Ann's 가게에 간다.", ""],
        ['그는 5"를 산다.', " ", '화면은 7"다.', ""],
    ],
)
def test_split_sentences(sentences: list[str]) -> None:
    parts = [*sentences, ""] if len(sentences) % 2 else sentences
    assert split_sentences("".join(parts)) == list(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize(
    "text", ["온다.", "온다. ", "올까?", "와!", '"온다."', "(온다.)", "온다…", "'온다.'\n", "Tom's 가게다.", "3."]
)
def test_ends(text: str) -> None:
    assert ends(text)


@pytest.mark.parametrize(
    "text", ["", " ", "온다", "온다,", "3.5", "온다. 그리고", "#Person1#", '그는 "온다.', "그는 (온다.", "“온다."]
)
def test_does_not_end(text: str) -> None:
    assert not ends(text)


@pytest.mark.parametrize(
    "text", ["온다.", "온다. ", "올까?!", '"온다."라고 한다.', "(서울에서) 온다.", "그는 (서울에서)."]
)
def test_surely_ends(text: str) -> None:
    assert surely_ends(text)


@pytest.mark.parametrize(
    "text", ["", "온다", "3.", "No.", "3,000.", '"온다.', '"온다."', '"온다." ', "(온다.", "#Person1#은 '네."]
)
def test_may_go_on(text: str) -> None:
    assert not surely_ends(text)
