"""DVC's queue: the lines that fill it, and what it says of each experiment.

Enters: experiments. Leaves: `dvc exp run --queue -n phases-tiny--phase-1 -S training.scheduler=cosine`, exactly as one
would type it, and the state of each name: queued, running, failed or done, with the file of its log.

Only what DVC's commands do not tell machines is asked of its Python API (3.67): the states, and whether a worker lives.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dialsum.errors import InputError
from dialsum.experiments import processes
from dialsum.experiments.sets import Experiment

State = Literal["queued", "running", "failed", "done"]
LOCKED = "Unable to acquire lock"  # what DVC says while a worker collects an experiment
PATIENCE = 60  # seconds
COPIES = Path(".dvc/tmp/exps/standalone")  # where --temp makes its copies, each a folder tmp…


@dataclass(frozen=True)
class Task:
    """An experiment in the queue.

    `commit`: what was stashed for it; `baseline`: where it started from. `log`: what it prints; None before it starts.
    `status`: that with which it ended, negative after a signal; None if it did not, or never began.
    """

    name: str
    state: State
    commit: str
    baseline: str
    log: Path | None
    status: int | None

    @property
    def killed(self) -> bool:
        """Whether it failed since its process was killed. An interrupt looks like a failure of its own."""
        return self.state == "failed" and self.status is not None and self.status < 0


def queue_line(experiment: Experiment) -> list[str]:
    """The command that queues an experiment."""
    return ["dvc", "exp", "run", "--queue", *_named(experiment)]


def temp_line(experiment: Experiment) -> list[str]:
    """The command that runs it at once, in a copy of the repository."""
    return ["dvc", "exp", "run", "--temp", *_named(experiment)]


def start_line(jobs: int) -> list[str]:
    """The command that starts as many workers."""
    return ["dvc", "queue", "start", "-j", str(jobs)]


def _named(experiment: Experiment) -> list[str]:
    return ["-n", experiment.title, *(item for word in experiment.overrides for item in ("-S", word))]


def in_words(line: Sequence[str]) -> str:
    """A command as one types it."""
    return shlex.join(line)


def environment() -> dict[str, str]:
    """With the programs of this Python's environment first: DVC starts `dvc` and the stages by name."""
    return {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])}


