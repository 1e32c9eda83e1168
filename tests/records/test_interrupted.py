from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from dialsum.params.registry import Registry
from dialsum.params.strict import load
from dialsum.records import champions, interrupted, registry, store, tracking

ROOT = Path(__file__).parents[2]
RULES = load(ROOT / "tests" / "params.yaml", "registry", Registry)
SAME, OTHER = "bbbbbbbb22", "aaaaaaaa11"  # md5 of dev data
CHANGES = {SAME: 20, OTHER: 21}  # that a registration makes, when all goes well
JUDGED = 11  # of them before its version is there


class Killed(BaseException):
    """What no code catches, as little as kill -9."""


class Mortal:
    """A client whose process is killed before its n-th change of the store: after that nothing is asked either."""

    def __init__(self, client: MlflowClient, changes: float) -> None:
        self.client, self.left = client, changes

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("set_", "create_", "log_", "delete_", "finalize_")):
            self.left -= 1
        if self.left < 0:
            raise Killed
        return getattr(self.client, name)


@pytest.fixture
def register(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., champions.Verdict]:
    """Register a version as the stage does, whose model is one small file."""

    def save(scratch: Path, *_: object) -> Path:
        (scratch / "model").mkdir()
        (scratch / "model" / "MLmodel").write_text("half or whole")
        return scratch / "model"

    monkeypatch.setattr(registry, "_save", save)

    def register(client: Any, score: float, dev: str = SAME) -> champions.Verdict:
        scores = repository / "scores"
        scores.mkdir(exist_ok=True)
        (scores / "dev.csv").write_text(f"id,rouge_mean\ndev_0,{score}\n")
        tags = registry.score_tags({"rouge_mean": score}, dev, "mecab")
        with interrupted.registration(client) as token:
            record = tracking.Record({"a": "1"}, {"b": 1.0}, {interrupted.TAG: token}, f"run of {score}")
            with tracking.recording(client, record) as run_id:
                tracking.log_files(client, run_id, {"scores": [scores]})
                version = registry.add(client, run_id, {}, {}, tags)
                verdict = champions.settle(client, version, RULES)
                client.set_tag(run_id, "written", "models/mlflow_run.json")  # stands for that file
                return verdict

    return register


def states(client: MlflowClient) -> dict[str, str]:
    runs = client.search_runs([store.experiment(client, store.EXPERIMENT)])
    return {run.info.run_name: run.info.status for run in runs}


def versions(client: MlflowClient) -> list[ModelVersion]:
    return sorted(client.search_model_versions(f"name = '{store.MODEL}'"), key=lambda version: version.version)


def aliases(client: MlflowClient) -> Mapping[str, int]:
    return {name: int(number) for name, number in client.get_registered_model(store.MODEL).aliases.items()}


def locks(repository: Path) -> list[Path]:
    return list((repository / ".dialsum" / "registering").rglob("*.lock"))


def model_files(repository: Path) -> list[Path]:
    return list((repository / "mlartifacts").rglob("MLmodel"))


@pytest.mark.parametrize(
    ("changes", "dev"),
    [
        *((changes, SAME) for changes in range(CHANGES[SAME])),
        *((changes, OTHER) for changes in range(JUDGED, CHANGES[OTHER])),
    ],
)
def test_killed_anywhere_nothing_half_stays(
    client: MlflowClient, repository: Path, register: Callable[..., champions.Verdict], changes: int, dev: str
) -> None:
    register(client, 60.0)
    with pytest.raises(Killed):
        register(Mortal(client, changes), 70.0, dev)
    champion = registry.by_alias(client, "champion")
    assert champion is not None  # at no time none
    assert client.get_run(str(champion.run_id)).info.status == "FINISHED"  # and at no time a half one

    register(client, 50.0)
    assert states(client).pop("run of 70.0", "KILLED") == "KILLED"
    assert [version.tags["score.rouge_mean"] for version in versions(client)] == ["60.0", "50.0"]
    assert aliases(client) == {"champion": 1, "champion-bbbbbbbb": 1, "challenger": versions(client)[1].version}
    assert len(model_files(repository)) == 2
    assert locks(repository) == []

    assert register(client, 71.0, dev).role == "champion"
    assert list(states(client).values()).count("FINISHED") == 3


