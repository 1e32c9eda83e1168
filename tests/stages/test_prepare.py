import json
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from dialsum.corpus import cleaning, statistics
from dialsum.corpus.dialogue import Dialogue, Fact, Turn, read_jsonl
from dialsum.corpus.formats import Row, row_line
from dialsum.corpus.leaks import Leaks
from dialsum.errors import InputError
from dialsum.stages import prepare

ROOT = Path(__file__).parents[2]
FILES = "--valid valid --prepared prepared --metrics metrics/data.json"
PLOTS = "--characters plots/characters.csv --turns plots/turns.csv --topics plots/topics.csv"
COPIES = "--copies leaks.csv --leaks metrics/leaks.json"
TRAIN = [
    Row(
        "b",
        "#Person1#:  네.\\n#Person2#: 3시요.",
        "진료",
        [" 요약 ", "둘째"],
        [{"name": "time", "value": "3시"}],
    ),
    Row("007", "#Person1#: 제 번호는 #PhoneNumber#\n#Person1#과#Person2#는", None, ["요약"], []),
]


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """What `validate` leaves."""
    path.write_text("".join(map(row_line, rows)), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the default values, two train rows, one dev row and an empty test row."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text((ROOT / "tests" / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    Path("valid").mkdir()
    write_rows(Path("valid/train.jsonl"), TRAIN)
    dev = Row("d", "SD2000001: 가<br>SD2000002: 나\nSD2000003: 다", "t", ["요약"], [])
    write_rows(Path("valid/dev.jsonl"), [dev])
    write_rows(Path("valid/test.jsonl"), [Row("t", "", None, [], [])])
    return tmp_path


def run() -> dict[str, Any]:
    prepare.main([*FILES.split(), *PLOTS.split(), *COPIES.split()], standalone_mode=False)
    measured: dict[str, Any] = json.loads(Path("metrics/data.json").read_text(encoding="utf-8"))
    return measured


def switch_off(*names: str) -> None:
    path = Path("params.yaml")
    text = path.read_text(encoding="utf-8")
    for name in names:
        assert text.count(f"  {name}: true") == 1
        text = text.replace(f"  {name}: true", f"  {name}: false")
    path.write_text(text, encoding="utf-8")


@pytest.mark.usefixtures("folder")
def test_ids_order_and_texts_are_conserved() -> None:
    run()
    assert read_jsonl(Path("prepared/train.jsonl")) == [
        Dialogue(
            id="b",
            turns=(Turn("#Person1#", "네."), Turn("#Person2#", "3시요.")),
            topic="진료",
            references=("요약", "둘째"),
            facts=(Fact("time", "3시"),),
        ),
        Dialogue(
            id="007",
            turns=(Turn("#Person1#", "제 번호는 #PhoneNumber# #Person1#과#Person2#는"),),
            references=("요약",),
        ),
    ]
    assert read_jsonl(Path("prepared/test.jsonl")) == [Dialogue(id="t", turns=(Turn("", ""),))]
    assert Path("prepared/train.jsonl").read_text(encoding="utf-8").splitlines()[1] == (
        '{"id": "007", "turns": [{"speaker": "#Person1#", "text": "제 번호는 #PhoneNumber# #Person1#과#Person2#는"}], '
        '"topic": null, "references": ["요약"], "facts": []}'
    )


@pytest.mark.usefixtures("folder")
def test_metrics() -> None:
    measured = run()
    assert list(measured) == ["train", "dev", "test"]
    untouched = {"rows": 0, "share": 0.0}
    half = {"rows": 1, "share": 0.5}
    steps = dict.fromkeys(cleaning.STEPS, untouched)
    train = measured["train"]
    # "#Person1#: 네." and "#Person2#: 3시요." are 13 + 1 + 15 characters; the other dialogue is a line of 11 + 40.
    assert train["characters"] == {"mean": 40.0, "p50": 29, "p95": 51, "max": 51}
    assert train["masks"] == {"PhoneNumber": {"rows": 1, "times": 1}}
    assert train["share_with"]["times"] == 0.5
    assert train["cleaned"] == {**steps, "escaped_newlines": half, "spaces": half, "untagged_lines": half}
    assert measured["dev"]["share_with"]["three_or_more_speakers"] == 1.0
    assert measured["dev"]["cleaned"] == {**steps, "breaks": {"rows": 1, "share": 1.0}}
    assert measured["test"]["speakers"] == {"mean": 0.0, "p50": 0, "p95": 0, "max": 0}
    assert measured["test"]["compression_ratio"] is None


@pytest.mark.usefixtures("folder")
def test_plots() -> None:
    run()
    assert (
        Path("plots/turns.csv").read_text()
        == "turns,train,dev,test\n1,50.0,0.0,100.0\n2,50.0,0.0,0.0\n3,0.0,100.0,0.0\n4,0.0,0.0,0.0\n"
    )
    assert Path("plots/topics.csv").read_text() == "topic,train,dev,test\n진료,1,0,0\n"
    lengths = Path("plots/characters.csv").read_text().splitlines()
    assert (lengths[0], lengths[1]) == ("characters,train,dev,test", "0,0.0,0.0,100.0")


@pytest.mark.usefixtures("folder")
def test_a_step_that_is_switched_off_is_not_taken_and_not_told_of() -> None:
    switch_off("breaks", "untagged_lines")
    measured = run()
    assert {"breaks", "untagged_lines"}.isdisjoint(measured["train"]["cleaned"])
    assert measured["dev"]["turns"]["max"] == 2
    assert [turn.speaker for turn in read_jsonl(Path("prepared/train.jsonl"))[1].turns] == ["#Person1#", ""]
    assert read_jsonl(Path("prepared/dev.jsonl"))[0].turns[0].text == "가<br>SD2000002: 나"


@pytest.mark.usefixtures("folder")
def test_the_same_rows_give_the_same_bytes() -> None:
    run()
    single = ["metrics/data.json", "leaks.csv", "metrics/leaks.json"]
    written = [*Path("prepared").iterdir(), *Path("plots").iterdir(), *map(Path, single)]
    before = {path: path.read_bytes() for path in written}
    run()
    assert {path: path.read_bytes() for path in written} == before


@pytest.mark.usefixtures("folder")
def test_a_lost_row_is_noticed_and_nothing_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    before = Path("prepared/train.jsonl").read_bytes()
    kept = prepare.dialogues

    def losing(*arguments: Any) -> Any:
        for dialogue in kept(*arguments):
            if dialogue.id != "007":
                yield dialogue

    monkeypatch.setattr(prepare, "dialogues", losing)
    with pytest.raises(AssertionError, match="train: rows in must be rows out"):
        run()
    assert Path("prepared/train.jsonl").read_bytes() == before


def test_rows_are_taken_one_at_a_time() -> None:
    """Each row is asked for when the one before it has been written, and none is kept."""
    asked: list[int] = []

    def rows() -> Any:
        for number in range(3):
            asked.append(number)
            yield Row(str(number), "#Person1#: 네", None, [], [])

    written = prepare.dialogues(rows(), cleaning.ALL, "train", statistics.Tally(), Leaks())
    for number in range(3):
        assert next(written).id == str(number)
        assert asked == list(range(number + 1))


@pytest.mark.usefixtures("folder")
def test_memory_holds_no_texts() -> None:
    def peak(rows: int) -> int:
        text = "#Person1#: " + "가" * 4000
        write_rows(Path("valid/train.jsonl"), (Row(str(number), text, "t", ["요약"], []) for number in range(rows)))
        tracemalloc.start()
        assert run()["train"]["rows"] == rows
        _, bytes_held = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return bytes_held

    # 1,500 texts more are 12 MB; their signatures, digests and ids are 1 MB.
    assert peak(2000) - peak(500) < 4_000_000


LONG = "#Person1#: 내일 오후 3시에 시청 앞에서 만나기로 했지?\n#Person2#: 응, 우산도 꼭 챙겨서 나와."


def with_a_copy() -> None:
    """Dev has a dialogue of train, but for the labels and blanks."""
    write_rows(Path("valid/train.jsonl"), [*TRAIN, Row("copy", LONG, None, ["요약"], [])])
    told = LONG.replace("#Person1#", "SD1").replace("했지?\n", "했지? <br>")
    write_rows(Path("valid/dev.jsonl"), [Row("d", told, None, ["요약"], [])])


@pytest.mark.usefixtures("folder")
def test_a_dialogue_of_dev_in_train_stops_the_run_and_is_listed() -> None:
    run()
    before = Path("prepared/train.jsonl").read_bytes()
    with_a_copy()
    with pytest.raises(InputError) as caught:
        run()
    assert str(caught.value) == (
        "leaks.csv: train.csv has 1 row with a dialogue of dev.csv or test.csv (copy = d of dev), so that scores would "
        "reward learning by heart; remove from train.csv the rows that this file pairs as exact with dev or test, or "
        "keep them with -S data.allow_leaks=true"
    )
    assert Path("leaks.csv").read_text(encoding="utf-8") == (
        "kind,split,id,other_split,other_id,similarity\nexact,train,copy,dev,d,1.00\n"
    )
    assert Path("prepared/train.jsonl").read_bytes() == before


@pytest.mark.usefixtures("folder")
def test_a_leak_that_the_user_allows_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with_a_copy()
    path = Path("params.yaml")
    text = path.read_text(encoding="utf-8")
    assert text.count("allow_leaks: false") == 1
    path.write_text(text.replace("allow_leaks: false", "allow_leaks: true"), encoding="utf-8")
    assert run()["train"]["rows"] == 3
    assert capsys.readouterr().out == (
        "copies: 1 exact and 0 near pairs of dialogues, 1 dialogues of dev and test with one in train; "
        "leaks.csv lists them\n"
    )
    counted = json.loads(Path("metrics/leaks.json").read_text(encoding="utf-8"))
    assert counted["exact"]["train_dev"] == {"pairs": 1, "train": 1, "dev": 1}
    assert counted["near"]["train_train"] == {"pairs": 0, "train": 0}
