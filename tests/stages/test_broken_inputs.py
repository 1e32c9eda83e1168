"""What people drop into data/mine: each is refused with a message that says what and where, or its row is set aside
with a reason, or it is used. Nothing ends in a traceback."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import os
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dialsum.stages import __main__ as entry

ROOT = Path(__file__).parents[2]
TALK = "#Person1#: 예약하고 싶어요.\n#Person2#: 네, 성함이요?"
HEADER = "fname,dialogue,summary,topic\n"
SOUND = HEADER + f'a,"{TALK}",#Person1#은 예약을 원한다.,예약\nb,"{TALK}",#Person1#은 예약을 원한다.,예약\n'
SOUND_TEST = f'fname,dialogue\nt,"{TALK}"\n'
ARGUMENTS = ["validate", "--data", "data/mine", "--valid", "data/valid", "--rejected", "data/rejected"]
ARGUMENTS += ["--report", "data/validation.html", "--metrics", "metrics/validation.json"]
TRAIN = Path("data/mine/train.csv")


def prepare(folder: Path) -> None:
    """A working folder with three sound files in data/mine; all rows of a split but one may be set aside."""
    text = (ROOT / "tests" / "params.yaml").read_text(encoding="utf-8")
    assert text.count("max_rejected_fraction: 0.05") == 1
    (folder / "params.yaml").write_text(text.replace("max_rejected_fraction: 0.05", "max_rejected_fraction: 1.0"))
    (folder / "catalog").symlink_to(ROOT / "catalog")
    mine = folder / "data" / "mine"
    mine.mkdir(parents=True)
    for name, content in (("train", SOUND), ("dev", SOUND), ("test", SOUND_TEST)):
        (mine / f"{name}.csv").write_text(content, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    prepare(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run() -> str:
    """Run the stage as `python -m dialsum.stages validate …` does; what it exits with, "" if it succeeds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["dialsum.stages", *ARGUMENTS])
        try:
            entry.main()
        except SystemExit as end:
            return str(end.code)
    return ""


def text(content: str, encoding: str = "utf-8") -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content.encode(encoding, "surrogatepass"))  # type: ignore[return-value]


def raw(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content)  # type: ignore[return-value]


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, SOUND)
    return buffer.getvalue()


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("gone.csv")


def link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def unreadable(path: Path) -> None:
    """Not even the superuser may read this one's first page."""
    path.unlink()
    path.symlink_to("/proc/self/mem")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def socket_instead(path: Path) -> None:
    path.unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path.relative_to(Path.cwd()) if path.is_absolute() else path))


def renamed(name: str) -> Callable[[Path], None]:
    return lambda path: path.rename(path.with_name(name))  # type: ignore[return-value]


