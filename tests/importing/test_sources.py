from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dialsum.corpus import encodings
from dialsum.corpus.encodings import find_encoding
from dialsum.corpus.formats import read_tables
from dialsum.errors import InputError
from dialsum.importing import json_sources
from dialsum.importing.sources import Source, Survey, find, names_taken, passed_over, read, survey, write

DATA = Path(__file__).parents[1] / "data"

# Each form of a table holds these two rows.
HEADER = ["fname", "dialogue", "summary", "topic"]
CELLS = [
    ["가_0", '#Person1#: 밥, "먹었니"?\n#Person2#: 네.', "#Person1#은 묻는다.", "식사"],
    ["가_1", "#Person1#: 뷁\\n#Person2#: 똠방각하", " 007 ", ""],  # 뷁 and 똠 are in CP949, not in EUC-KR
]
ROWS = [dict(zip(HEADER, cells, strict=True)) for cells in CELLS]


def written(path: Path, content: object) -> Path:
    """A file of bytes, text, or what JSON makes of anything else."""
    if not isinstance(content, str | bytes):
        content = json.dumps(content, ensure_ascii=False, indent=4)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def source(path: Path, split: str = "train", encoding: str | None = None, **renamed: str) -> Source:
    return Source(path, split, find_encoding(path, encoding), names_taken(renamed))


def rows(path: Path, split: str = "train", encoding: str | None = None, **renamed: str) -> list[dict[str, str]]:
    return list(read(source(path, split, encoding, **renamed)))


def fault(path: Path, split: str = "train", encoding: str | None = None, **renamed: str) -> str:
    """The one line that is said instead, without the path that it starts with."""
    with pytest.raises(InputError) as caught:
        rows(path, split, encoding, **renamed)
    message = str(caught.value)
    assert "\n" not in message
    start, rest = message[: len(f"{path}: ")], message[len(f"{path}: ") :]
    assert start == f"{path}: "
    return rest


def table(delimiter: str = ",", end: str = "\n") -> str:
    """Both rows as a program would write them, every cell quoted that needs it."""
    quoted = f'"{CELLS[0][1].replace(chr(34), chr(34) * 2)}"'
    first = delimiter.join([CELLS[0][0], quoted, *CELLS[0][2:]])
    return end.join([delimiter.join(HEADER), first, delimiter.join(CELLS[1])]) + end


@pytest.mark.parametrize(
    ("name", "content", "encoding"),
    [
        ("train.csv", table().encode(), "utf-8"),
        ("train.csv", table().encode("utf-8-sig"), "utf-8"),
        ("train.csv", table(end="\r\n").encode("cp949"), "cp949"),
        ("train.csv", table(end="\r").encode("utf-8"), "utf-8"),
        ("train.CSV", b"\n\r\n" + table(end="\r\n").encode(), "utf-8"),
        ("train.csv", table().rstrip("\n").encode() + b"\n\n,,,\n", "utf-8"),
        ("train.tsv", table("\t").encode(), "utf-8"),
        ("train.csv", table("\t").encode(), "utf-8"),
        ("train.csv", table(";").encode(), "utf-8"),
        ("train.txt", table("\t", "\r\n").encode("utf-16"), "utf-16"),
        ("train.txt", b"\xfe\xff" + table("\t", "\r\n").encode("utf-16-be"), "utf-16"),
    ],
)
def test_every_form_of_a_table_is_the_same_rows(tmp_path: Path, name: str, content: bytes, encoding: str) -> None:
    path = written(tmp_path / name, content)
    assert source(path).encoding == encoding
    assert rows(path) == ROWS


