"""`dialsum serve`: answer requests with the champion.

Enters: the store's registered model `dialsum`. Leaves: MLflow's server in place of this process, until it is stopped:

    curl http://127.0.0.1:5001/invocations -H 'Content-Type: application/json' \\
         -d '{"dataframe_records": [{"dialogue": "#Person1#: 안녕하세요.\\n#Person2#: 네, 반가워요."}]}'

It answers under its addresses, `localhost`, the name in --host and those in MLFLOW_SERVER_ALLOWED_HOSTS
(`records.hosts`).
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path

import click

from dialsum.errors import InputError


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=5001, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="No login guards it: 0.0.0.0 opens it to all.")
def main(port: int, host: str) -> None:
    """Serve the champion over HTTP."""
    from dialsum.records import hosts, reach, registry, store, versions

    if registry.by_alias(reach.connect(), registry.CHAMPION) is None:
        raise InputError(f"{store.uri()}: {versions.NO_CHAMPION}")
    refuse_taken(host, port)
    model = f"models:/{store.MODEL}@{registry.CHAMPION}"
    options = ["-m", model, "--env-manager", "local", "--port", str(port), "--host", host]
    command = [sys.executable, "-m", "mlflow", "models", "serve", *options]
    # Told to stop, it waits so long for requests that slow clients have begun; by itself it would wait for ever.
    environment = {"UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN": "30", **server_environment()}
    environment[hosts.ALLOWED] = ",".join(filter(None, [host, environment.get(hosts.ALLOWED)]))
    os.execve(command[0], command, environment)


def refuse_taken(host: str, port: int) -> None:
    """Raise InputError if the port cannot be listened on, before a model is loaded for nothing."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            of_port = error.errno in (errno.EADDRINUSE, errno.EACCES)  # the second: a port of the system's
            remedy = "choose another port: --port" if of_port else "give a name or an address of this machine: --host"
            raise InputError(f"{host}:{port}: {error.strerror}; {remedy}") from error


def server_environment() -> dict[str, str]:
    """This environment with the store's address, and this Python's programs first: MLflow starts `uvicorn` by name."""
    from dialsum.records import store

    return {
        **os.environ,
        **store.ENVIRONMENT,
        "MLFLOW_TRACKING_URI": store.uri(),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "TOKENIZERS_PARALLELISM": "false",
    }
