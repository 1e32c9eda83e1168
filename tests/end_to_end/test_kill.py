"""`kill -9` of the process group, then `dvc repro`: it goes on from where it was, to the same results."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Repository

pytestmark = pytest.mark.timeout(1800)
KILLS = 6


@pytest.mark.slow  # of each of the two alone this is seen in modeling and in stages
def test_killed_in_train_and_in_generate(prepared: Repository, finished: Repository, tmp_path: Path) -> None:
    repository = prepared.copy(tmp_path / "killed")
    unfinished = repository.path / ".dialsum"

    # In the second epoch: 15 steps each, a checkpoint after each 5th.
    repository.kill_when(lambda: any(unfinished.glob("train/*/checkpoint-20/complete")), "dvc", "repro")
    assert not (repository.path / "models/trained").exists()
    assert repository.runs() == []

    def batches() -> int:
        return sum(path.read_bytes().count(b"\n") for path in unfinished.glob("generate/*/dev.jsonl"))

    repository.kill_when(lambda: batches() > 0, "dvc", "repro")
    assert repository.executed(repository.log()) == ["train", "generate"]
    assert repository.json("metrics/train_speed.json")["resumed_from_step"] in (20, 25)
    assert not (repository.path / "data/predictions/dev.jsonl").exists()
    decoded = batches()
    assert 0 < decoded < 6

    output = repository.dvc("repro")
    assert repository.executed(output) == ["generate", "evaluate", "submit", "register"]
    assert batches() == 0  # and the folder is gone
    expected = finished.hashes()
    assert "models/trained/adapter_model.safetensors" in expected
    assert "data/predictions/test.jsonl" in expected
    assert repository.hashes() == expected
    (run,) = repository.runs()
    assert run.info.status == "FINISHED"
    # The training that went on has gone on with its live run.
    (live,) = repository.runs("dialsum-live")
    assert live.info.status == "FINISHED"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_random_moments_from_a_fresh_clone(
    fresh: Repository, finished: Repository, tmp_path: Path, seed: int
) -> None:
    repository = fresh.copy(tmp_path / "killed")
    moments = random.Random(seed)
    killed = 0
    for _ in range(KILLS):
        with repository.started("dvc", "repro") as process:
            repository.wait_for_end(process, seconds=moments.uniform(2, 20))
            killed += process.poll() is None
    assert killed > KILLS / 2
    output = repository.dvc("repro")
    assert repository.hashes() == finished.hashes(), output
    # However often its registration began: one run came to its end, the others say that they were killed.
    states = [run.info.status for run in repository.runs()]
    assert states == ["KILLED"] * (len(states) - 1) + ["FINISHED"]
    client = repository.client()
    (version,) = client.search_model_versions("name = 'dialsum'")
    assert client.get_run(str(version.run_id)).info.status == "FINISHED"
    assert repository.champion().version == version.version
    assert len(list((repository.path / "mlartifacts/models").rglob("MLmodel"))) == 1
    assert list((repository.path / ".dialsum/registering").rglob("*.lock")) == []