@pytest.mark.parametrize("named", ["utf-8", "UTF8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_text_whatever_encoding_is_named(tmp_path: Path, named: str) -> None:
    assert rows(written(tmp_path / "train.csv", table().encode("utf-8-sig")), encoding=named) == ROWS


def test_an_encoding_without_a_mark_can_be_named(tmp_path: Path) -> None:
    path = written(tmp_path / "train.csv", table().encode("utf-16-le"))
    assert rows(path, encoding="UTF-16-LE") == ROWS
    assert rows(written(path, table().encode("johab")), encoding="johab") == ROWS


def test_cells_are_texts_as_they_stand(tmp_path: Path) -> None:
    cells = "007,NaN,None,1.50\n  x ,<br>&amp;\u200b,\u1112\u1161\u11ab,\x00\n"
    path = written(tmp_path / "train.csv", "fname,dialogue,summary,topic\n" + cells)
    assert rows(path) == [
        {"fname": "007", "dialogue": "NaN", "summary": "None", "topic": "1.50"},
        {"fname": "  x ", "dialogue": "<br>&amp;\u200b", "summary": "\u1112\u1161\u11ab", "topic": "\x00"},
    ]


def test_line_endings_inside_a_cell_stay(tmp_path: Path) -> None:
    path = written(tmp_path / "train.csv", 'fname,dialogue,summary\r\na,"가\r\n나\r다",라\r\n')
    assert rows(path) == [{"fname": "a", "dialogue": "가\r\n나\r다", "summary": "라"}]


def test_a_cell_of_ten_megabytes(tmp_path: Path) -> None:
    path = written(tmp_path / "test.csv", "fname,dialogue\na," + "x" * 10_000_000 + "\n")
    assert [len(row["dialogue"]) for row in rows(path, "test")] == [10_000_000]


@pytest.mark.parametrize("numbers", [("0", "1", "2"), ("1", "2", "3"), ("", "", "")])
def test_a_column_without_a_name_that_numbers_the_rows_is_dropped(tmp_path: Path, numbers: tuple[str, ...]) -> None:
    lines = "".join(f"{number},{name},가,나\n" for number, name in zip(numbers, "abc", strict=True))
    path = written(tmp_path / "train.csv", ",fname,dialogue,summary\n" + lines)
    assert rows(path) == [{"fname": name, "dialogue": "가", "summary": "나"} for name in "abc"]


@pytest.mark.parametrize(
    ("numbers", "row", "shown"),
    [
        (("요약", "b", "c"), 2, "요약"),
        (("", "", "x"), 4, "x"),
        (("0", "1.5", "2"), 3, "1.5"),
        (("0", "-1", ""), 3, "-1"),
    ],
)
def test_another_column_without_a_name_is_not_dropped(
    tmp_path: Path, numbers: tuple[str, ...], row: int, shown: str
) -> None:
    lines = "".join(f"{name},가,{number}\n" for number, name in zip(numbers, "abc", strict=True))
    path = written(tmp_path / "test.csv", "fname,dialogue,\n" + lines)
    assert fault(path, "test") == (
        f"row {row}, column 3: {shown} stands in a column that has no name and is not the index of a table; name it in "
        "the header, or remove it"
    )


def test_columns_of_other_names(tmp_path: Path) -> None:
    path = written(tmp_path / "train.csv", "id,대화, 요약 ,fname,점수\na,가,나,old,5\n")
    renamed = {"fname": "id", "dialogue": "대화", "summary": "요약"}
    assert rows(path, **renamed) == [{"fname": "a", "dialogue": "가", "summary": "나", "점수": "5"}]
    swapped = {"summary": "dialogue", "dialogue": "summary"}
    path = written(tmp_path / "train.csv", "fname,summary,dialogue\na,가,나\n")
    assert rows(path, **swapped) == [{"fname": "a", "dialogue": "가", "summary": "나"}]
    path = written(tmp_path / "train.csv", "fname,dialogue,topic\na,가,나\n")
    assert rows(path, summary="topic") == [{"fname": "a", "dialogue": "가", "summary": "나"}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "id,dialogue,summary\na,b,c\n",
            "column fname: is missing; name the column that holds it, as in --column fname=NAME "
            "(found: id, dialogue, summary)",
        ),
        (
            "fname,dialogue\na,b\n",
            "column summary: is missing; name the column that holds it, as in --column summary=NAME "
            "(found: fname, dialogue)",
        ),
        (
            "",
            "column fname: is missing; name the column that holds it, as in --column fname=NAME "
            "(found: nothing; the first row must name the columns)",
        ),
        ("fname,dialogue,summary,dialogue\na,b,c,d\n", "column dialogue: is named 2 times; keep one"),
        (
            "fname,dialogue,summary\na,b,c\n\nd,e,f,g\n",
            "row 4: has 4 cells where the header names 3 columns; put a cell that holds commas, tabs or newlines in "
            '"quotes"',
        ),
        (
            'fname,dialogue,summary\na,b,c\nd,"e,f\ng,h,i\n',
            "row 3: is not valid CSV (unexpected end of data); put a cell that holds commas, quotes or newlines "
            'in "quotes", double the quotes inside it, and close each',
        ),
        (
            'fname,dialogue,summary\na,"b" c,d\n',
            "row 2: is not valid CSV (',' expected after '\"'); put a cell that holds commas, quotes or newlines "
            'in "quotes", double the quotes inside it, and close each',
        ),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: str, message: str) -> None:
    assert fault(written(tmp_path / "train.csv", content)) == message


REMEDY = "; save the file as UTF-8, or name its encoding, as in --encoding utf-16-le"


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        ("a\n가".encode() + b"\n\xff\n", None, "line 3 is not UTF-8, and line 2 is not CP949" + REMEDY),
        ("가\n나\n".encode("cp949") + b"\xff", None, "line 1 is not UTF-8, and line 3 is not CP949" + REMEDY),
        ("\n\n가".encode("cp949")[:-1], None, "line 3 is not UTF-8, and line 3 is not CP949" + REMEDY),
        (b"\xef\xbb\xbf\n\xb0\xa1\n", None, "line 2 is not UTF-8" + REMEDY),
        ("가\n나".encode("utf-16") + b"\x00\xd8", None, "line 2 is not UTF-16" + REMEDY),
        ("a\n가\n".encode(), "cp949", "line 2 is not CP949" + REMEDY),
        ("가나\n".encode("utf-16-le"), "utf-16", "line 1 is not UTF-16" + REMEDY),
    ],
)
def test_bytes_that_are_no_text(tmp_path: Path, content: bytes, encoding: str | None, message: str) -> None:
    assert fault(written(tmp_path / "test.csv", content), "test", encoding) == message


