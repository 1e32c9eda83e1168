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
    submit.main(
        ["--predictions", "predictions.jsonl", "--test", "test.jsonl", "--submission", "data/submission.csv"],
        standalone_mode=False,
    )
    return Path("data/submission.csv").read_bytes().decode("utf-8")


def test_one_row_a_dialogue_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    text = submitted(("t_1", '그는 "네, 좋아요"라고 한다.'), ("t_9", " 첫째 줄.\n\r\n둘째  줄. \n"), ("007", "NaN"))
    assert text == 'fname,summary\nt_9,첫째 줄. 둘째  줄.\n007,NaN\nt_1,"그는 ""네, 좋아요""라고 한다."\n'
    assert capsys.readouterr().err == ""


def test_no_cell_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    text = submitted(("t_9", " \n"), ("007", ""), ("t_1", "인사한다."))
    assert text == "fname,summary\nt_9,내일 오후에 가요.\n007,대화 내용이 없습니다.\nt_1,인사한다.\n"
    assert capsys.readouterr().err == "warning: summaries that were empty, the longest turn stands in: t_9, 007\n"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["t_9", "t_1"], "predictions.jsonl: no summary of 007; generate again"),
        ([], "predictions.jsonl: no summary of t_9, 007, t_1; generate again"),
        (["t_9", "007", "t_1", "7"], "predictions.jsonl: summaries of unknown dialogues 7; generate again"),
        (["t_9", "007", "t_1", "t_1"], "predictions.jsonl: more than one summary of t_1; generate again"),
        (
            ["t_9", "007", *"abcdefg"],
            "predictions.jsonl: no summary of t_1; generate again\n"
            "predictions.jsonl: summaries of unknown dialogues a, b, c, d, e and 2 more; generate again",
        ),
    ],
)
def test_ids_that_do_not_match_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        submitted(*((name, "요약") for name in names))
    assert str(caught.value) == message
    assert not Path("data/submission.csv").exists()
