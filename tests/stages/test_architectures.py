"""Models of the catalog's five architectures, tiny and on disk in the hub's format, from base to the scores."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
import pytest
import torch
from architectures import CAUSAL, ENDS, TARGETS, save_causal
from bitsandbytes.nn import Linear4bit
from click.testing import CliRunner
from datasets import load_from_disk
from ruamel.yaml import YAML

from dialsum.corpus.cleaning import ALL, to_dialogue
from dialsum.corpus.dialogue import Dialogue, write_jsonl
from dialsum.corpus.prediction import Prediction, read_predictions
from dialsum.corpus.synthetic import generate as make_rows
from dialsum.modeling import adapter
from dialsum.modeling.catalog import Entry
from dialsum.modeling.loading import load_tokenizer
from dialsum.modeling.pin import read_pin
from dialsum.stages import base, evaluate, generate, tokenize, train

PARAMS = Path(__file__).parents[1] / "params.yaml"
ROWS = {"train": 24, "dev": 4, "test": 2}


@pytest.fixture(scope="session")
def causal_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder in the hub's format for `llama`, `qwen2` or `qwen3`."""
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            made[name] = save_causal(name, tmp_path_factory.mktemp(name))
        return made[name]

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


# Each architecture as it is used most, and each method with both kinds of models.
WALKS = [("llama", method) for method in ("none", "lora", "qlora", "full")]
WALKS += [("qwen2", "qlora"), ("qwen3", "qlora"), ("bart", "none"), ("bart", "full"), ("t5", "lora"), ("t5", "qlora")]
SLOW = [(name, method) for name in ("qwen2", "qwen3") for method in ("none", "lora", "full")]
SLOW += [("bart", "lora"), ("bart", "qlora"), ("t5", "none"), ("t5", "full")]


@pytest.mark.parametrize(("name", "method"), [*WALKS, *(pytest.param(*walk, marks=pytest.mark.slow) for walk in SLOW)])
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
    assert (read_pin(Path("base")).family, read_pin(Path("base")).name) == (entry.family, "small")
    run(
        tokenize.main,
        "--prepared prepared --base base --tokenized tokenized --prompt prompt.json --metrics tokens.json "
        "--lengths l.csv",
    )
    if name in CAUSAL:
        check_prompts(name)
    else:
        check_pairs(name)
    outs = "--trained trained --metrics train.json --speed speed.json --curves curves.csv --pace pace.csv"
    run(train.main, f"--tokenized tokenized --base base --entry entry.yaml {outs}")
    figures = json.loads(Path("train.json").read_text())
    if method == "none":
        assert prepared_models == []
        assert figures == {"method": "none", "steps": 0}
    else:
        check_training(figures, *prepared_models[0], method)
    said = answers()
    for split, found in said.items():
        assert [item.id for item in found] == [dialogue.id for dialogue in dialogues(split)]
    if method == "none":
        assert answers() == said
        assert name in CAUSAL or all(item.text for found in said.values() for item in found)
    ins = "--predictions said/dev.jsonl --dev prepared/dev.jsonl --train prepared/train.jsonl"
    run(evaluate.main, f"{ins} --scores scores.csv --by-group by_group.csv --worst worst.csv --metrics rouge.json")
    assert json.loads(Path("rouge.json").read_text())


def answers() -> dict[str, list[Prediction]]:
    """What stage generate says to each split."""
    outs = "--predictions said --samples samples --metrics said.json --speed said_speed.json"
    run(
        generate.main,
        f"--prepared prepared --prompt prompt.json --base base --trained trained --entry entry.yaml {outs}",
    )
    return {split: read_predictions(Path("said") / f"{split}.jsonl") for split in ("dev", "test")}


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


def check_pairs(name: str) -> None:
    """The dialogue and the summary are each a text of its own, with what the tokenizer puts around it."""
    tokenizer, rows = load_tokenizer(Path("base")), load_from_disk("tokenized")["train"]
    around = ("<s>", "</s>") if name == "bart" else ("", "</s>")
    for row, dialogue in zip(rows, dialogues("train"), strict=True):
        text = dialogue.text() if name == "bart" else " ".join(dialogue.text().split())  # T5 reads no line ends
        assert tokenizer.decode(row["input_ids"]) == text.join(around)
        assert tokenizer.decode(row["labels"]) == f"{dialogue.references[0]}</s>"
        assert row["length"] == len(row["input_ids"]) + len(row["labels"])
    figures = json.loads(Path("tokens.json").read_text())["train"]
    assert figures["supervised_tokens"] == sum(len(row["labels"]) for row in rows)
    assert figures["source_tokens"]["max"] == max(len(row["input_ids"]) for row in rows)


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
