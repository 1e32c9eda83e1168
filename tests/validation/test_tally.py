import pandas as pd

from dialsum.corpus.formats import Table
from dialsum.validation.tally import Example, Finding, Tally, visible

NO_TAG = Finding("no_speaker_tag", "no tag")
LONG = Finding("long_summary", "summary is long")
LONG_TOO = Finding("long_summary", "summary2 is long")


def table(*rows: list[str]) -> Table:
    return Table(("fname", "dialogue", "summary", "note"), list(range(2, len(rows) + 2)), list(rows))


def test_rows_reasons_and_lengths_add_up_over_tables() -> None:
    tally = Tally()
    first = table(["a", "가", "나", "x"], ["b", "다", "", "y"], ["c", "라", "마", "z"])
    measures = pd.DataFrame({"dialogue_chars": [3.0, 4.0, 3.0], "turns": [2.0, None, 3.0]})
    tally.add(first, measures, {1: [NO_TAG, LONG, LONG_TOO]}, [1])
    tally.add(table(["d", "바", "사", ""]), pd.DataFrame({"dialogue_chars": [3.0], "turns": [None]}), {0: [LONG]}, [0])
    tally.add(table(["e", "바", "사", ""]), pd.DataFrame({"dialogue_chars": [9.0], "turns": [2.0]}), {0: [LONG]}, [])
    assert (tally.rows, tally.kept, tally.rejected) == (5, 3, 2)
    assert tally.counts == {"no_speaker_tag": 1, "long_summary": 3}
    assert tally.lengths == {"dialogue_chars": {3: 2, 9: 1}, "turns": {2: 2, 3: 1}}
    assert tally.examples["no_speaker_tag"] == [Example(3, "b", "no tag", {"dialogue": "다"})]
    assert [example.id for example in tally.examples["long_summary"]] == ["b", "d", "e"]
    assert tally.examples["long_summary"][0].text == "summary is long; summary2 is long"


def test_five_examples_are_enough() -> None:
    tally = Tally()
    for number in range(9):
        tally.add(table([f"a{number}", "가" * 300, "", ""]), pd.DataFrame({"turns": [1.0]}), {0: [NO_TAG]}, [0])
    assert tally.counts["no_speaker_tag"] == 9
    assert [example.id for example in tally.examples["no_speaker_tag"]] == ["a0", "a1", "a2", "a3", "a4"]
    assert tally.examples["no_speaker_tag"][0].cells == {"dialogue": "가" * 240 + " …"}


def test_what_cannot_be_seen_is_spelt_out() -> None:
    assert visible("가\r\n나\r다\t👩‍👧") == "가\n나\n다\t👩‍👧"
    assert visible("\0\u202e\ufeff\ud800") == "⟨U+0000⟩⟨U+202E⟩⟨U+FEFF⟩⟨U+D800⟩"
