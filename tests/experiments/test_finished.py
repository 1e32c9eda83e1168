from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dialsum.experiments import finished, repository, sets

if TYPE_CHECKING:
    from tests.experiments.conftest import Small

ROOT = Path(__file__).parents[2]


def first(name: str) -> sets.Experiment:
    return sets.plan(name, sets.read_sets()[name])[0]


def test_experiments_are_found_by_name_and_by_where_they_started(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small.path)
    head = repository.head()
    small.run("git", "update-ref", f"refs/exps/{head[:2]}/{head[2:]}/quick--one", head)
    small.run("git", "update-ref", "refs/exps/exec/EXEC_APPLY", head)
    small.run("git", "update-ref", "refs/exps/celery/stash", head)
    assert finished.experiments() == {"quick--one": {head: head}}


def test_figures_are_those_of_the_commit(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small.path)
    Path("metrics").mkdir()
    Path("metrics/rouge.json").write_text(json.dumps({"rouge_mean": 61.5}))
    small.run("git", "add", "--all")
    small.run("git", "commit", "--quiet", "--message", "figures")
    Path("metrics/rouge.json").write_text("{}")
    assert finished.figures(repository.head()) == {"rouge": {"rouge_mean": 61.5}}


def test_other_values_and_other_code_are_named(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small.path)
    one = first("quick")  # training.threads=1, training.seed=1; by default 2 and 42
    assert finished.differences(repository.head(), one) == [
        "training.seed was 42, is 1",
        "training.threads was 2, is 1",
    ]
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("  seed: 42", "  seed: 1").replace("  threads: 2", "  threads: 1"))
    params.write_text(params.read_text().replace("disk_gb: 5.0", "disk_gb: 6.0"))  # of no effect on any result
    small.run("git", "commit", "--quiet", "--all", "--message", "the same values")
    assert [found for found in finished.differences(repository.head(), one) if "training" in found] == []
    Path("work.py").write_text("# another\n")
    Path("README.md").write_text("words\n")
    assert finished.differences(repository.head(), one)[-1] == "work.py has changed"
