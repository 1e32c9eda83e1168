from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import constants

from dialsum.errors import InputError
from dialsum.modeling import bases, disk
from dialsum.modeling.catalog import Entry, read_entry

GB = 10**9
SHA = "0123456789abcdef0123456789abcdef01234567"
KOBART = Path(__file__).parents[2] / "catalog" / "kobart.yaml"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub cache that is not there yet, on a disk with 3 GB free."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "home" / "hub"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3 * GB))
    return tmp_path / "home" / "hub"


def sibling(name: str, size: int | None) -> Any:
    return SimpleNamespace(rfilename=name, size=size, blob_id=f"blob of {name}")


def test_what_fits_is_let_through(hub: Path) -> None:
    disk.check_disk(3 * GB, "catalog/mine.yaml")
    assert not hub.exists()


def test_what_does_not_fit_is_refused_with_the_figures(hub: Path) -> None:
    with pytest.raises(InputError) as caught:
        disk.check_disk(16_060_000_000, "catalog/mine.yaml")
    assert str(caught.value) == (
        f"catalog/mine.yaml: hub: 16.1 GB are still to download, but {hub} has 3.0 GB free; free some (`dialsum cache "
        "prune` removes hub models that are not in use), or set HF_HUB_CACHE to a folder on a larger disk"
    )


def test_the_free_disk_of_a_folder_to_be_is_that_of_its_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(shutil, "disk_usage", lambda place: asked.append(place) or SimpleNamespace(free=5))
    assert disk.free_disk(tmp_path / "not" / "yet") == 5
    assert asked == [tmp_path]


def test_files_in_the_cache_are_not_downloaded_again(hub: Path) -> None:
    snapshot = hub / "models--team--model" / "snapshots" / SHA
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    files = [sibling("config.json", 7), sibling("model.safetensors", 1000), sibling("merges.txt", None)]
    assert disk.still_to_download("team/model", SHA, files) == 1000
    assert disk.still_to_download("team/model", "f" * 40, files) == 1007


class Downloaded(BaseException):
    """In place of the download."""


def fetch(monkeypatch: pytest.MonkeyPatch, entry: Entry, siblings: list[Any], folder: Path) -> list[str]:
    """The patterns of files that stage base would download."""
    asked: list[str] = []

    def download(_: str, revision: str, allow_patterns: list[str]) -> str:
        assert revision == SHA
        asked.extend(allow_patterns)
        raise Downloaded

    information = SimpleNamespace(sha=SHA, siblings=siblings)
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *_, **__: information)
    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    with pytest.raises(Downloaded):
        bases.fetch_hub("kobart", entry, folder, "catalog/kobart.yaml")
    return asked


@pytest.mark.usefixtures("hub")
def test_stage_base_refuses_a_model_before_its_download(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.snapshot_download", pytest.fail)
    information = SimpleNamespace(sha=SHA, siblings=[sibling("model.safetensors", 4 * GB)])
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *_, **__: information)
    with pytest.raises(
        InputError, match=r"^catalog/kobart\.yaml: hub: 4\.0 GB are still to download, but .* has 3\.0 GB"
    ):
        bases.fetch_hub("kobart", read_entry(KOBART), tmp_path, "catalog/kobart.yaml")


@pytest.mark.usefixtures("hub")
def test_files_that_are_not_taken_need_no_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    siblings = [sibling("model.safetensors", 2 * GB), sibling("pytorch_model.bin", 2 * GB), sibling("x.onnx", 9 * GB)]
    assert bases.PICKLE not in fetch(monkeypatch, read_entry(KOBART), siblings, tmp_path)


@pytest.mark.usefixtures("hub")
def test_a_model_without_safetensors_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    siblings = [
        sibling("config.json", 1200),
        sibling("pytorch_model.bin", 2 * GB),
        sibling("training_args.bin", 9 * GB),
    ]
    assert bases.PICKLE in fetch(monkeypatch, read_entry(KOBART), siblings, tmp_path)