@pytest.mark.parametrize("block", [1, 2, 3, 7])
def test_characters_may_lie_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(encodings, "_BLOCK", block)
    for encoding in ("utf-8", "cp949"):
        path = written(tmp_path / "train.csv", "가a나다\n라".encode(encoding))
        assert find_encoding(path, None) == encoding
        written(path, "가a나다\n라\n마".encode(encoding) + b"\xff\n")
        with pytest.raises(InputError, match=f"line 3 is not {encoding.upper()}"):
            find_encoding(path, encoding)


@pytest.mark.parametrize("name", ["utf-9", "hex", "한글"])
def test_an_encoding_that_is_none(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / "train.csv", "a")
    with pytest.raises(InputError) as caught:
        find_encoding(path, name)
    assert str(caught.value) == f"--encoding {name}: is no encoding known to Python; try utf-8, cp949 or utf-16"


def turns(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"speaker": speaker, "utterance": utterance} for speaker, utterance in pairs]


def nikl(**changes: Any) -> dict[str, Any]:
    """A record of the NIKL everyday-conversation task."""
    conversation = turns(("SD2000001", "안녕하세요."), ("SD2000001", "어~ 저는요"), ("SD2000002", "네."))
    record = {
        "id": "nikluge-2024-일상 대화 요약-train-000001",
        "input": {"conversation": conversation, "subject_keyword": ["해외여행"]},
        "output": "SD2000001은 인사했습니다.",
    }
    return {**record, **changes}


