"""A model of which each process holds a part (FSDP), as DTensors.

Enters: its parameters. Leaves: their wholes, to be saved; or parts of wholes that have been read.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.distributed.tensor import DTensor, distribute_tensor

from dialsum.modeling.processes import is_first


def gather(values: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The wholes of parameters, by name: the first process gets them, and all have to call it."""
    found: dict[str, torch.Tensor] = {}
    for name, value in values.items():
        one = value.full_tensor().cpu() if isinstance(value, DTensor) else value
        if is_first():  # else each would fill its memory
            found[name] = one
    return found


def part_of(value: torch.Tensor, parameter: torch.Tensor) -> torch.Tensor:
    """Of a whole value that each process has, what it keeps of it in `parameter`."""
    if not isinstance(parameter, DTensor):
        return value
    mesh, placements = parameter.device_mesh, parameter.placements
    return distribute_tensor(value.to(parameter.device), mesh, placements, src_data_rank=None)
