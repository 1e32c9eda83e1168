from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dialsum.errors import InputError
from dialsum.reporting import record
from dialsum.reporting.record import Answer, in_words, labels, read_answers, read_curve, set_of

if TYPE_CHECKING:
    from tests.reporting.conftest import Make


def test_names_are_as_short_as_they_can_be(make: Make) -> None:
    assert set_of(["phases--a", "phases--b"]) == "phases"
    assert set_of(["phases@qwen3-4b--a"]) == "phases@qwen3-4b"
    assert [set_of(names) for names in (["phases--a", "other--a"], ["phases--a", "b"], ["a", "b"])] == [None] * 3
    assert list(labels([make("phases--a"), make("phases--b")])) == ["a", "b"]
    assert list(labels([make("phases--a"), make("b")])) == ["phases--a", "b"]


def test_two_of_one_name_are_told_apart(make: Make) -> None:
    twins = [make("phases--a", source="aaaaaaa1"), make("phases--a", source="bbbbbbb2"), make("phases--b")]
    assert list(labels(twins)) == ["a (aaaaaaa)", "a (bbbbbbb)", "b"]


def test_rows_and_curves_are_read() -> None:
    head = "id,topic,rouge1,rouge2,rougeL,rouge_mean,prediction,reference"
    rows = read_answers([head, 'dev_0,여행,60.5,40,50,50.1667,간다.,"간다.', '가요."'])
    assert rows == {
        "dev_0": Answer("간다.", "간다.가요.", {"rouge1": 60.5, "rouge2": 40.0, "rougeL": 50.0, "rouge_mean": 50.1667})
    }
    assert read_answers(["id,rouge1", "dev_0,60.5"]) == {}, "an old file has no rouge_mean: its rows are not compared"
    assert read_answers([]) == {}
    assert read_curve(["step,loss,eval_loss", "1,0.5,", "2,0.25,0.75"]) == [
        {"step": 1.0, "loss": 0.5},
        {"step": 2.0, "loss": 0.25, "eval_loss": 0.75},
    ]


def test_params_are_as_mlflow_has_them() -> None:
    assert in_words({"a": "lora", "b": 2e-05, "c": None, "d": ["q", "v"], "e": True}) == {
        "a": "lora",
        "b": "2e-05",
        "c": "null",
        "d": '["q", "v"]',
        "e": "true",
    }


def test_without_its_score_nothing_is_compared() -> None:
    with pytest.raises(InputError, match=r"^a: its metrics/rouge\.json has no rouge_mean"):
        record.check("a", {"rouge": {"rouge1": 50.0}})


def test_code_is_that_of_the_stages_which_decide_about_scores() -> None:
    """The first run of a repository has no entry of stage register in its dvc.lock, and each later one an old one."""
    train = "  train:\n    deps: [{path: src/a.py, md5: 1a}, {path: data/tokenized, md5: 2b}]\n  stage:\n    cmd: x\n"
    register = "  register:\n    deps: [{path: src/a.py, md5: 9c}, {path: src/b.py, md5: 3d}]\n"
    assert record.read_code(f"stages:\n{train}") == {"src/a.py": "1a"}
    assert record.read_code(f"stages:\n{train}{register}") == {"src/a.py": "1a"}
    assert record.read_code("") == {}
