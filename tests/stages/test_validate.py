import csv
import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest

from dialsum.corpus import formats
from dialsum.corpus.dialogue import SPLITS
from dialsum.corpus.synthetic import generate
from dialsum.errors import InputError
from dialsum.stages import validate
from dialsum.validation import judging

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parents[1] / "data"
NO_REASON = {
    "malformed_id": 0,
    "empty_dialogue": 0,
    "long_dialogue": 0,
    "no_speaker_tag": 0,
    "too_few_turns": 0,
    "empty_summary": 0,
    "long_summary": 0,
    "control_character": 0,
    "lone_surrogate": 0,
    "malformed_facts": 0,
}
NO_WARNING = {"unknown_mask": 0, "summary_longer_than_dialogue": 0}
TALK = "#Person1#: 네\n#Person2#: 네"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the test data in data/mine; at most half of a split may be set aside."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(DATA, "data/mine")
    limits = "max_rejected_fraction: 0.5, max_dialogue_chars: 300, max_summary_chars: 100, known_masks: [Foo]"
    Path("params.yaml").write_text(f"validation: {{{limits}}}\n")
    return tmp_path


def run() -> None:
    arguments = "--data data/mine --valid data/valid --rejected data/rejected --report data/validation.html"
    validate.main([*arguments.split(), "--metrics", "metrics/validation.json"], standalone_mode=False)


def counts() -> dict[str, dict[str, object]]:
    return json.loads(Path("metrics/validation.json").read_text())


def lines(path: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


@pytest.mark.usefixtures("folder")
def test_sound_rows_are_kept_as_they_stand() -> None:
    run()
    assert counts() == {
        # Two rows of the test data have masks, which this params.yaml does not know.
        "train": {
            "rows": 6,
            "kept": 6,
            "rejected": 0,
            "reasons": NO_REASON,
            "warnings": {**NO_WARNING, "unknown_mask": 2},
        },
        "dev": {"rows": 3, "kept": 3, "rejected": 0, "reasons": NO_REASON, "warnings": NO_WARNING},
        "test": {"rows": 2, "kept": 2, "rejected": 0, "warnings": {**NO_REASON, **NO_WARNING}},
    }
    assert [row["id"] for row in lines("data/valid/train.jsonl")] == [f"train_{i}" for i in range(6)]
    assert lines("data/valid/dev.jsonl")[2] == {
        "id": "dev_2",
        "dialogue": "#Person1#: 대전 가는 기차표 두 장 주세요.\n#Person2#: 7시 20분 것이 있습니다.\n"
        "#Person1#: 창가 자리로 부탁해요.",
        "topic": "기차표 사기",
        "summaries": ["#Person1#은 7시 20분 대전행 기차표 두 장을 창가 자리로 산다."],
        "facts": [],
    }
    assert lines("data/valid/test.jsonl")[0]["summaries"] == []
    assert Path("data/rejected/train.csv").read_text() == "row,fname,dialogue,summary,topic,faults,reasons\n"
    assert Path("data/rejected/test.csv").read_text() == "row,fname,dialogue,faults,reasons\n"


def write(path: str, *rows: tuple[str, ...]) -> None:
    """A CSV file with as many of the usual columns as its rows have."""
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("fname", "dialogue", "summary", "topic")[: len(rows[0])], *rows])


