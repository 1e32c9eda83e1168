"""`dialsum cache`: the hub models and the unfinished work on this disk.

Enters: the hub's cache (HF_HUB_CACHE), catalog/, params.yaml, models/base/base.json, `.dialsum/`. Leaves: after a
question, the cache without the models of the catalog that neither the last run, the next one, DVC's queue nor a served
version needs; `.dialsum/` without what killed and failed stages have left.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from dialsum.modeling.disk import GB, hub_cache


@click.group()
def main() -> None:
    """Free the disk of hub models and of unfinished work."""


@main.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def prune(yes: bool) -> None:
    """Delete hub models but those of params.yaml, base.json, DVC's queue and aliases.

    Of the models in catalog/ that lie in the hub's cache, these are kept: the one that models/base/base.json pins, in
    that revision, those under versions that `dialsum registry list` shows with an alias, as the champion, the one that
    model.name of params.yaml chooses, and those of experiments that wait or run in DVC's queue. The
    others are listed with their sizes and, if you say yes, deleted. What is not in catalog/ is never touched, for other
    programs use the same cache. A deleted model is downloaded again when an experiment, or a served model that was
    tuned from it, asks for it.
    """
    from dialsum.experiments import hub

    cache = hub.scan()
    unneeded = hub.find_unneeded(cache) if cache else []
    if cache is None or not unneeded:
        click.echo(f"{hub_cache()}: holds no model of the catalog that can go")
        return
    for repository, revision in unneeded:
        click.echo(f"{revision.size_on_disk / GB:8.2f} GB  {repository.repo_id} at {revision.commit_hash[:8]}")
    strategy = cache.delete_revisions(*(revision.commit_hash for _, revision in unneeded))
    freed = f"{strategy.expected_freed_size / GB:.2f} GB"
    if not (yes or _agreed(hub_cache(), freed)):
        return
    strategy.execute()
    click.echo(f"{freed} are free again")


@main.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def unfinished(yes: bool) -> None:
    """Delete what killed and failed trainings and generations have left in .dialsum/.

    Checkpoints and half-done predictions stay there for the same values, data and code, so that `dvc repro` goes on
    where it was; what you will not go on with only takes room. What a process is at now is kept.
    """
    from dialsum.workspace import abandoned, discard, root

    found = [(folder, size(folder)) for folder in abandoned()]
    if not found:
        click.echo(f"{root()}: holds no unfinished work that nobody is at")
        return
    for folder, taken in found:
        last = datetime.fromtimestamp(folder.stat().st_mtime)
        click.echo(f"{taken / GB:8.2f} GB  {folder.parent.name} of {last:%Y-%m-%d %H:%M} ({folder.name})")
    freed = f"{sum(taken for _, taken in found) / GB:.2f} GB"
    if not (yes or _agreed(root(), freed)):
        return
    for folder, _ in found:
        discard(folder)
    click.echo(f"{freed} are free again")


def _agreed(folder: Path, freed: str) -> bool:
    """Ask, and on a no say that nothing has happened."""
    if click.confirm(f"Delete them from {folder}, and free {freed}?"):
        return True
    click.echo("nothing is deleted")
    return False


def size(folder: Path) -> int:
    """Bytes of all files below."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
