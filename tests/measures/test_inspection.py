"""What is amiss with a prediction."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialsum.corpus.dialogue import Dialogue, Turn
from dialsum.corpus.prediction import Prediction
from dialsum.measures.inspection import Inspection, columns, inspect

DIALOGUE = Dialogue(
    "dev_0", (Turn("#Person1#", "세 시에 갈게."), Turn("#Person2#", "네, Jimmy도 와요.")), references=("12345678",)
)


def inspected(text: str, finished: bool = True) -> Inspection:
    return inspect(Prediction("dev_0", text, finished), DIALOGUE)


def test_a_sound_prediction() -> None:
    found = inspected("#Person1#은 3시에 Jimmy와 온다.")
    assert found.faults() == []
    assert found.length_ratio == 25 / 8


def test_everything_that_can_be_amiss() -> None:
    found = inspected("Ann은 #Person3#과 5시에 가고 Ann은 #Person3#과 5시에 가고")
    assert found.faults() == ["foreign", "numbers", "names", "tags", "unfinished", "repeating"]
    assert (found.foreign, found.names) == (("Ann", "Ann"), ("Ann", "Ann"))
    assert (found.numbers, found.tags) == (("5", "5"), ("#Person3#", "#Person3#"))
    assert found.repeated_4grams == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("text", "finished", "faults"),
    [
        ("", True, ["empty"]),
        (" \n", False, ["empty"]),
        ("온다.", False, ["unfinished"]),
        ("온다", True, ["unfinished"]),
        ("온다. 온다.", True, ["repeating"]),
        ("especialmente 온다.", True, ["foreign"]),
        ("jimmy가 온다.", True, []),
    ],
)
def test_faults(text: str, finished: bool, faults: list[str]) -> None:
    assert inspected(text, finished).faults() == faults


def test_columns_are_rates_and_means_row_by_row() -> None:
    assert columns([inspected("5시에 온다."), inspected("", finished=False)]) == {
        "foreign_rate": [0, 0],
        "number_error_rate": [1, 0],
        "number_word_error_rate": [0, 0],
        "name_error_rate": [0, 0],
        "hangul_name_error_rate": [0, 0],
        "tag_error_rate": [0, 0],
        "empty_rate": [0, 1],
        "unfinished_rate": [0, 0],
        "repetition_rate": [0, 0],
        "repeated_4grams": [0, 0],
        "length_ratio": [7 / 8, 0],
    }


PIECES = [
    *"0123456789.,만억천백십조일이삼사오한두세네열시분 #가나\n３é①",
    "#Person1#",
    "SD2000001",
    "Person1",
    "Ann",
    "MP3",
]


@given(st.lists(st.sampled_from(PIECES), min_size=1))
@example(["é", "SD2000001"])
def test_what_stands_in_the_dialogue_is_supported(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = inspect(Prediction("", text, True), Dialogue("", (Turn("", text),), references=("가",)))
    assert (found.foreign, found.numbers, found.names, found.tags) == ((), (), (), ())
