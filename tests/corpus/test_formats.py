from pathlib import Path

import pytest

from dialsum.corpus import formats
from dialsum.corpus.formats import Row, Table, parse_facts, read_header, read_index, read_rows, read_tables, rows_of
from dialsum.errors import InputError

DATA = Path(__file__).parents[1] / "data"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "train.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return path


def whole(path: Path) -> Table:
    (table,) = read_tables(path)
    return table


def test_the_test_data() -> None:
    index = read_index(DATA / "train.csv")
    assert index.columns == ("fname", "dialogue", "summary", "topic")
    assert index.ids == ["train_0", "train_1", "train_2", "train_3", "train_4", "train_5"]
    assert index.numbers == [2, 3, 4, 5, 6, 7]
    table = whole(DATA / "train.csv")
    assert (table.columns, table.numbers, table.column("fname")) == (index.columns, index.numbers, index.ids)
    assert table.column("topic")[0] == "치과 예약"
    assert table.column("dialogue")[5] == (
        "#Person1#: 엄마, 저녁에 뭐 먹어요?\n"
        '#Person2#: 김치찌개 끓이려고. "두부도 넣어 줘"라고 아빠가 그러시네.\n'
        "#Person1#: 좋아요! 제가 두부 사 올게요."
    )


def test_every_cell_is_a_text(tmp_path: Path) -> None:
    path = written(tmp_path, "fname,dialogue,summary,topic\n007,NaN,,1.50\n None ,null,NA,True\n")
    assert whole(path).rows == [["007", "NaN", "", "1.50"], [" None ", "null", "NA", "True"]]


def test_mark_line_ends_blank_lines_and_foreign_columns(tmp_path: Path) -> None:
    path = written(tmp_path, '\ufeff\r\n,fname,dialogue,summary,\r\n0,a,"가\r\n나",다,\r\n\r\n1,b,라,마,\r\n')
    table = whole(path)
    assert table.columns == ("", "fname", "dialogue", "summary", "")
    assert table.column("fname") == ["a", "b"]
    assert table.column("dialogue") == ["가\r\n나", "라"]
    assert table.numbers == [3, 5]
    assert read_index(path).numbers == [3, 5]


def test_a_cell_of_ten_megabytes(tmp_path: Path) -> None:
    path = written(tmp_path, "fname,dialogue,summary\na," + "x" * 10_000_000 + ",b\n")
    assert len(whole(path).rows[0][1]) == 10_000_000


def test_a_cell_that_is_too_large_for_any_text_is_a_quote_left_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "_CELL_LIMIT", 1000)
    path = written(tmp_path, 'fname,dialogue\na,"b\n' + "c,d\n" * 1000)
    with pytest.raises(InputError, match=r"row 2: is not valid CSV \(field larger than field limit \(1000\)\); put"):
        read_index(path)


def test_halves_of_characters_do_not_stop_the_reading_wherever_they_stand(tmp_path: Path) -> None:
    """Python decodes block by block: a character may lie across two."""
    for before in range(8180, 8195):
        cell = "x" * before + "\ud83d\ude00가"
        path = written(tmp_path, f"fname,dialogue\na,{cell}\n")
        assert whole(path).rows == [["a", cell]]


# A row has five characters: the seventh is reached with the second row.
@pytest.mark.parametrize(
    ("rows", "characters", "sizes"),
    [(1, 1000, [1] * 7), (2, 1000, [2, 2, 2, 1]), (7, 1000, [7]), (1000, 1, [1] * 7), (1000, 7, [2, 2, 2, 1])],
)
def test_tables_are_short_and_hold_all_rows_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, characters: int, sizes: list[int]
) -> None:
    path = written(tmp_path, "fname,dialogue\n" + "".join(f"a{number},가나다\n\n" for number in range(7)))
    monkeypatch.setattr(formats, "TABLE_ROWS", rows)
    monkeypatch.setattr(formats, "TABLE_CHARACTERS", characters)
    tables = list(read_tables(path))
    assert [row for table in tables for row in table.rows] == [[f"a{number}", "가나다"] for number in range(7)]
    assert [number for table in tables for number in table.numbers] == [2, 4, 6, 8, 10, 12, 14]
    assert {table.columns for table in tables} == {("fname", "dialogue")}
    assert [len(table.rows) for table in tables] == sizes


def test_the_first_rows_of_a_file_are_read_alone(tmp_path: Path) -> None:
    path = written(tmp_path, "fname,dialogue\n" + "".join(f"{number},가\n" for number in range(9)) + 'a,"b\n')
    assert read_header(path) == [["fname", "dialogue"], *([str(number), "가"] for number in range(4))]


def test_five_ragged_rows_are_spelt_out(tmp_path: Path) -> None:
    path = written(tmp_path, "fname,dialogue\n" + "a\n" * 8)
    with pytest.raises(InputError) as caught:
        read_index(path)
    lines = str(caught.value).split("\n")
    assert len(lines) == 6
    assert lines[4].startswith(f"{path}: row 6: has 1 cells")
    assert lines[5] == f"{path}: and 3 more faults of this kind"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("", []),
        (" ", []),
        ("[]", []),
        ('[{"name": "time", "value": "3시"}]', [{"name": "time", "value": "3시"}]),
        ('[{"name": "time", "value": "3시", "seen": true}]', [{"name": "time", "value": "3시"}]),
        ("{}", None),
        ("오후 3시", None),
        ("null", None),
        ("3", None),
        ('["time"]', None),
        ('[{"name": "time"}]', None),
        ('[{"name": "time", "value": 3}]', None),
        ('[{"name": "time", "value": "\\ud800"}]', None),
        ('[{"name": "time", "value": "\\u0007"}]', None),
        ("[" * 100_000, None),
        ("9" * 10_000, None),
    ],
)
def test_parse_facts(cell: str, expected: list[dict[str, str]] | None) -> None:
    assert parse_facts(cell) == expected


def test_rows_of_and_back(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "fname,dialogue,summary,summary2,summary3,topic,facts\n"
        'a,가\\n,요약,,셋째,NaN,"[{""name"": ""time"", ""value"": ""3시""}]"\n'
        "b,나,요약,둘째, , ,\n",
    )
    rows = rows_of(whole(path), "train")
    assert rows == [
        Row("a", "가\\n", "NaN", ["요약", "셋째"], [{"name": "time", "value": "3시"}]),
        Row("b", "나", None, ["요약", "둘째"], []),
    ]
    (tmp_path / "rows.jsonl").write_text("".join(map(formats.row_line, rows)), encoding="utf-8")
    assert list(read_rows(tmp_path / "rows.jsonl")) == rows


def test_rows_of_the_test_split_hold_no_summary_and_no_half_character(tmp_path: Path) -> None:
    path = written(tmp_path, "fname,dialogue,summary,facts\na,가\ud800나,정답,오후 3시\n")
    assert rows_of(whole(path), "test") == [Row("a", "가나", None, [], [])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fname", "fname"),
        ("대화 내용", "대화 내용"),
        ("", "''"),
        ("  ", "'  '"),
        ("a\nb", "'a\\nb'"),
        ("\u202eabc", "'\\u202eabc'"),
        ("가" * 41, f"'{'가' * 40}'…"),
    ],
)
def test_texts_in_messages_stay_on_one_line(text: str, expected: str) -> None:
    assert formats.shown(text) == expected
