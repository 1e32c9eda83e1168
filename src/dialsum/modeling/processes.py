"""Which of several processes this one is: one for each GPU, or on CPU.

Enters: what the launcher (modeling/launching) says to each in its environment. Leaves: who writes, on which GPU, and
until when.
"""

from __future__ import annotations

import os
import threading

LAUNCHED = "DIALSUM_LAUNCHED"  # the launcher's process id; of our own, as containers set RANK for purposes of theirs


def is_launched() -> bool:
    """Whether this is one of the processes."""
    return LAUNCHED in os.environ


def end_with_launcher() -> None:
    """End this process as soon as the launcher is gone: nobody else would end it after a kill that took that one alone.

    It would hold its work locked, and the GPU, and the next run would wait for it.
    """
    import psutil

    try:
        launcher = psutil.Process(int(os.environ[LAUNCHED]))
    except psutil.NoSuchProcess:
        os._exit(1)

    def follow() -> None:
        launcher.wait()
        os._exit(1)

    threading.Thread(target=follow, name="end with launcher", daemon=True).start()


def is_first() -> bool:
    """Whether this process writes what all have made; a process alone does."""
    return not is_launched() or os.environ["RANK"] == "0"


def is_sharded() -> bool:
    """Whether each process holds a part of the model (FSDP)."""
    return os.environ.get("ACCELERATE_USE_FSDP") == "true"


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
