"""`dialsum cache`: the hub models and the unfinished work on this disk.

Enters: the hub's cache (HF_HUB_CACHE), catalog/, params.yaml, models/base/base.json, `.dialsum/`. Leaves: after a
question, the cache without the models of the catalog that neither the last run, the next one, DVC's queue nor a served
version needs; `.dialsum/` without what killed and failed stages have left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from ruamel.yaml import YAML

from dialsum.modeling.catalog import Entry, read_catalog
from dialsum.modeling.disk import GB, hub_cache
from dialsum.modeling.pin import PIN, read_pin
from dialsum.params.model import Model
from dialsum.params.strict import load, parse

if TYPE_CHECKING:
    from huggingface_hub import CachedRepoInfo, CachedRevisionInfo, HFCacheInfo

CATALOG, PARAMS, BASE = Path("catalog"), Path("params.yaml"), Path("models/base")


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
    cache = scan()
    entries = read_catalog(CATALOG)
    unneeded = find_unneeded(cache, entries) if cache else []
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


def scan() -> HFCacheInfo | None:
    """What lies in the hub's cache; None if there is no such folder."""
    from huggingface_hub import CacheNotFound, scan_cache_dir

    try:
        return scan_cache_dir(hub_cache())
    except CacheNotFound:
        return None


def find_unneeded(cache: HFCacheInfo, entries: Mapping[str, Entry]) -> list[tuple[CachedRepoInfo, CachedRevisionInfo]]:
    """The revisions of the catalog's models that nothing asks for (see `prune`), largest first."""
    ours = {entry.hub for entry in entries.values()}
    coming = [load(PARAMS, "model", Model), *_queued()]
    chosen = {entries[model.name].hub for model in coming if model.path is None and model.name in entries}
    pinned = {*_pinned(), *_served()}
    found = [
        (repository, revision)
        for repository in cache.repos
        if repository.repo_type == "model" and repository.repo_id in ours - chosen
        for revision in repository.revisions
        if (repository.repo_id, revision.commit_hash) not in pinned
    ]
    return sorted(found, key=lambda item: (-item[1].size_on_disk, item[1].commit_hash))


def _queued() -> Iterator[Model]:
    """The choices of the experiments in DVC's queue that have not ended."""
    if not Path(".dvc").is_dir():
        return
    from dialsum.experiments.finished import git
    from dialsum.experiments.queue import Queue

    for task in Queue().tasks().values():
        if task.state in ("queued", "running"):
            text = git("show", f"{task.commit}:{PARAMS}")  # with its overrides
            if text is not None:
                yield parse(Model, YAML(typ="safe").load(text)["model"], f"{task.name}: model")


def _pinned() -> set[tuple[str | None, str | None]]:
    """Repository and revision that the last run stands on, if there was one."""
    if not (BASE / PIN).is_file():
        return set()
    pin = read_pin(BASE)
    return {(pin.location, pin.revision)}


def _served() -> set[tuple[str, str]]:
    """Repositories and revisions that versions with an alias stand on."""
    from dialsum.records import registry, store

    return registry.named_bases(store.connect()) if store.is_there() else set()
