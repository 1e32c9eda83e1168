from __future__ import annotations

import time
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mlflow import MlflowClient

from dialsum.records import live, store

VALUES = {"training.learning_rate": 2e-5, "effective_batch": 8, "training.dropout": None}


def log(callback: Any, step: int, values: dict[str, Any]) -> None:
    state = SimpleNamespace(global_step=step, is_world_process_zero=True)
    callback.on_log(SimpleNamespace(), state, SimpleNamespace(), logs=values)


def only_run(client: MlflowClient) -> Any:
    (run,) = client.search_runs([store.experiment(client, store.LIVE_EXPERIMENT)])
    return run


def test_curves_are_there_while_training_and_finished_after(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    outer = client.create_run("0").info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", outer)  # under `mlflow run`
    with live.curves("tiny-llama", tmp_path, VALUES) as callback:
        log(callback, 10, {"loss": 2.5, "grad_norm": 1.25, "learning_rate": 2e-5, "note": "text"})
        running = only_run(client)
        assert (running.info.status, running.info.run_name) == ("RUNNING", "tiny-llama")
        assert running.data.metrics == {"train_loss": 2.5, "grad_norm": 1.25, "learning_rate": 2e-5}
        assert running.data.params == {
            "training.learning_rate": "2e-05",
            "effective_batch": "8",
            "training.dropout": "None",
        }
        log(callback, 20, {"eval_loss": 2.0})
    finished = only_run(client)
    assert finished.info.status == "FINISHED"
    assert finished.info.run_id != outer
    assert [point.step for point in client.get_metric_history(finished.info.run_id, "eval_loss")] == [20]
    assert client.get_run(outer).info.status == "RUNNING"


def test_the_load_of_the_machine_is_recorded(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(live, "SECONDS_BETWEEN_SAMPLES", 0.2)
    with live.curves("tiny-llama", tmp_path, VALUES):
        time.sleep(1.5)
    assert "system/cpu_utilization_percentage" in only_run(client).data.metrics


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError("loss is nan"), "FAILED"), (KeyboardInterrupt(), "KILLED")]
)
def test_a_failure_shows_with_its_error(
    client: MlflowClient, error: BaseException, status: str, tmp_path: Path
) -> None:
    with pytest.raises(type(error)), live.curves("tiny-llama", tmp_path, VALUES):
        raise error
    run = only_run(client)
    assert run.info.status == status
    assert run.data.tags["error"] == f"{type(error).__name__}: {error}"


def test_a_training_that_goes_on_after_a_kill_goes_on_with_its_run(client: MlflowClient, tmp_path: Path) -> None:
    killed = live.Curves("tiny-llama", tmp_path, VALUES)
    log(killed, 10, {"loss": 2.5})
    killed.monitor.finish()  # the process is gone, and nobody closed the run
    with live.curves("tiny-llama", tmp_path, VALUES) as callback:
        assert only_run(client).info.status == "RUNNING"
        log(callback, 20, {"loss": 1.5})
    run = only_run(client)
    assert run.info.status == "FINISHED"
    assert [point.step for point in client.get_metric_history(run.info.run_id, "train_loss")] == [10, 20]


def test_a_training_that_failed_and_now_succeeds_shows_no_error(client: MlflowClient, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), live.curves("tiny-llama", tmp_path, VALUES):
        raise RuntimeError("out of memory")
    with live.curves("tiny-llama", tmp_path, VALUES):
        pass
    run = only_run(client)
    assert run.info.status == "FINISHED"
    assert "error" not in run.data.tags


def test_a_run_that_another_store_had_is_opened_anew(client: MlflowClient, tmp_path: Path) -> None:
    (tmp_path / live.RUN_ID).write_text("0123456789abcdef0123456789abcdef", encoding="utf-8")
    with live.curves("tiny-llama", tmp_path, VALUES):
        pass
    assert (tmp_path / live.RUN_ID).read_text(encoding="utf-8") == only_run(client).info.run_id


def test_without_a_store_training_goes_on_with_one_warning(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (repository / "mlflow.db").mkdir()  # no database can be opened here
    monkeypatch.setattr("mlflow.store.db.utils.MAX_RETRY_COUNT", 1)  # MLflow would try for 100 seconds
    steps = 0
    with warnings.catch_warnings(record=True) as caught, live.curves("tiny-llama", tmp_path, VALUES) as callback:
        warnings.simplefilter("always")
        for steps in range(1, 4):
            log(callback, steps, {"loss": 1.0})
    assert steps == 3
    assert len([item for item in caught if "no live curves" in str(item.message)]) == 1


@pytest.mark.parametrize("error", [None, RuntimeError("loss is nan")])
def test_one_write_that_fails_costs_one_warning_and_the_curves(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception | None
) -> None:
    def locked(*_: Any, **__: Any) -> None:
        raise OSError("database is locked")

    callback = live.Curves("tiny-llama", tmp_path, VALUES)
    log(callback, 1, {"loss": 2.5})
    with monkeypatch.context() as patch:
        patch.setattr(callback.client, "log_batch", locked)
        with pytest.warns(UserWarning, match="OSError: database is locked"):
            log(callback, 2, {"loss": 2.0})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        log(callback, 3, {"loss": 1.5})
        callback.close("FAILED" if error else "FINISHED", error)
    run = only_run(client)
    assert run.info.status == ("FAILED" if error else "FINISHED")
    assert run.data.tags.get("error") == (error and "RuntimeError: loss is nan")
    assert [point.step for point in client.get_metric_history(run.info.run_id, "train_loss")] == [1]
    assert callback.monitor._process is None or not callback.monitor._process.is_alive()


@pytest.mark.usefixtures("client")
def test_a_store_that_stays_away_costs_no_second_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise OSError("gone")

    callback = live.Curves("tiny-llama", tmp_path, VALUES)
    for method in ("log_batch", "set_terminated"):
        monkeypatch.setattr(callback.client, method, broken)
    with pytest.warns(UserWarning, match="OSError: gone"):
        log(callback, 1, {"loss": 1.0})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        callback.close("FINISHED")
