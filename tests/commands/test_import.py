from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dialsum import cli
from dialsum.errors import InputError
from dialsum.importing import sources
from dialsum.stages import prepare, validate

import_ = importlib.import_module("dialsum.commands.import_")
ROOT = Path(__file__).parents[2]
SOURCE = Path(cli.__file__).parents[1]

TRAIN = (
    "\ufeff,id,대화,요약,출처\r\n"
    "0,t_0,#Person1#: 가\\n#Person2#: 나,다,뉴스\r\n"
    "1,t_1,#Person1#: 라\\n#Person2#: 마,바,\r\n"
)
TEST = "id,대화,요약\r\nx_0,#Person1#: 뷁,\r\n"
DEV = [
    {
        "id": "nikl-dev-000001",
        "input": {
            "conversation": [
                {"speaker": "SD2000001", "utterance": "여행\nSD2000002: 좋아해요?"},
                {"speaker": "SD2000001", "utterance": "저는요 <br>좋아해요."},
                {"speaker": "SD2000002", "utterance": '네, "아주" 좋아해요.'},
            ],
            "subject_keyword": ["해외여행", "국내여행"],
        },
        "output": ["SD2000001은 물었다.", "둘째"],
    }
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a split in each form in `found`, a pipeline, and the repository's params.yaml."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "tests" / "params.yaml", tmp_path)
    Path("dvc.yaml").write_text("stages: {first: {outs: [data/synthetic/train.csv, {models/base: {cache: true}}]}}")
    Path("found").mkdir()
    Path("found/train.csv").write_bytes(TRAIN.encode())
    Path("found/dev.json").write_text(json.dumps(DEV, ensure_ascii=False, indent=4), encoding="utf-8")
    Path("found/test.csv").write_bytes(TEST.encode("cp949"))
    return tmp_path


def call(*arguments: str) -> None:
    import_.main(list(arguments), standalone_mode=False)


def refusal(*arguments: str) -> str:
    """The one line that is said; nothing may have been written."""
    before = sorted(Path().rglob("*"))
    with pytest.raises(InputError) as caught:
        call(*arguments)
    assert sorted(Path().rglob("*")) == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


RENAMED = ["--column", "fname=id", "--column", "dialogue=대화", "--column", "summary=요약"]


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dialsum.cli", "import", *arguments],
        env={"PYTHONPATH": str(SOURCE), "PATH": os.defpath},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


@pytest.mark.usefixtures("place")
def test_a_process_imports_a_file() -> None:
    done = process("found/train.csv", "data/my talks", *RENAMED)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "found/train.csv: UTF-8, taken as train; not taken: 출처\n"
        "data/my talks/train.csv: 2 rows (fname, dialogue, summary)\n"
        "\n"
        "Still missing in data/my talks: dev.csv and test.csv. Then version the folder, and use it (with -S, or as "
        "data.dir in params.yaml):\n"
        "  dvc add 'data/my talks'\n"
        "  git add 'data/my talks.dvc' data/.gitignore\n"
        '  git commit -m "Our dialogues"\n'
        "  dvc exp run -S 'data.dir=data/my talks'\n"
    )
    assert sorted(path.name for path in Path("data/my talks").iterdir()) == ["train.csv"]
    assert Path("data/my talks/train.csv").read_bytes().decode() == (
        "fname,dialogue,summary\nt_0,#Person1#: 가\\n#Person2#: 나,다\nt_1,#Person1#: 라\\n#Person2#: 마,바\n"
    )
    again = process("found/train.csv", "data/my talks", *RENAMED)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == (
        "error: data/my talks/train.csv: is there already and is not overwritten; choose another DEST, or move it "
        "away\n"
    )


