"""Models of the catalog's five architectures, tiny and on disk in the hub's format, from base to the scores.

Each class is the library's own; what is small is the numbers. The chat formats are those of Llama 3, which writes a
date into the prompt, and of Qwen, which leaves room for a train of thought.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
import pytest
import torch
from bitsandbytes.nn import Linear4bit
from click.testing import CliRunner
from datasets import load_from_disk
from ruamel.yaml import YAML

from dialsum.corpus.cleaning import ALL, to_dialogue
from dialsum.corpus.dialogue import Dialogue, write_jsonl
from dialsum.corpus.prediction import read_predictions
from dialsum.corpus.synthetic import generate as make_rows
from dialsum.modeling import adapter
from dialsum.modeling.catalog import Entry
from dialsum.modeling.loading import load_tokenizer
from dialsum.stages import base, evaluate, generate, tokenize, train

PARAMS = Path(__file__).parents[1] / "params.yaml"
ROWS = {"train": 24, "dev": 4, "test": 2}

LLAMA_3 = (
    "{{ bos_token }}<|start_header_id|>system<|end_header_id|>\n\nToday Date: "
    "{{ date_string if date_string is defined else strftime_now('%d %b %Y') }}\n\n<|eot_id|>"
    "{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
QWEN = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
# The special tokens, the template, and what a prompt begins and ends with.
LLAMA_FORM = (
    ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|pad|>"],
    LLAMA_3,
    "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nToday Date: 26 Jul 2024\n\n<|eot_id|>",
    "---<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
)
QWEN_FORM = (
    ["<|im_start|>", "<|im_end|>", "<|endoftext|>"],
    QWEN,
    "<|im_start|>user\n다음 대화를 요약하세요:\n---\n#Person1#: ",
    "---<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
)
CAUSAL = {"llama": LLAMA_FORM, "qwen2": QWEN_FORM, "qwen3": QWEN_FORM}
ENDS = {"llama": "<|eot_id|>", "qwen2": "<|im_end|>", "qwen3": "<|im_end|>"}
TARGETS = {
    "llama": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    "bart": ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"],
    "t5": ["q", "k", "v", "o", "wi_0", "wi_1", "wo"],
}


@pytest.fixture(scope="session")
def causal_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder in the hub's format for `llama`, `qwen2` or `qwen3`."""
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            made[name] = save_causal(name, tmp_path_factory.mktemp(name))
        return made[name]

    return folder


