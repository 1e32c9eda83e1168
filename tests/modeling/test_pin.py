from __future__ import annotations

import hashlib
import json
import pickle
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, models
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from dialsum.errors import InputError
from dialsum.modeling.bases import take_folder
from dialsum.modeling.catalog import Entry
from dialsum.modeling.loading import check_single_tokens, load_base, load_tokenizer, load_trained
from dialsum.modeling.pin import Pin, hash_files, read_pin, weights_location, write_pin
from dialsum.prompts.encode import encode_target

HUB = Pin(
    "qwen3", "hub", "Qwen/Qwen3", "cdbee75f", "causal", "bfloat16", ["<|im_end|>"], {"model.safetensors": "9f86d0"}
)
SCRATCH = Pin("tiny-llama", "scratch", None, None, "causal", "float32", ["<|im_end|>"], {})


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
    return Pin("mine", "path", str(source), None, "causal", "float32", [], hash_files(source))


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


def test_of_a_relative_folder_the_repositorys_is_pinned(
    small_base: Path, small_entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An experiment runs in a copy of the repository, which is deleted after it; the weights are read again later."""
    kept, copy = (shutil.copytree(small_base, tmp_path / name / "merged") for name in ("repository", "copy"))
    monkeypatch.chdir(copy.parent)
    monkeypatch.setenv("DVC_ROOT", str(kept.parent))
    (tmp_path / "base").mkdir()
    take_folder(Path("merged"), "mine", small_entry, tmp_path / "base")
    assert read_pin(tmp_path / "base").location == str(kept)
    # Neither of the two would be right when they differ.
    (copy / "generation_config.json").write_text("{}")
    with pytest.raises(InputError, match=r"model\.path: .*/repository/merged has been changed since this experiment"):
        take_folder(Path("merged"), "mine", small_entry, tmp_path / "base")
    shutil.rmtree(copy)  # nothing tracks it
    take_folder(Path("merged"), "mine", small_entry, tmp_path / "base")


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "*.safetensors"])
def test_a_folder_that_is_no_model_is_refused(source: Path, small_entry: Entry, tmp_path: Path, missing: str) -> None:
    (source / "tokenizer.json").write_bytes(b"{}")
    for file in source.glob(missing):
        file.unlink()
    with pytest.raises(InputError, match=rf"^params\.yaml: model\.path: .*my model has no {re.escape(missing)};"):
        take_folder(source, "mine", small_entry, tmp_path / "out")


def test_the_tokenizer_of_another_model_is_refused(small_base: Path, small_entry: Entry, tmp_path: Path) -> None:
    """The chat format's tokens would fall into pieces that the model never saw as one."""
    entry = replace(small_entry, chat_tokens=["<|start_header_id|>"])
    with pytest.raises(InputError, match=r"^catalog/tiny-llama\.yaml: chat_tokens: <\|start_header_id\|> is "):
        take_folder(small_base, "tiny-llama", entry, tmp_path)


def with_pickle(source: Path, folder: Path, content: Any) -> Path:
    """A copy of a model folder with a pickle in place of its safetensors."""
    copy = shutil.copytree(source, folder)
    (copy / "model.safetensors").unlink()
    torch.save(content, copy / "pytorch_model.bin")
    return copy


def test_weights_may_be_a_pickle_alone_as_on_the_hub(small_base: Path, small_entry: Entry, tmp_path: Path) -> None:
    weights = load_base(small_base, "none").state_dict()
    source, out = with_pickle(small_base, tmp_path / "source", weights), tmp_path / "out"
    out.mkdir()
    take_folder(source, "mine", small_entry, out)
    assert "pytorch_model.bin" in read_pin(out).files
    loaded = load_base(out, "none").state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in weights.items())


