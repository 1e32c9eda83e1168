"""Keep the weights of the best evaluation, and stop when none has been better for long.

Enters: the trainer's log, which a resumed run has from its checkpoint. Leaves: `best-STEP.safetensors` in the folder of
the checkpoints, with the trained parameters alone; it is complete, or not there. The best that the newest complete
checkpoint knows stays beside a better one: a killed run goes on from there, and may not find the better one again.

The trainer's own `load_best_model_at_end` wants a checkpoint, optimizer and all, at each evaluation and at no other
step; a run that was killed would then repeat up to an epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback, TrainerControl, TrainerState

from dialsum.modeling.processes import is_first, wait_for_all
from dialsum.modeling.sharding import gather, part_of
from dialsum.outputs import replacing

Log = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Goal:
    """The figure of the log that says which evaluation is best, and whether more of it is better."""

    name: str
    more_is_better: bool


LOSS = Goal("eval_loss", more_is_better=False)
ROUGE = Goal("eval_rouge_sum", more_is_better=True)


def best_step(log: Log, goal: Goal) -> int:
    """The step of the best evaluation, the first of equals; 0 if there was none."""
    found = _evaluations(log, goal)
    return max(found, key=lambda item: item[1])[0] if found else 0


def is_over(log: Log, goal: Goal, patience: int) -> bool:
    """Whether the last `patience` evaluations (0: any number) were no better than the best before them."""
    best = best_step(log, goal)
    return 0 < patience <= sum(step > best for step, _ in _evaluations(log, goal))


def _evaluations(log: Log, goal: Goal) -> list[tuple[int, float]]:
    """Step and worth of each, the more the better."""
    sign = 1 if goal.more_is_better else -1
    return [(row["step"], sign * row[goal.name]) for row in log if goal.name in row]


class Best(TrainerCallback):
    """Writes the file at each evaluation that is the best so far, and ends a training that is over."""

    def __init__(self, goal: Goal, patience: int, folder: Path, log: Log) -> None:
        """`patience`: see `is_over`; `folder`: that of the checkpoints; `log`: of the newest complete one."""
        self.goal, self.patience, self.folder = goal, patience, folder
        self.known = best_step(log, goal)

    def on_evaluate(self, args: Any, state: TrainerState, control: TrainerControl, **known: Any) -> None:  # noqa: ARG002
        """The trainer has logged an evaluation."""
        if best_step(state.log_history, self.goal) == state.global_step:
            save(known["model"], self.folder, state.global_step)
            self._keep(self.known, state.global_step)
        control.should_training_stop |= is_over(state.log_history, self.goal, self.patience)

    def on_save(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:  # noqa: ARG002
        """A checkpoint is complete (`watching.Marker` comes first)."""
        self.known = best_step(state.log_history, self.goal)
        self._keep(self.known)

    def _keep(self, *steps: int) -> None:
        kept = [weights(self.folder, step) for step in steps]
        for file in self.folder.glob("best-*.safetensors") if is_first() else []:
            if file not in kept:
                file.unlink()


def save(model: Any, folder: Path, step: int) -> None:
    """Write the parameters that are trained. Each process has to call it, and the first writes."""
    values = gather(trained(model))
    if is_first():
        with replacing(weights(folder, step)) as part:
            save_file(values, part)


def restore(model: Any, folder: Path, step: int) -> None:
    """Give the model the parameters of the best evaluation, which was at `step`."""
    wait_for_all()  # the first process may still write
    values = load_file(weights(folder, step))
    with torch.no_grad():
        for name, parameter in trained(model).items():
            parameter.copy_(part_of(values[name], parameter))


def weights(folder: Path, step: int) -> Path:
    """The file of the parameters of an evaluation."""
    return folder / f"best-{step}.safetensors"


def trained(model: Any) -> dict[str, torch.Tensor]:
    """The parameters that are trained, each once, by name."""
    return {name: value.data for name, value in model.named_parameters() if value.requires_grad}
