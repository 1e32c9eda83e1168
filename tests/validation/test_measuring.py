import math

from dialsum.corpus.formats import Table
from dialsum.params.validation import Validation
from dialsum.validation.measuring import measure, says_something

LIMITS = Validation(max_rejected_fraction=0.05, max_dialogue_chars=60, max_summary_chars=10, known_masks=["Email"])


def measured(split: str, columns: str, *rows: list[str]) -> list[dict[str, float | str | None]]:
    frame = measure(Table(tuple(columns.split(",")), list(range(2, len(rows) + 2)), list(rows)), split, LIMITS)
    return [
        {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def test_a_sound_row() -> None:
    assert measured(
        "train",
        "fname,dialogue,summary,summary2,topic,facts",
        ["a", "#Person1#: 예약하고  싶어요.\\n#Person2#: 네?", " 요약 ", " ", "", ""],
    ) == [
        {
            "dialogue_chars": 36.0,
            "dialogue_said": 11.0,
            "speaker_tags": 2.0,
            "turns": 2.0,
            "summary_chars": 4.0,
            "summary2_chars": None,
            "summary_said": 2.0,
            "id_fault": None,
            "unknown_masks": None,
            "control_character": None,
            "lone_surrogate": None,
            "facts_fault": None,
        }
    ]


def test_turns_are_counted_where_it_makes_sense() -> None:
    dialogues = ["", "#Person1#:\nSD2: ", "네", "네\n#A1#: 네", "#A1#: 네\nSD2: \nSD2: 네\n네", "#A1#: " + "네" * 60]
    rows = measured("test", "fname,dialogue", *([str(number), text] for number, text in enumerate(dialogues)))
    assert [(row["dialogue_said"], row["speaker_tags"], row["turns"]) for row in rows] == [
        (0.0, None, None),
        (0.0, None, None),
        (1.0, 0.0, None),
        (2.0, 1.0, 1.0),
        (4.0, 3.0, 2.0),
        (None, None, None),
    ]


def test_what_is_amiss_is_found_in_the_first_column_that_has_it() -> None:
    (row,) = measured(
        "dev",
        "fname,dialogue,summary,topic,note",
        ["a\tb", "가\ud800\ud801 #Foo# #Email# #Person3# #Bar##Foo#", "나\x1b#Zip#", "\x00", "\x07"],
    )
    assert row["id_fault"] == "U+0009 at character 2 of fname"
    assert row["lone_surrogate"] == "U+D800 at character 2 of dialogue"
    assert row["control_character"] == "U+001B at character 2 of summary"
    assert row["unknown_masks"] == "#Bar#, #Foo#, #Zip#"


def test_a_particle_between_two_speakers_is_no_mask() -> None:
    (row,) = measured("test", "fname,dialogue", ["a", "#Person1#과#Person2#는 #Person 3#을 만난다."])
    assert row["unknown_masks"] is None


def test_what_can_be_seen() -> None:
    assert [says_something(text) for text in ("", " \t\n\u3000", "\u200b\ufeff\u202e\0\ud800", "a", " ㅋ", "🙂")] == [
        False,
        False,
        False,
        True,
        True,
        True,
    ]
