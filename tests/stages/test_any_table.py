"""Random tables: whatever they hold, each row is kept or set aside, and nothing but an InputError escapes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dialsum.corpus import formats
from dialsum.errors import InputError
from dialsum.params.validation import Validation
from dialsum.stages.validate import divide
from dialsum.validation.expectations import REASONS
from dialsum.validation.judging import survey

LIMITS = Validation(max_rejected_fraction=1.0, max_dialogue_chars=60, max_summary_chars=20, known_masks=["Email"])

# Any character, half ones too, and more often those that CSV, JSON, the dialogues or Unicode give a meaning to.
CHARACTERS = st.characters() | st.sampled_from(
    '"",;\t\n\r\\ \0\x1b\x85\u2028\u200b\u202e\ufeff\ud800\U0001f600#<>&{}[]가'
)
GENTLE = st.text(st.sampled_from('가나다 ab,"\r\n#\\\u200b'), min_size=1, max_size=12)
TEXTS = GENTLE | st.text(CHARACTERS, max_size=20)
TAGS = st.sampled_from(["#Person1#: ", "SD2000001: ", "#Person2#：", "#Email#", ""])
DIALOGUES = TEXTS | st.lists(st.tuples(TAGS, TEXTS).map("".join), min_size=2, max_size=4).map("\n".join)
FACTS = TEXTS | st.lists(st.dictionaries(st.sampled_from(["name", "value", "x"]), TEXTS), max_size=2).map(json.dumps)
CELLS = {"dialogue": DIALOGUES, "facts": FACTS}
# Columns beyond those that are needed; unknown ones may have any name.
FURTHER = st.sampled_from(["topic", "summary2", "summary3", "facts", "note", "", "row"]) | TEXTS


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """A header with the columns of train.csv in any order, and rows, whose ids are sound, only distinct, or any."""
    further = draw(st.lists(FURTHER, max_size=3, unique=True))
    header = draw(st.permutations(list(dict.fromkeys(["fname", "dialogue", "summary", *further]))))
    rows = draw(st.lists(st.tuples(*(CELLS.get(name, TEXTS) for name in header)), max_size=12))
    ids = draw(st.sampled_from(["{number}", "{number}{cell}", "{cell}"]))
    place = header.index("fname")
    return list(header), [
        [ids.format(number=number, cell=cell) if i == place else cell for i, cell in enumerate(cells)]
        for number, cells in enumerate(rows)
    ]


def written(header: list[str], rows: list[list[str]], line_end: str, mark: str) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([header, *rows])
    return (mark + file.getvalue()).encode("utf-8", "surrogatepass")


class Silent:
    """In place of a progress bar."""

    def update(self, rows: int) -> None:
        assert rows > 0


def check_message(error: InputError, path: Path) -> None:
    """Each line names the file, and none holds what a terminal could stumble over."""
    for line in str(error).split("\n"):
        assert line.startswith(f"{path}: ")
        assert line.isprintable()


def check(split: str, header: list[str], rows: list[list[str]], content: bytes) -> None:
    """Divide a table, and compare what is written with what was given."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        path, sound, faulty = folder / f"{split}.csv", folder / "sound.jsonl", folder / "faulty.csv"
        path.write_bytes(content)
        try:
            index = survey(path, split)
        except InputError as error:
            check_message(error, path)
            return
        tally = divide(split, index, LIMITS, sound, faulty, Silent())
        kept = [json.loads(line) for line in sound.read_text(encoding="utf-8").split("\n") if line]
        with faulty.open(encoding="utf-8", errors="surrogatepass", newline="") as file:
            top, *rejected = csv.reader(file)

    assert (tally.rows, tally.kept, tally.rejected) == (len(rows), len(kept), len(rejected))
    assert top == ["row", *header, "reasons"]
    # What is set aside stands there cell for cell, with the number of its row, and in order.
    places = [int(number) - 2 for number, *_ in rejected]
    assert places == sorted(places)
    assert [cells for _, *cells, _ in rejected] == [rows[place] for place in places]
    assert all(reasons for *_, reasons in rejected)
    # All others are kept, in order, text for text.
    column = {name: place for place, name in enumerate(header)}
    others = [cells for place, cells in enumerate(rows) if place not in places]
    for row, cells in zip(kept, others, strict=True):
        assert row["id"] == cells[column["fname"]]
        if split == "test":
            assert row["dialogue"] == formats.SURROGATE.sub("", cells[column["dialogue"]])
        else:
            assert row["dialogue"] == cells[column["dialogue"]]
            assert row["summaries"][0] == cells[column["summary"]]
    if split == "test":
        assert rejected == []
        assert not any(row["summaries"] for row in kept)
    else:
        assert sum(tally.counts[name] for name in REASONS) >= len(rejected)


ARGUMENTS = {
    "table": tables(),
    "line_end": st.sampled_from(["\n", "\r\n", "\r"]),
    "mark": st.sampled_from(["", "\ufeff"]),
}


@pytest.mark.parametrize("split", ["train", "test"])
@given(**ARGUMENTS)
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # an example that fails is not made smaller: that takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)
def test_rows_are_kept_or_set_aside(
    split: str, table: tuple[list[str], list[list[str]]], line_end: str, mark: str
) -> None:
    check(split, *table, written(*table, line_end, mark))


@pytest.mark.slow
@pytest.mark.parametrize("split", ["train", "test"])
@given(**ARGUMENTS)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_rows_are_kept_or_set_aside_many(
    split: str, table: tuple[list[str], list[list[str]]], line_end: str, mark: str
) -> None:
    check(split, *table, written(*table, line_end, mark))


@given(
    content=st.binary(max_size=60)
    | st.text(st.sampled_from('",;\n\r\0 가a'), max_size=60).map(
        lambda text: b"fname,dialogue,summary\n" + text.encode()
    )
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_no_bytes_whatever_end_in_a_traceback(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "train.csv"
        path.write_bytes(content)
        try:
            header, *_ = formats.read_header(path)
            if "fname" in header:
                index = formats.read_index(path)
                assert sum(len(table.rows) for table in formats.read_tables(path)) == len(index.ids)
        except InputError as error:
            check_message(error, path)
