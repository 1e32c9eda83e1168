from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dialsum.commands import serve, ui
from dialsum.errors import InputError
from dialsum.records import hosts, registry, store


class Started(BaseException):
    """In place of the process that would take over."""


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Catches what would be started, in a repository whose store is not looked at."""
    seen: dict[str, Any] = {}

    def execve(path: str, command: list[str], environment: dict[str, str]) -> None:
        seen.update(path=path, command=command, environment=environment)
        raise Started

    monkeypatch.setattr(os, "execve", execve)
    monkeypatch.setattr(store, "connect", lambda: SimpleNamespace(get_experiment_by_name=lambda _: None))
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    return seen


def test_serve_starts_mlflow_on_this_store(
    started: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "by_alias", lambda *_: "a version")
    monkeypatch.setenv("PATH", "/usr/bin")
    with pytest.raises(Started):
        serve.main([], standalone_mode=False)
    expected = "-m mlflow models serve -m models:/dialsum@champion --env-manager local --port 5001 --host 127.0.0.1"
    assert started["command"] == [sys.executable, *expected.split()]
    environment = started["environment"]
    assert environment["MLFLOW_TRACKING_URI"] == f"sqlite:///{tmp_path}/mlflow.db"
    assert environment["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"
    assert environment["PATH"] == f"{Path(sys.executable).parent}:/usr/bin"  # for uvicorn
    assert environment["UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN"] == "30"
    assert environment["MLFLOW_SERVER_ALLOWED_HOSTS"] == "127.0.0.1"


def test_serve_answers_under_the_name_of_host_and_under_those_of_the_variable(
    started: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "by_alias", lambda *_: "a version")
    monkeypatch.setenv(hosts.ALLOWED, "gpu.example.com,*.example.org")
    with pytest.raises(Started):
        serve.main(["--host", "localhost"], standalone_mode=False)
    assert started["environment"][hosts.ALLOWED] == "localhost,gpu.example.com,*.example.org"
    monkeypatch.setenv(hosts.ALLOWED, "")
    with pytest.raises(Started):
        serve.main(["--host", "localhost"], standalone_mode=False)
    assert started["environment"][hosts.ALLOWED] == "localhost"


@pytest.mark.usefixtures("started")
def test_serve_without_a_champion_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "by_alias", lambda *_: None)
    with pytest.raises(InputError, match="no model is the champion yet; run `make repro`"):
        serve.main([], standalone_mode=False)


def test_ui_is_bound_to_this_machine_and_starts_no_jobs(started: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(Started):
        ui.main(["--port", "5005"], standalone_mode=False)
    address = f"sqlite:///{tmp_path}/mlflow.db"
    expected = ["-m", "mlflow", "ui", "--backend-store-uri", address, "--port", "5005", "--host", "127.0.0.1"]
    assert started["command"] == [sys.executable, *expected]
    assert started["environment"]["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert started["environment"]["MLFLOW_DISABLE_TELEMETRY"] == "true"
    hosts = "127.0.0.1:5005,localhost:5005,[::1]:5005"
    assert started["environment"]["MLFLOW_SERVER_ALLOWED_HOSTS"] == hosts


@pytest.mark.parametrize(
    ("host", "hosts"),
    [
        ("::1", "127.0.0.1:5000,localhost:5000,[::1]:5000"),
        ("192.168.0.7", "127.0.0.1:5000,localhost:5000,[::1]:5000,192.168.0.7:5000"),
        ("0.0.0.0", None),
    ],
)
def test_ui_answers_under_the_names_that_it_listens_on(host: str, hosts: str | None) -> None:
    assert ui.allowed_hosts(host, 5000).get("MLFLOW_SERVER_ALLOWED_HOSTS") == hosts


@pytest.mark.usefixtures("started")
def test_ui_of_a_server_is_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example.com")
    with pytest.raises(InputError, match=r"https://mlflow\.example\.com is a server; open that address"):
        ui.main([], standalone_mode=False)


@pytest.mark.parametrize("command", [serve, ui])
def test_a_port_that_is_taken_is_refused_before_anything_is_loaded(
    started: dict[str, Any], monkeypatch: pytest.MonkeyPatch, command: Any
) -> None:
    monkeypatch.setattr(registry, "by_alias", lambda *_: "a version")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=rf"^127\.0\.0\.1:{port}: .*; choose another port: --port$"):
            command.main(["--port", str(port)], standalone_mode=False)
    assert started == {}


@pytest.mark.parametrize(
    ("host", "code"), [("nosuchhost.invalid", socket.EAI_NONAME), ("192.0.2.1", errno.EADDRNOTAVAIL)]
)
def test_a_host_that_is_not_here_is_named(monkeypatch: pytest.MonkeyPatch, host: str, code: int) -> None:
    class Probe(socket.socket):
        def bind(self, _: Any) -> None:
            raise OSError(code, "it is not here")

    monkeypatch.setattr(serve.socket, "socket", Probe)
    with pytest.raises(InputError, match=rf"^{host}:65535: it is not here; give a name or an address of this machine"):
        serve.refuse_taken(host, 65535)
