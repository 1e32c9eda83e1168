"""A BART and a T5 through the stages base, tokenize and generate."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from datasets import load_from_disk
from ruamel.yaml import YAML

from dialsum.corpus.cleaning import ALL, to_dialogue
from dialsum.corpus.dialogue import Dialogue, write_jsonl
from dialsum.corpus.prediction import read_predictions
from dialsum.corpus.synthetic import generate as make_rows
from dialsum.modeling.catalog import Entry
from dialsum.modeling.loading import load_tokenizer
from dialsum.modeling.pin import read_pin
from dialsum.stages import base, generate, tokenize

PARAMS = Path(__file__).parents[1] / "params.yaml"


def run(stage: click.Command, arguments: str) -> None:
    CliRunner().invoke(stage, arguments.split(), catch_exceptions=False, standalone_mode=False)


@pytest.fixture(params=["bart", "t5"])
def name(request: pytest.FixtureRequest, seq2seq_entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A repository with params.yaml, the entry, and five prepared dialogues a split; the base stage has run."""
    monkeypatch.chdir(tmp_path)
    params = YAML(typ="safe").load(PARAMS)
    params["model"] = {"name": request.param, "path": str(request.getfixturevalue(f"{request.param}_folder"))}
    params["generation"] |= {"max_new_tokens": 6, "batch_size": 2, "threads": 1}
    YAML().dump(params, Path("params.yaml"))
    Path("entry.yaml").write_text(json.dumps(asdict(seq2seq_entry)))
    Path("prepared").mkdir()
    for split in ("train", "dev", "test"):
        write_jsonl(Path("prepared") / f"{split}.jsonl", dialogues(split))
    run(base.main, "--entry entry.yaml --base base --metrics base.json")
    return str(request.param)


def dialogues(split: str) -> list[Dialogue]:
    return [to_dialogue(row.fname, row.dialogue, ALL, None, [row.summary]) for row in make_rows(split, 5, 3)]


def test_it_is_pinned_tokenized_and_asked(name: str) -> None:
    assert (read_pin(Path("base")).family, read_pin(Path("base")).name) == ("seq2seq", name)

    run(
        tokenize.main,
        "--prepared prepared --base base --tokenized tokenized --prompt prompt.json --metrics tokens.json "
        "--lengths lengths.csv",
    )
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

    Path("trained").mkdir()
    Path("trained/trained.json").write_text('{"method": "none", "in_force": {"training.lora.r": 16}}')
    assert answers() == answers()


def answers() -> list[Any]:
    run(
        generate.main,
        "--prepared prepared --prompt prompt.json --base base --trained trained --entry entry.yaml --predictions said "
        "--samples samples "
        "--metrics said.json --speed speed.json",
    )
    found = read_predictions(Path("said/dev.jsonl"))
    assert [item.id for item in found] == [dialogue.id for dialogue in dialogues("dev")]
    assert all(item.text for item in found)
    return found
