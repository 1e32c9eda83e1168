"""`dvc exp run`: what runs again, and what MLflow keeps of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Repository

pytestmark = pytest.mark.timeout(900)
AFTER_TOKENIZE = ["train", "generate", "evaluate", "submit", "register"]


def experiments(repository: Repository) -> list[dict[str, Any]]:
    """The experiments of `dvc exp show`, below the commit that they started from."""
    rows = json.loads(repository.dvc("exp", "show", "--json"))
    return [revision for row in rows for found in row["experiments"] or [] for revision in found["revs"]]


def test_another_rate_another_measure_and_back(repository: Repository) -> None:
    first = repository.runs()
    assert len(first) == 1

    output = repository.dvc("exp", "run", "-S", "training.learning_rate=2e-5")
    assert repository.executed(output) == AFTER_TOKENIZE
    (experiment,) = experiments(repository)
    _, run = repository.runs()
    assert (run.info.status, run.data.tags["dvc.exp_name"]) == ("FINISHED", experiment["name"])
    # A number everywhere, though DVC writes 2e-05, which YAML 1.1 takes for a text.
    assert "learning_rate: 2e-05" in repository.text("params.yaml")
    assert repository.json("models/trained/trained.json")["in_force"]["training.learning_rate"] == 2e-5
    assert experiment["data"]["params"]["params.yaml"]["data"]["training"]["learning_rate"] == 2e-5
    assert run.data.params["training.learning_rate"] == "2e-05"
    assert run.data.params.keys() == first[0].data.params.keys()
    assert run.data.metrics.keys() == first[0].data.metrics.keys()
    assert run.info.run_name.startswith("small_ep2_bs4_lr2e-05_")
    assert run.data.metrics["rouge.rouge_mean"] == repository.json("metrics/rouge.json")["rouge_mean"]

    output = repository.dvc("exp", "run", "-S", "training.learning_rate=2e-5")
    assert repository.executed(output) == []
    assert len(repository.runs()) == 2

    output = repository.dvc("exp", "run", "-S", "evaluation.tokens=char")
    assert repository.executed(output) == ["evaluate", "register"]
    assert len(repository.runs()) == 3
    assert repository.runs()[2].data.params["evaluation.tokens"] == "char"

    # All that was there before comes from DVC's cache, and yet the experiment leaves its row.
    output = repository.dvc("exp", "run", "-S", "training.learning_rate=null", "-S", "evaluation.tokens=mecab")
    assert repository.executed(output) == ["register"]
    again = repository.runs()[3]
    assert again.data.params == first[0].data.params
    scores = {name: value for name, value in first[0].data.metrics.items() if name.startswith("rouge.")}
    assert {name: again.data.metrics[name] for name in scores} == scores
    names = {row["name"] for row in experiments(repository)}
    assert {run.data.tags["dvc.exp_name"] for run in repository.runs()[1:]} <= names


@pytest.mark.slow
def test_a_fresh_clone_leaves_one_run_when_it_registers(repository: Repository, tmp_path: Path) -> None:
    """What others made comes with `dvc pull`, and a store of one's own is empty until register runs."""
    repository.dvc("remote", "add", "--default", "team", str(tmp_path / "remote"))
    repository.dvc("push")
    repository.commit("a remote")
    colleague = repository.cloned(tmp_path / "colleague")
    colleague.dvc("pull")
    assert colleague.hashes() == repository.hashes()
    assert colleague.executed(colleague.dvc("repro")) == []
    assert colleague.runs() == []

    colleague.dvc("repro", "--force", "--single-item", "register")
    (run,) = colleague.runs()
    (first,) = repository.runs()
    assert run.info.status == "FINISHED"
    assert run.data.params == first.data.params
    assert run.data.metrics == first.data.metrics
    same = ("md5.data.train", "md5.tokenized", "md5.model", "dev_md5", "model-type", "size")
    assert {name: run.data.tags[name] for name in same} == {name: first.data.tags[name] for name in same}
    assert colleague.champion().run_id == run.info.run_id


def test_a_fresh_clone_beside_the_cache_leaves_one_run(repository: Repository, tmp_path: Path) -> None:
    """Nothing is made again, and yet the experiment that was asked for here has its row."""
    again = repository.cloned(tmp_path / "again")
    again.dvc("cache", "dir", "--local", str(repository.path / ".dvc" / "cache"))
    output = again.dvc("repro")
    assert again.executed(output) == ["register"]
    (run,) = again.runs()
    assert run.info.status == "FINISHED"
    assert run.data.metrics == repository.runs()[0].data.metrics
