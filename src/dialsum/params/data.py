"""Sections `data` and `synthesis`: where the dialogues come from."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from dialsum.params.strict import STRICT

Count = Annotated[int, Field(gt=0)]


@dataclass(frozen=True, config=STRICT)
class Data:
    """`dir`: the folder with train.csv, dev.csv and test.csv. dvc.yaml hands it to a shell, in double quotes.

    `allow_leaks`: go on although train holds a dialogue of dev or test.
    """

    dir: Annotated[str, Field(pattern=r"^[^\"$`\\\n]+$")]
    allow_leaks: bool


@dataclass(frozen=True, config=STRICT)
class Synthesis:
    """Rows of each split of the synthetic corpus, and its seed."""

    train_rows: Count
    dev_rows: Count
    test_rows: Count
    seed: int
