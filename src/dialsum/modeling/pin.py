"""Which base model a run stands on, to the byte: models/base/base.json.

Enters: the choice of params.yaml and catalog/. Leaves: a Pin, which later stages read instead of either.

    {"name": "qwen3-4b", "source": "hub", "location": "Qwen/Qwen3-4B-Instruct-2507", "revision": "cdbee75f…",
     "family": "causal", "dtype": "float16", "end_tokens": ["<|im_end|>"],
     "files": {"model.safetensors": "9f86d0…"}}
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from pydantic.dataclasses import dataclass

from dialsum.errors import InputError
from dialsum.outputs import write_json
from dialsum.params.model import Family
from dialsum.params.strict import STRICT, parse

PIN = "base.json"


@dataclass(frozen=True, config=STRICT)
class Pin:
    """`source` scratch: the weights lie beside this file. path: in folder `location`. hub: in the hub cache, `location`
    at `revision`. `files`: sha256 of each.
    """

    name: str
    source: Literal["scratch", "path", "hub"]
    location: str | None
    revision: str | None
    family: Family
    dtype: Literal["float32", "bfloat16", "float16"]
    end_tokens: list[str]
    files: dict[str, str]


def write_pin(base: Path, pin: Pin) -> None:
    """Write base.json into the folder `base`."""
    write_json(base / PIN, asdict(pin))


def read_pin(base: Path) -> Pin:
    """What `write_pin` wrote."""
    return parse(Pin, json.loads((base / PIN).read_text(encoding="utf-8")), str(base / PIN))


def weights_location(base: Path, pin: Pin) -> str:
    """What `from_pretrained` gets: a folder or a repository. Raises InputError if a local folder is not what it was."""
    if pin.source == "scratch":
        return str(base)
    location = str(pin.location)
    if pin.source == "path" and (not Path(location).is_dir() or hash_files(Path(location)) != pin.files):
        raise InputError(
            f"{location}: its files are not those that models/base/base.json names: "
            "restore them, or run `dvc repro --force base` to take the new ones"
        )
    return location


def hash_files(folder: Path, patterns: Sequence[str] = ("*",)) -> dict[str, str]:
    """sha256 of each file of a model folder that one of the patterns fits, by its name."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != PIN)
    return {
        path.name: _sha256(path) for path in files if any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns)
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
