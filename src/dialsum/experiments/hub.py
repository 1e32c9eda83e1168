"""The hub's cache: which models of the catalog lie in it that nothing asks for.

Enters: the cache (HF_HUB_CACHE), catalog/, params.yaml, models/base/base.json, DVC's queue, the registry. Leaves:
nothing, a list. Asked for are the model of params.yaml, that of base.json in its revision, those of experiments that
wait or run, and those under versions with an alias. What is not in catalog/ is of no concern: other programs use the
same cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from dialsum.experiments.queue import Queue
from dialsum.experiments.repository import git
from dialsum.modeling.catalog import read_catalog
from dialsum.modeling.disk import hub_cache
from dialsum.modeling.pin import PIN, read_pin
from dialsum.params.model import Model
from dialsum.params.strict import load, parse

if TYPE_CHECKING:
    from huggingface_hub import CachedRepoInfo, CachedRevisionInfo, HFCacheInfo

CATALOG, PARAMS, BASE = Path("catalog"), Path("params.yaml"), Path("models/base")


def scan() -> HFCacheInfo | None:
    """What lies in the hub's cache; None if there is no such folder."""
    from huggingface_hub import CacheNotFound, scan_cache_dir

    try:
        return scan_cache_dir(hub_cache())
    except CacheNotFound:
        return None


def find_unneeded(cache: HFCacheInfo) -> list[tuple[CachedRepoInfo, CachedRevisionInfo]]:
    """The revisions of the catalog's models that nothing asks for, largest first."""
    entries = read_catalog(CATALOG)
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
    from dialsum.records import reach, registry, store

    return registry.named_bases(reach.connect()) if store.is_there() else set()
