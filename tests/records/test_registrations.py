"""Registrations in processes of their own."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

import dialsum
from dialsum.records import registry, store

SCRIPT = Path(__file__).with_name("registering.py")


@pytest.fixture
def processes(
    request: pytest.FixtureRequest, client: MlflowClient, repository: Path
) -> Iterator[list[subprocess.Popen[str]]]:
    """As many as asked for, that wait for what they shall register."""
    assert client.search_registered_models() == []
    environment = {**os.environ, "PYTHONPATH": str(Path(dialsum.__file__).parents[1]), "PYTHONWARNINGS": "ignore"}
    commands = [[sys.executable, str(SCRIPT), str(repository / f"scratch{number}")] for number in range(request.param)]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        for command in commands
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    yield started
    for process in started:
        process.communicate(timeout=60)
        assert process.returncode == 0


def register_at_once(processes: list[subprocess.Popen[str]], scores: list[float], dev: str) -> list[dict[str, Any]]:
    """One score a process, the same in each of five rows, so that each difference is beyond chance."""
    for process, score in zip(processes, scores, strict=True):
        assert process.stdin is not None
        process.stdin.write(json.dumps({"scores": [score] * 5, "dev": dev}) + "\n")
    for process in processes:
        assert process.stdin is not None
        process.stdin.flush()
    return [json.loads(process.stdout.readline()) for process in processes if process.stdout]


def check_rounds(client: MlflowClient, processes: list[subprocess.Popen[str]], rounds: int) -> None:
    """In each round each process registers one at once, on other dev data than before in every second round."""
    chosen, at_once = random.Random(rounds), len(processes)
    best = 0.0
    for turn in range(rounds):
        dev = f"{turn // 2:08d}"
        best = best if turn % 2 else 0.0
        scores = [float(score) for score in chosen.sample(range(100), at_once)]
        verdicts = register_at_once(processes, scores, dev)
        assert sorted(one["version"] for one in verdicts) == list(range(turn * at_once + 1, (turn + 1) * at_once + 1))

        # Exactly one: an alias is one pointer, and it is there. The best: no other of these dev data beats it.
        best = max(best, *scores)
        champion = registry.by_alias(client, "champion")
        assert champion is not None
        assert float(champion.tags["score.rouge_mean"]) == best
        aliases = client.get_registered_model(store.MODEL).aliases
        assert str(aliases[registry.line_alias(dev)]) == str(champion.version)
        assert [one["role"] for one in verdicts].count("champion") >= (best in scores)
        assert client.get_run(str(champion.run_id)).info.status == "FINISHED"
    experiment = store.experiment(client, store.EXPERIMENT)
    finished = client.search_runs([experiment], "attributes.status = 'FINISHED'", max_results=1000)
    assert len(finished) == rounds * at_once
    assert not list((store.root() / ".dialsum" / "registering").rglob("*.lock"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("processes", [2], indirect=True)
def test_two_at_once_leave_one_champion_the_best(client: MlflowClient, processes: list[subprocess.Popen[str]]) -> None:
    check_rounds(client, processes, 4)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("processes", [4], indirect=True)
def test_four_at_once_fifty_times(client: MlflowClient, processes: list[subprocess.Popen[str]]) -> None:
    check_rounds(client, processes, 50)