@pytest.mark.usefixtures("place")
def test_a_folder_of_several_forms(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("train.csv", "test.csv"):
        path = Path("found", name)
        encoding = "utf-8-sig" if name == "train.csv" else "cp949"
        text = path.read_bytes().decode(encoding)
        text = text.replace("id", "fname", 1).replace("대화", "dialogue", 1).replace("요약", "summary", 1)
        path.write_bytes(text.encode(encoding))
    Path("found/sample_submission.csv").touch()
    call("found", "data/mine")
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines()[:9] == [
        "found/train.csv: UTF-8, taken as train; not taken: 출처",
        "found/dev.json: UTF-8, taken as dev",
        "found/test.csv: CP949, taken as test",
        "data/mine/train.csv: 2 rows (fname, dialogue, summary)",
        "data/mine/dev.csv: 1 rows (fname, dialogue, summary, topic, summary2)",
        "data/mine/test.csv: 1 rows (fname, dialogue)",
        "found: not taken: sample_submission.csv",
        "",
        "Version the folder, and use it (with -S, or as data.dir in params.yaml):",
    ]
    assert Path("data/mine/dev.csv").read_bytes().decode() == (
        "fname,dialogue,summary,topic,summary2\n"
        'nikl-dev-000001,"SD2000001: 여행 SD2000002: 좋아해요?\n'
        "SD2000001: 저는요 좋아해요.\n"
        'SD2000002: 네, ""아주"" 좋아해요.",SD2000001은 물었다.,"해외여행, 국내여행",둘째\n'
    )
    assert Path("data/mine/test.csv").read_bytes().decode() == "fname,dialogue\nx_0,#Person1#: 뷁\n"


@pytest.mark.usefixtures("place")
def test_what_is_imported_goes_through_validate_and_prepare() -> None:
    for name in ("train.csv", "test.csv"):
        call(f"found/{name}", "data/mine", *RENAMED)
    call("found/dev.json", "data/mine")
    arguments = (
        "--data data/mine --valid data/valid --rejected data/rejected "
        "--report data/validation.html --metrics metrics/validation.json"
    )
    validate.main(arguments.split(), standalone_mode=False)
    arguments = (
        "--valid data/valid --prepared data/prepared --metrics metrics/data.json --characters plots/characters.csv "
        "--turns plots/turns.csv --topics plots/topics.csv --copies data/leaks.csv --leaks metrics/leaks.json"
    )
    prepare.main(arguments.split(), standalone_mode=False)
    lines = Path("data/prepared/dev.jsonl").read_text(encoding="utf-8").splitlines()
    (dialogue,) = map(json.loads, lines)
    assert dialogue["id"] == "nikl-dev-000001"
    assert dialogue["turns"] == [
        {"speaker": "SD2000001", "text": "여행 SD2000002: 좋아해요?"},
        {"speaker": "SD2000001", "text": "저는요 좋아해요."},
        {"speaker": "SD2000002", "text": '네, "아주" 좋아해요.'},
    ]
    assert (dialogue["topic"], dialogue["references"]) == ("해외여행, 국내여행", ["SD2000001은 물었다.", "둘째"])
    train = [json.loads(line) for line in Path("data/prepared/train.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in train] == ["t_0", "t_1"]
    assert train[0]["turns"] == [{"speaker": "#Person1#", "text": "가"}, {"speaker": "#Person2#", "text": "나"}]


@pytest.mark.usefixtures("place")
def test_it_needs_no_heavy_imports() -> None:
    code = (
        "import sys; from dialsum import cli; "
        "cli.group(['import', 'found/dev.json', 'data/mine'], standalone_mode=False); "
        "print([name for name in ('torch', 'great_expectations', 'pandas', 'mlflow', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.stdout.endswith("data.dir=data/mine\n[]\n"), done.stderr


@pytest.mark.usefixtures("place")
def test_a_fault_in_the_last_file_leaves_nothing() -> None:
    Path("found/train.csv").write_text("fname,dialogue,summary\na,가,나\n", encoding="utf-8")
    Path("found/test.csv").write_text("fname,dialogue\na,가\nb\n", encoding="utf-8")
    assert refusal("found", "data/mine") == (
        "found/test.csv: row 3: has 1 cells where the header names 2 columns; put a cell that holds commas, tabs or "
        'newlines in "quotes"'
    )


@pytest.mark.usefixtures("place")
def test_a_failure_while_writing_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sources, "write", full)
    Path("data/mine").mkdir(parents=True)
    assert refusal("found/dev.json", "data/mine") == "data/mine: cannot be read or written: No space left on device"


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("kind", ["file", "broken link", "folder"])
def test_nothing_that_is_there_is_overwritten(kind: str) -> None:
    Path("data/mine").mkdir(parents=True)
    there = Path("data/mine/dev.csv")
    match kind:
        case "file":
            there.write_text("mine")
        case "broken link":
            there.symlink_to("gone")
        case "folder":
            there.mkdir()
    assert refusal("found", "data/mine", *RENAMED) == (
        "data/mine/dev.csv: is there already and is not overwritten; choose another DEST, or move it away"
    )


@pytest.mark.usefixtures("place")
def test_a_file_that_comes_while_reading_is_not_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    written = sources.write

    def slow(*arguments: object) -> int:
        Path("data/mine/dev.csv").write_text("mine")
        return written(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sources, "write", slow)
    with pytest.raises(InputError, match=r"^data/mine/dev\.csv: is there already"):
        call("found/dev.json", "data/mine")
    assert [(path.name, path.read_text()) for path in Path("data/mine").iterdir()] == [("dev.csv", "mine")]


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("dest", "out"),
    [
        ("data/synthetic", "data/synthetic/train.csv"),
        ("data/mine/../synthetic", "data/synthetic/train.csv"),
        ("data", "data/synthetic/train.csv"),
        ("models/base/mine", "models/base"),
    ],
)
def test_a_folder_of_the_pipeline_is_refused(dest: str, out: str) -> None:
    assert (
        refusal("found/dev.json", dest)
        == f"{dest}: the pipeline itself writes {out}; choose a folder such as data/mine"
    )


@pytest.mark.usefixtures("place")
def test_dest_is_a_folder_that_can_be_written() -> None:
    Path("mine").touch()
    assert refusal("found/dev.json", "mine") == "mine: cannot be read or written: File exists"


COLUMN = "should be COLUMN=NAME, where COLUMN is one of fname, dialogue, summary, summary2, summary3, topic, facts"


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["대화=dialogue"], f"--column 대화=dialogue: {COLUMN}"),
        (["dialogue"], f"--column dialogue: {COLUMN}"),
        (["dialogue="], f"--column dialogue=: {COLUMN}"),
        (["fname=id", "fname=no"], "--column fname=no: this column or this name is given already; give each once"),
        (["fname=id", "topic=id"], "--column topic=id: this column or this name is given already; give each once"),
        (
            ["fname=id", "dialogue=대화", "summary=요약", "topic=주제"],
            "--column topic=주제: there is no column 주제; correct the name (columns not used so far: 출처)",
        ),
    ],
)
def test_columns_that_make_no_sense(words: list[str], message: str) -> None:
    options = [item for word in words for item in ("--column", word)]
    assert refusal("found/train.csv", "data/mine", *options) == message


