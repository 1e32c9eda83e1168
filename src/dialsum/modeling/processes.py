"""A stage in several processes, one for each GPU, or on CPU.

Enters: how many. Leaves: the same command, run that many times by `accelerate launch`, whose own configuration
(`accelerate config`) says which machines there are. Each holds the whole model (DDP). On CPU accelerate starts one
process only, so torch's launcher does it there; the processes talk by gloo.
"""

from __future__ import annotations

import os
import subprocess
import sys

LAUNCHED = "DIALSUM_LAUNCHED"  # of our own: containers set RANK for purposes of theirs


def is_launched() -> bool:
    """Whether this is one of the processes."""
    return LAUNCHED in os.environ


def is_first() -> bool:
    """Whether this process writes what all have made; a process alone does."""
    return not is_launched() or os.environ["RANK"] == "0"


def take_gpu() -> None:
    """Give this process one GPU: its own, or, if it is alone, the first, as transformers would split batches over all.

    To be called before anything asks CUDA for its devices.
    """
    import torch

    if not is_launched():
        os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    elif torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))


def wait_for_all() -> None:
    """Come back when all processes are here."""
    import torch

    if torch.distributed.is_initialized():
        torch.distributed.barrier()


def launch(processes: int, command: list[str]) -> None:
    """Run `python -m COMMAND` in so many processes. Exits with their status if it is not 0: they have said why."""
    import torch

    if torch.cuda.is_available():
        launcher = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", str(processes), "--module"]
        environment = {LAUNCHED: "1"}
    else:
        launcher = ["torch.distributed.run", "--standalone", "--nproc_per_node", str(processes), "-m"]
        environment = {LAUNCHED: "1", "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run([sys.executable, "-m", *launcher, *command], env={**os.environ, **environment}, check=False)
    if done.returncode:
        sys.exit(done.returncode)
