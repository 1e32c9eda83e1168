"""Random tables: whatever they hold, each row is kept or set aside, and nothing but an InputError escapes."""

from __future__ import annotations

import csv
import io
import json
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dialsum.corpus import formats
from dialsum.errors import InputError
from dialsum.params.validation import Validation
from dialsum.stages import prepare, validate
from dialsum.stages.validate import divide
from dialsum.validation.expectations import REASONS
from dialsum.validation.judging import survey
from dialsum.validation.tally import Tally

ROOT = Path(__file__).parents[2]
LIMITS = Validation(max_rejected_fraction=1.0, max_dialogue_chars=60, max_summary_chars=20, known_masks=["Email"])

# Any character, half ones too, and more often those that CSV, JSON, the dialogues or Unicode give a meaning to.
CHARACTERS = st.characters() | st.sampled_from(
    '"",;\t\n\r\\ \0\x1b\x85\u2028\u200b\u202e\ufeff\ud800\U0001f600#<>&{}[]가'
)
# A row of these is sound, if it is not too long.
TURNS = st.tuples(st.sampled_from(["#Person1#: 네", "SD2000001: 네"]), st.text(st.sampled_from('가나다ab ,"')))
SOUND = st.lists(TURNS.map("".join), min_size=2, max_size=3).map("\n".join)
GENTLE = st.text(st.sampled_from('가나다 ab,"\r\n#\\\u200b'), min_size=1, max_size=12)
TEXTS = GENTLE | st.text(CHARACTERS, max_size=20)
TAGS = st.sampled_from(["#Person1#: ", "SD2000001: ", "#Person2#：", "#Email#", ""])
DIALOGUES = SOUND | SOUND | TEXTS | st.lists(st.tuples(TAGS, TEXTS).map("".join), min_size=2, max_size=4).map("\n".join)
FACTS = TEXTS | st.lists(st.dictionaries(st.sampled_from(["name", "value", "x"]), TEXTS), max_size=2).map(json.dumps)
CELLS = {"dialogue": DIALOGUES, "summary": st.just("네") | TEXTS, "facts": st.just("") | FACTS}
# Columns beyond those that are needed; unknown ones may have any name.
FURTHER = st.sampled_from(["topic", "summary2", "summary3", "facts", "note", "", "row"]) | TEXTS


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """A header with the columns of train.csv in any order, and rows, whose ids are sound, only distinct, or any."""
    further = draw(st.lists(FURTHER, max_size=3, unique=True))
    header = draw(st.permutations(list(dict.fromkeys(["fname", "dialogue", "summary", *further]))))
    rows = draw(st.lists(st.tuples(*(CELLS.get(name, TEXTS) for name in header)), min_size=1, max_size=12))
    ids = draw(st.sampled_from(["{number}", "{number}", "{number}", "{number}{cell}", "{cell}"]))
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


OTHER = 'fname,dialogue,summary\na,"#Person1#: 여보세요?\n#Person2#: 네.",받는다.\n'
VALIDATE = ["--data", "mine", "--valid", "valid", "--rejected", "rejected"]
VALIDATE += ["--report", "page.html", "--metrics", "validation.json"]
PREPARE = ["--valid", "valid", "--prepared", "prepared", "--metrics", "data.json", "--characters", "c.csv"]
PREPARE += ["--turns", "t.csv", "--topics", "o.csv", "--copies", "copies.csv", "--leaks", "leaks.json"]


class Silent:
    """In place of a progress bar."""

    def update(self, rows: int) -> None:
        assert rows > 0


def check_message(error: InputError, path: Path) -> None:
    """Each line names the file, and none holds what a terminal could stumble over."""
    for line in str(error).split("\n"):
        assert line.startswith(f"{path}: ")
        assert line.isprintable()


def check(split: str, header: list[str], rows: list[list[str]], content: bytes) -> Tally | None:
    """Divide a table, and compare what is written with what was given. None: the file was refused as a whole."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        path, sound, faulty = folder / f"{split}.csv", folder / "sound.jsonl", folder / "faulty.csv"
        path.write_bytes(content)
        try:
            index = survey(path, split)
        except InputError as error:
            check_message(error, path)
            return None
        tally = divide(split, index, LIMITS, sound, faulty, Silent())
        kept = [json.loads(line) for line in sound.read_text(encoding="utf-8").split("\n") if line]
        with faulty.open(encoding="utf-8", errors="surrogatepass", newline="") as file:
            top, *rejected = csv.reader(file)

    assert (tally.rows, tally.kept, tally.rejected) == (len(rows), len(kept), len(rejected))
    assert top == ["row", *header, "faults", "reasons"]
    # What is set aside stands there cell for cell, with the number of its row, and in order.
    places = [int(number) - 2 for number, *_ in rejected]
    assert places == sorted(places)
    assert [cells for _, *cells, _, _ in rejected] == [rows[place] for place in places]
    assert all(set(names.split()) <= set(REASONS) and reasons for *_, names, reasons in rejected)
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
    return tally


ARGUMENTS = {
    "table": tables(),
    "line_end": st.sampled_from(["\n", "\r\n", "\r"]),
    "mark": st.sampled_from(["", "\ufeff"]),
}


@pytest.mark.parametrize("split", ["train", "test"])
def test_rows_are_kept_or_set_aside(split: str) -> None:
    tallies: list[Tally] = []

    @given(**ARGUMENTS)
    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],  # an example that fails is not made smaller: that takes minutes
        suppress_health_check=[HealthCheck.too_slow],
    )
    def divide_any(table: tuple[list[str], list[list[str]]], line_end: str, mark: str) -> None:
        tally = check(split, *table, written(*table, line_end, mark))
        tallies.extend([tally] if tally else [])

    divide_any()
    # The tables are neither all refused nor all of one kind, or nothing would have been tried.
    assert len(tallies) >= 20
    assert split == "test" or sum(bool(tally.kept and tally.rejected) for tally in tallies) >= 8


def test_the_stages_end_well_or_with_a_message() -> None:
    """The page and the search for copies among it; dev and test are sound."""
    text = (ROOT / "tests" / "params.yaml").read_text(encoding="utf-8")
    few, any_number = "max_rejected_fraction: 0.05 ", "max_rejected_fraction: 1.0 "
    assert text.count(few) == 1
    kept: list[int] = []  # rows of each table that went through both

    @given(**ARGUMENTS)
    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    def run_stages(table: tuple[list[str], list[list[str]]], line_end: str, mark: str) -> None:
        with TemporaryDirectory() as name, chdir(name):
            Path("params.yaml").write_text(text.replace(few, any_number), encoding="utf-8")
            Path("mine").mkdir()
            Path("mine/train.csv").write_bytes(written(*table, line_end, mark))
            for split in ("dev", "test"):
                Path(f"mine/{split}.csv").write_text(OTHER, encoding="utf-8")
            try:
                validate.main(VALIDATE, standalone_mode=False)
                prepare.main(PREPARE, standalone_mode=False)
            except InputError:
                return
            rows = json.loads(Path("validation.json").read_text())["train"]
            assert rows["rows"] == len(table[1]) == rows["kept"] + rows["rejected"]
            assert rows["kept"] == json.loads(Path("data.json").read_text())["train"]["rows"]
            kept.append(rows["kept"])

    run_stages()
    assert len(kept) >= 4, kept  # or nothing would have been tried


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
