"""Callbacks of a running training: the order of rows, complete checkpoints, a loss that is a number, a progress bar."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

from tqdm import tqdm
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from dialsum.errors import InputError
from dialsum.modeling.batching import EpochSampler
from dialsum.modeling.processes import is_first, wait_for_all

COMPLETE = "complete"
OVERFLOWS = 30  # so many in a row would halve a scale of 65,536 to nothing


class Marker(TrainerCallback):
    """Marks a checkpoint when all its files are written: one without the mark was cut short, and is not trusted."""

    def on_save(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: Any,
    ) -> None:
        """The trainer has written the checkpoint of this step; each process has written its part of it."""
        wait_for_all()
        if state.is_world_process_zero:
            (Path(str(args.output_dir)) / f"checkpoint-{state.global_step}" / COMPLETE).touch()

    @staticmethod
    def newest(folder: Path) -> Path | None:
        """The newest complete checkpoint in a folder; the first process removes the others."""
        found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rsplit("-", 1)[1]))
        complete = [path for path in found if (path / COMPLETE).exists()]
        for path in found if is_first() else []:
            if path not in complete[-1:]:
                shutil.rmtree(path)
        wait_for_all()
        return complete[-1] if complete else None


class Order(TrainerCallback):
    """Tells the sampler the epoch: accelerate does not reach it where a resumed run of several processes skips rows."""

    def __init__(self, sampler: EpochSampler) -> None:
        """The trainer's own."""
        self.sampler = sampler

    def on_epoch_begin(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:
        """Before the first row of the epoch is taken; a resumed run is somewhere within it."""
        self.sampler.set_epoch(int(float(state.epoch or 0) + 1e-6))


class Watch(TrainerCallback):
    """Stops a training whose loss or gradient is no longer a number; sees to it that the last step is logged."""

    def __init__(self) -> None:
        """No step has overflowed yet."""
        self.overflows = 0

    def on_step_end(self, args: Any, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """A training of fewer steps than `logging_steps` would leave no figure at all."""
        if state.global_step >= state.max_steps:
            control.should_log = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Raises InputError with the step and the remedy."""
        values = logs or {}
        remedy = f"lower training.learning_rate (now {args.learning_rate}) or training.max_grad_norm"
        # In float16 a gradient may overflow now and then: the step is left out, and the scale of the loss lowered.
        watched = ("loss", "eval_loss") if args.fp16 else ("loss", "grad_norm", "eval_loss")
        for name in watched:
            if not math.isfinite(values.get(name, 0.0)):
                raise InputError(f"training: {name} is {values[name]} by step {state.global_step}: {remedy}")
        if "grad_norm" in values:
            self.overflows = 0 if math.isfinite(values["grad_norm"]) else self.overflows + 1
        if self.overflows == OVERFLOWS:
            raise InputError(
                f"training: the gradient overflowed in {OVERFLOWS} steps on end, by step {state.global_step}: {remedy}"
            )


class ProgressBar(TrainerCallback):
    """One line with step, time left, tokens a second, loss and gradient norm; silent when not a terminal."""

    def __init__(self, tokens_per_step: float) -> None:
        """`tokens_per_step`: on average. The bar is made when the number of steps is known."""
        self.tokens_per_step = tokens_per_step
        self.bar: tqdm[Any] | None = None

    def on_train_begin(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:
        """Start at the step a resumed run goes on from."""
        if state.is_world_process_zero:
            self.bar = tqdm(
                desc="train", unit="step", total=state.max_steps, initial=state.global_step, disable=None, mininterval=1
            )

    def on_step_end(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:
        """One optimizer step."""
        if self.bar is not None:
            self.bar.update(state.global_step - self.bar.n)

    def on_log(
        self,
        args: Any,
        state: TrainerState,
        control: Any,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """The newest figures behind the bar."""
        if self.bar is None or self.bar.disable:
            return
        names = ("loss", "grad_norm", "eval_loss", "eval_rouge_sum")
        shown = {key: f"{value:.3g}" for key, value in (logs or {}).items() if key in names}
        rate = self.bar.format_dict["rate"]
        speed = {"tokens/s": f"{rate * self.tokens_per_step:,.0f}"} if rate else {}
        self.bar.set_postfix({**shown, **speed}, refresh=False)

    def on_train_end(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:
        """Leave the finished line on the screen."""
        if self.bar is not None:
            self.bar.close()
