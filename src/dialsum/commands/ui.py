"""`dialsum ui`: look at runs, curves and versions in the browser.

Enters: the store. Leaves: MLflow's server in place of this process, on http://127.0.0.1:5000, until it is stopped. It
answers under the names of this machine alone: a foreign page whose name points here (DNS rebinding) gets nothing.
"""

from __future__ import annotations

import os
import sys

import click

from dialsum.errors import InputError


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="No login guards it: 0.0.0.0 opens it to all.")
def main(port: int, host: str) -> None:
    """Show all runs in MLflow's web page."""
    from dialsum.commands.serve import refuse_taken, server_environment
    from dialsum.records import store, views

    address = store.uri()
    if address.startswith(("http://", "https://")):
        raise InputError(f"MLFLOW_TRACKING_URI: {address} is a server; open that address in the browser")
    refuse_taken(host, port)
    client = store.connect()
    found = client.get_experiment_by_name(store.EXPERIMENT)
    if found is not None and found.lifecycle_stage == "active":
        views.offer(client, found.experiment_id)
        click.echo(f"runs side by side: {views.link(f'http://{host}:{port}', found.experiment_id)}")
    # Without a job queue: dialsum starts none, and it would be a dozen idle processes.
    environment = {**allowed_hosts(host, port), **server_environment(), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    options = ["--backend-store-uri", address, "--port", str(port), "--host", host]
    command = [sys.executable, "-m", "mlflow", "ui", *options]
    os.execve(command[0], command, environment)


def allowed_hosts(host: str, port: int) -> dict[str, str]:
    """The variable that tells MLflow under which names it answers; the user's own value, which is elsewhere, wins.

    Where it listens on all addresses (0.0.0.0) nobody knows its names: MLflow then takes those of private networks.
    """
    if host in ("0.0.0.0", "::"):
        return {}
    names = dict.fromkeys(["127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host])
    return {"MLFLOW_SERVER_ALLOWED_HOSTS": ",".join(f"{name}:{port}" for name in names)}
