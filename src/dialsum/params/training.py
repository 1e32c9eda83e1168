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
    """The adapter: its rank, its scale `alpha / r`, its dropout, and the layers it stands on; null: the catalog's."""

    r: Count
    alpha: Count
    dropout: Share | None
    targets: list[str] | None


@dataclass(frozen=True, config=STRICT)
class Training:
    """`method` none asks the base model as it is. The effective batch is micro_batch × accumulation."""

    method: Method
    learning_rate: Positive | None
    scheduler: Literal["constant", "linear", "cosine"]
    warmup_ratio: Share
    weight_decay: Annotated[float, Field(ge=0)]
    adam_beta1: Share
    adam_beta2: Share
    max_grad_norm: Positive
    micro_batch: Count | None
    accumulation: Count
    epochs: Positive
    batching: Literal["padded", "length_grouped"]
    gradient_checkpointing: bool | None
    save_steps: Count
    logging_steps: Count
    threads: Count
    seed: Seed
    lora: Lora

    @model_validator(mode="after")
    def _curves_resume(self) -> Training:
        if self.save_steps % self.logging_steps:
            raise ValueError(
                f"save_steps ({self.save_steps}) should be a multiple of logging_steps ({self.logging_steps}): else a "
                "resumed run logs another curve"
            )
        return self