class Code:
    """Of a pickle, it would run when it is read."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)


def test_the_code_of_a_pickle_is_not_run(small_base: Path, small_entry: Entry, tmp_path: Path) -> None:
    source, out = with_pickle(small_base, tmp_path / "source", Code(tmp_path / "has run")), tmp_path / "out"
    out.mkdir()
    take_folder(source, "mine", small_entry, out)
    with pytest.raises(pickle.UnpicklingError, match="weights_only"):
        load_base(out, "none")
    assert not (tmp_path / "has run").exists()


@pytest.mark.parametrize("beside", ["pytorch_model.bin", "training_args.bin"])
def test_a_pickle_beside_safetensors_does_no_harm(
    small_base: Path, small_entry: Entry, tmp_path: Path, beside: str
) -> None:
    source = shutil.copytree(small_base, tmp_path / "source")
    (source / beside).write_bytes(b"pickle")
    out = tmp_path / "out"
    out.mkdir()
    take_folder(source, "mine", small_entry, out)
    assert load_base(out, "lora").num_parameters() > 0


def test_a_model_of_the_other_family_is_refused(
    small_base: Path, bart_folder: Path, small_entry: Entry, seq2seq_entry: Entry, tmp_path: Path
) -> None:
    """Half of a BART would be loaded as a causal model, with random weights for the rest."""
    with pytest.raises(InputError, match=r"^catalog/mine\.yaml: family: causal, but .* of a seq2seq model \(bart\): "):
        take_folder(bart_folder, "mine", small_entry, tmp_path)
    with pytest.raises(InputError, match=r"^catalog/mine\.yaml: family: seq2seq, but .* of a causal model \(llama\): "):
        take_folder(small_base, "mine", seq2seq_entry, tmp_path)


def test_a_chat_model_without_its_template_is_refused_and_a_base_model_is_not(
    small_base: Path, small_entry: Entry, tmp_path: Path
) -> None:
    source = shutil.copytree(small_base, tmp_path / "source")
    (source / "chat_template.jinja").unlink()
    with pytest.raises(InputError, match=r"^catalog/mine\.yaml: chat_tokens: <\|im_start\|>, .* has no chat template"):
        take_folder(source, "mine", small_entry, tmp_path)
    take_folder(source, "mine", replace(small_entry, chat_tokens=[]), tmp_path / "out")
    assert load_tokenizer(tmp_path / "out").chat_template is None


def test_the_family_decides_class_and_padding(small_base: Path, bart_base: Path, t5_base: Path) -> None:
    found = {
        type(load_base(base, "none")).__name__: load_tokenizer(base).padding_side
        for base in (small_base, bart_base, t5_base)
    }
    assert found == {
        "LlamaForCausalLM": "left",
        "BartForConditionalGeneration": "right",
        "T5ForConditionalGeneration": "right",
    }


@pytest.mark.parametrize(("name", "targets"), [("bart_base", ["q_proj", "fc1"]), ("t5_base", ["q", "wi_0"])])
@pytest.mark.parametrize("method", ["full", "lora"])
def test_what_training_left_of_a_seq2seq_model_is_loaded(
    name: str, targets: list[str], method: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    base = request.getfixturevalue(name)
    model = load_base(base, "none")
    if method == "lora":
        config = LoraConfig(r=2, target_modules=targets, init_lora_weights=False, task_type="SEQ_2_SEQ_LM")
        model = get_peft_model(model, config)
    model.save_pretrained(tmp_path)
    (tmp_path / "trained.json").write_text(json.dumps({"method": method, "in_force": {}}))
    loaded, pin = load_trained(base, tmp_path)
    assert (pin.family, loaded.config.decoder_start_token_id) == ("seq2seq", model.config.decoder_start_token_id)
    expected, found = model.state_dict(), loaded.state_dict()
    assert list(found) == list(expected)
    assert all(torch.equal(found[key], expected[key]) for key in expected)


def test_a_token_of_the_chat_format_that_the_tokenizer_does_not_know_is_refused() -> None:
    """Some make one id of any text: that of what is unknown."""
    words = Tokenizer(models.WordLevel({"[unk]": 0, "</s>": 1}, unk_token="[unk]"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[unk]", eos_token="</s>")
    check_single_tokens(tokenizer, ["</s>"], "catalog/x.yaml")
    with pytest.raises(InputError, match=r"^catalog/x\.yaml: chat_tokens: <\|eot_id\|> is unknown in this tokenizer"):
        check_single_tokens(tokenizer, ["</s>", "<|eot_id|>"], "catalog/x.yaml")


def test_a_summary_ends_as_a_turn_of_the_chat_does(small_base: Path, tmp_path: Path) -> None:
    """And not as a whole text, which is what a tokenizer's own end token may be."""
    base = shutil.copytree(small_base, tmp_path / "base")
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.eos_token = "<s>"
    tokenizer.save_pretrained(base)
    loaded = load_tokenizer(base)
    assert encode_target(loaded, "그는 간다.", 20).ids[-1] == loaded.convert_tokens_to_ids("<|im_end|>")