NIKL_TEXTS = {
    "fname": "nikluge-2024-일상 대화 요약-train-000001",
    "dialogue": "SD2000001: 안녕하세요.\nSD2000001: 어~ 저는요\nSD2000002: 네.",
    "topic": "해외여행",
    "summary": "SD2000001은 인사했습니다.",
}
FLAT = {"fname": "a", "dialogue": "#Person1#: 가\n#Person2#: 나", "summary": "다", "topic": "라"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.json", [nikl(), nikl(id="b")]),
        ("compact.json", json.dumps([nikl(), nikl(id="b")])),
        ("lines.jsonl", "\n".join(json.dumps(nikl(**new), ensure_ascii=False) for new in ({}, {"id": "b"}))),
        ("lines.json", "\r\n \r\n".join(json.dumps(nikl(**new)) for new in ({}, {"id": "b"})) + "\r\n\r\n"),
        ("mark.json", json.dumps([nikl(), nikl(id="b")], ensure_ascii=False).encode("utf-8-sig")),
        ("list.jsonl", json.dumps([nikl(), nikl(id="b")], ensure_ascii=False).encode("cp949")),
    ],
)
def test_every_form_of_json_is_the_same_records(tmp_path: Path, name: str, content: object) -> None:
    assert rows(written(tmp_path / name, content)) == [NIKL_TEXTS, {**NIKL_TEXTS, "fname": "b"}]


def test_labels_stay_and_no_utterance_becomes_two_turns(tmp_path: Path) -> None:
    conversation = turns(
        ("SD2000001", "첫째\nSD2000002: 둘째"),
        ("화자SD2000002", " 셋째\r\n\u2028넷째 \\nSD2000001: 다섯째<br/>\\r\\n여섯째\n"),
        ("#Person3#", ""),
        ("SD3", "나&lt;br&gt;#Person1#: 다&#10;SD4: 라"),
    )
    path = written(tmp_path / "train.json", [nikl(input={"conversation": conversation})])
    assert rows(path)[0]["dialogue"] == (
        "SD2000001: 첫째 SD2000002: 둘째\n화자SD2000002: 셋째 넷째 SD2000001: 다섯째 여섯째\n#Person3#: \n"
        "SD3: 나 #Person1#: 다 SD4: 라"
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"output": ["첫째", "둘째", "셋째"]}, {"summary": "첫째", "summary2": "둘째", "summary3": "셋째"}),
        ({"output": []}, {"summary": ""}),
        ({"output": None}, {"summary": ""}),
        ({"input": {"conversation": []}}, {"dialogue": "", "topic": None}),
        ({"input": {"conversation": [], "subject_keyword": ["여행", "음식"]}}, {"dialogue": "", "topic": "여행, 음식"}),
        ({"input": {"conversation": [], "subject_keyword": "여행"}}, {"dialogue": "", "topic": "여행"}),
        (
            {"input": {"conversation": [], "subject_keyword": None, "x": 1}},
            {"dialogue": "", "topic": "", "input.x": ""},
        ),
        ({"metadata": {"title": "…"}}, {"metadata": ""}),
    ],
)
def test_nikl_with_other_values(tmp_path: Path, changes: dict[str, Any], expected: dict[str, str | None]) -> None:
    texts = {name: text for name, text in {**NIKL_TEXTS, **expected}.items() if text is not None}
    assert rows(written(tmp_path / "train.json", [nikl(**changes)])) == [texts]


def test_nikl_test_records_need_no_output(tmp_path: Path) -> None:
    record = nikl()
    del record["output"]
    texts = {name: text for name, text in NIKL_TEXTS.items() if name != "summary"}
    assert rows(written(tmp_path / "test.json", [record]), "test") == [texts]


def test_flat_records(tmp_path: Path) -> None:
    facts = [{"name": "time", "value": "3시"}]
    records = [
        FLAT,
        {**FLAT, "summary": ["하나", "둘"], "topic": None, "facts": facts, "score": 3},
        {**FLAT, "summary2": "둘", "summary3": None, "topic": ["라", "마"], "facts": "[]"},
    ]
    assert rows(written(tmp_path / "train.json", records)) == [
        FLAT,
        {
            **FLAT,
            "summary": "하나",
            "summary2": "둘",
            "topic": "",
            "facts": '[{"name": "time", "value": "3시"}]',
            "score": "",
        },
        {**FLAT, "summary2": "둘", "summary3": "", "topic": "라, 마", "facts": "[]"},
    ]


