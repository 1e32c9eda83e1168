from __future__ import annotations

import asyncio
import threading

import pytest

from dialsum.records import threads


def test_requests_get_as_many_threads_as_were_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(threads.SERVED, "a model")
    monkeypatch.setattr(threads, "PAUSE", 0.01)

    async def at_once(number: int) -> bool:
        """Whether so many requests run at the same time."""
        meet = threading.Barrier(number)

        def request() -> bool:
            try:
                meet.wait(2)
            except threading.BrokenBarrierError:
                return False
            return True

        return all(await asyncio.gather(*(asyncio.to_thread(request) for _ in range(number))))

    async def server() -> tuple[bool, bool]:
        loop = asyncio.get_running_loop()
        assert loop in threads.running_loops()
        before = loop._default_executor  # type: ignore[attr-defined]
        threads.widen(50)
        while loop._default_executor is before:  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)
        return await at_once(50), await at_once(51)

    assert asyncio.run(server()) == (True, False)


def test_outside_of_a_server_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(threads.SERVED, raising=False)
    before = threading.active_count()
    threads.widen(50)
    assert threading.active_count() == before
