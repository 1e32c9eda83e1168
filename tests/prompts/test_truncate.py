from __future__ import annotations

import pytest

from dialsum.corpus.dialogue import Dialogue, Turn
from dialsum.errors import InputError
from dialsum.prompts.truncate import fit

AROUND = 10  # what the prompt has besides the dialogue


def length(dialogue: Dialogue) -> int:
    """One token a character of the text, and ten around it."""
    return AROUND + len(dialogue.text())


def dialogue(*texts: str) -> Dialogue:
    """Each turn has the speaker "A": three characters more than its text, and a newline before all but the first."""
    return Dialogue("dev_0", tuple(Turn("A", text) for text in texts), "주제", ("요약",))


FOUR = dialogue("가나다", "라마", "바사아자", "차")  # lines of 6, 5, 7 and 4 characters: 6, 12, 20, 25 in all


@pytest.mark.parametrize(
    ("limit", "turns"),
    [(1000, 4), (35, 4), (34, 3), (30, 3), (29, 2), (22, 2), (21, 1), (16, 1)],
)
def test_whole_turns_go_from_the_end_and_no_more_than_needed(limit: int, turns: int) -> None:
    kept = fit(FOUR, length, limit)
    assert kept.turns == FOUR.turns[:turns]
    assert length(kept) <= limit


def test_all_else_of_the_dialogue_stays() -> None:
    kept = fit(FOUR, length, 22)
    assert (kept.id, kept.topic, kept.references) == ("dev_0", "주제", ("요약",))


@pytest.mark.parametrize(("limit", "text"), [(15, "가나"), (14, "가"), (13, "")])
def test_a_first_turn_that_does_not_fit_loses_its_end(limit: int, text: str) -> None:
    assert fit(FOUR, length, limit).turns == (Turn("A", text),)


def test_no_room_at_all_is_said() -> None:
    with pytest.raises(InputError) as caught:
        fit(FOUR, length, 12)
    assert str(caught.value) == (
        "params.yaml: tokenize.max_source_tokens: 12 leaves no room for dialogue dev_0; the prompt around it alone has "
        "13 tokens: raise the limit or choose a shorter prompt"
    )


@pytest.mark.parametrize("count", [1, 2, 3, 63])
def test_any_number_of_turns(count: int) -> None:
    whole = dialogue(*["가" * 10] * count)
    for limit in range(AROUND + 3, length(whole) + 3):
        kept = fit(whole, length, limit)
        assert length(kept) <= limit
        if kept != whole and kept.turns[0] == whole.turns[0]:
            assert length(dialogue(*["가" * 10] * (len(kept.turns) + 1))) > limit


def test_measuring_is_rare() -> None:
    """It tokenizes: a dialogue of 1,000 turns must not be measured 1,000 times."""
    calls = 0

    def counted(candidate: Dialogue) -> int:
        nonlocal calls
        calls += 1
        return length(candidate)

    fit(dialogue(*["가" * 10] * 1000), counted, 5000)
    assert calls <= 12