def test_flat_records_with_other_keys(tmp_path: Path) -> None:
    """`input` of an instruction file is a text, not NIKL's object."""
    path = written(
        tmp_path / "train.jsonl", json.dumps({"instruction": "요약", "input": "가", "output": "나", "no": "1"})
    )
    renamed = {"fname": "no", "dialogue": "input", "summary": "output"}
    assert rows(path, **renamed) == [{"fname": "1", "dialogue": "가", "summary": "나", "instruction": ""}]


def without(record: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in keys}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (3, "should be an object, as {…}, but is a number"),
        (without(nikl(), "id"), "key id: is missing; add it (found: input, output)"),
        (without(nikl(), "output"), "key output: is missing; add it (found: id, input)"),
        (nikl(id=17), "key id: should be text, but is a number; put it in quotes"),
        (nikl(input=["가"]), "key input: should be an object, but is a list"),
        (nikl(input={"text": "가"}), "key input.conversation: is missing; add it (found: text)"),
        (nikl(input={"conversation": "가"}), "key input.conversation: should be a list, but is text"),
        (
            nikl(input={"conversation": [*turns(("SD1", "가")), "나"]}),
            "input.conversation, turn 2: should be an object, as {…}, but is text",
        ),
        (
            nikl(input={"conversation": [{"speaker": "SD1"}]}),
            "input.conversation, turn 1: key utterance: is missing; add it (found: speaker)",
        ),
        (
            nikl(input={"conversation": [{"speaker": 1, "utterance": "가"}]}),
            "input.conversation, turn 1: key speaker: should be text, but is a number; put it in quotes",
        ),
        (
            nikl(input={"conversation": turns((" ", "가"))}),
            "input.conversation, turn 1: key speaker: ' ': is no label that a turn can begin with; write it as "
            "SD2000001 or #Person1#, in the summary too",
        ),
        (
            nikl(input={"conversation": turns(("SD1", "가"), ("진행자", "나"))}),
            "input.conversation, turn 2: key speaker: 진행자: is no label that a turn can begin with; write it as "
            "SD2000001 or #Person1#, in the summary too",
        ),
        (
            nikl(input={"conversation": [], "subject_keyword": [True]}),
            "key input.subject_keyword: should be a list of texts, but holds true or false; put it in quotes",
        ),
        (nikl(output={"summary": "가"}), "key output: should be text, but is an object"),
        (nikl(output=["가"] * 4), "key output: holds 4 summaries; at most 3 have a place, remove some"),
        (nikl(output="\ud83d"), "key output: holds half a character, \\ud83d; remove it"),
        (
            without(FLAT, "summary"),
            "key summary: is missing; add it, or name the key that holds it, as in --column summary=NAME "
            "(found: fname, dialogue, topic)",
        ),
        ({**FLAT, "dialogue": None}, "key dialogue: should be text, but is null; give it one"),
        ({**FLAT, "fname": None}, "key fname: should be text, but is null; give it one"),
        ({**FLAT, "dialogue": ["가"]}, "key dialogue: should be text, but is a list"),
        ({**FLAT, "topic": 1.5}, "key topic: should be text, but is a number; put it in quotes"),
        ({**FLAT, "facts": [["\udc00"]]}, "key facts: holds half a character, \\udc00; remove it"),
        (
            {**FLAT, "summary": ["가", "나"], "summary2": "다"},
            "key summary2: is also in the list of summaries; keep one of the two",
        ),
    ],
)
def test_what_is_no_record(tmp_path: Path, record: object, message: str) -> None:
    """As the second record of a list and of a file of lines, after one of the same form."""
    good = nikl() if isinstance(record, dict) and "dialogue" not in record and "fname" not in record else FLAT
    path = written(tmp_path / "lines.jsonl", f"{json.dumps(good)}\n\n{json.dumps(record)}\n")
    assert fault(path) == f"record 2 (line 3): {message}"
    path = written(tmp_path / "list.json", f"[\n{json.dumps(good)},\n{json.dumps(record)}]")
    assert fault(path) == f"record 2 (line 3): {message}"


def test_mixed_records(tmp_path: Path) -> None:
    path = written(tmp_path / "train.json", [FLAT, nikl()])
    assert fault(path) == "record 2 (line 8): is NIKL, the first record is flat; put one form into one file"
    path = written(tmp_path / "train.json", [nikl(), FLAT])
    assert "is flat, the first record is NIKL" in fault(path)


