"""The curves of a training while it runs, in the MLflow experiment `dialsum-live`.

Enters: what the Trainer logs, and the machine's own load. Leaves: a run that is RUNNING, then FINISHED, or FAILED with
the error in its tag `error`. The final record is another run, in `dialsum`, that stage register writes (tracking).

    with live.curves("tiny-llama_ep2_bs8_lr0.005", checkpoints, values) as callback:
        Trainer(…, callbacks=[callback]).train()

A training that goes on after a kill goes on with its run: the folder of its checkpoints holds the run's id.

A store that cannot be reached costs the curves and one warning, never the training.
"""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from dialsum.records import store

if TYPE_CHECKING:
    from mlflow import MlflowClient

RUN_ID = "live_run.txt"
SECONDS_BETWEEN_SAMPLES = 10  # of processor, memory and GPU


class Curves(TrainerCallback):
    """Sends the Trainer's numbers to a run. At the first failure it stops; only the run's end is still tried."""

    def __init__(self, name: str, folder: Path, values: Mapping[str, Any]) -> None:
        """Open a run called `name`, or again the one whose id stands in `folder`. `values` are its params."""
        self.client: MlflowClient
        self.run_id = ""
        self.monitor: Any = None
        self.lost = False
        self._guarded(lambda: self._open(name, folder, values))

    def on_log(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        logs: dict[str, Any] | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Send one logged step. Only the first of several processes does."""
        if state.is_world_process_zero and not self.lost:
            self._guarded(lambda: self._send(logs or {}, state.global_step))

    def close(self, status: str, error: BaseException | None = None) -> None:
        """Give the run its end: FINISHED, FAILED or KILLED. What could not be sent before may be possible now."""
        if self.monitor is not None:
            self._guarded(self.monitor.finish)
        if self.run_id:
            self._guarded(lambda: self._end(status, error))

    def _open(self, name: str, folder: Path, values: Mapping[str, Any]) -> None:
        # A server that is away is asked for seconds, not for minutes: a training waits.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        from mlflow.entities import Param
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

        self.client = client = store.connect()
        experiment = store.experiment(client, store.LIVE_EXPERIMENT)
        variables = {"DVC_EXP_NAME": "dvc.exp_name", "MLFLOW_RUN_ID": "project_run"}
        tags = {tag: os.environ[variable] for variable, tag in variables.items() if os.environ.get(variable)}
        known = _killed_run(client, folder / RUN_ID)
        # Not start_run: under `mlflow run` it would adopt the project's own run (MLFLOW_RUN_ID).
        self.run_id = known or client.create_run(experiment, tags=tags, run_name=name).info.run_id
        (folder / RUN_ID).write_text(self.run_id, encoding="utf-8")
        client.log_batch(self.run_id, params=[Param(key, str(value)) for key, value in values.items()])
        logging.getLogger("mlflow.system_metrics").setLevel(logging.WARNING)
        self.monitor = SystemMetricsMonitor(  # type: ignore[no-untyped-call]
            self.run_id,
            sampling_interval=SECONDS_BETWEEN_SAMPLES,
            resume_logging=known is not None,
            tracking_uri=store.uri(),
        )
        self.monitor.start()

    def _send(self, logs: dict[str, Any], step: int) -> None:
        from mlflow.entities import Metric

        now = time.time_ns() // 1_000_000
        numbers = {key: float(value) for key, value in logs.items() if isinstance(value, int | float)}
        names = {"loss": "train_loss"}  # as in tracking: next to eval_loss, `loss` alone would not say of which rows
        self.client.log_batch(
            self.run_id, metrics=[Metric(names.get(key, key), value, now, step) for key, value in numbers.items()]
        )

    def _end(self, status: str, error: BaseException | None) -> None:
        self.client.set_terminated(self.run_id, status)
        if error is not None:
            self.client.set_tag(self.run_id, "error", f"{type(error).__name__}: {error}"[:500])

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do it; on the first failure warn, and send no more."""
        try:
            act()
        except Exception as error:
            if not self.lost:
                warnings.warn(f"no live curves: {type(error).__name__}: {error}"[:300], stacklevel=3)
            self.lost = True


def _killed_run(client: MlflowClient, note: Path) -> str | None:
    """The run whose id stands in `note`, if this store has it: RUNNING again, whatever became of it."""
    from mlflow.exceptions import MlflowException

    if not note.exists():
        return None
    run_id = note.read_text(encoding="utf-8")
    try:
        client.update_run(run_id, status="RUNNING")
        if "error" in client.get_run(run_id).data.tags:
            client.delete_tag(run_id, "error")
    except MlflowException:  # another store by now
        return None
    return run_id


@contextmanager
def curves(name: str, folder: Path, values: Mapping[str, Any]) -> Iterator[TrainerCallback]:
    """A callback for a Trainer, whose run ends FINISHED, or FAILED with the block's error, or KILLED by Ctrl-C.

    `folder` keeps the run's id for a training that is killed and goes on. `values`: flat, those in force.
    """
    callback = Curves(name, folder, values)
    try:
        yield callback
    except BaseException as error:
        callback.close("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED", error)
        raise
    callback.close("FINISHED")
