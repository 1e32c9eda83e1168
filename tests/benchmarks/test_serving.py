"""What the clients of benchmarks/serving.py count."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import pytest
from serving import load, refuse

CASES = [(b"{}", "네.")]


class Handler(BaseHTTPRequestHandler):
    """Of ten requests it breaks one off, answers one with no JSON, one with 500, one wrongly and six as it should."""

    protocol_version = "HTTP/1.1"
    numbers: count[int]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        number = next(self.numbers) % 10
        if number == 0:
            self.close_connection = True
            return
        answer = json.dumps({"predictions": [{"summary": "아니요." if number == 3 else "네."}]}).encode()
        body = b"<html>" if number == 1 else answer
        self.send_response(500 if number == 2 else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    Handler.numbers = count()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("clients", [1, 4])
def test_every_request_is_counted(port: int, clients: int) -> None:
    tally = load(port, CASES, clients, float("inf"), 100)
    # An answer of status 500 is one too; what was broken off, or is no JSON, is none.
    assert (len(tally.seconds), tally.wrong, tally.failed) == (80, 10, 30)
    assert tally.faults() == 40


def test_a_server_that_is_gone_fails_every_request() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        port = server.server_port
    tally = load(port, CASES, 2, float("inf"), 10)
    assert (len(tally.seconds), tally.failed) == (0, 10)


def test_faults_end_it_with_status_1() -> None:
    refuse(0)
    with pytest.raises(SystemExit, match=r"^3 answers were wrong or failed$") as ended:
        refuse(3)
    assert ended.value.code != 0
