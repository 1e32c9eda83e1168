"""A stage in several processes, one for each GPU, or on CPU.

Enters: how many. Leaves: the same command, run that many times by `accelerate launch`, whose own configuration
(`accelerate config`: several machines, FSDP) applies. On CPU accelerate starts one process only, so torch's launcher
does it there; the processes talk by gloo.
"""

from __future__ import annotations

import os
import subprocess
import sys

RANK = "RANK"  # set by both launchers


def is_launched() -> bool:
    """Whether this is one of the processes."""
    return RANK in os.environ


def is_first() -> bool:
    """Whether this process writes what all have made; a process alone does."""
    return os.environ.get(RANK, "0") == "0"


def launch(processes: int, command: list[str]) -> None:
    """Run `python -m COMMAND` in so many processes. Exits with their status if it is not 0: they have said why."""
    import torch

    if torch.cuda.is_available():
        launcher = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", str(processes), "--module"]
        environment = {}
    else:
        launcher = ["torch.distributed.run", "--standalone", "--nproc_per_node", str(processes), "-m"]
        environment = {"ACCELERATE_USE_CPU": "true"}
    done = subprocess.run([sys.executable, "-m", *launcher, *command], env={**os.environ, **environment}, check=False)
    if done.returncode:
        sys.exit(done.returncode)