@pytest.mark.usefixtures("folder")
def test_rows_with_faults_are_set_aside_with_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    write(
        "data/mine/dev.csv",
        ("a", TALK, "요약", "t"),
        ("b", "#Person1#:", "", "t"),
        ("c", TALK, "요" * 101, "t"),
        ("007", TALK + " #Bar#", "nan", ""),
    )
    run()
    assert counts()["dev"] == {
        "rows": 4,
        "kept": 2,
        "rejected": 2,
        "reasons": {**NO_REASON, "empty_dialogue": 1, "empty_summary": 1, "long_summary": 1},
        "warnings": {"unknown_mask": 1, "summary_longer_than_dialogue": 0},
    }
    assert lines("data/valid/dev.jsonl") == [
        {"id": "a", "dialogue": TALK, "topic": "t", "summaries": ["요약"], "facts": []},
        {"id": "007", "dialogue": TALK + " #Bar#", "topic": None, "summaries": ["nan"], "facts": []},
    ]
    with Path("data/rejected/dev.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["row", "fname", "dialogue", "summary", "topic", "faults", "reasons"],
            [
                "3",
                "b",
                "#Person1#:",
                "",
                "t",
                "empty_dialogue empty_summary",
                "the dialogue says nothing; the summary says nothing",
            ],
            ["4", "c", TALK, "요" * 101, "t", "long_summary", "summary has 101 characters; at most 100 are allowed"],
        ]
    report = Path("data/validation.html").read_text(encoding="utf-8")
    assert "summary has 101 characters; at most 100 are allowed" in report
    assert capsys.readouterr().err == (
        "warning: data/mine/dev.csv: 2 of 4 rows are set aside in data/rejected/dev.csv; "
        "data/validation.html shows why\n"
    )


@pytest.mark.usefixtures("folder")
def test_no_test_row_is_set_aside(capsys: pytest.CaptureFixture[str]) -> None:
    write("data/mine/test.csv", ("a", ""), ("b", "가" * 301), *((f"c{number}", "네") for number in range(7)))
    run()
    assert counts()["test"] == {
        "rows": 9,
        "kept": 9,
        "rejected": 0,
        "warnings": {**NO_REASON, **NO_WARNING, "empty_dialogue": 1, "long_dialogue": 1, "no_speaker_tag": 7},
    }
    assert [row["id"] for row in lines("data/valid/test.jsonl")] == ["a", "b", *(f"c{number}" for number in range(7))]
    assert Path("data/rejected/test.csv").read_text() == "row,fname,dialogue,faults,reasons\n"
    no_tag = "the dialogue has no speaker tag such as #Person1#: at the start of a line"
    assert capsys.readouterr().err.splitlines() == [
        f"warning: data/mine/test.csv: row {row}: {fault}; kept, as the submission needs it"
        for row, fault in [
            (2, "the dialogue says nothing"),
            (3, "dialogue has 301 characters; at most 300 are allowed"),
            *((row, no_tag) for row in range(4, 9)),
        ]
    ] + ["warning: data/mine/test.csv: and 2 more faults of this kind; see data/validation.html"]


@pytest.mark.usefixtures("folder")
def test_too_many_rows_with_faults_stop() -> None:
    write("data/mine/train.csv", ("a", TALK, "요약"), ("b", "", "요약"), ("c", TALK, ""))
    with pytest.raises(InputError) as caught:
        run()
    message = (
        "data/mine/train.csv: 2 of 3 rows cannot be used (empty_dialogue 1, empty_summary 1), but "
        "validation.max_rejected_fraction in params.yaml is 0.5; mend the rows that data/rejected/train.csv lists "
        "(data/validation.html shows examples), or raise the bound if some rows stay"
    )
    assert str(caught.value) == message
    assert Path("data/rejected/train.csv").read_text(encoding="utf-8").count("\n3,b,") == 1
    report = Path("data/validation.html").read_text(encoding="utf-8")
    assert "The run is stopped" in report
    assert message in report
    assert not Path("data/valid").exists()
    assert not Path("data/valid.part").exists()
    assert not Path("metrics/validation.json").exists()


@pytest.mark.usefixtures("folder")
def test_a_split_that_loses_every_row_stops_whatever_the_bound() -> None:
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("0.5", "1.0"))
    write("data/mine/dev.csv", ("a", "", ""))
    with pytest.raises(InputError, match=r"data/mine/dev\.csv: 1 of 1 rows cannot be used"):
        run()


