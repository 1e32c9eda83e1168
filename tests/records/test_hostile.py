"""What a server meets that is open to others: requests that are broken or meant to break it, and kill -9."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from dialsum.commands.serve import refuse_taken
from dialsum.errors import InputError

if TYPE_CHECKING:
    from tests.records.conftest import Server

SECRET = "비밀번호는 7391입니다"
SHORT = {"max_new_tokens": 1}
BUSY = 10  # times as long as the first start another may take, where others use the processors and the load goes on
# What MLflow's server fails at by itself, before our code is reached: nesting deeper than Python's recursion, numbers
# of more digits than Python reads, no content type.
MLFLOWS_OWN = {"deep", "digits", "untyped"}


def records(rows: Any, params: Any = SHORT) -> bytes:
    return json.dumps({"dataframe_records": rows, "params": params}).encode()


def fuzzed(chance: random.Random) -> bytes:
    """A sound request with some bytes changed, lost or doubled."""
    body = bytearray(records([{"dialogue": f"#Person1#: {SECRET}"}]))
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(body))
        match chance.randrange(3):
            case 0:
                body[place] = chance.randrange(256)
            case 1:
                del body[place : place + chance.randint(1, 20)]
            case _:
                body[place:place] = body[place : place + chance.randint(1, 20)]
    return bytes(body)


def value(chance: random.Random, depth: int = 0) -> Any:
    """Any JSON."""
    kinds: list[Any] = [None, True, 0, -1, 10**30, 1.5, float("nan"), "", "\x00", "\ud800", "#Person1#: 네", SECRET]
    kind = chance.randrange(len(kinds) + (3 if depth < 4 else 0))
    if kind < len(kinds):
        return kinds[kind]
    inside = [value(chance, depth + 1) for _ in range(chance.randint(0, 3))]
    return inside if kind % 2 else {chance.choice(["dialogue", "topic", "a"]): one for one in inside}


def hostile(chance: random.Random) -> tuple[str, bytes, str | None]:
    """The kind of a request, its body and content type."""
    kind = chance.choice(["fuzzed", "typed", "params", "long", "rows", "nul", "deep", "digits", "form", "untyped"])
    content_type: str | None = "application/json"
    match kind:
        case "fuzzed":
            body = fuzzed(chance)
        case "typed":
            key = chance.choice(["dataframe_records", "dataframe_split", "inputs", "instances"])
            body = json.dumps({key: value(chance), "params": SHORT}).encode()
        case "params":
            params = chance.choice([value(chance), {"num_beams": value(chance), **SHORT}])
            body = records([{"dialogue": "#Person1#: 네"}], params)
        case "long":
            body = records([{"dialogue": SECRET * 80_000}])  # 1 MB and more
        case "rows":
            body = records([{"dialogue": SECRET}] * 10_000)
        case "nul":
            body = records([{"dialogue": chance.choice(["\x00" * 100, "\x00네\x00", "\u200b\ufeff"])}])
        case "deep":
            body = b'{"dataframe_records":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
        case "digits":
            body = b'{"dataframe_records":[{"dialogue":' + b"9" * 5_000 + b"}]}"
        case "form":
            content_type = chance.choice(["text/csv", "text/plain", "application/vnd.apache.parquet", "a/b; charset=x"])
            body = b"a,b\n1\n" + SECRET.encode()
        case _:
            body, content_type = records([{"dialogue": SECRET}]), None
    return kind, body, content_type


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_thousand_hostile_requests(server: Server, summaries: dict[str, str]) -> None:
    chance = random.Random(6)
    requests = [hostile(chance) for _ in range(1000)]
    dialogues = list(summaries)
    wrong, failed = [], Counter[str]()
    idle = slow_clients(server)

    def one(number: int) -> None:
        kind, body, content_type = requests[number]
        status, answer = server.post(body, content_type)
        if status >= 500:
            failed[kind] += 1
        if b"the model failed" in answer or (b'"row ' in answer and b"7391" in answer):
            wrong.append((kind, body[:200], answer[:200]))
        if number % 10 == 0:
            dialogue = dialogues[number // 10 % len(dialogues)]
            if server.ask({"dialogue": dialogue}) != (200, {"predictions": [{"summary": summaries[dialogue]}]}):
                wrong.append(("valid", dialogue.encode(), b""))
        if number % 50 == 0:
            half_closed(server)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(len(requests))))
    for connection in idle:
        connection.close()
    assert wrong == []
    assert set(failed) <= MLFLOWS_OWN
    assert server.process.poll() is None
    assert server.get("/ping") == 200


def slow_clients(server: Server) -> list[socket.socket]:
    """Connections that have sent a part of a request and say no more."""
    connections = []
    for number in range(40):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        lines = ("Host: localhost", "Content-Type: application/json", "Content-Length: 1000")
        head = "\r\n".join(["POST /invocations HTTP/1.1", *lines, "", "{"]).encode()
        connection.sendall(head[: 10 + number * 3])
        connections.append(connection)
    return connections


def half_closed(server: Server) -> None:
    """A whole request, whose sender neither sends more nor waits for the answer; and one that breaks off."""
    body = records([{"dialogue": "#Person1#: 네"}])
    lines = ("Host: localhost", "Content-Type: application/json", f"Content-Length: {len(body)}")
    head = "\r\n".join(["POST /invocations HTTP/1.1", *lines, "", ""])
    for part in (body, body[:-5]):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(head.encode() + part)
            connection.shutdown(socket.SHUT_WR)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("whole", [True, False], ids=["all its processes", "the first alone"])
def test_a_server_killed_under_load_serves_again(server: Server, summaries: dict[str, str], whole: bool) -> None:
    (dialogue, said), *_ = summaries.items()
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            with suppress(OSError, ValueError):  # as long as it is down
                server.ask({"dialogue": dialogue})

    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(load)
        try:
            time.sleep(2)
            if whole:
                server.kill()
            else:
                os.kill(server.process.pid, signal.SIGKILL)
                server.process.wait()
            wait_until_free(server.port)
            server.start(within=BUSY * server.usual)
            assert server.ask({"dialogue": dialogue}) == (200, {"predictions": [{"summary": said}]})
        finally:
            stop.set()


def wait_until_free(port: int) -> None:
    """What is left of a killed server ends by itself, when it has answered those who wait."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            refuse_taken("127.0.0.1", port)
        except InputError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("the port is still taken")