class Unwritten:
    """A client whose process is killed when all is settled, before models/mlflow_run.json is written."""

    def __init__(self, client: MlflowClient) -> None:
        self.client = client

    def set_tag(self, run_id: str, key: str, value: str) -> None:
        if key == "written":
            raise Killed
        self.client.set_tag(run_id, key, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)


@pytest.mark.parametrize(
    ("before", "killed"),
    [
        ([(60.0, SAME)], (70.0, SAME)),
        ([(60.0, SAME), (50.0, SAME)], (40.0, SAME)),  # another challenger
        ([(60.0, SAME), (50.0, SAME)], (70.0, SAME)),  # none
        ([(60.0, SAME)], (70.0, OTHER)),  # the first on other data
        ([(60.0, SAME)], (-1.0, OTHER)),  # that fails a gate: nobody is champion
        ([(60.0, SAME), (70.0, OTHER)], (50.0, SAME)),  # back to the champion of earlier data
    ],
)
def test_aliases_are_where_they_were(
    client: MlflowClient,
    register: Callable[..., champions.Verdict],
    before: list[tuple[float, str]],
    killed: tuple[float, str],
) -> None:
    for score, dev in before:
        register(client, score, dev)
    as_it_was = aliases(client)
    with pytest.raises(Killed):
        register(Unwritten(client), *killed)
    assert aliases(client) == as_it_was


def test_unharmed_a_registration_makes_these_changes(
    client: MlflowClient, register: Callable[..., champions.Verdict]
) -> None:
    """So that the numbers above leave none out."""
    register(client, 60.0)
    for dev, changes in CHANGES.items():
        mortal = Mortal(client, 1000)
        assert register(mortal, 70.0, dev).role == "champion"
        assert 1000 - mortal.left == changes


def test_a_failure_leaves_its_reason_and_nothing_else(
    client: MlflowClient,
    repository: Path,
    register: Callable[..., champions.Verdict],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    register(client, 60.0)

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(champions, "judge", full)
    with pytest.raises(OSError, match="no space"):
        register(client, 70.0)
    assert states(client) == {"run of 60.0": "FINISHED", "run of 70.0": "FAILED"}
    (version,) = versions(client)
    assert aliases(client) == {"champion": version.version, "champion-bbbbbbbb": version.version}
    assert len(model_files(repository)) == 1
    assert locks(repository) == []


def test_what_is_at_work_is_left_alone(client: MlflowClient, repository: Path) -> None:
    with interrupted.registration(client) as token:
        record = tracking.Record({}, {}, {interrupted.TAG: token}, "at work")
        with tracking.recording(client, record) as run_id:
            with store.lock("registry"):
                interrupted.undo_killed(client)
            assert states(client) == {"at work": "RUNNING"}
            assert [path.stem for path in locks(repository)] == [token]
            tracking.finish(client, run_id)
    assert locks(repository) == []


def test_a_lock_of_a_process_that_had_not_begun(client: MlflowClient, repository: Path) -> None:
    with FileLock(interrupted._folder() / "0123.lock"):
        pass
    with store.lock("registry"):
        interrupted.undo_killed(client)
    assert locks(repository) == []


def test_what_another_store_holds_is_undone_there(
    client: MlflowClient,
    repository: Path,
    empty_database: Path,
    register: Callable[..., champions.Verdict],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(Killed):
        register(Mortal(client, JUDGED), 70.0)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{repository}/other.db")
    shutil.copy(empty_database, repository / "other.db")
    other = store.connect()
    register(other, 60.0)
    assert len(locks(repository)) == 1
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{repository}/mlflow.db")
    register(client, 60.0)
    assert states(client) == {"run of 70.0": "KILLED", "run of 60.0": "FINISHED"}
    assert locks(repository) == []
