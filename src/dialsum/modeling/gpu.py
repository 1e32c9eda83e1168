"""Whether the GPU has room for a model, before it is loaded.

Enters: an Entry and what a step holds. Leaves: nothing, or an InputError with the figures and the remedy, as
`params.yaml: training.method: lora of upstage/SOLAR-10.7B-Instruct-v1.0 needs about 22.0 GiB of GPU memory, …`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dialsum.errors import InputError
from dialsum.modeling.memory import GIB, Work, generation, training

if TYPE_CHECKING:
    from dialsum.modeling.catalog import Entry
    from dialsum.params.training import Method


def gpu_memory() -> tuple[int, int] | None:
    """Bytes free and in all on the GPU that torch uses; None without CUDA."""
    import torch

    return torch.cuda.mem_get_info() if torch.cuda.is_available() else None


def ran_out(error: RuntimeError) -> bool:
    """Whether memory ran out: torch says so, or cuBLAS, which found no room for its work space."""
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "CUBLAS_STATUS_ALLOC_FAILED" in str(error)


def check_training(entry: Entry, method: Method, longest: Callable[[], Work]) -> None:
    """Raise InputError if the GPU cannot train even one row at a time; warn if it may not take the micro-batch.

    `longest` looks for the longest step, which is asked for only if there is a GPU.
    """
    if gpu_memory() is None:
        return
    work = longest()
    one, all_ = (training(entry, method, replace(work, rows=rows)).total for rows in (1, work.rows))
    _check(f"params.yaml: training.method: {method} of {_name(entry)}", one, all_, "training.micro_batch", method)


def check_generation(entry: Entry, method: Method, work: Work, beams: int) -> None:
    """Raise InputError if the GPU cannot write even one summary at a time; warn if it may not take the batch.

    `work.rows` are the summaries of a batch, of which each takes the room of `beams` rows.
    """
    one, all_ = (generation(entry, method, replace(work, rows=rows * beams)).total for rows in (1, work.rows))
    _check(f"params.yaml: model.name: {_name(entry)}", one, all_, "generation.batch_size", method)


def _check(what: str, one: float, all_: float, key: str, method: Method) -> None:
    """Refuse what surely does not fit. The batch `all_` is of the longest rows, which are few."""
    memory = gpu_memory()
    if memory is None:
        return
    if one > memory[0]:
        raise InputError(_refusal(what, one, memory, method))
    if all_ > memory[0]:
        print(
            f"warning: {what}: a batch of its longest rows needs about {all_ / GIB:.1f} GiB of GPU memory, free are "
            f"{memory[0] / GIB:.1f}; it is halved when that runs out, and a smaller {key} spares the attempt",
            file=sys.stderr,
        )


def _refusal(what: str, needed: float, memory: tuple[int, int], method: Method) -> str:
    free, total = memory
    if needed <= total:
        remedy = "end the other programs on the GPU (`nvidia-smi` lists them)"
    elif method in ("full", "lora"):
        remedy = "choose training.method=qlora, or a smaller model (`dialsum models` lists what each needs)"
    else:
        remedy = "choose a smaller model (`dialsum models` lists what each needs)"
    return (
        f"{what} needs about {needed / GIB:.1f} GiB of GPU memory, even with one row at a time; "
        f"{free / GIB:.1f} of {total / GIB:.1f} GiB are free; {remedy}"
    )


def _name(entry: Entry) -> str:
    return str(entry.hub or entry.architecture)
