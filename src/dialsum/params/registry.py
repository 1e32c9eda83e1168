"""Sections `evaluation` and `registry`: what counts as better."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from dialsum.params.strict import STRICT


@dataclass(frozen=True, config=STRICT)
class Evaluation:
    """`tokens`: what the ROUGE that decides counts; the others are measured too."""

    tokens: Literal["mecab", "whitespace", "char"]


@dataclass(frozen=True, config=STRICT)
class Registry:
    """`metric`: the dev score, a key of metrics/rouge.json, in which a new champion must be better."""

    metric: Literal["rouge_mean", "rouge1", "rouge2", "rougeL"]