def test_nikl_keys_cannot_be_renamed(tmp_path: Path) -> None:
    path = written(tmp_path / "train.json", [nikl()])
    assert fault(path, dialogue="대화") == (
        "record 1 (line 2): is NIKL, whose keys have fixed names; leave --column out"
    )


FORMS = "; a file is a list, [{…}, {…}], or has one {…} a line"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"fname": "a"', "record 1 (line 1): is not valid JSON (Expecting ',' delimiter)" + FORMS),
        ("{\n}", "record 1 (line 1): is not valid JSON (Expecting property name enclosed in double quotes)" + FORMS),
        ('[{"a": 1}\n{"a": 2}]', "record 2 (line 1): is not valid JSON (Expecting ',' or ']')" + FORMS),
        ("[\n{},\n]", "record 2 (line 3): is not valid JSON (Expecting value)" + FORMS),
        ("[\n{}\n", "record 2 (line 2): is not valid JSON (Expecting ',' or ']')" + FORMS),
        ("[{}]\n[{}]", "record 2 (line 2): is not valid JSON (Extra data)" + FORMS),
        ('[\n{"a": "\n"}]', "record 1 (line 2): is not valid JSON (Invalid control character at)" + FORMS),
        ('[{},\n{"a": 1, "b": 2,\n"a": 3}]', "record 2 (line 2): key a: stands 2 times in one object; keep one"),
        ('{"a": {"b": 1, "b": 1, "b": 2}}', "record 1 (line 1): key b: stands 3 times in one object; keep one"),
        (
            '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
            "record 1 (line 1): is not valid JSON (maximum recursion depth exceeded while decoding a JSON array from a "
            "unicode string)" + FORMS,
        ),
    ],
)
def test_what_is_no_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, message: str) -> None:
    # Records without keys of ours are let through here, so that the syntax alone is tried.
    monkeypatch.setattr(json_sources, "_flat", lambda record, *_: record)
    for block in (1, 1 << 20):
        monkeypatch.setattr(json_sources, "_BLOCK", block)
        assert fault(written(tmp_path / "train.json", content)) == message


@pytest.mark.parametrize("block", [1, 2, 5, 64])
def test_a_list_is_read_in_blocks_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(json_sources, "_BLOCK", block)
    records = [{**FLAT, "dialogue": '#Person1#: ]},[{" \\ 😀\n' + "가" * size} for size in (0, 1, 70, 300)]
    for text in (json.dumps(records), json.dumps(records, indent=2, ensure_ascii=False), f" {json.dumps(records)} \n"):
        assert rows(written(tmp_path / "train.json", text)) == records


def test_a_broken_record_is_told_before_the_rest_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_sources, "_BLOCK", 16)
    monkeypatch.setattr(json_sources, "_LONGEST", 64)
    read_so_far = 0

    class Long:
        def read(self, size: int) -> str:
            nonlocal read_so_far
            read_so_far += size
            return '[{"a": "'.ljust(size, "x") if read_so_far == size else "x" * size

    with pytest.raises(json_sources._JsonError):
        list(json_sources._elements(Long()))  # type: ignore[arg-type]
    assert read_so_far <= 256


def test_survey_and_columns() -> None:
    def three() -> Iterator[dict[str, str]]:
        yield {"fname": "a", "dialogue": "", "summary": "", "topic": " ", "summary3": "", "점수": "1"}
        yield {"fname": "b", "dialogue": "가", "summary": "", "topic": "", "facts": "[]"}
        yield {"fname": "c", "dialogue": "나", "summary": "", "topic": "", "summary2": "다"}

    found = survey(Path("train.csv"), three())
    assert found == Survey(
        rows=3,
        present=frozenset({"fname", "dialogue", "summary", "topic", "summary2", "summary3", "facts", "점수"}),
        filled=frozenset({"fname", "dialogue", "facts", "summary2", "점수"}),
    )
    assert found.columns("train") == ["fname", "dialogue", "summary", "summary2", "facts"]
    assert found.columns("test") == ["fname", "dialogue", "summary2", "facts"]
    assert found.unused() == ["점수"]


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", "fname,dialogue,summary\n"), ("a.json", "[]"), ("b.jsonl", "\n")]
)
def test_no_rows_are_an_error(tmp_path: Path, name: str, content: str) -> None:
    path = written(tmp_path / name, content)
    with pytest.raises(InputError) as caught:
        survey(path, read(source(path)))
    assert str(caught.value) == f"{path}: has no rows; there is nothing to import"


