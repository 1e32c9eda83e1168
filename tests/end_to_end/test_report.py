"""`dialsum report` on experiments that really ran: DVC's files and MLflow's runs tell the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dialsum.records.tracking import read_metrics

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Repository

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
TABLES = ("What differs", "Scores", "Against the one before", "Against the best", "Training")


def rows(repository: Repository, name: str, title: str) -> list[str]:
    section = repository.text(f"reports/{name}/report.md").partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and "---" not in line]
    return lines[1:]


def test_both_sources_of_real_experiments_give_the_same_report(repository: Repository) -> None:
    source = str(repository.path / "src")
    repository.dvc("exp", "run", "-n", "rates--low", "-S", "training.learning_rate=2e-5")
    low = read_metrics(repository.path / "metrics")
    repository.dvc("exp", "run", "-n", "rates--none", "-S", "training.method=none")
    names = ["rates--low", "rates--none"]
    ids = [run.info.run_id for run in repository.runs() if run.data.tags.get("dvc.exp_name") in names]
    assert len(ids) == 2
    for kind, given in (("experiments", names), ("runs", ids)):
        printed = repository.run("python", "-m", "dialsum.cli", "report", f"--{kind}", *given, PYTHONPATH=source)
        assert "none against low, " in printed
    for title in TABLES:
        found = rows(repository, "experiments", title)
        assert found
        assert found == rows(repository, "runs", title)

    cells = rows(repository, "experiments", "Scores")[0].strip("| ").split(" | ")
    rouge = ("rouge1", "rouge2", "rougeL", "rouge_mean")
    assert [cell.split()[0] for cell in cells[1:5]] == [f"{low[f'rouge.{name}']:.2f}" for name in rouge]
    run = repository.runs()[1]
    assert {name: run.data.metrics[name] for name in low} == low
    listed = json.loads(repository.dvc("exp", "show", "--json"))
    shown = {one["name"]: one["data"] for row in listed for found in row["experiments"] or [] for one in found["revs"]}
    assert shown["rates--low"]["metrics"]["metrics/rouge.json"]["data"]["rouge_mean"] == low["rouge.rouge_mean"]

    assert repository.run("python", "-m", "dialsum.cli", "log", PYTHONPATH=source).endswith("3 lines added\n")
    lines = [line for line in repository.text("docs/experiments.md").splitlines() if line.endswith("` |")]
    assert "| training.learning\\_rate: 0.01 → 2e-05 |" in lines[1]
    assert "training.method: lora → none" in lines[2]
