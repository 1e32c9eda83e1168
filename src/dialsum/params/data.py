"""Sections `data` and `synthesis`: where the dialogues come from."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from dialsum.params.strict import STRICT

Count = Annotated[int, Field(gt=0)]


@dataclass(frozen=True, config=STRICT)
class Data:
    """`dir`: the folder with train.csv, dev.csv and test.csv. dvc.yaml hands it to a shell, in double quotes.

    `allow_leaks`: go on although train holds a dialogue of dev or test.
    `fold`: from 1; train and dev are put together and split anew into `folds`, of which dev is this one.
    """

    dir: Annotated[str, Field(pattern=r"^[^\"$`\\\n]+$")]
    allow_leaks: bool
    fold: Count | None
    folds: Annotated[int, Field(ge=2)]

    @model_validator(mode="after")
    def _one_of_them(self) -> Data:
        if self.fold is not None and self.fold > self.folds:
            raise ValueError(f"fold ({self.fold}) should be at most folds ({self.folds})")
        return self


@dataclass(frozen=True, config=STRICT)
class Synthesis:
    """Rows of each split of the synthetic corpus, and its seed."""

    train_rows: Count
    dev_rows: Count
    test_rows: Count
    seed: int
