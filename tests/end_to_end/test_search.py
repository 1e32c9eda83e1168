"""`dialsum tune` on the small pipeline: killed once, gone on with, and its best line repeated."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Repository

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]
TRIALS = 12
SEARCH = """
searches:
  rates:
    describe: learning rate and rank
    common: [training.epochs=1.0]
    ranges:
      training.learning_rate: {low: 1e-3, high: 5e-2, log: true}
      training.lora.r: {choices: [4, 8]}
    metric: rouge.rouge_mean
    trials: 12
"""


def test_twelve_trials_killed_once_and_the_best_line_reproduces_its_score(repository: Repository) -> None:
    head, _, _ = repository.text("experiments.yaml").partition("\nsearches:")
    (repository.path / "experiments.yaml").write_text(head + SEARCH)
    repository.commit("a search")
    before = len(repository.runs())

    with repository.started("dialsum", "tune", "rates", "--jobs", "2") as process:
        repository.wait_until(lambda: len(repository.runs()) >= before + 4, 0.5, 3000)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    said = repository.run("dialsum", "tune", "rates", "--jobs", "2", patience=6000).splitlines()

    runs = repository.runs()[before:]
    assert len(runs) == TRIALS
    assert {run.info.status for run in runs} == {"FINISHED"}
    names = [f"rates--trial-{number:02d}" for number in range(TRIALS)]
    assert sorted(run.data.tags["dvc.exp_name"] for run in runs) == names
    assert {(run.data.tags["set"], run.data.tags["study"]) for run in runs} == {("rates", "rates")}
    assert sorted(int(run.data.tags["trial"]) for run in runs) == list(range(TRIALS))
    values = {(run.data.params["training.learning_rate"], run.data.params["training.lora.r"]) for run in runs}
    assert len(values) == TRIALS

    scores = {run.data.tags["dvc.exp_name"]: run.data.metrics["rouge.rouge_mean"] for run in runs}
    best = max(scores.values())
    name, told = said[-2].split(" is the best, rouge.rouge_mean ")
    assert (scores[name], float(told.rstrip(":"))) == (best, best)
    assert "all 12 trials are done; nothing is left to run" in repository.run("dialsum", "tune", "rates")
    assert len(repository.runs()) == before + TRIALS

    # Not from DVC's cache of runs: all is made again.
    shutil.rmtree(repository.path / ".dvc" / "cache" / "runs")
    line = shlex.split(said[-1])
    assert line[:3] == ["dvc", "exp", "run"]
    assert "train" in repository.executed(repository.run(*line))
    assert repository.json("metrics/rouge.json")["rouge_mean"] == best
