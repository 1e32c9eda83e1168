"""Whether the hub's cache has room for a model, before it is downloaded.

Enters: what the hub says of a model's files. Leaves: nothing, or an InputError with the figures and the remedy, as
`catalog/solar-10.7b.yaml: hub: 21.5 GB are still to download, but ~/.cache/huggingface/hub has 12.3 GB free; …`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dialsum.errors import InputError

GB = 10**9  # of disks and downloads


def hub_cache() -> Path:
    """The folder of the hub's cache: HF_HUB_CACHE, or its place in HF_HOME. It need not exist yet."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def free_disk(folder: Path) -> int:
    """Bytes free on the file system on which `folder` is, or will be."""
    existing = next(place for place in (folder, *folder.resolve().parents) if place.exists())
    return shutil.disk_usage(existing).free


def still_to_download(repository: str, revision: str, files: Iterable[Any]) -> int:
    """Bytes of `files` (`siblings` of the hub's model_info) that the cache does not hold."""
    from huggingface_hub import try_to_load_from_cache

    missing = [
        file
        for file in files
        if not isinstance(try_to_load_from_cache(repository, file.rfilename, hub_cache(), revision), str)
    ]
    return sum(file.size or 0 for file in missing)


def check_disk(needed: int, where: str) -> None:
    """Raise InputError if the hub's cache has no room for `needed` bytes. `where`: the file that asks for them."""
    folder = hub_cache()
    free = free_disk(folder)
    if needed > free:
        raise InputError(
            f"{where}: hub: {needed / GB:.1f} GB are still to download, but {folder} has {free / GB:.1f} GB free; free "
            "some (`dialsum cache prune` removes hub models that are not in use), or set HF_HUB_CACHE to a folder on a "
            "larger disk"
        )
