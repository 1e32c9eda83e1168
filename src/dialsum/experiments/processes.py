"""The processes of DVC's queue: which are workers, whose child one is, whether it lives.

Enters: DVC's folder of the queue, numbers of processes. Leaves: nothing, what the system says of them.
"""

from __future__ import annotations

import hashlib

import psutil


def workers(wdir: str) -> set[int]:
    """The processes that take tasks from the queue whose folder is `wdir`.

    DVC writes their numbers down, but where one is too busy to answer it starts another of the same name, whose
    number replaces the first one's. So they are looked up by that name.
    """
    name = f"dvc-exp-{hashlib.sha256(wdir.encode()).hexdigest()[:6]}-"
    found = set()
    for process in psutil.process_iter(["cmdline"]):  # None where it is not ours to see
        words = process.info["cmdline"] or []
        if "queue-worker" in words and any(word.startswith(name) for word in words):
            found.add(process.pid)
    return found


def parent(pid: int) -> int | None:
    """The process that started one of DVC; None if that is no longer there."""
    try:
        return psutil.Process(pid).ppid() if lives(pid) else None
    except psutil.NoSuchProcess:
        return None


def lives(pid: int) -> bool:
    """Whether a process is there and no zombie; a number that another program has by now does not count."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and any("dvc" in word for word in process.cmdline())
    except psutil.Error:
        return False
