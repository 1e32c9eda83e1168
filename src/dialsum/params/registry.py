"""Sections `evaluation` and `registry`: what counts as better."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from dialsum.params.strict import STRICT


@dataclass(frozen=True, config=STRICT)
class Evaluation:
    """`tokens`: what the ROUGE that decides counts; the others are measured too."""

    tokens: Literal["mecab", "whitespace", "char"]


@dataclass(frozen=True, config=STRICT)
class Registry:
    """`metric`: the dev score, a key of metrics/rouge.json, in which a new champion must be better.

    `confidence`: in what share of resamples of the dev rows (paired bootstrap). `min_score` (of `metric`, percent),
    `max_foreign_rate` and `min_stop_rate` (shares of the dev summaries) are gates: who fails one is never champion.
    """

    metric: Literal["rouge_mean", "rouge1", "rouge2", "rougeL"]
    confidence: Annotated[float, Field(ge=0.5, lt=1)]
    min_score: Annotated[float, Field(ge=0, le=100)]
    max_foreign_rate: Annotated[float, Field(ge=0, le=1)]
    min_stop_rate: Annotated[float, Field(ge=0, le=1)]