# How train.csv is broken, and the whole message but its start, `error: data/mine/train.csv: `.
REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "CP949": (
        text(SOUND, "cp949"),
        "line 2: is not UTF-8 text but seems to be CP949, which Excel in Korea saves as plain `CSV`; convert it with "
        "`dialsum import SOURCE DEST`, or save it as `CSV UTF-8`",
    ),
    "CP949 in the header": (text("이름," + SOUND, "cp949"), "line 1: is not UTF-8 text but seems to be CP949"),
    "UTF-16 with mark": (
        text(SOUND, "utf-16"),
        "is not CSV but text in UTF-16; convert it with `dialsum import SOURCE DEST`, or save it as `CSV UTF-8`",
    ),
    "UTF-16 big endian": (raw(b"\xfe\xff" + SOUND.encode("utf-16-be")), "is not CSV but text in UTF-16"),
    "UTF-16 without mark": (text(SOUND, "utf-16-le"), "is not CSV but text in UTF-16"),
    "UTF-32": (text(SOUND, "utf-32"), "is not CSV but text in UTF-32; save it as `CSV UTF-8`"),
    "Windows-1252": (
        text(HEADER + "a,#Person1#: Café?\n", "cp1252"),
        "line 2: is not UTF-8 text; save it as `CSV UTF-8`",
    ),
    "Shift JIS": (text(HEADER + "a,#Person1#: こんにちは\n", "shift_jis"), "line 2: is not UTF-8 text"),
    "one byte spoilt": (raw(SOUND.encode().replace("네".encode(), b"\xff")), "line 3: is not UTF-8 text; save it as"),
    "a character cut off at the end": (raw((HEADER + "a,b,c,가").encode()[:-1]), "line 2: is not UTF-8 text"),
    "NUL in UTF-8's clothing": (raw(SOUND.encode() + b"b,\xc0\x80,c,d\n"), "line 6: is not UTF-8 text"),
    "gzip": (raw(gzip.compress(SOUND.encode())), "is not CSV but a gzip archive; unpack it and put the CSV file here"),
    "bzip2": (raw(bz2.compress(SOUND.encode())), "is not CSV but a bzip2 archive"),
    "zip": (raw(zipped("train.csv")), "is not CSV but a zip archive; unpack it and put the CSV file here"),
    "zip of nothing": (raw(zipped()), "is not CSV but a zip archive"),
    "Excel workbook": (
        raw(zipped("[Content_Types].xml", "xl/workbook.xml")),
        "is not CSV but an Excel workbook; open it and save it as `CSV UTF-8`",
    ),
    "old Excel": (
        raw(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)),
        "is not CSV but a file of old Microsoft Office",
    ),
    "Parquet": (raw(b"PAR1" + bytes(100) + b"PAR1"), "is not CSV but a Parquet file; write it as CSV"),
    "PDF": (raw(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), "is not CSV but a PDF"),
    "git LFS pointer": (
        text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n"),
        "is not CSV but a pointer of git LFS; fetch the file itself with `git lfs pull`",
    ),
    "a page of log-in": (
        text("<!DOCTYPE html>\n<html><body>Sign in</body></html>"),
        "is not CSV but a page in HTML or XML",
    ),
    "JSON": (
        text(json.dumps([{"fname": "a", "dialogue": TALK}])),
        "is not CSV but JSON; turn it into CSV with `dialsum import SOURCE DEST`",
    ),
    "JSON lines": (text(json.dumps({"fname": "a", "dialogue": TALK}) + "\n"), "is not CSV but JSON"),
    "JSON with mark": (text("\ufeff[\n  {}\n]"), "is not CSV but JSON"),
    "nothing but NUL": (raw(bytes(4096)), "row 1: holds NUL bytes, so the file is damaged or no text; write it anew"),
    "NUL in the header": (raw(SOUND.encode().replace(b"dialogue", b"dia\0logue", 1)), "row 1: holds NUL bytes"),
    "empty": (raw(b""), "is empty; its first row must name the columns, such as fname,dialogue,summary,topic"),
    "blank lines alone": (raw(b"\r\n\r\n\n"), "is empty; its first row must name the columns"),
    "mark alone": (raw(b"\xef\xbb\xbf"), "is empty; its first row must name the columns"),
    "header alone": (text(HEADER), "has a header, but no rows; at least one row is needed"),
    "no header": (
        text(SOUND.removeprefix(HEADER)),
        "columns fname, dialogue, summary: are missing; add it, or rename the column that holds it (found: a, "
        "'#Person1#: 예약하고 싶어요.\\n#Person2#: 네, 성함이요?', #Person1#은 예약을 원한다., 예약)",
    ),
    "header in row 2": (
        text("대화 요약 자료,,,\n" + SOUND),
        "columns fname, dialogue, summary: are missing; row 2 seems to name the columns: delete the rows above it",
    ),
    "a column is missing": (
        text(SOUND.replace("summary", "요약", 1)),
        "column summary: is missing; add it, or rename the column that holds it (found: fname, dialogue, 요약, topic)",
    ),
    "a column in another case": (
        text(SOUND.replace("dialogue", "Dialogue", 1)),
        "column dialogue: is missing; rename the column 'Dialogue'",
    ),
    "a column with blanks around": (
        text(SOUND.replace("dialogue", " dialogue ", 1)),
        "column dialogue: is missing; rename the column ' dialogue '",
    ),
    "a line break in a column's name": (
        text(SOUND.replace("dialogue", '"dia\nlogue"', 1)),
        "(found: fname, 'dia\\nlogue', summary, topic)",
    ),
    "blank names of columns": (
        text(SOUND.replace("dialogue", "", 1)),
        "column dialogue: is missing; add it, or rename the column that holds it (found: fname, '', summary, topic)",
    ),
    "a column twice": (text(SOUND.replace("topic", "dialogue", 1)), "column dialogue: is named 2 times; keep one"),
    "semicolons": (
        text(SOUND.replace(",", ";")),
        "row 1: has semicolons between its cells; save it as `CSV UTF-8`, with commas between the cells",
    ),
    "tabs": (text(SOUND.replace(",", "\t")), "row 1: has tabs between its cells"),
    "bars": (text(SOUND.replace(",", "|")), "row 1: has bars between its cells"),
    "quoted cells with semicolons": (
        text('"fname";"dialogue";"summary"\n"a";"b";"c"\n'),
        "row 1: has semicolons between its cells",
    ),
    "a cell too many": (
        text(SOUND + "c,#Person1#: 네, 그래요,요약,주제\n"),
        'row 4: has 5 cells where the header names 4 columns; put a cell that holds commas in "quotes"',
    ),
    "a cell too few": (text(SOUND + "c,대화,요약\n"), "row 4: has 3 cells where the header names 4 columns"),
    "blanks as a row": (text(SOUND + "  \n"), "row 4: has 1 cells where the header names 4 columns"),
    "a quote never closed": (
        text(SOUND + 'c,"#Person1#: 네,요약,주제\n'),
        "row 4: is not valid CSV (unexpected end of data); put a cell that holds commas, quotes or newlines in "
        '"quotes", double the quotes inside it, and close each',
    ),
    "quotes not doubled": (text(SOUND + 'c,"그는 "네"라고 했다.",요약,주제\n'), "row 4: is not valid CSV"),
    "quotes with backslashes": (text(SOUND + 'c,"그는 \\"네\\"라고",요약,주제\n'), "row 4: is not valid CSV"),
    "an id twice": (
        text(SOUND.replace("\nb,", "\na,")),
        "column fname: a stands in rows 2, 3; give each row its own id",
    ),
    "an id seven times": (
        text(HEADER + "a,b,c,d\n" * 7),
        "column fname: a stands in rows 2, 3, 4, 5, 6 and 2 more; give each row its own id",
    ),
    "a blank id": (text(SOUND.replace("\nb,", "\n ,")), "row 3, column fname: is blank; give the row an id"),
    "an id that cannot be seen": (text(SOUND.replace("\nb,", "\n\u200b\ufeff,")), "row 3, column fname: is blank"),
    "folder instead of file": (folder_instead, "is a folder; a file of this name is needed"),
    "link to nothing": (dangling_link, "is a link to gone.csv, which is not there; mend the link, or put the file"),
    "link to itself": (link_to_itself, "is a link to train.csv, which is not there"),
    "unreadable": (unreadable, "cannot be read: Input/output error"),
    "pipe": (pipe, "is a device, pipe or socket; a file of this name is needed"),
    "device without end": (device, "is a device, pipe or socket; a file of this name is needed"),
    "socket": (socket_instead, "is a device, pipe or socket; a file of this name is needed"),
    "missing": (Path.unlink, "no such file; a data set is a folder with train.csv, dev.csv and test.csv"),
    "name in another case": (renamed("Train.csv"), "no such file, but Train.csv; rename that"),
    "hidden ending": (renamed("train.csv.csv"), "no such file, but train.csv.csv; rename that"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.usefixtures("folder")
def test_a_file_is_refused_with_one_line(name: str) -> None:
    spoil, message = REFUSED[name]
    spoil(TRAIN)
    said = run()
    assert said.startswith(f"error: {TRAIN}: ")
    assert message in said
    assert said.isprintable(), "one line, and nothing that a terminal could stumble over"
    assert len(said) < 400
    assert not Path("data/valid").exists()
    assert not Path("data/rejected").exists()
    assert not Path("metrics").exists()
    assert [path.name for path in Path("data").iterdir()] == ["mine"]


# A row of train.csv in the columns fname, dialogue, summary, summary2, topic, facts, and why it is set aside.
FACTS_FORM = 'facts is not of the form [{"name": "…", "value": "…"}]'
NO_TAG = "the dialogue has no speaker tag such as #Person1#: at the start of a line"
SET_ASIDE: dict[str, tuple[list[str], str]] = {
    "empty dialogue": (["", "요약"], "the dialogue says nothing"),
    "blanks": ([" \t\n ", "요약"], "the dialogue says nothing"),
    "tags alone": (["#Person1#:\n#Person2#: ", "요약"], "the dialogue says nothing"),
    "invisible": (["#Person1#: \u200b\n#Person2#: \ufeff\u200e", "요약"], "the dialogue says nothing"),
    "written-out breaks": (["\\n<br>\\n", "요약"], "the dialogue says nothing"),
    "NaN": (["NaN", "요약"], NO_TAG),
    "null": (["null", "요약"], NO_TAG),
    "None": (["None", "요약"], NO_TAG),
    "not available": (["#N/A", "요약"], NO_TAG),
    "number": (["12345", "요약"], NO_TAG),
    "prose": (["두 사람이 예약에 대해 말한다.\n예약이 된다.", "요약"], NO_TAG),
    "mask as tag": (["#Address#: 서울\n#Email#: 없음", "요약"], NO_TAG),
    "tags inside of a line": (["예약하고 싶어요. #Person1#: 네. #Person2#: 네.", "요약"], NO_TAG),
    "one turn": (["#Person1#: 여보세요?", "요약"], "turns that say something: 1; at least 2 are needed"),
    "one turn speaks": (
        ["#Person1#: 여보세요?\n#Person2#:", "요약"],
        "turns that say something: 1; at least 2 are needed",
    ),
    "one turn with a return": (["#Person1#: 네\r네", "요약"], "turns that say something: 1; at least 2 are needed"),
    "ten megabytes": (
        ["#Person1#: " + "가" * 10_000_000, "요약"],
        "dialogue has 10000011 characters; at most 20000 are allowed",
    ),
    "no summary": ([TALK, ""], "the summary says nothing"),
    "blank summary": ([TALK, " \u200b\n"], "the summary says nothing"),
    "blank summary beside a further one": ([TALK, "", "요약"], "the summary says nothing"),
    "long summary": ([TALK, "요" * 2001], "summary has 2001 characters; at most 2000 are allowed"),
    "long second summary": ([TALK, "요약", "요" * 2001], "summary2 has 2001 characters; at most 2000 are allowed"),
    "NUL": ([TALK + "\0", "요약"], "a control character: U+0000 at character 41 of dialogue"),
    "bell in the summary": ([TALK, "요\a약"], "a control character: U+0007 at character 2 of summary"),
    "escape in the topic": ([TALK, "요약", "", "\x1b[31m"], "a control character: U+001B at character 1 of topic"),
    "delete": ([TALK + "\x7f", "요약"], "a control character: U+007F at character 41 of dialogue"),
    "mojibake": ([TALK + "â\x80\x99", "요약"], "a control character: U+0080 at character 42 of dialogue"),
    "lone surrogate": ([TALK + "\ud800", "요약"], "half a character: U+D800 at character 41 of dialogue"),
    "emoji as two halves (CESU-8)": ([TALK, "약 \ud83d\ude00"], "half a character: U+D83D at character 3 of summary"),
    "facts in prose": ([TALK, "요약", "", "", "오후 3시"], FACTS_FORM),
    "facts cut off": ([TALK, "요약", "", "", '[{"name": "time", "va'], FACTS_FORM),
    "facts without value": ([TALK, "요약", "", "", '[{"name": "time"}]'], FACTS_FORM),
    "a number as fact": ([TALK, "요약", "", "", '[{"name": "n", "value": 3}]'], FACTS_FORM),
    "NaN as facts": ([TALK, "요약", "", "", "NaN"], FACTS_FORM),
    "facts with a lone surrogate": ([TALK, "요약", "", "", '[{"name": "a", "value": "\\ud800"}]'], FACTS_FORM),
    "facts with NUL": ([TALK, "요약", "", "", '[{"name": "a", "value": "\\u0000"}]'], FACTS_FORM),
    "facts without bottom": ([TALK, "요약", "", "", "[" * 100_000], FACTS_FORM),
    "an id\nwith a break": ([TALK, "요약"], "the id holds U+000A at character 6 of fname"),
    "an id with a bell\a": ([TALK, "요약"], "the id holds U+0007 at character 18 of fname"),
    "an id with half a character \udfff": ([TALK, "요약"], "the id holds U+DFFF at character 29 of fname"),
    "all at once\0": (
        ["", "", "요" * 2001, "\x01", "{"],
        "the id holds U+0000 at character 12 of fname; the dialogue says nothing; the summary says nothing; "
        "summary2 has 2001 characters; at most 2000 are allowed; a control character: U+0001 at character 1 of topic; "
        + FACTS_FORM,
    ),
}

# Rows that look broken and are not: they are used as they stand.
USED: dict[str, list[str]] = {
    "007": [TALK, "7"],
    "7": [TALK, "007"],
    "NaN as id and summary": [TALK, "NaN"],
    "emoji": ["#Person1#: 👩‍👩‍👧‍👦 왔어?\n#Person2#: 👍🏽", "가족이 왔다 😀."],
    "right to left": ["\u202b#Person1#: \u200fשלום\u202c\n#Person2#: \u202e네", "인사한다."],
    "zero width": ["\ufeff#Person1#: 안\u200b녕\n#Person2#: 네", "인사한다."],
    "Hangul in parts": ["#Person1#: \u1112\u1161\u11ab\n#Person2#: 네", "답한다."],
    "written-out newlines": ["#Person1#: 네\\n#Person2#: 네<br>#Person1#: 네", "답한다."],
    "Windows line ends": ["#Person1#: 네\r\n#Person2#: 네", "답한다."],
    "old Mac line ends": ["#Person1#: 네\r#Person2#: 네", "답한다."],
    "unusual line ends": ["#Person1#: 네\u2028#Person2#: 네\u0085#Person1#: 네", "답한다."],
    "labels of NIKL": ["SD2000001: 네\nSD2000002: 네", "SD2000001이 답한다."],
    "full-width colon": ["#Person1#：네\n#Person2#：네", "답한다."],
    "commas and quotes": ['#Person1#: "네", 하고\n#Person2#: ""', "'답', \"한다\"."],
    "script": ["#Person1#: <script>alert(1)</script>\n#Person2#: &lt;", "<b>답한다.</b>"],
    "formula": ['#Person1#: =HYPERLINK("http://a")\n#Person2#: @SUM(A1)', "=1+1"],
    "at the bound": ["#Person1#: 네\n#Person2#: " + "가" * (20_000 - 24), "요" * 2000],
    "unknown mask": ["#Person1#: #Adress#로 오세요.\n#Person2#: 네", "오라고 한다."],
    "summary longer than dialogue": ["#Person1#: 네\n#Person2#: 네", "짧게 답한다." * 10],
    " id with blanks around ": [TALK, "요약"],
    "blanks as topic and facts": [TALK, "요약", " ", " ", " "],
}
COLUMNS = ["fname", "dialogue", "summary", "summary2", "topic", "facts"]


def table(rows: dict[str, list[str]]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    writer.writerows([name, *(cells + [""] * 5)[:5]] for name, cells in rows.items())
    return file.getvalue().encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def divided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the stage has run over a train.csv with all of these rows."""
    folder = tmp_path_factory.mktemp("divided")
    prepare(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        TRAIN.write_bytes(table({**{name: cells for name, (cells, _) in SET_ASIDE.items()}, **USED}))
        assert run() == ""
    return folder


def rejected(folder: Path, split: str = "train") -> list[dict[str, str]]:
    path = folder / "data" / "rejected" / f"{split}.csv"
    with path.open(encoding="utf-8", errors="surrogatepass", newline="") as file:
        return list(csv.DictReader(file))


def kept(folder: Path, split: str = "train") -> list[dict[str, object]]:
    lines = (folder / "data" / "valid" / f"{split}.jsonl").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("name", SET_ASIDE)
def test_a_row_is_set_aside_as_it_stood_with_its_reasons(divided: Path, name: str) -> None:
    cells, reason = SET_ASIDE[name]
    (row,) = [row for row in rejected(divided) if row["fname"] == name]
    assert row["reasons"] == reason
    assert row["row"] == str(list(SET_ASIDE).index(name) + 2)
    assert [row[column] for column in COLUMNS[1:]] == (cells + [""] * 5)[:5]
    assert name not in [row["id"] for row in kept(divided)]


@pytest.mark.parametrize("name", USED)
def test_a_row_that_only_looks_broken_is_used(divided: Path, name: str) -> None:
    (row,) = [row for row in kept(divided) if row["id"] == name]
    dialogue, summary, *_ = USED[name]
    assert (row["dialogue"], row["summaries"]) == (dialogue, [summary])
    assert (row["topic"], row["facts"]) == (None, [])


def test_rows_in_are_rows_kept_and_rows_set_aside_in_order(divided: Path) -> None:
    assert [row["fname"] for row in rejected(divided)] == list(SET_ASIDE)
    assert [row["id"] for row in kept(divided)] == list(USED)
    counts = json.loads((divided / "metrics" / "validation.json").read_text())["train"]
    assert (counts["rows"], counts["kept"], counts["rejected"]) == (62, 21, 41)
    assert counts["reasons"] == {
        "malformed_id": 4,
        "empty_dialogue": 6,
        "long_dialogue": 1,
        "no_speaker_tag": 8,
        "too_few_turns": 3,
        "empty_summary": 4,
        "long_summary": 3,
        "control_character": 6,
        "lone_surrogate": 2,
        "malformed_facts": 9,
    }
    assert counts["warnings"] == {"unknown_mask": 1, "summary_longer_than_dialogue": 1}


@pytest.mark.usefixtures("folder")
def test_of_the_test_split_every_row_is_used_as_far_as_it_can_be_read() -> None:
    rows = {
        f"t{number}": cells
        for number, (name, (cells, _)) in enumerate(SET_ASIDE.items())
        if name in ("empty dialogue", "NaN", "one turn", "NUL", "lone surrogate", "facts in prose", "no summary")
    }
    Path("data/mine/test.csv").write_bytes(table(rows))
    assert run() == ""
    assert [row["id"] for row in kept(Path(), "test")] == list(rows)
    dialogues = [cells[0] for cells in rows.values()]
    assert [row["dialogue"] for row in kept(Path(), "test")] == [text.replace("\ud800", "") for text in dialogues]
    counts = json.loads(Path("metrics/validation.json").read_text())["test"]
    assert (counts["rows"], counts["kept"], counts["rejected"]) == (7, 7, 0)
    assert {name: number for name, number in counts["warnings"].items() if number} == {
        "empty_dialogue": 1,
        "no_speaker_tag": 1,
        "too_few_turns": 1,
        "control_character": 1,
        "lone_surrogate": 1,
        "malformed_facts": 1,
    }
    assert rejected(Path(), "test") == []


@pytest.mark.usefixtures("folder")
def test_an_id_of_the_test_split_must_be_fit_for_the_submission() -> None:
    text(f'fname,dialogue\n"t\n1","{TALK}"\n"t\ud800","{TALK}"\n')(Path("data/mine/test.csv"))
    fault = "column fname: has a line break or control character; take it out"
    assert run() == f"error: data/mine/test.csv: row 2, {fault}\ndata/mine/test.csv: row 3, {fault}"


# Files that look unusual and are sound: each holds the rows a and b of SOUND.
UNUSUAL = {
    "byte order mark": "\ufeff" + SOUND,
    "Windows line ends": SOUND.replace("\n", "\r\n"),
    "old Mac line ends": SOUND.replace("\n", "\r"),
    "no line end at the end": SOUND.removesuffix("\n"),
    "blank lines": "\n\n" + SOUND.replace("\nb,", "\n\n\nb,") + "\n\n",
    "unnamed index and blank names": ",fname,,dialogue,summary,topic,\n"
    + "".join(f'{number},{name},,"{TALK}",#Person1#은 예약을 원한다.,예약,\n' for number, name in enumerate("ab")),
    "every cell in quotes": '"fname","dialogue","summary","topic"\n'
    + "".join(f'"{name}","{TALK}","#Person1#은 예약을 원한다.","예약"\n' for name in "ab"),
}


@pytest.mark.parametrize("name", UNUSUAL)
@pytest.mark.usefixtures("folder")
def test_an_unusual_file_is_used(name: str) -> None:
    TRAIN.write_bytes(UNUSUAL[name].encode())
    assert run() == ""
    assert [row["id"] for row in kept(Path())] == ["a", "b"]
    for row in kept(Path()):
        assert str(row["dialogue"]).replace("\r\n", "\n").replace("\r", "\n") == TALK
        assert (row["summaries"], row["topic"]) == (["#Person1#은 예약을 원한다."], "예약")


@pytest.mark.usefixtures("folder")
def test_faults_of_several_files_are_told_at_once_a_line_each() -> None:
    TRAIN.write_text(SOUND.replace("\nb,", "\n ,").replace("\na,", "\n ,"), encoding="utf-8")
    Path("data/mine/dev.csv").write_bytes(SOUND.encode("cp949"))
    Path("data/mine/test.csv").write_text("id,dialogue\n", encoding="utf-8")
    lines = run().split("\n")
    assert lines[0] == "error: data/mine/train.csv: row 2, column fname: is blank; give the row an id"
    assert lines[1] == "data/mine/train.csv: row 3, column fname: is blank; give the row an id"
    assert lines[2].startswith("data/mine/dev.csv: line 2: is not UTF-8 text but seems to be CP949")
    assert lines[3].startswith("data/mine/test.csv: column fname: is missing")
    assert len(lines) == 4


MORE = [
    pytest.param(name, marks=pytest.mark.slow) for name in ("a quote never closed", "unreadable", "device without end")
]


@pytest.mark.parametrize("name", ["CP949", *MORE])
def test_a_real_process_says_it_in_one_line_and_exits_with_one(folder: Path, name: str) -> None:
    spoil, message = REFUSED[name]
    spoil(TRAIN)
    done = process(folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: data/mine/train.csv: {message}\n"


def test_a_real_process_sets_rows_aside_and_ends_well(folder: Path) -> None:
    TRAIN.write_bytes(table({name: cells for name, (cells, _) in SET_ASIDE.items()} | USED))
    done = process(folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith(
        "warning: data/mine/train.csv: 41 of 62 rows are set aside in data/rejected/train.csv"
    )
    assert "Traceback" not in done.stderr


def process(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dialsum.stages", *ARGUMENTS],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=120,
    )
