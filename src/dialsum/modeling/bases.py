"""The three sources of a base model: trained here, a local folder, the hub.

Enters: the catalog's entry. Leaves: a folder with the tokenizer and base.json (modeling/pin), for a model that is
trained here with its weights too; and a dictionary of figures for metrics/base.json.
"""

from __future__ import annotations

import fnmatch
import os
import sys
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerBase

from dialsum.errors import InputError
from dialsum.modeling.catalog import Entry, Scratch
from dialsum.modeling.disk import check_disk, hub_cache, still_to_download
from dialsum.modeling.loading import check_single_tokens
from dialsum.modeling.pin import Pin, hash_files, write_pin

BESIDE = ["*.json", "*.model", "*.txt", "*.jinja"]
SAFE = "*.safetensors"
# From the hub as from a folder, this is taken of a model that has no safetensors, as digit82/kobart-summarization.
# transformers reads it by torch's `weights_only`, which runs none of a pickle's code. What is made here is no pickle.
PICKLE = "pytorch_model*.bin"


def make_scratch(scratch: Scratch, name: str, entry: Entry, folder: Path) -> dict[str, Any]:
    """Train the tiny model into `folder`."""
    from dialsum.modeling.scratch import train_from_scratch

    model, tokenizer, figures = train_from_scratch(scratch, entry.family)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _finish(folder, entry, Pin(name, "scratch", None, None, entry.family, entry.dtype, entry.end_tokens, {}))
    return {"source": "scratch", **figures}


def take_folder(source: Path, name: str, entry: Entry, folder: Path) -> dict[str, Any]:
    """Take the tokenizer of a model folder in the hub's format, and pin its files.

    Raises InputError if it is none, or does not go with the catalog's entry.
    """
    source = _lasting(source)
    names = [file.name for file in source.iterdir()] if source.is_dir() else []
    missing = [*_missing(names), *({"tokenizer.json"} - set(names))]
    if missing:
        raise InputError(
            f"params.yaml: model.path: {source} has no {', '.join(missing)}; expected is a model folder in the hub's "
            f"format (config.json, tokenizer.json, {SAFE} or {PICKLE})"
        )
    _check_family(source, name, entry)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    files = hash_files(source)
    _finish(folder, entry, Pin(name, "path", str(source), None, entry.family, entry.dtype, entry.end_tokens, files))
    return {"source": "path", "files": len(files)}


def _lasting(folder: Path) -> Path:
    """The folder in the repository itself: the copy that an experiment runs in goes, and a server reads the weights.

    Raises InputError if the copy has other files under that name.
    """
    lasting = (Path(os.environ.get("DVC_ROOT", ".")) / folder).resolve()
    if folder.is_dir() and lasting.is_dir() and hash_files(folder) != hash_files(lasting):
        raise InputError(
            f"params.yaml: model.path: {lasting} has been changed since this experiment was queued; put it back "
            f"(`dvc checkout {folder}`), or queue the experiment again"
        )
    return lasting


def fetch_hub(name: str, entry: Entry, folder: Path, where: str) -> dict[str, Any]:
    """Download the model into the hub's cache, or find it there without network; pin its revision and files.

    Raises InputError if it cannot be had, or if the disk has no room for it.
    """
    location = _snapshot(entry, where)
    _check_family(location, name, entry)
    AutoTokenizer.from_pretrained(location).save_pretrained(folder)
    files = hash_files(location, _wanted([file.name for file in location.iterdir()]))
    commit = location.name
    _finish(folder, entry, Pin(name, "hub", entry.hub, commit, entry.family, entry.dtype, entry.end_tokens, files))
    if entry.revision is None:
        print(
            f"{where}: revision: null took commit {commit}; write it there to get the same weights everywhere",
            file=sys.stderr,
        )
    size = sum((location / item).stat().st_size for item in files)
    return {"source": "hub", "files": len(files), "bytes": size}