def run(line: Sequence[str], lock: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of DVC to its end, out of reach of Ctrl-C; where another holds DVC's lock, again.

    `lock`: a descriptor that it inherits. The caller looks at the exit status; stdout has all that it said.
    """
    began = time.monotonic()
    while True:
        # To a file and not a pipe, which the workers that DVC leaves behind would keep open.
        with _undisturbed(), tempfile.TemporaryFile("w+") as said:
            code = subprocess.run(
                line,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=() if lock is None else (lock,),
            ).returncode
            said.seek(0)
            done = subprocess.CompletedProcess(line, code, said.read())
        if done.returncode == 0 or LOCKED not in done.stdout or time.monotonic() - began > PATIENCE:
            return done
        time.sleep(1)


def run_in_copy(experiment: Experiment, leaving: AbstractContextManager[None]) -> None:
    """Run an experiment at once and wait for its end; DVC's own words go to the screen.

    `leaving`: held until DVC has left the workspace, which is when its copy is there.
    """
    before = set(COPIES.glob("tmp*"))
    with leaving:
        process = subprocess.Popen(temp_line(experiment), env=environment())
        try:
            while process.poll() is None and set(COPIES.glob("tmp*")) <= before:
                time.sleep(0.1)
        except KeyboardInterrupt:
            process.wait()  # it had the interrupt too, and puts the workspace back
            raise
    process.wait()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C waits for the end of the block."""
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


class Queue:
    """DVC's queue of this repository."""

    def __init__(self) -> None:
        """Of the repository around the working directory."""
        from dvc.exceptions import NotDvcRepoError
        from dvc.repo import Repo

        try:
            self._queue: Any = Repo().experiments.celery_queue
        except NotDvcRepoError as error:
            raise InputError("dvc: there is no repository of DVC here; call this in the project's folder") from error

    def tasks(self) -> dict[str, Task]:
        """The newest task of each name."""
        # In this order: what starts or ends meanwhile is met again later, in its newer state.
        found: list[tuple[Any, State]] = [(entry, "queued") for entry in self._queue.iter_queued()]
        found += [(entry, "running") for entry in self._queue.iter_active()]
        for done in self._queue.iter_done():
            found.append((done.entry, "failed" if done.result is None else "done"))
        return {str(entry.name): self._task(entry, state) for entry, state in found}

    def recover(self) -> list[str]:
        """Give up what no worker works on any more, since workers were killed: it is failed. Its names.

        What a worker took when it was about to end, and never began, goes back into the queue.
        """
        given_up = []
        for message, entry in self._unattended():
            if self._queue.proc.get(entry.stash_rev) is None and entry.stash_rev in self._queue.stash.stash_revs:
                self._put_back(message, entry)
                continue
            given_up.append(str(entry.name))
            self._give_up(entry)
        return given_up

    def _give_up(self, entry: Any) -> None:
        self._end(entry)
        with suppress(Exception):  # it has ended by itself after all
            self._queue.kill([entry.stash_rev], force=True)  # nothing is there to kill: it marks it as failed

    def _unattended(self) -> list[tuple[Any, Any]]:
        """Messages and entries that a worker took and did not end, and that none works on.

        By the processes: workers can be asked what they work on, but on a busy machine they answer too late.
        """
        taken = list(self._queue.iter_active())
        workers = self._workers() if taken else set()
        lost = [entry for entry in taken if not self._attended(entry, workers)]
        active = list(self._queue.iter_active()) if lost else []  # a worker may have ended it, and itself, just now
        return [
            (message, entry) for message, entry in self._queue._iter_processed() if entry in lost and entry in active
        ]

    def _attended(self, entry: Any, workers: set[int]) -> bool:
        """Whether its process is a worker's, or, while a worker prepares or collects it, whether there is a worker."""
        info = self._queue.proc.get(entry.stash_rev)
        parent = None if info is None or info.returncode is not None else processes.parent(info.pid)
        return bool(workers) if parent is None else parent in workers

    def _put_back(self, message: Any, entry: Any) -> None:
        from dvc.repo.experiments.queue.tasks import run_exp

        self._queue.celery.purge(message.delivery_tag)
        self._queue.celery.signature(run_exp.s(entry.asdict(), copy_paths=None, message=None)).delay()

    def worker_lives(self) -> bool:
        """Whether any process takes tasks from the queue."""
        return bool(self._workers())

    def _workers(self) -> set[int]:
        return processes.workers(self._queue.wdir)

    def remove(self, names: Iterable[str]) -> None:
        """Take queued or failed tasks out of the queue."""
        if names := list(names):
            with suppress(Exception):  # one has begun, or ended, in this moment
                self._queue.remove(names)

    def stop(self, names: Sequence[str]) -> None:
        """End these experiments: the queued are taken out, the running interrupted as by Ctrl-C, then killed.

        The interrupt ends their workers too; it waits for that, for one that is about to end takes what is queued next.
        """
        deadline = time.monotonic() + PATIENCE
        asked: set[str] = set()
        while True:
            tasks = {name: task for name, task in self.tasks().items() if name in names}
            self.remove(name for name, task in tasks.items() if task.state == "queued")
            running = {name for name, task in tasks.items() if task.state == "running"}
            if not running and not any(task.state == "queued" for task in tasks.values()):
                if (
                    asked
                    and self.worker_lives()
                    and not list(self._queue.iter_active())
                    and time.monotonic() < deadline
                ):
                    time.sleep(0.5)
                    continue
                return
            with suppress(Exception):  # it may just have ended
                # As after `nohup dialsum … &`: what a shell starts so heeds no interrupt.
                if time.monotonic() > deadline:
                    for entry in self._queue.iter_active():
                        if entry.name in running:
                            self._give_up(entry)
                elif running - asked:
                    self._queue.kill(sorted(running - asked))  # fails where a worker still prepares one: then again
                    asked |= running
            time.sleep(0.5)

    def _task(self, entry: Any, state: State) -> Task:
        info = self._queue.proc.get(entry.stash_rev)
        log = Path(info.stdout) if info is not None and info.stdout else None
        status = None if info is None else info.returncode
        return Task(str(entry.name), state, str(entry.stash_rev), str(entry.baseline_rev), log, status)

    def _end(self, entry: Any) -> None:
        """Kill what an experiment has left running, and delete the copy that it ran in."""
        from dvc.repo.experiments.executor.base import ExecutorInfo

        info = self._queue.proc.get(entry.stash_rev)
        if info is not None and info.returncode is None:
            with suppress(ProcessLookupError):
                if processes.lives(info.pid) and os.getpgid(info.pid) != os.getpgrp():
                    os.killpg(os.getpgid(info.pid), signal.SIGKILL)
            info.returncode = -signal.SIGKILL
            self._queue.proc[entry.stash_rev] = info
        with suppress(OSError, ValueError):
            copy = Path(ExecutorInfo.load_json(self._queue.get_infofile_path(entry.stash_rev)).root_dir)
            if copy.is_relative_to(Path(self._queue.repo.tmp_dir)):
                shutil.rmtree(copy, ignore_errors=True)
