"""The name of an experiment's run, by the values that tell experiments apart.

`tiny-llama_ep3_bs16_lr0.004`, or `tiny-llama_none` where nothing is trained. In a module of its own, because stage
train depends on it, for the run of its curves: a change here trains anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def experiment_name(model: str, values: Mapping[str, Any]) -> str:
    """`{model}_ep{epochs}_bs{effective_batch}_lr{lr}`. `values` are flat, those in force: `training.epochs` and so on.

    `model`: the name of its file in catalog/.
    """
    if values["training.method"] == "none":
        return f"{model}_none"
    epochs, rate = values["training.epochs"], values["training.learning_rate"]
    return f"{model}_ep{epochs:g}_bs{values['effective_batch']}_lr{rate:g}"
