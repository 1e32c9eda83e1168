from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI

from dialsum.records import hosts, threads


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1:5001", True),
        ("localhost", True),
        ("LOCALHOST:8080", True),
        ("[::1]:5001", True),
        ("10.0.0.7", True),
        ("gpu:5001", True),
        ("GPU", True),
        ("a.lab.example.com:5001", True),
        ("evil.example.com", False),
        ("evil.example.com:5001", False),
        ("localhost.evil.example.com", False),
        ("127.0.0.1.evil.example.com", False),
        ("localhost@evil.example.com", False),
        ("[::1", False),
        ("", False),
    ],
)
def test_the_names_of_this_server(host: str, own: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hosts.ALLOWED, "gpu, *.lab.example.com")
    assert hosts.is_own(host) is own


def test_without_a_list_there_are_addresses_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(hosts.ALLOWED, raising=False)
    assert hosts.is_own("127.0.0.1:5001")
    assert not hosts.is_own("gpu:5001")


def get(app: Any, host: str) -> list[Any]:
    """Status and body of the answer to GET /."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"host", host.encode())]}
    asyncio.run(app(scope, receive, send))
    return [sent[0]["status"], b"".join(message.get("body", b"") for message in sent)]


def test_an_app_made_after_the_model_is_loaded_is_guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FastAPI, "build_middleware_stack", FastAPI.build_middleware_stack)  # to be put back
    monkeypatch.delenv(hosts.ALLOWED, raising=False)

    def answer() -> str:
        return "a summary"

    def make() -> FastAPI:
        app = FastAPI()
        app.get("/")(answer)
        return app

    monkeypatch.delenv(threads.SERVED, raising=False)
    hosts.guard()  # no server
    assert get(make(), "evil.example.com") == [200, b'"a summary"']
    monkeypatch.setenv(threads.SERVED, "a model")
    hosts.guard()
    assert get(make(), "localhost:5001") == [200, b'"a summary"']
    refusal = b'{"error_code": "PERMISSION_DENIED", "message": "the name in Host is not one of this server\'s"}'
    assert get(make(), "evil.example.com") == [403, refusal]
