from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dialsum.records.microbatches import FullError, MicroBatches


class Work:
    """Doubles numbers, remembers its batches, and can be held up."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, list[int]]] = []
        self.free = threading.Event()
        self.free.set()

    def __call__(self, kind: str, rows: list[int]) -> list[int]:
        self.batches.append((kind, rows))
        self.free.wait(30)
        if 13 in rows:
            raise ValueError("13")
        return [2 * row for row in rows]


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def pool() -> Any:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def held(work: Work, together: MicroBatches[str, int, int], pool: ThreadPoolExecutor) -> Any:
    """The answer to a row that keeps the worker busy until `work.free` is set."""
    work.free.clear()
    first = pool.submit(together.ask, [0], "a", 30)
    until(lambda: len(work.batches) == 1)
    return first


def test_rows_of_several_requests_go_together_in_their_order(work: Work, pool: ThreadPoolExecutor) -> None:
    together: MicroBatches[str, int, int] = MicroBatches(work, 4, 0, 100)
    first = held(work, together, pool)
    answers = []
    for count, rows in ((1, [1]), (3, [2, 3]), (5, [4, 5])):
        answers.append(pool.submit(together.ask, rows, "a", 30))
        until(lambda count=count: len(together.waiting) == count)  # type: ignore[misc]
    work.free.set()
    assert [answer.result() for answer in (first, *answers)] == [[0], [2], [4, 6], [8, 10]]
    assert work.batches == [("a", [0]), ("a", [1, 2, 3, 4]), ("a", [5])]  # a request may be parted


def test_only_one_kind_at_a_time_the_oldest_first(work: Work, pool: ThreadPoolExecutor) -> None:
    together: MicroBatches[str, int, int] = MicroBatches(work, 4, 0, 100)
    first = held(work, together, pool)
    answers = []
    for count, (kind, row) in enumerate([("b", 1), ("a", 2), ("b", 3)], start=1):
        answers.append(pool.submit(together.ask, [row], kind, 30))
        until(lambda count=count: len(together.waiting) == count)  # type: ignore[misc]
    work.free.set()
    assert [answer.result() for answer in (first, *answers)] == [[0], [2], [4], [6]]
    assert work.batches == [("a", [0]), ("b", [1, 3]), ("a", [2])]


def test_an_idle_thread_waits_for_others(work: Work, pool: ThreadPoolExecutor) -> None:
    together: MicroBatches[str, int, int] = MicroBatches(work, 2, 20, 100)
    one, other = pool.submit(together.ask, [1], "a", 30), pool.submit(together.ask, [2], "a", 30)
    assert (one.result(), other.result()) == ([2], [4])  # at once: both are there, so nobody waits 20 seconds
    assert len(work.batches) == 1


def test_the_fault_of_one_request_is_not_that_of_another(work: Work, pool: ThreadPoolExecutor) -> None:
    together: MicroBatches[str, int, int] = MicroBatches(work, 8, 0, 100)
    first = held(work, together, pool)
    sound, broken = pool.submit(together.ask, [1, 2], "a", 30), pool.submit(together.ask, [3, 13], "a", 30)
    until(lambda: len(together.waiting) == 4)
    work.free.set()
    assert (first.result(), sound.result()) == ([0], [2, 4])
    with pytest.raises(ValueError, match="13"):
        broken.result()
    assert together.ask([5], "a", 30) == [10]


def test_what_has_no_room_is_refused_whole(work: Work, pool: ThreadPoolExecutor) -> None:
    together: MicroBatches[str, int, int] = MicroBatches(work, 4, 0, 2)
    first = held(work, together, pool)
    second = pool.submit(together.ask, [1], "a", 30)
    until(lambda: len(together.waiting) == 1)
    with pytest.raises(FullError):
        together.ask([2, 3], "a", 30)
    work.free.set()
    assert (first.result(), second.result()) == ([0], [2])


def test_what_nobody_waits_for_any_more_is_not_done(work: Work, pool: ThreadPoolExecutor) -> None:
    together: MicroBatches[str, int, int] = MicroBatches(work, 4, 0, 100)
    first = held(work, together, pool)
    with pytest.raises(TimeoutError):
        together.ask([1, 2], "a", 0.05)
    work.free.set()
    assert first.result() == [0]
    assert together.ask([3], "a", 30) == [6]
    assert work.batches == [("a", [0]), ("a", [3])]
