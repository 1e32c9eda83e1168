"""Section `training`: how a base model learns the task. `null` takes the catalog's value."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from dialsum.params.strict import STRICT

Method = Literal["none", "lora", "qlora", "full"]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]  # what numpy takes


@dataclass(frozen=True, config=STRICT)
class Lora:
    """The adapter: its rank, its scale `alpha / r`, its dropout, and the layers it stands on; null: the catalog's.

    `rslora`: the scale is alpha / √r (Kalajdzievski 2023). `dora`: the length of each column of the weights is tuned
    apart from its direction (Liu et al. 2024).
    """

    r: Count
    alpha: Count
    dropout: Share | None
    targets: list[str] | None
    rslora: bool
    dora: bool


@dataclass(frozen=True, config=STRICT)
class Training:
    """`method` none asks the base model as it is. The effective batch is micro_batch × accumulation.

    `dropout`: of the model's own layers; null: the catalog's, and if that is null too, the model's.
    `patience`: stop after so many epochs whose dev score is no better than the best; 0: never. The best is kept.
    """

    method: Method
    trainer: Literal["trainer", "sft"]
    learning_rate: Positive | None
    scheduler: Literal["constant", "linear", "cosine"]
    warmup_ratio: Share
    weight_decay: Annotated[float, Field(ge=0)]
    adam_beta1: Share
    adam_beta2: Share
    max_grad_norm: Positive
    label_smoothing: Share
    dropout: Share | None
    micro_batch: Count | None
    accumulation: Count
    epochs: Positive
    patience: Annotated[int, Field(ge=0)]
    batching: Literal["padded", "length_grouped", "packed"]
    gradient_checkpointing: bool | None
    tf32: bool
    save_steps: Count
    logging_steps: Count
    processes: Count
    threads: Count
    seed: Seed
    lora: Lora

    @property
    def effective_batch(self) -> int:
        """Rows of an optimizer step, over all processes. 0 as long as the micro-batch is null."""
        return (self.micro_batch or 0) * self.accumulation

    @model_validator(mode="after")
    def _curves_resume(self) -> Training:
        if self.save_steps % self.logging_steps:
            raise ValueError(
                f"save_steps ({self.save_steps}) should be a multiple of logging_steps ({self.logging_steps}): else a "
                "resumed run logs another curve"
            )
        return self

    @model_validator(mode="after")
    def _split_among_processes(self) -> Training:
        if self.accumulation % self.processes:
            raise ValueError(
                f"accumulation ({self.accumulation}) should be a multiple of processes ({self.processes}), which share "
                "it: raise it, and lower micro_batch by as much, so that the effective batch stays the same"
            )
        return self
