import csv
import json
import shutil
from pathlib import Path

import pytest

from dialsum.errors import InputError
from dialsum.stages import validate

DATA = Path(__file__).parents[1] / "data"
NO_REASON = {"empty_dialogue": 0, "long_dialogue": 0, "empty_summary": 0, "long_summary": 0, "malformed_facts": 0}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the test data in data/mine; at most half of a split may be set aside."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(DATA, "data/mine")
    Path("params.yaml").write_text(
        "validation: {max_rejected_fraction: 0.5, max_dialogue_chars: 300, max_summary_chars: 100}\n"
    )
    return tmp_path


def run() -> None:
    arguments = "--data data/mine --valid data/valid --rejected data/rejected --metrics metrics/validation.json"
    validate.main(arguments.split(), standalone_mode=False)


def counts() -> dict[str, dict[str, object]]:
    return json.loads(Path("metrics/validation.json").read_text())


def lines(path: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


@pytest.mark.usefixtures("folder")
def test_sound_rows_are_kept_as_they_stand() -> None:
    run()
    assert counts() == {
        "train": {"rows": 6, "kept": 6, "rejected": 0, "reasons": NO_REASON},
        "dev": {"rows": 3, "kept": 3, "rejected": 0, "reasons": NO_REASON},
        "test": {"rows": 2, "kept": 2, "rejected": 0, "warnings": NO_REASON},
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
    assert Path("data/rejected/train.csv").read_text() == "row,fname,dialogue,summary,topic,reasons\n"
    assert Path("data/rejected/test.csv").read_text() == "row,fname,dialogue,reasons\n"


@pytest.mark.usefixtures("folder")
def test_rows_with_faults_are_set_aside_with_reasons() -> None:
    Path("data/mine/dev.csv").write_text(
        "fname,dialogue,summary,topic\n"
        'a,"#Person1#: 네\n#Person2#: 네",요약,t\n'
        "b,#Person1#:,,t\n"
        f"c,네,{'요' * 101},t\n"
        "007,NaN,nan,\n",
        encoding="utf-8",
    )
    run()
    assert counts()["dev"] == {
        "rows": 4,
        "kept": 2,
        "rejected": 2,
        "reasons": {**NO_REASON, "empty_dialogue": 1, "empty_summary": 1, "long_summary": 1},
    }
    assert lines("data/valid/dev.jsonl") == [
        {"id": "a", "dialogue": "#Person1#: 네\n#Person2#: 네", "topic": "t", "summaries": ["요약"], "facts": []},
        {"id": "007", "dialogue": "NaN", "topic": None, "summaries": ["nan"], "facts": []},
    ]
    with Path("data/rejected/dev.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["row", "fname", "dialogue", "summary", "topic", "reasons"],
            ["3", "b", "#Person1#:", "", "t", "the dialogue says nothing; the summary says nothing"],
            ["4", "c", "네", "요" * 101, "t", "summary is longer than 100 characters"],
        ]


@pytest.mark.usefixtures("folder")
def test_no_test_row_is_set_aside(capsys: pytest.CaptureFixture[str]) -> None:
    Path("data/mine/test.csv").write_text(f"fname,dialogue\na,\nb,{'가' * 301}\n", encoding="utf-8")
    run()
    assert counts()["test"] == {
        "rows": 2,
        "kept": 2,
        "rejected": 0,
        "warnings": {**NO_REASON, "empty_dialogue": 1, "long_dialogue": 1},
    }
    assert [row["id"] for row in lines("data/valid/test.jsonl")] == ["a", "b"]
    assert Path("data/rejected/test.csv").read_text() == "row,fname,dialogue,reasons\n"
    assert capsys.readouterr().err == (
        "warning: data/mine/test.csv: row 2: the dialogue says nothing; kept, as the submission needs it\n"
        "warning: data/mine/test.csv: row 3: dialogue is longer than 300 characters; kept, as the submission needs it\n"
    )


@pytest.mark.usefixtures("folder")
def test_too_many_rows_with_faults_stop() -> None:
    Path("data/mine/train.csv").write_text("fname,dialogue,summary\na,네,요약\nb,,요약\nc,네,\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        run()
    assert str(caught.value) == (
        "data/mine/train.csv: 2 of 3 rows cannot be used (empty_dialogue 1, empty_summary 1), but "
        "validation.max_rejected_fraction in params.yaml is 0.5; mend the rows that data/rejected/train.csv lists, "
        "or raise the bound if some rows stay"
    )
    assert Path("data/rejected/train.csv").read_text(encoding="utf-8").count("\n") == 3
    assert not Path("data/valid").exists()
    assert not Path("metrics/validation.json").exists()


@pytest.mark.usefixtures("folder")
def test_a_split_that_loses_every_row_stops_whatever_the_bound() -> None:
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("0.5", "1.0"))
    Path("data/mine/dev.csv").write_text("fname,dialogue,summary\na,,\n")
    with pytest.raises(InputError, match=r"data/mine/dev\.csv: 1 of 1 rows cannot be used"):
        run()


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


@pytest.mark.usefixtures("folder")
def test_the_same_input_gives_the_same_bytes() -> None:
    def outputs() -> dict[str, bytes]:
        run()
        paths = [*Path("data/valid").iterdir(), *Path("data/rejected").iterdir(), Path("metrics/validation.json")]
        return {str(path): path.read_bytes() for path in paths}

    assert outputs() == outputs()
