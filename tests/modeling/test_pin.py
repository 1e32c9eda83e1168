from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from dialsum.errors import InputError
from dialsum.modeling.bases import take_folder
from dialsum.modeling.catalog import Entry
from dialsum.modeling.loading import load_base, load_tokenizer
from dialsum.modeling.pin import Pin, hash_files, read_pin, weights_location, write_pin

HUB = Pin("qwen3", "hub", "Qwen/Qwen3", "cdbee75f", "bfloat16", ["<|im_end|>"], {"model.safetensors": "9f86d0"})
SCRATCH = Pin("tiny-llama", "scratch", None, None, "float32", ["<|im_end|>"], {})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A user's own model folder, as far as hashing looks into it."""
    folder = tmp_path / "my model"
    (folder / "onnx").mkdir(parents=True)
    (folder / "config.json").write_bytes(b"{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "onnx" / "other.bin").write_bytes(b"not used")
    return folder


def test_a_pin_is_read_as_it_was_written(tmp_path: Path) -> None:
    for pin in (HUB, SCRATCH):
        write_pin(tmp_path, pin)
        assert read_pin(tmp_path) == pin


def test_a_pin_with_a_wrong_key_is_refused(tmp_path: Path) -> None:
    write_pin(tmp_path, HUB)
    content = json.loads((tmp_path / "base.json").read_text())
    (tmp_path / "base.json").write_text(json.dumps({**content, "source": "web"}))
    with pytest.raises(InputError, match=r"base\.json\.source: input should be 'scratch', 'path' or 'hub', got 'web'"):
        read_pin(tmp_path)


def test_files_are_hashed_by_name_without_the_pin_itself(source: Path) -> None:
    write_pin(source, SCRATCH)
    assert hash_files(source) == {
        "config.json": hashlib.sha256(b"{}").hexdigest(),
        "model.safetensors": hashlib.sha256(b"weights").hexdigest(),
    }


def test_weights_of_a_scratch_model_lie_beside_the_pin_and_of_a_hub_model_in_its_repository(tmp_path: Path) -> None:
    assert weights_location(tmp_path, SCRATCH) == str(tmp_path)
    assert weights_location(tmp_path, HUB) == "Qwen/Qwen3"


def pinned(source: Path) -> Pin:
    return Pin("mine", "path", str(source), None, "float32", [], hash_files(source))


def test_a_folder_that_is_what_it_was_is_taken(source: Path, tmp_path: Path) -> None:
    assert weights_location(tmp_path, pinned(source)) == str(source)


@pytest.mark.parametrize("change", ["other bytes", "a file more", "a file less"])
def test_a_folder_that_changed_is_refused_with_the_remedy(source: Path, tmp_path: Path, change: str) -> None:
    pin = pinned(source)
    if change == "other bytes":
        (source / "model.safetensors").write_bytes(b"weights!")
    elif change == "a file more":
        (source / "generation_config.json").write_bytes(b"{}")
    else:
        (source / "config.json").unlink()
    with pytest.raises(InputError) as caught:
        weights_location(tmp_path, pin)
    assert str(caught.value).startswith(f"{source}: its files are not those that models/base/base.json names: ")
    assert "dvc repro --force base" in str(caught.value)


def test_a_folder_that_is_gone_is_refused(source: Path, tmp_path: Path) -> None:
    pin = pinned(source)
    source.rename(tmp_path / "moved")
    with pytest.raises(InputError, match="my model: "):
        weights_location(tmp_path, pin)


def test_a_local_folder_gives_its_tokenizer_and_keeps_its_weights(
    small_base: Path, small_entry: Entry, tmp_path: Path
) -> None:
    base = tmp_path / "models" / "base"
    base.mkdir(parents=True)
    figures = take_folder(small_base, "tiny-llama", small_entry, base)
    pin = read_pin(base)
    assert (pin.source, pin.location) == ("path", str(small_base))
    assert pin.files == hash_files(small_base)
    assert figures == {"source": "path", "files": len(pin.files)}
    assert not list(base.glob("*.safetensors"))
    assert load_tokenizer(base)("#Person1#")["input_ids"] == load_tokenizer(small_base)("#Person1#")["input_ids"]
    model = load_base(base, "lora")
    assert model.num_parameters() == load_base(small_base, "lora").num_parameters()


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "*.safetensors"])
def test_a_folder_that_is_no_model_is_refused(source: Path, small_entry: Entry, tmp_path: Path, missing: str) -> None:
    (source / "tokenizer.json").write_bytes(b"{}")
    for file in source.glob(missing):
        file.unlink()
    with pytest.raises(InputError, match=rf"^params\.yaml: model\.path: .*my model has no {re.escape(missing)};"):
        take_folder(source, "mine", small_entry, tmp_path / "out")


def test_the_tokenizer_of_another_model_is_refused(small_base: Path, small_entry: Entry, tmp_path: Path) -> None:
    """The chat format's tokens would fall into pieces that the model never saw as one."""
    from dataclasses import replace

    entry = replace(small_entry, chat_tokens=["<|start_header_id|>"])
    with pytest.raises(InputError, match=r"^catalog/tiny-llama\.yaml: chat_tokens: <\|start_header_id\|> is "):
        take_folder(small_base, "tiny-llama", entry, tmp_path)
