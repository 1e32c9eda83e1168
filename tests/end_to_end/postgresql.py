"""A PostgreSQL for one test, on a free port of this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL of its own, which is gone afterwards.

    It names the driver: SQLAlchemy takes another one by itself, by its version.
    """
    found = shutil.which("initdb") or next(
        map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))[::-1]), None
    )
    if found is None:
        pytest.skip("PostgreSQL is not installed: apt install postgresql")
    programs = Path(found).resolve().parent
    owner: dict[str, Any] = {"user": "postgres"} if os.geteuid() == 0 else {}  # it refuses to be run by root
    place = Path(tempfile.mkdtemp(prefix="postgresql"))
    data, port = place / "data", free_port()
    if owner:
        shutil.chown(place, **owner)
    try:
        initialize = [
            programs / "initdb",
            "--pgdata",
            data,
            "--auth",
            "trust",
            "--username",
            "mlflow",
            "--encoding",
            "UTF8",
        ]
        subprocess.run(initialize, cwd=place, check=True, capture_output=True, timeout=300, **owner)
        options = ["-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", place]
        with subprocess.Popen(
            [programs / "postgres", *options], cwd=place, stderr=subprocess.DEVNULL, **owner
        ) as process:
            try:
                until = time.monotonic() + 120
                ready = [programs / "pg_isready", "--host", "127.0.0.1", "--port", str(port)]
                while subprocess.run(ready, capture_output=True, check=False).returncode:
                    assert process.poll() is None, "PostgreSQL has ended"
                    assert time.monotonic() < until
                    time.sleep(0.2)
                yield f"postgresql+psycopg2://mlflow@127.0.0.1:{port}/postgres"
            finally:
                process.terminate()
    finally:
        shutil.rmtree(place)
