from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dialsum.errors import InputError
from dialsum.modeling.catalog import read_catalog, read_entry

CATALOG = Path(__file__).parents[2] / "catalog"
FILES = sorted(CATALOG.glob("*"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_is_an_entry_that_can_be_chosen(path: Path) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*\.yaml", path.name)
    entry = read_entry(path)
    assert (entry.hub is None) != (entry.scratch is None), "from the hub, or trained here"
    assert entry.revision is None or re.fullmatch("[0-9a-f]{40}", entry.revision), "a branch would move"
    assert entry.end_tokens
    if entry.family == "causal":
        assert not entry.chat_tokens or set(entry.end_tokens) & set(entry.chat_tokens), "a turn of the format must end"
    else:
        assert not entry.chat_tokens, "it reads the bare dialogue"
    assert entry.lora_targets
    assert entry.licence
    assert (entry.family == "seq2seq") == (entry.shape.encoder_layers > 0)


def test_the_default_is_there() -> None:
    assert CATALOG / "tiny-llama.yaml" in FILES


def test_the_shape_of_tiny_llama_is_that_of_its_scratch() -> None:
    entry = read_entry(CATALOG / "tiny-llama.yaml")
    shape, scratch = entry.shape, entry.scratch
    assert scratch is not None
    assert (shape.decoder_layers, shape.hidden) == (scratch.layers, scratch.hidden_size)
    assert (shape.intermediate, shape.vocabulary) == (scratch.intermediate_size, scratch.vocab_size)


def test_the_catalog_is_read_with_the_smallest_model_first() -> None:
    catalog = read_catalog(CATALOG)
    assert set(catalog) == {path.stem for path in FILES}
    sizes = [entry.parameters for entry in catalog.values()]
    assert sizes == sorted(sizes)


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no model \(NAME\.yaml\); call this in the folder of the repository$"):
        read_catalog(tmp_path)


@pytest.mark.parametrize("name", ["tiny-llama", "tiny-bart"])
def test_a_tiny_model_can_be_quantized(name: str) -> None:
    """nf4 on a CPU takes sizes in multiples of 64 only."""
    scratch = read_entry(CATALOG / f"{name}.yaml").scratch
    assert scratch is not None
    assert (scratch.hidden_size % 64, scratch.intermediate_size % 64) == (0, 0)
    assert scratch.hidden_size % scratch.heads == 0


@pytest.fixture
def spoilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write an entry that differs from tiny-llama, and read it."""
    monkeypatch.chdir(tmp_path)
    Path("catalog").mkdir()
    content = YAML(typ="safe").load(CATALOG / "tiny-llama.yaml")

    def read(change: Any) -> str:
        change(content)
        YAML().dump(content, Path("catalog/mine.yaml"))
        with pytest.raises(InputError) as caught:
            read_entry(Path("catalog/mine.yaml"))
        return str(caught.value)

    return read


def test_an_unknown_key_is_named_with_its_file(spoilt: Any) -> None:
    message = spoilt(lambda content: content.update(dtipe="float32"))
    assert message == "catalog/mine.yaml.dtipe: unknown key; remove it, or correct its spelling"


def test_a_number_of_parameters_is_a_number(spoilt: Any) -> None:
    message = spoilt(lambda content: content.update(parameters="3.2B"))
    assert message == "catalog/mine.yaml.parameters: input should be a valid number, got '3.2B'"


def test_an_unknown_family_is_named(spoilt: Any) -> None:
    message = spoilt(lambda content: content.update(family="encoder"))
    assert message == "catalog/mine.yaml.family: input should be 'causal' or 'seq2seq', got 'encoder'"


def test_a_key_of_shape_is_named(spoilt: Any) -> None:
    message = spoilt(lambda content: content["shape"].pop("tied"))
    assert message == "catalog/mine.yaml.shape.tied: this key is missing; every value is chosen in this file"


def test_a_missing_key_is_named(spoilt: Any) -> None:
    message = spoilt(lambda content: content.pop("lora_targets"))
    assert message == "catalog/mine.yaml.lora_targets: this key is missing; every value is chosen in this file"


def test_a_key_of_scratch_is_named(spoilt: Any) -> None:
    message = spoilt(lambda content: content["scratch"].update(vocab_size="many"))
    assert message == "catalog/mine.yaml.scratch.vocab_size: input should be a valid integer, got 'many'"


def test_a_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^catalog/none\.yaml: cannot be read: No such file or directory$"):
        read_entry(Path("catalog/none.yaml"))
