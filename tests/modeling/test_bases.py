"""A model of the hub: with the network, without it, and on a full disk."""

from __future__ import annotations

import errno
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from huggingface_hub import constants
from huggingface_hub.errors import OfflineModeIsEnabled

from dialsum.errors import InputError
from dialsum.modeling.bases import fetch_hub
from dialsum.modeling.catalog import Entry
from dialsum.modeling.pin import Pin, hash_files, read_pin

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WHERE = "catalog/mine.yaml"
UNREACHABLE = [httpx2.ConnectError("[Errno -2] Name or service not known"), OfflineModeIsEnabled("offline")]


@pytest.fixture
def entry(small_entry: Entry) -> Entry:
    return replace(small_entry, hub="team/model", revision=None, scratch=None)


@pytest.fixture
def snapshot(small_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with the whole model, as the hub's library lays it out, and with files that are not taken of it."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    repository = tmp_path / "hub" / "models--team--model"
    folder = shutil.copytree(small_base, repository / "snapshots" / COMMIT)
    (folder / "base.json").unlink()
    (folder / "README.md").write_text("a model")
    (folder / "pytorch_model.bin").write_bytes(b"the same weights once more")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    return folder


def refuse(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def ask(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", ask)


def answer(monkeypatch: pytest.MonkeyPatch, names: list[str]) -> None:
    siblings = [SimpleNamespace(rfilename=name, size=1, blob_id="of the hub") for name in names]
    information = SimpleNamespace(sha=COMMIT, siblings=siblings)
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *_, **__: information)


def fetch(entry: Entry, folder: Path) -> Pin:
    folder.mkdir()
    fetch_hub("mine", entry, folder, WHERE)
    return read_pin(folder)


@pytest.mark.parametrize("error", UNREACHABLE, ids=lambda error: type(error).__name__)
def test_a_model_in_the_cache_needs_no_network(
    snapshot: Path,
    entry: Entry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    refuse(monkeypatch, error)
    pin = fetch(entry, tmp_path / "base")
    assert (pin.source, pin.location, pin.revision) == ("hub", "team/model", COMMIT)
    everything = hash_files(snapshot)
    assert pin.files == {name: everything[name] for name in everything.keys() - {"README.md", "pytorch_model.bin"}}
    assert "model.safetensors" in pin.files
    name = type(error).__name__
    assert capsys.readouterr().err.splitlines() == [
        f"{WHERE}: hub: team/model cannot be asked for ({name}): taking what {tmp_path / 'hub'} has",
        f"{WHERE}: revision: null took commit {COMMIT}; write it there to get the same weights everywhere",
    ]


def test_a_download_is_pinned_as_what_the_cache_holds(
    snapshot: Path, entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that later stages need not run again where the network is gone."""
    refuse(monkeypatch, UNREACHABLE[0])
    chosen = replace(entry, revision=COMMIT)
    offline = fetch(chosen, tmp_path / "offline")
    assert "revision" not in capsys.readouterr().err
    answer(monkeypatch, [path.name for path in snapshot.iterdir()])
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: str(snapshot))
    assert fetch(chosen, tmp_path / "online") == offline
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("missing", ["config.json", "*.safetensors", "snapshots", "the revision"])
def test_without_network_and_without_the_whole_model_it_is_refused(
    snapshot: Path, entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    refuse(monkeypatch, UNREACHABLE[0])
    (snapshot / "pytorch_model.bin").unlink()
    for file in snapshot.glob(missing):
        file.unlink()
    if missing == "snapshots":
        shutil.rmtree(snapshot.parent)
    chosen = replace(entry, revision="f" * 40) if missing == "the revision" else entry
    with pytest.raises(InputError) as caught:
        fetch(chosen, tmp_path / "base")
    assert str(caught.value) == (
        "catalog/mine.yaml: hub: team/model cannot be fetched (ConnectError); check network, name and revision, log in "
        "with `hf auth login` if it is gated, or give a local copy by `-S model.path=FOLDER`"
    )


def test_a_full_disk_is_no_fault_of_the_network(
    snapshot: Path, entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, [path.name for path in snapshot.iterdir()])

    def download(*_: Any, **__: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    with pytest.raises(InputError) as caught:
        fetch(entry, tmp_path / "base")
    assert str(caught.value) == (
        f"catalog/mine.yaml: hub: team/model cannot be written to {tmp_path / 'hub'} (No space left on device); mend "
        "that, or set HF_HUB_CACHE to another folder"
    )
