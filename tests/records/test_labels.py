from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from dialsum.modeling.catalog import Entry
from dialsum.params.training import Method
from dialsum.records import labels
from dialsum.records.naming import experiment_name

LOCK = """
schema: '2.0'
stages:
  validate:
    deps:
    - {path: data/our talk/train.csv, hash: md5, md5: aa1, size: 1}
    - {path: data/our talk/dev.csv, hash: md5, md5: aa2, size: 1}
    - {path: data/our talk/test.csv, hash: md5, md5: aa3, size: 1}
    - {path: src/dialsum/errors.py, hash: md5, md5: ff0, size: 1}
    outs:
    - {path: data/rejected/train.csv, hash: md5, md5: ff1, size: 1}
  tokenize:
    outs:
    - {path: data/tokenized, hash: md5, md5: bb1.dir, size: 1, nfiles: 2}
    - {path: data/prompt.json, hash: md5, md5: ff2, size: 1}
  base:
    outs:
    - {path: models/base, hash: md5, md5: cc1.dir, size: 1, nfiles: 2}
  train:
    outs:
    - {path: models/trained, hash: md5, md5: dd1.dir, size: 1, nfiles: 2}
    - {path: metrics/train.json, hash: md5, md5: ff3, size: 1}
"""


@pytest.mark.parametrize(("number", "short"), [(810_000, "0.81M"), (1.24e8, "124M"), (3.21e9, "3.21B"), (1e10, "10B")])
def test_sizes_in_short(number: float, short: str) -> None:
    assert labels.in_short(number) == short


@pytest.mark.parametrize(
    ("method", "training"),
    [("none", "zero-shot"), ("lora", "lora"), ("qlora", "qlora-4bit"), ("full", "full-finetune")],
)
def test_what_the_model_is(small_entry: Entry, method: Method, training: str) -> None:
    entry = replace(
        small_entry,
        family="seq2seq",
        architecture="T5ForConditionalGeneration",
        dtype="bfloat16",
        parameters=2.97e8,
    )
    assert labels.of_model(entry, method) == {
        "model-type": "encoder_decoder",
        "training": training,
        "size": "297M",
        "arch": "t5",
        "float": "bf16",
    }


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("", {}),
        ("puffy-toes", {}),
        ("phase-2", {"phase": "phase-2"}),
        ("phase-1.5-again", {"phase": "phase-1.5"}),
        ("phases--phase-3", {"set": "phases", "phase": "phase-3"}),
        ("phases-tiny--phase-0", {"set": "phases-tiny", "phase": "phase-0"}),
        ("prompts--structured", {"set": "prompts"}),
        ("my-phase-2", {}),
        ("--phase-2", {"phase": "phase-2"}),
        ("rates--trial-07", {"set": "rates", "study": "rates", "trial": "7"}),
        ("rates@qwen3-4b--trial-00", {"set": "rates@qwen3-4b", "study": "rates@qwen3-4b", "trial": "0"}),
        ("trial-07", {}),
    ],
)
def test_set_and_phase_stand_in_the_experiments_name(name: str, found: dict[str, str]) -> None:
    assert labels.of_experiment(name) == found


def test_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    source = {"mlflow.source.name": "dialsum.stages.register"}
    monkeypatch.delenv("DVC_EXP_BASELINE_REV", raising=False)
    assert labels.of_caller() == source  # `dvc repro`
    monkeypatch.setenv("DVC_EXP_NAME", "phases--phase-2")
    monkeypatch.setenv("DVC_EXP_BASELINE_REV", "c0ffee")
    monkeypatch.setenv("MLFLOW_RUN_ID", "0123")
    asked = {"dvc.exp_name": "phases--phase-2", "dvc.baseline": "c0ffee", "project_run": "0123"}
    assert labels.of_caller() == {**source, **asked, "set": "phases", "phase": "phase-2"}


def test_md5s_are_those_of_the_lock(tmp_path: Path) -> None:
    assert labels.of_files(tmp_path / "dvc.lock") == {}
    (tmp_path / "dvc.lock").write_text(LOCK)
    assert labels.of_files(tmp_path / "dvc.lock") == {
        "md5.data.train": "aa1",
        "md5.data.dev": "aa2",
        "md5.data.test": "aa3",
        "md5.tokenized": "bb1.dir",
        "md5.base": "cc1.dir",
        "md5.model": "dd1.dir",
    }
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    assert labels.of_files(tmp_path / "dvc.lock") == {}


def test_the_commit_and_whether_the_code_differs_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics/rouge.json").write_text("{}")
    (tmp_path / "params.yaml").write_text("seed: 42\n")
    assert labels.of_commit() == {}  # no repository yet
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()

    (tmp_path / "metrics/rouge.json").write_text('{"rouge1": 1}')  # the pipeline's own results are not an edit
    found = labels.of_commit()
    assert found == {"mlflow.source.git.commit": commit, "git.commit": commit, "git.dirty": "false"}

    (tmp_path / "data").mkdir()
    (tmp_path / "data/mine.dvc").write_text("outs: []\n")  # without it in git nobody finds the data again
    assert labels.of_commit()["git.dirty"] == "true"
    (tmp_path / "data/mine.dvc").unlink()

    (tmp_path / "params.yaml").write_text("seed: 43\n")
    assert labels.of_commit()["git.dirty"] == "true"


@pytest.mark.parametrize(("method", "name"), [("lora", "tiny-llama_ep3_bs16_lr0.004"), ("none", "tiny-llama_none")])
def test_name_of_an_experiment(method: str, name: str) -> None:
    values = {
        "training.method": method,
        "training.epochs": 3.0,
        "effective_batch": 16,
        "training.learning_rate": 0.004,
    }
    assert experiment_name("tiny-llama", values) == name
