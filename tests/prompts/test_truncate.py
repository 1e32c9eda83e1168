from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialsum.corpus.dialogue import Dialogue, Turn
from dialsum.errors import InputError
from dialsum.params.prompt import Truncation
from dialsum.prompts.truncate import Fitted, fit

AROUND = 10  # what the prompt has besides the dialogue


def length(dialogue: Dialogue) -> int:
    """One token a character of the text, and ten around it."""
    return AROUND + len(dialogue.text())


def dialogue(*texts: str) -> Dialogue:
    """Each turn has the speaker "A": three characters more than its text, and a newline before all but the first."""
    return Dialogue("dev_0", tuple(Turn("A", text) for text in texts), "주제", ("요약",))


FOUR = dialogue("가나다", "라마", "바사아자", "차")  # lines of 6, 5, 7 and 4 characters: 6, 12, 20, 25 in all


ANY = ("tail", "head", "middle")


def kept(limit: int, truncation: Truncation = "tail") -> str:
    """The texts that are left of FOUR."""
    return " ".join(turn.text for turn in fit(FOUR, length, limit, truncation).dialogue.turns)


@pytest.mark.parametrize(
    ("limit", "turns"),
    [(1000, 4), (35, 4), (34, 3), (30, 3), (29, 2), (22, 2), (21, 1), (16, 1)],
)
def test_whole_turns_go_from_the_end_and_no_more_than_needed(limit: int, turns: int) -> None:
    found = fit(FOUR, length, limit, "tail")
    assert found == Fitted(dialogue(*[turn.text for turn in FOUR.turns[:turns]]), 4 - turns)
    assert length(found.dialogue) <= limit


def test_whole_turns_go_from_the_beginning() -> None:
    # From the end: lines of 4, 7, 5 and 6 characters: 4, 12, 18, 25 in all.
    assert [kept(limit, "head") for limit in (34, 28, 27, 22, 21, 14)] == [
        "라마 바사아자 차", "라마 바사아자 차", "바사아자 차", "바사아자 차", "차", "차",
    ]  # fmt: skip


def test_whole_turns_go_from_the_middle() -> None:
    # The first, the last, the second: lines of 6, 4 and 5 characters: 6, 11, 17 in all.
    assert [kept(limit, "middle") for limit in (34, 27, 26, 21, 20, 16)] == [
        "가나다 라마 차", "가나다 라마 차", "가나다 차", "가나다 차", "가나다", "가나다",
    ]  # fmt: skip


def test_all_else_of_the_dialogue_stays() -> None:
    found = fit(FOUR, length, 22, "tail").dialogue
    assert (found.id, found.topic, found.references) == ("dev_0", "주제", ("요약",))


@pytest.mark.parametrize(("limit", "text"), [(15, "가나"), (14, "가"), (13, "")])
def test_a_first_turn_that_does_not_fit_loses_its_end(limit: int, text: str) -> None:
    for truncation in ("tail", "middle"):
        assert fit(FOUR, length, limit, truncation) == Fitted(dialogue(text), 3, turn_cut=True)


def test_a_last_turn_that_does_not_fit_loses_its_beginning() -> None:
    assert fit(dialogue("가", "나다라"), length, 14, "head") == Fitted(dialogue("라"), 1, turn_cut=True)


# The second of three turns is too long for any prompt of 30: 10 around it and 3 + 40.
LONG = dialogue("가", "나" * 39 + "다", "라")


@pytest.mark.parametrize(
    ("truncation", "texts", "dropped"),
    [
        ("tail", ("가", "나" * 12), 1),  # 4 + 1 + 3 + 12
        ("head", ("나" * 11 + "다", "라"), 1),
        ("middle", ("가", "나" * 7, "라"), 0),  # 4 + 1 + 3 + 7 + 1 + 4
    ],
)
def test_a_turn_too_long_by_itself_is_cut_and_not_dropped(
    truncation: Truncation, texts: tuple[str, ...], dropped: int
) -> None:
    assert fit(LONG, length, 30, truncation) == Fitted(dialogue(*texts), dropped, turn_cut=True)


def test_it_is_dropped_if_nothing_of_it_fits() -> None:
    assert fit(LONG, length, 18, "tail") == Fitted(dialogue("가"), 2)


@pytest.mark.parametrize("truncation", ANY)
def test_no_room_at_all_is_said(truncation: Truncation) -> None:
    with pytest.raises(InputError) as caught:
        fit(FOUR, length, 12, truncation)
    assert str(caught.value) == (
        "params.yaml: tokenize.max_source_tokens: 12 leaves no room for dialogue dev_0; the prompt around it alone has "
        "13 tokens: raise the limit or choose a shorter prompt"
    )


@given(
    sizes=st.lists(st.integers(0, 30), min_size=1, max_size=12),
    limit=st.integers(AROUND + 3, 200),
    truncation=st.sampled_from(ANY),
)
def test_what_is_left_fits_is_whole_and_is_as_much_as_can_be(
    sizes: list[int], limit: int, truncation: Truncation
) -> None:
    alphabet = "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허고노"
    whole = dialogue(*[alphabet[:size] for size in sizes])
    found = fit(whole, length, limit, truncation)
    left, turns = found.dialogue.turns, whole.turns
    assert length(found.dialogue) <= limit
    assert len(left) + found.turns_dropped == len(turns)
    if found.turn_cut:  # only where that turn alone is too long
        assert any(AROUND + 3 + size > limit for size in sizes)
        return
    front = {"tail": len(left), "head": 0, "middle": (len(left) + 1) // 2}[truncation]
    assert left == (*turns[:front], *turns[len(turns) - len(left) + front :])
    if found.turns_dropped:
        more = {"tail": front, "head": len(turns) - len(left) - 1}.get(
            truncation, front if len(left) % 2 == 0 else len(turns) - len(left) + front - 1
        )
        assert length(found.dialogue) + 1 + len(turns[more].line()) > limit


def test_measuring_is_rare() -> None:
    """It tokenizes: a dialogue of 1,000 turns must not be measured 1,000 times."""
    calls = 0

    def counted(candidate: Dialogue) -> int:
        nonlocal calls
        calls += 1
        return length(candidate)

    for truncation in ANY:
        calls = 0
        fit(dialogue(*["가" * 10] * 1000), counted, 5000, truncation)
        assert calls <= 13
