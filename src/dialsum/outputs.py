"""Write outputs whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` to write a file or a folder to; it replaces `path` if the block succeeds.

    A process killed inside the block leaves `path` as it was and a `.part` name that the next run removes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    _remove(part)
    try:
        yield part
    except BaseException:
        _remove(part)
        raise
    if path.is_dir():
        shutil.rmtree(path)
    part.replace(path)


@contextmanager
def creating(path: Path) -> Iterator[Path]:
    """As `replacing`, for a new path that a user names: all that is beside it is the user's, whatever its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{path.name}.part-", dir=path.parent) as folder:
        part = Path(folder) / path.name
        yield part
        part.replace(path)


def write_json(path: Path, value: Any) -> None:
    """`value` as indented UTF-8 JSON. A NaN is refused: no reader of metrics agrees on what it means."""
    with replacing(path) as part:
        part.write_text(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