def _snapshot(entry: Entry, where: str) -> Path:
    """The model's folder in the hub's cache, whose name is the commit."""
    import httpx2
    from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

    try:
        return _download(entry, where)
    except (httpx2.HTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        found = _cached(entry)
        if found is None:
            raise InputError(
                f"{where}: hub: {entry.hub} cannot be fetched ({type(error).__name__}); check network, name and "
                "revision, log in with `hf auth login` if it is gated, or give a local copy by `-S model.path=FOLDER`"
            ) from error
        print(
            f"{where}: hub: {entry.hub} cannot be asked for ({type(error).__name__}): taking what {hub_cache()} has",
            file=sys.stderr,
        )
        return found
    except OSError as error:
        raise InputError(
            f"{where}: hub: {entry.hub} cannot be written to {hub_cache()} ({error.strerror or error}); mend that, or "
            "set HF_HUB_CACHE to another folder"
        ) from error


def _download(entry: Entry, where: str) -> Path:
    from huggingface_hub import HfApi, snapshot_download

    info = HfApi().model_info(str(entry.hub), revision=entry.revision, files_metadata=True)
    siblings = info.siblings or []
    patterns = _wanted([item.rfilename for item in siblings])
    wanted = [item for item in siblings if any(fnmatch.fnmatch(item.rfilename, pattern) for pattern in patterns)]
    check_disk(still_to_download(str(entry.hub), str(info.sha), wanted), where)
    return Path(snapshot_download(str(entry.hub), revision=info.sha, allow_patterns=patterns))


def _cached(entry: Entry) -> Path | None:
    """What an earlier download of the whole model has left; None if there is none."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        location = snapshot_download(
            str(entry.hub), revision=entry.revision, allow_patterns=[*BESIDE, SAFE], local_files_only=True
        )
    except LocalEntryNotFoundError:
        return None
    # The library knows what should be there only of what it has downloaded as a whole.
    return None if _missing([file.name for file in Path(location).iterdir()]) else Path(location)


def _finish(folder: Path, entry: Entry, pin: Pin) -> None:
    """Check the chat format and its tokens, then write base.json."""
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
    where = f"catalog/{pin.name}.yaml"
    check_single_tokens(tokenizer, [*entry.chat_tokens, *entry.end_tokens], where)
    if entry.chat_tokens and tokenizer.chat_template is None:
        raise InputError(
            f"{where}: chat_tokens: {', '.join(entry.chat_tokens)}, but the model's tokenizer has no chat template to "
            "use them: put a chat_template.jinja into a local copy and give that by `-S model.path=FOLDER`; or "
            "set chat_tokens to [], for a base model, which is then asked in plain text"
        )
    write_pin(folder, pin)


def _wanted(names: list[str]) -> list[str]:
    """Patterns of what is taken of a model with such files."""
    return [*BESIDE, *_weights(names)]


def _missing(names: list[str]) -> list[str]:
    """What is not among the files of a model, and without which it cannot be loaded."""
    return [pattern for pattern in ("config.json", *_weights(names)) if not fnmatch.filter(names, pattern)]


def _weights(names: list[str]) -> list[str]:
    """What the weights are called among the files of a model: safetensors, or a pickle where there are none."""
    return [PICKLE] if fnmatch.filter(names, PICKLE) and not fnmatch.filter(names, SAFE) else [SAFE]


def _check_family(source: Path, name: str, entry: Entry) -> None:
    """Raise InputError if the model is of the other family: it would be loaded with part of its weights random."""
    config = AutoConfig.from_pretrained(source)
    found = "seq2seq" if config.is_encoder_decoder else "causal"
    if found != entry.family:
        raise InputError(
            f"catalog/{name}.yaml: family: {entry.family}, but its config.json is that of a {found} model "
            f"({config.model_type}): choose by `-S model.name=NAME` the entry that describes the model"
        )
