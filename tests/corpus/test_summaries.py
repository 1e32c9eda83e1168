"""Files of summaries, as people have them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dialsum.corpus.dialogue import Dialogue, Turn, write_jsonl
from dialsum.corpus.prediction import Prediction, write_predictions
from dialsum.corpus.summaries import read_predictions, read_references, refuse_mismatch, write
from dialsum.errors import InputError


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def file(name: str, text: str, encoding: str = "utf-8") -> Path:
    path = Path(name)
    path.write_bytes(text.encode(encoding))
    return path


def lines(name: str, *rows: object) -> Path:
    return file(name, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_submission(encoding: str) -> None:
    table = read_predictions(file("a.csv", 'fname,summary\ntest_1,"비, 눈"\ntest_0,\n', encoding))
    assert table.texts() == {"test_1": ("비, 눈",), "test_0": ("",)}
    assert table.ids() == ["test_1", "test_0"]


def test_what_the_pipeline_writes() -> None:
    write_predictions(Path("p.jsonl"), [Prediction("dev_0", "비가 온다", True)])
    write_jsonl(Path("d.jsonl"), [Dialogue("dev_0", (Turn("#Person1#", "비"),), references=("비가 온다", "비"))])
    assert read_predictions(Path("p.jsonl")).texts() == {"dev_0": ("비가 온다",)}
    assert read_references(Path("d.jsonl")).texts() == {"dev_0": ("비가 온다", "비")}


def test_several_references_in_columns() -> None:
    table = read_references(file("a.csv", "id,text,summary,summary2,summary3\n7,대화,가,나,\n8,대화,가, ,다\n"))
    assert table.texts() == {"7": ("가", "나"), "8": ("가", "다")}


def test_numbers_are_ids_too() -> None:
    assert read_predictions(lines("a.jsonl", {"id": 7, "text": "가"})).ids() == ["7"]


def test_a_column_that_some_rows_lack() -> None:
    path = lines("a.jsonl", {"id": "a", "summary": "가", "summary2": "나"}, {"id": "b", "summary": "다"})
    assert read_references(path).texts() == {"a": ("가", "나"), "b": ("다",)}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "", "a.txt: is neither .csv nor .jsonl"),
        ("a.csv", "", "a.csv: has no row"),
        ("a.csv", "id,text\n", "a.csv: has no row"),
        ("a.csv", "id,text,text\na,b,c\n", "a.csv: columns: more than once: text"),
        ("a.csv", "name,text\na,b\n", "a.csv: has no column for the id; name it fname or id (columns: name, text)"),
        ("a.csv", "id,gist\na,b\n", "a.csv: has no column for the text; name it summary or text"),
        ("a.csv", "id,text\na,b\nc\n", "a.csv: row 3: has 1 cells where the header names 2 columns"),
        ("a.csv", 'id,text\na,"b\n', "a.csv: row 2: is not valid CSV"),
        ("a.csv", "id,text\n ,b\n", "a.csv: row 2: id: is empty"),
        ("a.jsonl", "{\n", "a.jsonl: line 1: is no JSON"),
        ("a.jsonl", "[1]\n", "a.jsonl: line 1: is no JSON object"),
        ("a.jsonl", '{"id": "a", "text": "b"}\n\n{"id": "c"}\n', "a.jsonl: line 3: text: is missing"),
        (
            "a.jsonl",
            '{"id": null, "text": "b"}\n',
            "a.jsonl: line 1: id: should be text or a whole number, got null; give",
        ),
        ("a.jsonl", '{"id": 1, "text": "b"}\n{"id": null, "text": "b"}\n', "a.jsonl: line 2: id: should be text or"),
        ("a.jsonl", '{"id": true, "text": "b"}\n', "a.jsonl: line 1: id: should be text or a whole number, got true; "),
        (
            "a.jsonl",
            '{"id": ["a"], "text": "b"}\n',
            'a.jsonl: line 1: id: should be text or a whole number, got ["a"]; ',
        ),
        ("a.jsonl", '{"id": 1.5, "text": "b"}\n', "a.jsonl: line 1: id: should be text or a whole number, got 1.5; "),
        ("a.jsonl", '{"fname": "", "text": "b"}\n', "a.jsonl: line 1: fname: is empty; give each row an id"),
        ("a.jsonl", '{"text": "b"}\n', "a.jsonl: has no column for the id; name it fname or id (columns: text)"),
        (
            "a.jsonl",
            '{"id": "a", "text": "b"}\n{"text": "b"}\n',
            "a.jsonl: line 2: id: is missing; the first row has it",
        ),
        ("a.jsonl", '{"id": "a", "text": 3}\n', "a.jsonl: a: text: should be text, got 3"),
        (
            "a.jsonl",
            '{"id": "a", "text": "가\\ud800"}\n',
            "a.jsonl: a: text: has half a character, U+D800; write the whole one",
        ),
        ("a.jsonl", '{"id": "a", "text": null}\n', "a.jsonl: a: text: should be text, got None"),
    ],
)
def test_a_file_that_is_none_is_refused(name: str, text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        read_predictions(file(name, text))
    assert message in str(error.value)


def test_half_a_file_of_another_encoding_is_refused() -> None:
    path = Path("a.csv")
    path.write_bytes("id,text\na,비\n".encode() + "b,\xff\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"a\.csv: line 3 is not UTF-8"):
        read_predictions(path)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(InputError, match=r"^b\.csv: cannot be read: No such file"):
        read_predictions(Path("b.csv"))


def test_a_row_without_reference_is_refused() -> None:
    path = lines("a.jsonl", {"id": "a", "references": ["가"]}, {"id": "b", "references": []})
    with pytest.raises(InputError, match=r"a\.jsonl: references: is empty in b; give each row a reference"):
        read_references(path)
    with pytest.raises(InputError, match="references: should be a list of texts"):
        read_references(lines("a.jsonl", {"id": "a", "references": "가"}))


def test_ids_that_do_not_match_are_refused_with_the_list() -> None:
    wanted = read_references(file("gold.csv", "id,text\na,가\nb,가\nc,가\n"))
    refuse_mismatch(read_predictions(file("p.csv", "id,text\nc,가\na,\nb,가\n")), wanted)
    given = read_predictions(file("p.csv", "id,text\nc,가\na,가\na,나\nx,가\ny,가\n"))
    with pytest.raises(InputError) as error:
        refuse_mismatch(given, wanted)
    assert str(error.value) == (
        "p.csv: ids: missing, though in gold.csv: b; not in gold.csv: x, y; more than once: a; "
        "give files of the same dialogues, each once"
    )
    with pytest.raises(InputError, match=r"^p\.csv: ids: more than once: a; give each row an id of its own"):
        refuse_mismatch(wanted, given)


def test_files_are_written_in_their_form() -> None:
    table = read_predictions(file("a.csv", 'fname,summary,note\na,"비, 눈",x\n', "cp949"))
    write(Path("b.csv"), table, [{"fname": "a", "summary": "비\n눈", "other": 1}])
    assert Path("b.csv").read_text(encoding="utf-8") == 'fname,summary,note\na,"비\n눈",\n'
    table = read_predictions(lines("a.jsonl", {"id": 7, "text": "비", "finished": True}))
    write(Path("b.jsonl"), table, [row.cells for row in table.rows])
    assert Path("b.jsonl").read_bytes() == Path("a.jsonl").read_bytes()
