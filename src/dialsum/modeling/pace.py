"""How fast a training goes, while it goes.

Enters: the trainer's steps. Leaves: a line about every second in the file `pace.csv` beside the checkpoints, and the
same figure among the logged values, for the callbacks that come after:

    step,tokens_per_second
    14,17158

The time of evaluations and checkpoints does not count. The tokens are those of an average step, without padding, as in
metrics/train_speed.json; over a second the difference to the very rows of these steps is small.
"""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerState

FILE = "pace.csv"
HEADER = "step,tokens_per_second\n"
SECONDS = 1.0  # between two points, at least


def tokens_per_second(folder: Path) -> float | None:
    """Of the whole training, whatever attempts it took; None where nothing was measured.

    Each point holds for the steps since the one before. A step that was taken again counts once, as it went then.
    """
    file = folder / FILE
    lines = file.read_text(encoding="utf-8").splitlines()[1:] if file.exists() else []
    points = [(int(step), int(speed)) for step, _, speed in (line.partition(",") for line in lines)]
    steps = [after - before for before, after in pairwise([0, *(step for step, _ in points)])]
    seconds = sum(count / max(speed, 1) for count, (_, speed) in zip(steps, points, strict=True))
    return sum(steps) / seconds if seconds else None


class Pace(TrainerCallback):
    """Measures between logged steps. A run that is resumed goes on with the file of the one that was killed."""

    def __init__(self, tokens_per_step: float, folder: Path) -> None:
        """`folder`: that of the checkpoints."""
        self.tokens_per_step = tokens_per_step
        self.file = folder / FILE
        self.step = 0
        self.since = self.idle_since = 0.0

    def on_train_begin(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Forget the points of steps that are taken once more."""
        if not state.is_world_process_zero:
            return
        lines = self.file.read_text(encoding="utf-8").splitlines(keepends=True)[1:] if self.file.exists() else []
        whole = [line for line in lines if line.endswith("\n")]  # the last one may have been cut short
        kept = [line for line in whole if int(line.partition(",")[0]) <= state.global_step]
        self.file.write_text(HEADER + "".join(kept), encoding="utf-8")
        self.step, self.since = state.global_step, time.monotonic()

    def on_step_end(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:  # noqa: ARG002
        """What comes between this and the next step is no training, if it is an evaluation or a checkpoint."""
        self.idle_since = time.monotonic()

    def on_log(
        self,
        args: Any,  # noqa: ARG002
        state: TrainerState,
        control: Any,  # noqa: ARG002
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """One point, if a second has passed, and at the last step in any case."""
        if logs is None or "loss" not in logs or not state.is_world_process_zero:
            return
        now = time.monotonic()
        if now - self.since < SECONDS and state.global_step < state.max_steps:
            return
        speed = round((state.global_step - self.step) * self.tokens_per_step / (now - self.since))
        logs["tokens_per_second"] = speed
        with self.file.open("a", encoding="utf-8") as file:
            file.write(f"{state.global_step},{speed}\n")
        self.step, self.since = state.global_step, now

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """An evaluation is over."""
        self._pause_ends()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """A checkpoint is written."""
        self._pause_ends()

    def _pause_ends(self) -> None:
        now = time.monotonic()
        self.since += now - self.idle_since
        self.idle_since = now
