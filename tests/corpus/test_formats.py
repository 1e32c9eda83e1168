import gzip
from pathlib import Path

import pytest

from dialsum.corpus.formats import Row, parse_facts, read_rows, read_table, rows_of, write_rows
from dialsum.errors import InputError

DATA = Path(__file__).parents[1] / "data"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "train.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_read_table_of_the_test_data() -> None:
    table = read_table(DATA / "train.csv")
    assert table.columns == ("fname", "dialogue", "summary", "topic")
    assert table.column("fname") == ["train_0", "train_1", "train_2", "train_3", "train_4", "train_5"]
    assert table.numbers == [2, 3, 4, 5, 6, 7]
    assert table.column("topic")[0] == "치과 예약"
    assert table.column("dialogue")[5] == (
        "#Person1#: 엄마, 저녁에 뭐 먹어요?\n"
        '#Person2#: 김치찌개 끓이려고. "두부도 넣어 줘"라고 아빠가 그러시네.\n'
        "#Person1#: 좋아요! 제가 두부 사 올게요."
    )


def test_read_table_keeps_every_cell_as_text(tmp_path: Path) -> None:
    path = written(tmp_path, "fname,dialogue,summary,topic\n007,NaN,,1.50\n None ,null,NA,True\n")
    assert read_table(path).rows == [["007", "NaN", "", "1.50"], [" None ", "null", "NA", "True"]]


def test_read_table_takes_bom_crlf_blank_lines_and_foreign_columns(tmp_path: Path) -> None:
    path = written(tmp_path, '\ufeff,fname,dialogue,summary,\r\n0,a,"가\r\n나",다,\r\n\r\n1,b,라,마,\r\n')
    table = read_table(path)
    assert table.columns == ("", "fname", "dialogue", "summary", "")
    assert table.column("fname") == ["a", "b"]
    assert table.column("dialogue") == ["가\r\n나", "라"]
    assert table.numbers == [2, 4]


def test_read_table_takes_a_cell_of_ten_megabytes(tmp_path: Path) -> None:
    path = written(tmp_path, "fname,dialogue,summary\na," + "x" * 10_000_000 + ",b\n")
    assert len(read_table(path).rows[0][1]) == 10_000_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty; its first row must name the columns, such as fname,dialogue,summary,topic"),
        ("\ufeff\n\n", "is empty; its first row must name the columns, such as fname,dialogue,summary,topic"),
        ("fname,대화\n가,나\n".encode("cp949"), "line 1: is not UTF-8 text; save the file as `CSV UTF-8`"),
        ("fname,dialogue\na,b\n가,c\n".encode("cp949"), "line 3: is not UTF-8 text; save the file as `CSV UTF-8`"),
        ("fname,dialogue\n".encode("utf-16"), "line 1: is not UTF-8 text; save the file as `CSV UTF-8`"),
        (gzip.compress(b"fname,dialogue\na,b\n", mtime=0), "line 1: is not UTF-8 text; save the file as `CSV UTF-8`"),
        ("fname,dialogue,fname\na,b,c\n", "column fname: is named 2 times; keep one"),
        (
            "fname,dialogue\na,b\nc,d,e\n",
            'row 3: has 3 cells where the header names 2 columns; put a cell that holds commas in "quotes"',
        ),
        (
            'fname,dialogue\na,"b\nc"\nd,"e\nf,g\n',
            "row 3: is not valid CSV (unexpected end of data); put a cell that holds commas, quotes or newlines in "
            '"quotes", and double the quotes inside it',
        ),
    ],
)
def test_read_table_refuses(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(InputError) as caught:
        read_table(path)
    assert str(caught.value) == f"{path}: {message}"


def test_read_table_spells_out_five_ragged_rows(tmp_path: Path) -> None:
    path = written(tmp_path, "fname,dialogue\n" + "a\n" * 8)
    with pytest.raises(InputError) as caught:
        read_table(path)
    lines = str(caught.value).split("\n")
    assert len(lines) == 6
    assert lines[4].startswith(f"{path}: row 6: has 1 cells")
    assert lines[5] == f"{path}: and 3 more faults of this kind"


def test_read_table_refuses_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"dev\.csv: no such file; a data set is a folder with train\.csv"):
        read_table(tmp_path / "dev.csv")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_table(tmp_path)


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
        ("[" * 100_000, None),
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
    rows = rows_of(read_table(path), "train")
    assert rows == [
        Row("a", "가\\n", "NaN", ["요약", "셋째"], [{"name": "time", "value": "3시"}]),
        Row("b", "나", None, ["요약", "둘째"], []),
    ]
    write_rows(tmp_path / "rows.jsonl", rows)
    assert list(read_rows(tmp_path / "rows.jsonl")) == rows


def test_rows_of_the_test_split_hold_no_summary(tmp_path: Path) -> None:
    path = written(tmp_path, "fname,dialogue,summary\na,가,정답\n")
    assert rows_of(read_table(path), "test") == [Row("a", "가", None, [], [])]