def test_write_is_the_canonical_form(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    texts = [
        {"fname": "a", "dialogue": "가, 나\n다", "summary": '"라"', "x": "no"},
        {"fname": "b", "dialogue": "마\r바", "summary": "사\r\n"},
        {"fname": "c", "dialogue": " ", "topic": "아"},
    ]
    assert write(path, ["fname", "dialogue", "summary", "topic"], iter(texts)) == 3
    assert path.read_bytes().decode() == (
        'fname,dialogue,summary,topic\na,"가, 나\n다","""라""",\n"b","마\r바","사\r\n",""\nc, ,,아\n'
    )
    (table,) = read_tables(path)
    assert table.rows == [
        ["a", "가, 나\n다", '"라"', ""],
        ["b", "마\r바", "사\r\n", ""],
        ["c", " ", "", "아"],
    ]


def test_the_test_data_come_back_byte_for_byte(tmp_path: Path) -> None:
    for split in ("train", "dev", "test"):
        path = DATA / f"{split}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            columns = next(csv.reader(file))
        write(tmp_path / path.name, columns, read(source(path, split)))
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_find_names_the_split_of_each_file(tmp_path: Path) -> None:
    names = ["nikluge-2024-일상 대화 요약-train.json", "Validation.CSV", "my_test.jsonl"]
    others = ["sample_submission.csv", "train.xlsx", "train_dev.csv", "contest.csv"]
    for name in [*names, *others, "README.md", "._test.csv"]:
        (tmp_path / name).touch()
    (tmp_path / "train").mkdir()
    found = find(tmp_path, None)
    assert list(found.items()) == list(zip(("train", "dev", "test"), (tmp_path / name for name in names), strict=True))
    assert passed_over(tmp_path, found) == [
        "._test.csv",
        "contest.csv",
        "sample_submission.csv",
        "train",
        "train.xlsx",
        "train_dev.csv",
    ]
    assert find(tmp_path / names[0], None) == {"train": tmp_path / names[0]}
    assert find(tmp_path / names[0], "dev") == {"dev": tmp_path / names[0]}
    assert passed_over(tmp_path / names[0], {}) == []


@pytest.mark.parametrize(
    ("files", "place", "split", "message"),
    [
        ([], "no.csv", None, "{}/no.csv: no such file or folder"),
        (
            ["train.xlsx"],
            "train.xlsx",
            None,
            "{}/train.xlsx: should be one of .csv, .tsv, .txt, .json, .jsonl; save a spreadsheet as `CSV UTF-8`",
        ),
        (
            ["a.csv"],
            "a.csv",
            None,
            "{}/a.csv: its name says none of train, dev and test; say which it is, as in --split train",
        ),
        (
            ["train-test.csv"],
            "train-test.csv",
            None,
            "{}/train-test.csv: its name says test and train of train, dev and test; say which it is, as in "
            "--split train",
        ),
        (["train.csv"], ".", "dev", "--split dev: is for one file, but {} is a folder; name a file in it"),
        (
            ["train.csv", "nikl-train.json"],
            ".",
            None,
            "{}: nikl-train.json and train.csv both say train; move one away, or import each file by its name",
        ),
        (
            ["a.csv"],
            ".",
            None,
            "{}: has no file such as train.csv, dev.json or test.jsonl; name them so, or import each file by its "
            "name, with --split",
        ),
    ],
)
def test_find_refuses(tmp_path: Path, files: list[str], place: str, split: str | None, message: str) -> None:
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(InputError) as caught:
        find(tmp_path / place, split)
    assert str(caught.value) == message.format(tmp_path)
