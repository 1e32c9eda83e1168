from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
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
        assert fit(FOUR, length, limit, truncation) == Fitted(dialogue(text), 3, turns_cut=1)


def test_a_last_turn_that_does_not_fit_loses_its_beginning() -> None:
    assert fit(dialogue("가", "나다라"), length, 14, "head") == Fitted(dialogue("라"), 1, turns_cut=1)


# The second of three turns is too long for any prompt of 30: 10 around it and 3 + 40.
LONG = dialogue("가", "나" * 39 + "다", "라")


@pytest.mark.parametrize(
    ("truncation", "texts"),
    [
        ("tail", ("가", "나" * 7, "라")),  # 4 + 1 + 3 + 7 + 1 + 4
        ("head", ("가", "나" * 6 + "다", "라")),
        ("middle", ("가", "나" * 7, "라")),
    ],
)
def test_a_turn_too_long_by_itself_is_cut_and_not_dropped(truncation: Truncation, texts: tuple[str, ...]) -> None:
    assert fit(LONG, length, 30, truncation) == Fitted(dialogue(*texts), turns_cut=1)


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


# Ten around it, three of "A: " before each text, a newline between two turns: with 110 there is room for 100.
@pytest.mark.parametrize(
    ("sizes", "truncation", "kept"),
    [
        ((900, 27, 7, 17), "tail", (55, 27, 7)),  # the first gets 50 with its label, and what the fourth cannot take
        ((17, 7, 27, 900), "head", (7, 27, 55)),
        ((900, 27, 7, 17), "middle", (76, 17)),  # nor is there room for the second, the next that would come back
        ((67, 900, 17), "tail", (67, 26)),  # no room for half; it gets what there is
        ((900, 900, 17), "tail", (36, 36, 17)),
        ((900, 7, 900), "middle", (41, 7, 41)),
        ((900, 97), "tail", (97,)),  # the second fits, but not beside half of the first
        ((67, 900, 900), "tail", (67, 26)),
        ((97, 900), "tail", (97,)),  # not even its label has room
    ],
)
def test_a_turn_too_long_by_itself_leaves_half_of_the_room_to_the_others(
    sizes: tuple[int, ...], truncation: Truncation, kept: tuple[int, ...]
) -> None:
    found = fit(dialogue(*["가" * size for size in sizes]), length, 110, truncation)
    assert tuple(len(turn.text) for turn in found.dialogue.turns) == kept


ALPHABET = "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허고노"
SIZES = st.lists(st.one_of(st.integers(0, 30), st.integers(100, 300)), min_size=1, max_size=10)


def of_sizes(sizes: list[int]) -> Dialogue:
    return dialogue(*[(ALPHABET * 10)[:size] for size in sizes])


def too_long(whole: Dialogue, limit: int) -> set[int]:
    """The places of turns that are too long by themselves."""
    return {place for place, turn in enumerate(whole.turns) if AROUND + len(turn.line()) > limit}


def kept_places(whole: Dialogue, found: Fitted, truncation: Truncation) -> list[int]:
    """Where the turns that are left stood: one stretch went."""
    size, left = len(whole.turns), len(found.dialogue.turns)
    front = {"tail": left, "head": 0, "middle": (left + 1) // 2}[truncation]
    return [*range(front), *range(size - left + front, size)]


@given(sizes=SIZES, limit=st.integers(20, 400), truncation=st.sampled_from(ANY))
def test_what_is_left_fits_and_is_whole_but_for_turns_too_long_by_themselves(
    sizes: list[int], limit: int, truncation: Truncation
) -> None:
    whole = of_sizes(sizes)
    found = fit(whole, length, limit, truncation)
    assert length(found.dialogue) <= limit
    assert len(found.dialogue.turns) + found.turns_dropped == len(sizes)
    places = kept_places(whole, found, truncation)
    cut = 0
    for place, turn in zip(places, found.dialogue.turns, strict=True):
        before = whole.turns[place]
        if turn == before:
            continue
        cut += 1
        assert place in too_long(whole, limit)
        assert turn.speaker == before.speaker
        assert before.text.startswith(turn.text) or before.text.endswith(turn.text)
    assert found.turns_cut == cut


@given(sizes=SIZES, limit=st.integers(20, 400), truncation=st.sampled_from(ANY))
def test_no_more_goes_than_must(sizes: list[int], limit: int, truncation: Truncation) -> None:
    whole = of_sizes(sizes)
    found = fit(whole, length, limit, truncation)
    places = kept_places(whole, found, truncation)
    if found.turns_cut:  # one character more for each is too much
        assert length(found.dialogue) + found.turns_cut > limit
        shares = {
            len(turn.text)
            for place, turn in zip(places, found.dialogue.turns, strict=True)
            if turn != whole.turns[place]
        }
        assert len(shares) == 1
    if not found.turns_dropped:
        return
    more = replace(found, dialogue=replace(whole, turns=whole.turns[: len(places) + 1]))
    (following,) = set(kept_places(whole, more, truncation)) - set(places)
    if following in too_long(whole, limit):  # not even one character of it has room
        assert not places or length(found.dialogue) + len("\nA: 가") > limit
    elif not found.turns_cut:
        assert length(found.dialogue) + 1 + len(whole.turns[following].line()) > limit
    else:  # nor beside half of the room for those that are cut, and a character for each
        others = [whole.turns[place].line() for place in places if place not in too_long(whole, limit)]
        held = len("\n".join([*others, whole.turns[following].line()]))
        assert held + max((limit - AROUND) // 2, found.turns_cut * len("\nA: 가")) > limit - AROUND


@given(
    sizes=SIZES,
    limits=st.tuples(st.integers(20, 400), st.integers(20, 400)).map(sorted),
    truncation=st.sampled_from(ANY),
)
def test_a_larger_limit_never_keeps_less(sizes: list[int], limits: list[int], truncation: Truncation) -> None:
    """As long as the same turns are too long by themselves."""
    whole = of_sizes(sizes)
    less, more = (fit(whole, length, limit, truncation) for limit in limits)
    assume(too_long(whole, limits[0]) == too_long(whole, limits[1]))
    assert set(kept_places(whole, less, truncation)) <= set(kept_places(whole, more, truncation))
    # Equal shares leave a rest of less than one character for each.
    assert length(less.dialogue) <= length(more.dialogue) + max(0, more.turns_cut - 1)


def test_a_turn_that_a_larger_limit_leaves_whole_may_take_the_place_of_others() -> None:
    one = dialogue("가" * 97, "나" * 26, "다" * 15)  # lines of 100, 29 and 18
    below, at = (fit(one, length, limit, "tail") for limit in (109, 110))
    assert [len(turn.text) for turn in below.dialogue.turns] == [47, 26, 15]
    assert [len(turn.text) for turn in at.dialogue.turns] == [97]


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
        calls = 0
        fit(dialogue(*["가" * 6000, *["가" * 10] * 999]), counted, 5000, truncation)
        assert calls <= 45
