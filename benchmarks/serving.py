"""How fast the server answers many at once: the default server beside one that summarizes each dialogue by itself.

Enters: a registered model (the champion, or a folder in MLflow's format), served by `mlflow models serve` on a free
port of 127.0.0.1, and synthetic dialogues. Leaves: a table, one line a server. Each client sends one dialogue, waits
for the answer, compares it with what the pipeline's own decoding says, and sends the next.

    python benchmarks/serving.py                             # 16 clients, 60 s a server
    python benchmarks/serving.py --memory 10000              # memory of the server over so many requests
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import click
import psutil

HEADERS = {"Content-Type": "application/json"}
STARTED = 180  # seconds within which a server must be ready
LOOKS = 10  # times that the memory is looked at


@dataclass
class Tally:
    """What the clients saw: seconds of each answer, answers that were wrong, requests that got none of status 200."""

    seconds: list[float] = field(default_factory=list)
    wrong: int = 0
    failed: int = 0

    def faults(self) -> int:
        """How many requests were not answered as they should."""
        return self.wrong + self.failed


@click.command()
@click.option(
    "--model", type=click.Path(exists=True, path_type=Path), help="A model in MLflow's format.  [the champion]"
)
@click.option("--clients", default=16)
@click.option("--seconds", default=60.0)
@click.option("--dialogues", default=64, help="Different dialogues")
@click.option("--memory", default=0, help="Measure the memory over so many requests instead")
def main(model: Path | None, clients: int, seconds: float, dialogues: int, memory: int) -> None:
    """Measure requests a second and how long they take."""
    folder = model or champion()
    cases = expected(folder, dialogues)
    with tempfile.TemporaryDirectory() as scratch:
        if memory:
            measure_memory(folder, cases, clients, memory)
            return
        servers = {"batching": folder, "one by one": without_batching(folder, Path(scratch) / "model")}
        click.echo(
            f"{'':<12}{'requests/s':>12}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'answers':>9}{'wrong':>7}{'failed':>8}"
        )
        pace, faults = {}, 0
        for name, place in servers.items():
            with served(place) as (port, _):
                load(port, cases, clients, time.monotonic() + 3)  # the first requests of all are slower
                start = time.monotonic()
                tally = load(port, cases, clients, start + seconds)
                pace[name] = len(tally.seconds) / (time.monotonic() - start)
                faults += tally.faults()
            if len(tally.seconds) < 2:
                raise SystemExit(
                    f"{name}: {len(tally.seconds)} answers, {tally.failed} failed; there is nothing to measure"
                )
            cuts = [1000 * cut for cut in statistics.quantiles(tally.seconds, n=100)]
            times = "".join(f"{cuts[percent - 1]:>9.0f}" for percent in (50, 95, 99))
            numbers = f"{len(tally.seconds):>9}{tally.wrong:>7}{tally.failed:>8}"
            click.echo(f"{name:<12}{pace[name]:>12.1f}{times}{numbers}")
    click.echo(f"batching answers {pace['batching'] / pace['one by one']:.1f} times as many")
    refuse(faults)


def champion() -> Path:
    """The folder of the champion."""
    from mlflow.artifacts import download_artifacts

    from dialsum.records import registry, store

    store.connect()
    return Path(download_artifacts(f"models:/{store.MODEL}@{registry.CHAMPION}"))


def expected(folder: Path, size: int) -> list[tuple[bytes, str]]:
    """Bodies of requests, and the summary that the pipeline's own decoding gives to each, one dialogue at a time."""
    import pandas as pd
    from mlflow.pyfunc import load_model

    from dialsum.corpus.synthetic import generate

    texts = [row.dialogue for row in generate("dev", size, 7)]
    model: Any = load_model(str(folder))
    cases = []
    for text in texts:
        summary = model.predict(pd.DataFrame({"dialogue": [text]}))["summary"][0]
        cases.append((json.dumps({"dataframe_records": [{"dialogue": text}]}).encode(), summary))
    return cases


def without_batching(folder: Path, copy: Path) -> Path:
    """A copy of a model whose server summarizes each dialogue by itself."""
    shutil.copytree(folder, copy)
    settings = copy / "artifacts" / "settings.json"
    values = json.loads(settings.read_text(encoding="utf-8"))
    values["serving"] |= {"batch_rows": 1, "batch_wait_ms": 0}
    settings.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    return copy


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, int]]:
    """Port and process id of a server of the model, which ends with the block."""
    from dialsum.commands.serve import server_environment

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["-m", str(folder), "--env-manager", "local", "--port", str(port), "--host", "127.0.0.1"]
    command = [sys.executable, "-m", "mlflow", "models", "serve", *options]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(command, env=server_environment(), stdout=log, stderr=log, start_new_session=True)
        try:
            wait_until_ready(server, port)
            yield port, server.pid
        except RuntimeError as error:
            log.seek(0)
            raise RuntimeError(f"{error}:\n{log.read().decode()}") from error
        finally:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    """Return when /ping answers. Raises RuntimeError if the server ends or takes too long."""
    until = time.monotonic() + STARTED
    while time.monotonic() < until and server.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/ping")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the server has not started")


def refuse(faults: int) -> None:
    """End with status 1 if a request was not answered as it should: then the other numbers say little."""
    if faults:
        raise SystemExit(f"{faults} answers were wrong or failed")


def load(port: int, cases: list[tuple[bytes, str]], clients: int, until: float, most: int | None = None) -> Tally:
    """What `clients` saw until that moment, or until there were `most` answers."""
    tally, lock, numbers = Tally(), threading.Lock(), count()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while time.monotonic() < until:
            with lock:
                number = next(numbers)
            if most is not None and number >= most:
                break
            body, summary = cases[number % len(cases)]
            start = time.perf_counter()
            try:
                connection.request("POST", "/invocations", body, HEADERS)
                response = connection.getresponse()
                content: Any = json.loads(response.read())
            except (OSError, http.client.HTTPException, ValueError):  # broken off, or no JSON
                connection.close()  # the next request opens it again
                with lock:
                    tally.failed += 1
                continue
            spent = time.perf_counter() - start
            with lock:
                tally.seconds.append(spent)
                tally.failed += response.status != 200
                tally.wrong += response.status == 200 and content != {"predictions": [{"summary": summary}]}
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


def measure_memory(folder: Path, cases: list[tuple[bytes, str]], clients: int, requests: int) -> None:
    """The server's memory after each tenth of the requests."""
    answered = faults = 0
    with served(folder) as (port, pid):
        click.echo(f"{'answers':>9}{'MiB':>8}{'threads':>9}{'wrong':>7}{'failed':>8}")
        for step in range(LOOKS + 1):
            share = requests // LOOKS if step else 0
            tally = load(port, cases, clients, float("inf"), share)
            answered += len(tally.seconds)
            faults += tally.faults()
            (process,) = [
                one for one in psutil.Process(pid).children(recursive=True) if "uvicorn" in " ".join(one.cmdline())
            ]
            memory = process.memory_info().rss / 2**20
            click.echo(f"{answered:>9}{memory:>8.0f}{process.num_threads():>9}{tally.wrong:>7}{tally.failed:>8}")
    refuse(faults)


if __name__ == "__main__":
    main()
