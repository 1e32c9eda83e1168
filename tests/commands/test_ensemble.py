from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dialsum.commands import ensemble
from dialsum.errors import InputError

# Of dev_1 the first and third agree but for a word, of dev_0 the second and third say the same.
A = {"dev_1": "민수는 내일 집에 간다.", "dev_0": "눈이 많이 내린다."}
B = {"dev_0": "비가 온다.", "dev_1": "영희가 학교에서 논다."}
C = {"dev_1": "민수는 내일 회사에 간다.", "dev_0": "비가 온다."}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, texts in (("a", A), ("b", B), ("c", C)):
        write_jsonl(
            f"{name}.jsonl", [{"id": key, "text": text, "finished": name != "b"} for key, text in texts.items()]
        )
        rows = "".join(f"{key},{text}\n" for key, text in texts.items())
        Path(f"{name}.csv").write_text(f"fname,summary\n{rows}", encoding="utf-8")


def write_jsonl(name: str, rows: list[dict[str, object]]) -> None:
    Path(name).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def read_jsonl(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(name).read_text(encoding="utf-8").splitlines()]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(ensemble.main, arguments, catch_exceptions=False)


def test_ids_and_order_are_those_of_the_first_file() -> None:
    result = run("a.jsonl", "b.jsonl", "c.jsonl", "--out", "joined.jsonl")
    assert result.output == "joined.jsonl: 2 rows; taken from: a.jsonl 1, b.jsonl 1, c.jsonl 0\n"
    assert read_jsonl("joined.jsonl") == [
        {"id": "dev_1", "text": A["dev_1"], "finished": True},
        {"id": "dev_0", "text": B["dev_0"], "finished": False},
    ]


def test_the_form_is_that_of_the_first_file() -> None:
    run("a.csv", "b.jsonl", "c.jsonl", "--out", "new/joined.csv")
    expected = f"fname,summary\ndev_1,{A['dev_1']}\ndev_0,{B['dev_0']}\n"
    assert Path("new/joined.csv").read_text(encoding="utf-8") == expected
    run("a.jsonl", "b.csv", "c.csv", "--out", "joined.jsonl")
    # Whether the chosen row is finished its file does not say, and that of the first file's row is no matter.
    assert read_jsonl("joined.jsonl") == [
        {"id": "dev_1", "text": A["dev_1"], "finished": True},
        {"id": "dev_0", "text": B["dev_0"]},
    ]
    assert "can have different keys" in " ".join(run("--help").output.split())


def test_without_a_file_to_write_the_result_can_be_piped() -> None:
    result = run("a.csv", "b.csv", "c.csv")
    assert result.stdout == f"fname,summary\ndev_1,{A['dev_1']}\ndev_0,{B['dev_0']}\n"
    assert result.stderr == "standard output: 2 rows; taken from: a.csv 1, b.csv 1, c.csv 0\n"


def test_samples_of_one_model() -> None:
    write_jsonl("s.jsonl", [{"id": key, "text": text} for texts in (A, B, C) for key, text in texts.items()])
    result = run("s.jsonl", "--out", "joined.jsonl")
    assert result.output == "joined.jsonl: 2 rows; taken from: sample 1 1, sample 2 1, sample 3 0\n"
    assert read_jsonl("joined.jsonl") == [
        {"id": "dev_1", "text": A["dev_1"]},
        {"id": "dev_0", "text": B["dev_0"]},
    ]


def test_weights_decide() -> None:
    # 라 다 나 가 has all morphemes of the second, in no pair alike; the second has a pair with the third.
    for name, text in (("a", "라면 다시 나무 가방"), ("b", "가방 나무 다시 라면"), ("c", "다시 라면 마을 바다")):
        Path(f"{name}.csv").write_text(f"id,text\n1,{text}\n", encoding="utf-8")
    run("a.csv", "b.csv", "c.csv", "--weight", "rouge1=1", "--out", "one.csv")
    assert Path("one.csv").read_text(encoding="utf-8").splitlines()[1] == "1,라면 다시 나무 가방"
    run("a.csv", "b.csv", "c.csv", "--weight", "rouge1=1", "--weight", "rouge2=3", "--out", "two.csv")
    assert Path("two.csv").read_text(encoding="utf-8").splitlines()[1] == "1,가방 나무 다시 라면"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.csv", "b.csv", "--out", "a.csv"], "a.csv: is there already and is not overwritten"),
        (["a.csv", "b.csv", "--out", "x.jsonl"], "x.jsonl: should end in .csv"),
        (["a.csv", "--out", "x.csv"], "a.csv: has one summary a dialogue; give several files"),
        (["a.csv", "b.csv", "c.csv", "--out", "a.csv/x.csv"], "x.csv: cannot be written"),
        (["a.csv", "b.csv", "--out", "x.csv", "--weight", "rouge3=1"], "--weight rouge3=1: should be METRIC=NUMBER"),
        (["a.csv", "b.csv", "--out", "x.csv", "--weight", "rouge1=viel"], "--weight rouge1=viel: 'viel' is no number"),
        (["a.csv", "b.csv", "--out", "x.csv", "--weight", "rouge1=-1"], "should be a number from 0"),
        (["a.csv", "b.csv", "--out", "x.csv", "--weight", "rouge1=0"], "--weight: all are 0"),
    ],
)
def test_refusals(arguments: list[str], message: str) -> None:
    before = sorted(Path().iterdir())
    with pytest.raises(InputError) as error:
        run(*arguments)
    assert message in str(error.value)
    assert sorted(Path().iterdir()) == before


def test_two_candidates_are_too_few() -> None:
    """ROUGE's F1 of two is the same either way: the first would always win."""
    with pytest.raises(
        InputError, match=r"^a\.csv, b\.csv: two candidates cannot outvote each other; give a third file$"
    ):
        run("a.csv", "b.csv", "--out", "x.csv")
    assert not Path("x.csv").exists()


def test_two_samples_are_too_few() -> None:
    Path("s.csv").write_text("fname,summary\ndev_0,가\ndev_0,나\ndev_0,다\ndev_1,가\ndev_1,나\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"^s\.csv: fewer than three samples cannot outvote .*; give more for dev_1$"):
        run("s.csv", "--out", "x.csv")


def test_other_ids_are_refused() -> None:
    Path("b.csv").write_text("fname,summary\ndev_0,가\ndev_9,나\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"b\.csv: ids: missing, though in a\.csv: dev_1; not in a\.csv: dev_9;"):
        run("a.csv", "b.csv", "--out", "x.csv")
    Path("a.csv").write_text("fname,summary\ndev_0,가\ndev_0,나\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.csv: ids: more than once: dev_0;"):
        run("a.csv", "b.csv", "--out", "x.csv")


def test_what_is_chosen_by_is_said_and_not_asked() -> None:
    assert "minimum Bayes risk" in " ".join(run("--help").output.split())
    assert "--method" not in run("--help").output
