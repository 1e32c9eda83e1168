"""Where the experiments of a set stand.

Enters: DVC's queue, the commits of finished experiments, logs, and the MLflow experiment `dialsum-live`. Leaves: a Row
for each experiment, as `phases-tiny--phase-1  running train  450  0.412  0:01:20  –`, and the table of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from dialsum.experiments import finished
from dialsum.experiments.queue import Task
from dialsum.experiments.sets import Experiment

if TYPE_CHECKING:
    from rich.table import Table

STAGE = re.compile(r"^Running stage '(\w+)'", re.MULTILINE)
TRAIN = "train"  # the stage with a curve
SCORE = "rouge.rouge_mean"
NO_COLUMNS: Mapping[str, Mapping[str, str]] = MappingProxyType({})
BEHIND = 50  # logged steps from which the speed is taken


@dataclass(frozen=True)
class Row:
    """What is known of an experiment. `seconds`: of training, still to come."""

    title: str
    state: str
    stage: str = ""
    step: int | None = None
    loss: float | None = None
    seconds: float | None = None
    score: float | None = None


def commit_of(experiment: Experiment, known: Mapping[str, Mapping[str, str]], head: str) -> str | None:
    """The commit in which an experiment is finished as it is asked for now: of this HEAD, or of any other."""
    commits = known.get(experiment.title, {})
    ordered = [commits[head]] if head in commits else []
    ordered += [commit for base, commit in commits.items() if base != head]
    return next((commit for commit in ordered if not finished.differences(commit, experiment)), None)


def row(experiment: Experiment, commit: str | None, task: Task | None, live: Mapping[str, Live]) -> Row:
    """One experiment; `commit`: where it is finished."""
    if commit is not None:
        from dialsum.experiments.gates import look_up

        return Row(experiment.title, "done", score=look_up(finished.figures(commit), SCORE))
    if task is None:
        return Row(experiment.title, "missing")
    if task.state != "running":
        # It is done in the queue a moment before its commit is found, or its commit was removed, or is of other code.
        return Row(experiment.title, "ended" if task.state == "done" else task.state)
    stage = running_stage(task.log)
    curve = live.get(experiment.title) if stage == TRAIN else None
    if curve is None:
        return Row(experiment.title, "running", stage)
    seconds = curve.seconds_to(float(experiment.params["training"]["epochs"]))
    return Row(experiment.title, "running", stage, curve.step, curve.loss, seconds)


def running_stage(log: Path | None) -> str:
    """The stage that DVC names last in a log."""
    if log is None or not log.exists():
        return ""
    found = STAGE.findall(log.read_text(encoding="utf-8", errors="replace"))
    return found[-1] if found else ""


def last_words(log: Path | None) -> str:
    """What the stage that failed said last, and not what DVC says of it; "" where there is nothing."""
    text = log.read_text(encoding="utf-8", errors="replace") if log is not None and log.exists() else ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    own = [line for line in lines if not line.startswith("ERROR: failed to reproduce")]
    return (own or lines or [""])[-1]


@dataclass(frozen=True)
class Live:
    """A training: its last step and loss, and epochs by time, as (seconds, epochs), the newest last."""

    step: int
    loss: float | None
    epochs: Sequence[tuple[float, float]]

    def seconds_to(self, end: float) -> float | None:
        """Seconds until so many epochs, at the speed of late; None where there is none yet."""
        (then, before), (now, after) = self.epochs[-min(BEHIND, len(self.epochs))], self.epochs[-1]
        return (end - after) * (now - then) / (after - before) if after > before else None


class Curves:
    """The trainings that run, as `dialsum-live` has them. Without a store there are none."""

    def __init__(self) -> None:
        """The store is asked when there is something to ask for."""
        self._client: Any = None
        self._lost = False

    def of(self, titles: Sequence[str]) -> dict[str, Live]:
        """By the experiment's name; a store that cannot be reached costs the figures and one line, not the run."""
        from dialsum.records import reach, store

        if self._lost:
            return {}
        try:
            with reach.briefly():
                return {title: live for title in titles if (live := self._of(title))}
        except Exception as error:
            # A database that is busy answers the next time; a server that is away would cost seconds each time.
            self._lost = not store.uri().startswith(store.SQLITE)
            if self._lost:
                click.echo(f"no loss and no ETA from here on: {error}"[:300], err=True)
            return {}

    def _of(self, title: str) -> Live | None:
        from dialsum.records import reach, store

        if self._client is None:
            self._client = reach.connect()
        found = self._client.get_experiment_by_name(store.LIVE_EXPERIMENT)
        if found is None:
            return None
        asked = f"tags.`dvc.exp_name` = '{title}' and attributes.status = 'RUNNING'"
        runs = self._client.search_runs([found.experiment_id], asked, max_results=1)
        if not runs:
            return None
        points = sorted(self._client.get_metric_history(runs[0].info.run_id, "epoch"), key=lambda point: point.step)
        if not points:
            return None
        epochs = [(point.timestamp / 1000, point.value) for point in points]
        return Live(points[-1].step, runs[0].data.metrics.get("train_loss"), epochs)


def table(rows: Sequence[Row], caption: str = "", columns: Mapping[str, Mapping[str, str]] = NO_COLUMNS) -> Table:
    """All of them, in the order of the set. `columns`: by heading, texts by the experiment's title."""
    from rich.table import Table

    shown = Table(box=None, pad_edge=False, caption=caption or None, caption_justify="left")
    shown.add_column("experiment", no_wrap=True)
    shown.add_column("state", no_wrap=True)
    for heading in (*columns, "step", "loss", "ETA", "score"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for one in rows:
        shown.add_row(
            one.title,
            f"{one.state} {one.stage}".strip(),
            *(texts.get(one.title, "") for texts in columns.values()),
            "" if one.step is None else str(one.step),
            "" if one.loss is None else f"{one.loss:.3f}",
            "" if one.seconds is None else str(timedelta(seconds=round(one.seconds))),
            "" if one.score is None else f"{one.score:.2f}",
        )
    return shown
