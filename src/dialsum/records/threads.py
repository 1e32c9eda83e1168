"""Room for as many requests at once as may wait.

Enters: the process of MLflow's server, which hands each request to one of its event loop's threads: on two cores 6, so
that only 6 requests could be decoded together, and all others would wait before our door, in a queue without bound.
Leaves: the same loop with as many threads as asked for; a thread starts when it is needed.
"""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

SERVED = "__pyfunc_model_path__"  # the variable by which MLflow's server knows its model
PAUSE = 0.2  # seconds between two looks
PATIENCE = 120  # seconds after which no loop will come


def widen(threads: int) -> None:
    """Give the server's event loop that many threads, as soon as it runs; do nothing where there is no server."""
    if SERVED in os.environ:
        threading.Thread(target=_widen, args=(threads,), name="widen", daemon=True).start()


def _widen(threads: int) -> None:
    """The server loads the model before it starts its loop, which it hands to nobody: so it is looked for."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        time.sleep(PAUSE)
        for loop in running_loops():
            executor = ThreadPoolExecutor(threads, thread_name_prefix="request")
            loop.call_soon_threadsafe(loop.set_default_executor, executor)
            return


def running_loops() -> list[asyncio.AbstractEventLoop]:
    """The event loops that run in this process, in whichever thread."""
    # By type, because `isinstance` asks objects that stand for others, and may wake them.
    found = [one for one in gc.get_objects() if issubclass(type(one), asyncio.AbstractEventLoop)]
    return [loop for loop in found if loop.is_running()]
