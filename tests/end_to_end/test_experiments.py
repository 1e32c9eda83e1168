"""`dvc exp run`: what runs again, and what MLflow keeps of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

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


def test_two_queued_experiments_run_at_once_each_with_its_own_code(repository: Repository) -> None:
    """On a machine that has no store yet."""
    for name in ("mlflow.db", "mlartifacts"):
        repository.run("rm", "-r", name)
    module, source = "src/dialsum/records/tracking.py", '"dialsum.stages.register"'
    for seed in (1, 2):
        repository.replace(module, source, f'"the code of {seed}"')
        repository.dvc("exp", "run", "--queue", "-S", f"training.seed={seed}")
        repository.run("git", "checkout", module)

    try:
        # The workers are started as `dvc`: here the environment must be activated.
        programs = f"{repository.path}/.venv/bin:{os.environ['PATH']}"
        repository.run("dvc", "queue", "start", "-j", "2", PATH=programs)
        states: list[str] = []

        def ended() -> bool:
            shown = repository.dvc("queue", "status").splitlines()
            states[:] = [word for line in shown for word in ("Success", "Failed") if word in line.split()]
            return len(states) == 2

        repository.wait_until(ended, seconds_between=1)
    finally:
        repository.dvc("queue", "stop", "--kill")
    logs = "\n".join(repository.dvc("queue", "logs", row["name"]) for row in experiments(repository))
    assert states == ["Success", "Success"], logs

    runs = repository.runs()
    assert [run.info.status for run in runs] == ["FINISHED", "FINISHED"]
    told = {(run.data.params["training.seed"], run.data.tags["mlflow.source.name"]) for run in runs}
    assert told == {("1", "the code of 1"), ("2", "the code of 2")}
    assert {row["name"] for row in experiments(repository)} == {run.data.tags["dvc.exp_name"] for run in runs}

    # The copies that they ran in are gone: all that is kept lies here.
    client = repository.client()
    versions = client.search_model_versions("name = 'dialsum'")
    assert {version.run_id for version in versions} == {run.info.run_id for run in runs}
    aliases = set(client.get_registered_model("dialsum").aliases) - {"challenger"}
    assert len(aliases) == 2  # champion, and that of the dev data
    # Whoever came second beat the first in half of the resamples, or did not.
    champion = repository.champion()
    (other,) = (one for one in versions if one.version != champion.version)
    assert (other.tags["verdict"] == "challenger") or (champion.tags["former_champion"] == str(other.version))
    for run in runs:
        assert Path(run.info.artifact_uri.removeprefix("file://")).is_dir()
        (output,) = run.outputs.model_outputs
        model = repository.path / "mlartifacts" / "models" / output.model_id / "artifacts"
        assert (model / "artifacts/trained/adapter_model.safetensors").is_file()
    assert len(repository.runs("dialsum-live")) == 2
    # The workspace is as it was.
    assert YAML(typ="safe").load(repository.path / "params.yaml")["training"]["seed"] == 42
