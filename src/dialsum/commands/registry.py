"""`dialsum registry`: the versions of the model, which of them is the champion, and where each came from.

Enters: MLflow's store. Leaves: tables; `promote` and `rollback` move the alias `champion`:

    version 3 of dialsum is now the champion, before it version 2; a running server goes on with what it has loaded
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from dialsum.commands.options import console

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

WIDTH = 160  # of the tables where no terminal says how wide it is
VERSION = click.IntRange(min=1)
_SERVER = "a running server goes on with what it has loaded"


@click.group()
def main() -> None:
    """Show the versions of the model, and choose the champion.

    Each `dvc repro` or `dvc exp run` that did any work registers a version. It becomes the champion, which `dialsum
    serve` serves, if it passes the gates and beats the champion on the same dev data beyond chance (section `registry`
    of params.yaml). What follows shows what was decided, or decides otherwise.
    """


@main.command("list")
def show() -> None:
    """Show all versions, the newest first.

    \b
    alias:    champion            is served
              champion-0123abcd   the best on the dev data whose md5 begins so
              challenger          registered last, and not shown to be better
    verdict:  what it was when it was registered; `failed` is a gate, `fold` one of data.fold, scored
              on rows of its own: its registration moves no alias
    foreign, stop: shares of the dev summaries with foreign script, and that the model ended itself
    """
    from dialsum.records import reach, store

    client = reach.connect()
    versions = client.search_model_versions(f"name = '{store.MODEL}'")
    if not versions:
        click.echo(f"{store.uri()}: no version of {store.MODEL} yet; `make repro` registers one")
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("version", justify="right")
    for heading in ("alias", "verdict"):
        table.add_column(heading)
    for heading in ("rouge_mean", "foreign", "stop"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("dev data", "run"):
        table.add_column(heading, no_wrap=True)
    aliases = client.get_registered_model(store.MODEL).aliases
    for version in sorted(versions, key=lambda one: -int(one.version)):
        table.add_row(*_row(client, version, aliases))
    console(WIDTH).print(table)


@main.command()
@click.argument("version", type=VERSION)
def promote(version: int) -> None:
    """Make VERSION the champion by hand.

    The version is tagged with the champion before it (former_champion), so that `rollback` finds back, and new
    versions must beat it. One that failed a gate cannot be promoted.
    """
    from dialsum.records import champions, reach, store

    former = champions.promote(reach.connect(), str(version))
    before = f"before it version {former.version}" if former else "before it there was none"
    click.echo(f"version {version} of {store.MODEL} is now the champion, {before}; {_SERVER}")


@main.command()
def rollback() -> None:
    """Give the champion's place back to the one before.

    Again: to the one before that. It stays on the same dev data: for a version of other data name it with `promote`.
    """
    from dialsum.records import champions, reach, store

    left, now = champions.rollback(reach.connect())
    click.echo(f"version {now.version} of {store.MODEL} is the champion again, in place of {left.version}; {_SERVER}")


@main.command()
@click.argument("version", type=VERSION)
def trace(version: int) -> None:
    """Show what made VERSION, and how to bring that back.

    Its scores and verdict, its run, the commit, the params that were not as committed, md5 of data and models, and
    the commands that restore all of it. Where DVC's cache has lost a file, `dvc pull` fetches it from the remote.
    """
    from rich.table import Table

    from dialsum.records import reach
    from dialsum.records.trace import trace as trace_version

    found = trace_version(reach.connect(), str(version))
    screen = console(WIDTH)
    for heading, facts in found.facts.items():
        table = Table.grid(padding=(0, 2))
        for name, value in facts.items():
            table.add_row(f"  {name}", value)
        screen.print(heading)
        screen.print(table)
    # The copies of params.yaml and dvc.lock ask nobody.
    click.echo("to restore it (commit or stash your edits first: it overwrites files such as params.yaml)")
    for command in found.restore:
        click.echo(f"  {command}")  # never folded: it is to be copied


def _row(client: MlflowClient, version: ModelVersion, aliases: Mapping[str, str]) -> list[str]:
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(str(version.run_id)).info
        name = run.run_name if run.status == "FINISHED" else f"{run.run_name} ({run.status})"
    except MlflowException:
        name = "deleted"
    number, tags = str(version.version), version.tags
    own = "\n".join(sorted(alias for alias, pointed in aliases.items() if str(pointed) == number))
    scores = [tags.get(f"score.{metric}", "") for metric in ("rouge_mean", "foreign_rate", "stop_rate")]
    return [number, own, tags.get("verdict", ""), *scores, tags.get("dev_md5", "")[:8], name]
