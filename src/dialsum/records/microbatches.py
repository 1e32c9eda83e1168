"""Requests of several threads, answered together.

Enters: rows of requests, as threads bring them. Leaves: the answer to each row, in the thread that brought it. One
thread of its own takes the rows that wait, in the order of their coming, some at a time:

    thread 1: [a]      ─┐
    thread 2: [b, c]    ├─► work([a, b, c]) ─► A | B, C
    thread 3: [d] later ┘   work([d])       ─► D

While it works others come, so under load it hardly ever waits for them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import groupby
from typing import Generic, TypeVar

Kind = TypeVar("Kind", bound=Hashable)
Row = TypeVar("Row")
Reply = TypeVar("Reply")


class FullError(Exception):
    """There is no room for so many rows now."""


@dataclass(frozen=True)
class Waiting(Generic[Kind, Row, Reply]):
    """A row that waits. Only rows of one `kind` can be answered together. `request`: which one it came with."""

    row: Row
    kind: Kind
    request: object
    reply: Future[Reply] = field(default_factory=Future)


class MicroBatches(Generic[Kind, Row, Reply]):
    """Calls `work(kind, rows)`, which gives a reply for each row, in one thread, with up to `size` rows at a time.

    An idle thread waits for further rows until `size` are there or none has come for `patience` seconds. At most
    `room` rows may wait.
    """

    def __init__(
        self, work: Callable[[Kind, list[Row]], Sequence[Reply]], size: int, patience: float, room: int
    ) -> None:
        """Start the thread, which ends with the process."""
        self.work, self.size, self.patience, self.room = work, size, patience, room
        self.waiting: deque[Waiting[Kind, Row, Reply]] = deque()
        self.changed = threading.Condition()
        threading.Thread(target=self._run, name="microbatches", daemon=True).start()

    def ask(self, rows: Sequence[Row], kind: Kind, seconds: float | None) -> list[Reply]:
        """The replies to one request's rows.

        Raises FullError at once if there is no room for them, TimeoutError after so many `seconds` (None: never), and
        what `work` raises for these rows.
        """
        request = object()
        mine: list[Waiting[Kind, Row, Reply]] = [Waiting(row, kind, request) for row in rows]
        with self.changed:
            if len(self.waiting) + len(mine) > self.room:
                raise FullError
            self.waiting.extend(mine)
            self.changed.notify()
        until = None if seconds is None else time.monotonic() + seconds
        try:
            return [one.reply.result(until and max(0.0, until - time.monotonic())) for one in mine]
        finally:
            for one in mine:  # after a failure nobody waits for the others
                one.reply.cancel()

    def _run(self) -> None:
        while True:
            if batch := self._next():
                self._answer(batch)

    def _next(self) -> list[Waiting[Kind, Row, Reply]]:
        """The rows that are answered next: the oldest, and others of its kind."""
        with self.changed:
            self.changed.wait_for(lambda: self.waiting)
            before = 0
            while before < len(self.waiting) < self.size:
                before = len(self.waiting)
                self.changed.wait(self.patience)
            kind = self.waiting[0].kind
            batch: list[Waiting[Kind, Row, Reply]] = []
            rest: deque[Waiting[Kind, Row, Reply]] = deque()
            for one in self.waiting:
                if one.reply.cancelled():
                    continue
                chosen = one.kind == kind and len(batch) < self.size
                (batch if chosen else rest).append(one)
            self.waiting = rest
            return [one for one in batch if one.reply.set_running_or_notify_cancel()]

    def _answer(self, batch: list[Waiting[Kind, Row, Reply]]) -> None:
        try:
            replies = list(zip(batch, self.work(batch[0].kind, [one.row for one in batch]), strict=True))
        except Exception as error:
            requests = [list(rows) for _, rows in groupby(batch, key=lambda one: id(one.request))]
            if len(requests) == 1:
                for one in batch:
                    one.reply.set_exception(error)
            else:  # the fault of one request must not be that of others
                for rows in requests:
                    self._answer(rows)
            return
        for one, reply in replies:
            one.reply.set_result(reply)
