from pathlib import Path

import pytest

from dialsum.corpus.dialogue import Dialogue, Turn, write_jsonl
from dialsum.corpus.prediction import Prediction, write_predictions
from dialsum.errors import InputError
from dialsum.stages import submit

DIALOGUES = [
    Dialogue("t_9", (Turn("#Person1#", "네."), Turn("#Person2#", "내일 오후에 가요."), Turn("#Person1#", "좋아요."))),
    Dialogue("007", (Turn("", ""),)),
    Dialogue("t_1", (Turn("#Person1#", "안녕하세요."),)),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_jsonl(Path("test.jsonl"), DIALOGUES)


def submitted(*predictions: tuple[str, str]) -> str:
    write_predictions(Path("predictions.jsonl"), [Prediction(name, text, True) for name, text in predictions])
    inputs = "--predictions predictions.jsonl --test test.jsonl --data mine"
    submit.main([*inputs.split(), "--submission", "data/submission.csv"], standalone_mode=False)
    return Path("data/submission.csv").read_bytes().decode("utf-8")


def test_one_row_a_dialogue_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    text = submitted(("t_1", '그는 "네, 좋아요"라고 한다.'), ("t_9", " 첫째 줄.\n\r\n둘째  줄. \n"), ("007", "NaN"))
    assert text == 'fname,summary\nt_9,첫째 줄. 둘째  줄.\n007,NaN\nt_1,"그는 ""네, 좋아요""라고 한다."\n'
    assert capsys.readouterr() == ("", "warning: 1 summaries had several lines, which are one now: t_9\n")


def test_what_is_sound_is_not_spoken_of(capsys: pytest.CaptureFixture[str]) -> None:
    submitted(("t_1", "가\n"), ("t_9", "나"), ("007", " 다"))
    assert capsys.readouterr() == ("", "")


def test_no_cell_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    text = submitted(("t_9", " \n"), ("007", ""), ("t_1", "인사한다."))
    assert text == "fname,summary\nt_9,내일 오후에 가요.\n007,대화 내용이 없습니다.\nt_1,인사한다.\n"
    assert capsys.readouterr().err == "warning: 2 summaries were empty, the longest turn stands in: t_9, 007\n"


def test_a_cell_with_nothing_to_see_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    text = submitted(("t_9", "\u200b\x00"), ("007", "\u3164"), ("t_1", "인사\x06한다."))
    assert text == "fname,summary\nt_9,내일 오후에 가요.\n007,대화 내용이 없습니다.\nt_1,인사한다.\n"
    assert "2 summaries were empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["t_9", "t_1"], "missing, though in test.jsonl: 007"),
        ([], "missing, though in test.jsonl: t_9, 007, t_1"),
        (["t_9", "007", "t_1", "7"], "not in test.jsonl: 7"),
        (["t_9", "007", "t_1", "t_1"], "more than once: t_1"),
        (["t_9", "007", *"abc"], "missing, though in test.jsonl: t_1; not in test.jsonl: a, b, c"),
    ],
)
def test_ids_that_do_not_match_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        submitted(*((name, "요약") for name in names))
    assert str(caught.value) == f"predictions.jsonl: ids: {message}; generate again"
    assert not Path("data/submission.csv").exists()


def sample(text: str) -> None:
    Path("mine").mkdir()
    Path("mine/sample_submission.csv").write_text(text, encoding="utf-8-sig")


SOUND = (("t_9", "가"), ("007", "나"), ("t_1", "다"))


def test_a_submission_like_the_sample_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    sample("fname,summary\r\nt_9,\r\n007,x\r\nt_1,여기에 요약\r\n")
    assert submitted(*SOUND) == "fname,summary\nt_9,가\n007,나\nt_1,다\n"
    said = "data/submission.csv: columns, ids and order are those of mine/sample_submission.csv\n"
    assert capsys.readouterr() == (said, "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "fname,text\nt_9,\n007,\nt_1,\n",
            "columns: are fname, text, the submission has fname, summary; name them so, or take the file away",
        ),
        (
            "fname,summary\nt_9,\nt_1,\n",
            "ids: missing, though in test.csv: 007; put the test.csv there that belongs to it, or take the file away",
        ),
        (
            "fname,summary\nt_9,\n7,\nt_1,\nt_1,\n",
            "ids: more than once: t_1; not in test.csv: 7; missing, though in test.csv: 007; put the test.csv there "
            "that belongs to it, or take the file away",
        ),
        (
            "fname,summary\nt_9,\nt_1,\n007,\n",
            "order: row 3 is t_1, the submission has 007 there; sort test.csv alike",
        ),
    ],
)
def test_what_differs_from_the_sample_is_refused(text: str, message: str) -> None:
    sample(text)
    with pytest.raises(InputError) as caught:
        submitted(*SOUND)
    assert str(caught.value) == f"mine/sample_submission.csv: {message}"
    assert not Path("data/submission.csv").exists()


def test_an_empty_sample_is_refused() -> None:
    sample("")
    with pytest.raises(InputError, match=r"mine/sample_submission\.csv: is empty"):
        submitted(*SOUND)