@pytest.mark.usefixtures("place")
def test_a_column_may_be_missing_in_some_of_the_files() -> None:
    Path("found/dev.json").unlink()
    Path("found/dev.csv").write_text("id,대화,요약,둘째\nd,가,나,다\n", encoding="utf-8")
    call("found", "data/mine", *RENAMED, "--column", "summary2=둘째")
    assert Path("data/mine/dev.csv").read_text(encoding="utf-8") == "fname,dialogue,summary,summary2\nd,가,나,다\n"
    assert Path("data/mine/test.csv").read_text(encoding="utf-8") == "fname,dialogue\nx_0,#Person1#: 뷁\n"


@pytest.mark.usefixtures("place")
def test_names_that_are_no_valid_text_are_no_traceback() -> None:
    name = os.fsdecode("요약-train".encode("cp949") + b".jsonl")
    Path(name).write_text(json.dumps({"fname": "a", "dialogue": "가", "summary": "나", "\ud800": 1}))
    done = process(name, "data/mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("????-train.jsonl: UTF-8, taken as train; not taken: ?\n")
    assert Path("data/mine/train.csv").read_text(encoding="utf-8") == "fname,dialogue,summary\na,가,나\n"


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train.csv", b"\x1f\x8b\x08\0", "is a gzip archive; unpack it and put the CSV file here"),
        ("train.csv", b"PK\x03\x04 xl/", "is an Excel workbook; open it and save it as `CSV UTF-8`"),
        ("train.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a file of old Microsoft Office (.xls); open it"),
        ("train.json", b"<!DOCTYPE html>\n<html>", "is a page in HTML or XML; perhaps a log-in or"),
        ("train.csv", "fname,".encode("utf-32"), "is text in UTF-32; save it as `CSV UTF-8`"),
        ("train.csv", "fname,".encode("utf-16-le"), "is text in UTF-16; convert it with `dialsum import"),
        ("train.csv", b"ID,fname,Dialogue,summary\n", "column dialogue: is missing; name the column that holds it, "
         "as in --column dialogue=Dialogue (found: ID, fname, Dialogue, summary)"),
    ],
)  # fmt: skip
def test_what_is_something_else(name: str, content: bytes, message: str) -> None:
    Path("other").mkdir()
    Path("other", name).write_bytes(content)
    assert refusal("other", "data/mine").startswith(f"other/{name}: {message}")


@pytest.mark.usefixtures("place")
def test_an_encoding_that_can_do_nothing() -> None:
    assert refusal("found", "data/mine", "--encoding", "undefined").startswith("--encoding undefined: is no encoding")


@pytest.mark.usefixtures("place")
def test_an_unreadable_file() -> None:
    Path("found/dev.json").unlink()
    Path("found/dev.json").mkdir()
    assert refusal("found", "data/mine", *RENAMED) == "found/dev.json: cannot be read: Is a directory"