@pytest.mark.usefixtures("folder")
def test_a_fault_on_the_way_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    before = {path: path.read_bytes() for path in Path("data").rglob("*") if path.is_file()}
    write("data/mine/train.csv", ("a", TALK, "요약"))
    before[Path("data/mine/train.csv")] = Path("data/mine/train.csv").read_bytes()

    def failing(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(formats, "rows_of", failing)
    with pytest.raises(OSError, match="disk full"):
        run()
    assert {path: path.read_bytes() for path in Path("data").rglob("*") if path.is_file()} == before


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("rows", "characters"), [(7, 10**9), (10**9, 200)])
def test_the_same_bytes_whatever_the_size_of_a_table(
    monkeypatch: pytest.MonkeyPatch, rows: int, characters: int
) -> None:
    faults = [
        ("", "요약", ""),
        (TALK, "", ""),
        ("#Person1#: \0", "요약", "\t"),
        (TALK + "#A#", "요" * 50, "t"),
        (TALK, "ㅋ", ""),
    ]
    write("data/mine/train.csv", *((f"a{number}", *faults[number % 5]) for number in range(44)))
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("0.5", "0.9"))
    one = outputs()
    monkeypatch.setattr(formats, "TABLE_ROWS", rows)
    monkeypatch.setattr(formats, "TABLE_CHARACTERS", characters)
    judged: list[int] = []

    def counting(measures: pd.DataFrame, suite: object) -> object:
        judged.append(len(measures))
        return judge(measures, suite)

    judge = judging.judge
    monkeypatch.setattr(judging, "judge", counting)
    assert outputs() == one
    assert len(judged) > 6, "the files came in several tables"
    assert sum(judged) == 44 + 3 + 2
    assert json.loads(one["metrics/validation.json"])["train"]["rejected"] == 27


@pytest.mark.usefixtures("folder")
def test_faults_of_all_files_are_told_at_once() -> None:
    Path("data/mine/train.csv").write_text("fname,dialogue\na,네\n", encoding="utf-8")
    Path("data/mine/dev.csv").unlink()
    Path("data/mine/test.csv").write_text("fname,dialogue\n")
    with pytest.raises(InputError) as caught:
        run()
    assert str(caught.value).split("\n") == [
        "data/mine/train.csv: column summary: is missing; add it, or rename the column that holds it "
        "(found: fname, dialogue)",
        "data/mine/dev.csv: no such file; a data set is a folder with train.csv, dev.csv and test.csv",
        "data/mine/test.csv: has a header, but no rows; at least one row is needed",
    ]


@pytest.mark.usefixtures("folder")
def test_a_missing_folder_stops() -> None:
    shutil.rmtree("data/mine")
    with pytest.raises(InputError, match=r"data/mine: no such folder; put train\.csv, dev\.csv and test\.csv there"):
        run()


def outputs() -> dict[str, bytes]:
    run()
    folders = [*Path("data/valid").iterdir(), *Path("data/rejected").iterdir()]
    paths = [*folders, Path("data/validation.html"), Path("metrics/validation.json")]
    return {str(path): path.read_bytes() for path in paths}


@pytest.mark.usefixtures("folder")
def test_the_same_input_gives_the_same_bytes() -> None:
    assert outputs() == outputs()


def test_the_synthetic_corpus_is_sound(folder: Path) -> None:
    """Not a row of it is set aside, nor draws a warning."""
    for split in SPLITS:
        rows = generate(split, 60, 7)
        facts = [json.dumps([asdict(fact) for fact in row.facts], ensure_ascii=False) for row in rows]
        with (folder / "data" / "mine" / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["fname", "dialogue", "summary", "topic", "facts"])
            writer.writerows(
                (row.fname, row.dialogue, row.summary, row.topic, cell) for row, cell in zip(rows, facts, strict=True)
            )
    Path("params.yaml").write_text((ROOT / "tests" / "params.yaml").read_text(encoding="utf-8"))
    run()
    for counted in counts().values():
        assert (counted["rows"], counted["kept"], counted["rejected"]) == (60, 60, 0)
        assert not any(counted["warnings"].values())


@pytest.mark.usefixtures("folder")
def test_a_sample_of_other_ids_is_refused_before_anything_is_trained() -> None:
    Path("data/mine/sample_submission.csv").write_text("fname,summary\ntest_0,\ntest_1,\n")
    run()
    Path("data/mine/sample_submission.csv").write_text("fname,summary\ntest_0,\n")
    with pytest.raises(InputError, match=r"sample_submission\.csv: ids: missing, though in test\.csv: test_1;"):
        run()
