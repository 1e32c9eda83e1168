"""Where unfinished work is kept: `.dialsum/` in the repository, out of DVC's and git's sight.

DVC deletes a stage's outputs before it runs, so checkpoints and half-done predictions live in a folder of their own,
named by a fingerprint of all that determines them: another value, another folder, and never a mixed result.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

SOURCE = Path(__file__).parent
KINDS = ("train", "generate")  # the stages that go on where they were
LIBRARIES = ("accelerate", "bitsandbytes", "peft", "torch", "transformers", "trl")  # that decide about the result


def root() -> Path:
    """`.dialsum/` of the repository; of the parent repository when DVC runs the stage in a copy (it sets DVC_ROOT)."""
    return Path(os.environ.get("DVC_ROOT", ".")).resolve() / ".dialsum"


def fingerprint(files: list[Path], values: list[Any]) -> str:
    """One name for files (folders: all files below), values (dataclasses too), this code and library versions."""
    digest = hashlib.sha256()
    for path in [*files, SOURCE]:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.suffix != ".pyc":
                digest.update(file.relative_to(path).as_posix().encode())
                digest.update(file.read_bytes())
    plain = [asdict(value) if is_dataclass(value) and not isinstance(value, type) else value for value in values]
    digest.update(json.dumps(plain, sort_keys=True).encode())
    digest.update(json.dumps([version(name) for name in LIBRARIES]).encode())
    return digest.hexdigest()[:16]


def unfinished_folder(kind: str, name: str) -> Path:
    """The folder for work `kind`/`name`, which may not exist."""
    return root() / kind / name


@contextmanager
def unfinished(kind: str, name: str) -> Iterator[Path]:
    """The folder for work `kind`/`name`, locked: of two runs of the same work the second says so, and waits.

    It stays if the block fails or the process is killed, for the next run to go on with, and is removed when the block
    succeeds.
    """
    folder = unfinished_folder(kind, name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_suffix(".lock"), kind):
        folder.mkdir(exist_ok=True)
        yield folder
        shutil.rmtree(folder)


def abandoned() -> list[Path]:
    """The folders of unfinished work that no process is at."""
    return [path for path in sorted(root().glob("*/*/")) if path.parent.name in KINDS and _is_free(path)]


def discard(folder: Path) -> None:
    """Delete the folder of unfinished work, unless a process has begun to go on with it."""
    with suppress(Timeout), FileLock(folder.with_suffix(".lock"), timeout=0):
        shutil.rmtree(folder)


def _is_free(folder: Path) -> bool:
    try:
        with FileLock(folder.with_suffix(".lock"), timeout=0):
            return True
    except Timeout:
        return False


@contextmanager
def _locked(path: Path, kind: str) -> Iterator[None]:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(
            f"another process is at this very {kind}, with the same values, and this one waits until it has ended; "
            f"which it is: pgrep -af 'dialsum.stages {kind}'",
            file=sys.stderr,
            flush=True,
        )
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