def save_causal(name: str, folder: Path) -> Path:
    """Random weights, and a byte-level BPE tokenizer with the template of the family."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import (
        LlamaConfig,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
        Qwen2Config,
        Qwen2ForCausalLM,
        Qwen3Config,
        Qwen3ForCausalLM,
    )

    classes: dict[str, Any] = {
        "llama": (LlamaForCausalLM, LlamaConfig),
        "qwen2": (Qwen2ForCausalLM, Qwen2Config),
        "qwen3": (Qwen3ForCausalLM, Qwen3Config),
    }
    special, template, *_ = CAUSAL[name]
    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    pieces.train_from_iterator(
        [row.dialogue + row.summary for row in make_rows("base", 100, 3)],
        trainers.BpeTrainer(vocab_size=700, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pieces,
        bos_token=special[0] if name == "llama" else None,
        eos_token=ENDS[name],
        pad_token=special[-1],
        chat_template=template,
    )
    model_class, config_class = classes[name]
    config = config_class(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(1)
    model_class(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def run(stage: click.Command, arguments: str) -> None:
    CliRunner().invoke(stage, arguments.split(), catch_exceptions=False, standalone_mode=False)


def dialogues(split: str) -> list[Dialogue]:
    rows = make_rows(split, ROWS[split], 3)
    return [to_dialogue(row.fname, row.dialogue, ALL, row.topic, [row.summary], row.facts) for row in rows]


def start(place: Path, folder: Path, entry: Entry, method: str) -> None:
    """A repository with params.yaml, the entry and prepared dialogues."""
    params = YAML(typ="safe").load(PARAMS)
    params["model"] = {"name": "small", "path": str(folder)}
    params["tokenize"] = {"max_source_tokens": 512, "max_target_tokens": 200, "truncation": "tail"}
    params["training"] |= {"method": method, "epochs": 3.0, "threads": 1, "save_steps": 100}
    params["generation"] |= {"max_new_tokens": 8, "threads": 1}
    YAML().dump(params, place / "params.yaml")
    (place / "entry.yaml").write_text(json.dumps(asdict(entry)))
    (place / "prepared").mkdir()
    for split in ROWS:
        write_jsonl(place / "prepared" / f"{split}.jsonl", dialogues(split))


Weights = dict[str, torch.Tensor]


@pytest.fixture
def prepared_models(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Weights]]:
    """The models that stage train made ready, each with its weights as they were then."""
    seen: list[tuple[Any, Weights]] = []
    prepare = adapter.prepare

    def remember(*arguments: Any) -> Any:
        model = prepare(*arguments)
        seen.append((model, {name: value.detach().clone() for name, value in model.named_parameters()}))
        return model

    monkeypatch.setattr(adapter, "prepare", remember)
    return seen


@pytest.mark.parametrize("method", ["none", "lora", "qlora", "full"])
@pytest.mark.parametrize("name", ["llama", "qwen2", "qwen3", "bart", "t5"])
def test_each_method_goes_through_all_stages(
    request: pytest.FixtureRequest,
    name: str,
    method: str,
    small_entry: Entry,
    seq2seq_entry: Entry,
    prepared_models: list[tuple[Any, Weights]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    rate = 5e-3 if method == "full" else 1e-2
    if name in CAUSAL:
        folder = request.getfixturevalue("causal_folder")(name)
        entry = replace(small_entry, chat_tokens=CAUSAL[name][0][:-1], end_tokens=[ENDS[name]], scratch=None)
    else:
        folder, entry = request.getfixturevalue(f"{name}_folder"), seq2seq_entry
    entry = replace(entry, learning_rate=rate, lora_targets=TARGETS.get(name, TARGETS["llama"]))
    start(tmp_path, folder, entry, method)
    run(base.main, "--entry entry.yaml --base base --metrics base.json")
    run(
        tokenize.main,
        "--prepared prepared --base base --tokenized tokenized --prompt prompt.json --metrics tokens.json "
        "--lengths l.csv",
    )
    if name in CAUSAL:
        check_prompts(name)
    outs = "--trained trained --metrics train.json --speed speed.json --curves curves.csv --pace pace.csv"
    run(train.main, f"--tokenized tokenized --base base --entry entry.yaml {outs}")
    figures = json.loads(Path("train.json").read_text())
    if method == "none":
        assert prepared_models == []
        assert figures == {"method": "none", "steps": 0}
    else:
        check_training(figures, *prepared_models[0], method)
    outs = "--predictions said --samples samples --metrics said.json --speed said_speed.json"
    run(
        generate.main,
        f"--prepared prepared --prompt prompt.json --base base --trained trained --entry entry.yaml {outs}",
    )
    for split in ("dev", "test"):
        found = read_predictions(Path("said") / f"{split}.jsonl")
        assert [item.id for item in found] == [dialogue.id for dialogue in dialogues(split)]
    ins = "--predictions said/dev.jsonl --dev prepared/dev.jsonl --train prepared/train.jsonl"
    run(evaluate.main, f"{ins} --scores scores.csv --by-group by_group.csv --worst worst.csv --metrics rouge.json")
    assert json.loads(Path("rouge.json").read_text())


def check_prompts(name: str) -> None:
    """What training reads before a summary is the template's text, to the letter, whatever day it is."""
    tokenizer, rows = load_tokenizer(Path("base")), load_from_disk("tokenized")["train"]
    _, _, begin, end = CAUSAL[name]
    for row, dialogue in zip(rows, dialogues("train"), strict=True):
        source = sum(label < 0 for label in row["labels"])
        text = tokenizer.decode(row["input_ids"][:source])
        assert text.startswith(begin)
        assert text.endswith(end)
        assert f"\n{dialogue.text()}\n" in text
        assert tokenizer.decode(row["labels"][source:]) == dialogue.references[0] + ENDS[name]


def check_training(figures: dict[str, Any], model: Any, before: Weights, method: str) -> None:
    """Loss falls; what is to be trained moves, all of it, and nothing else does."""
    assert any(isinstance(part, Linear4bit) for part in model.modules()) is (method == "qlora")
    assert figures["steps"] == 18
    assert figures["epoch_loss"][-1] < figures["epoch_loss"][0]
    moved = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    wanted = {name for name, value in model.named_parameters() if value.requires_grad}
    assert wanted
    assert moved == wanted
    if method == "full":
        assert wanted == set(before)
        assert figures["trainable_parameters"] == figures["parameters"]
    else:
        assert all(".lora_" in name for name in wanted)
        assert figures["trainable_parameters"] < 0.7 * figures["parameters"]
