"""What the tests of training share: rows, values and one way to train with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerCallback

from dialsum.corpus.cleaning import ALL, to_dialogue
from dialsum.corpus.synthetic import generate
from dialsum.modeling.adapter import prepare
from dialsum.modeling.catalog import Entry
from dialsum.modeling.choice import in_force
from dialsum.modeling.loading import end_ids, load_base, load_tokenizer
from dialsum.modeling.trainers import Lesson
from dialsum.modeling.training import Tuned, train
from dialsum.params.model import Family
from dialsum.params.prompt import Tokenize
from dialsum.params.strict import load
from dialsum.params.training import Training
from dialsum.prompts.form import Form
from dialsum.stages.tokenize import as_dataset, encode_split

ROOT = Path(__file__).parents[2]
ROWS = 23  # six batches of four an epoch, the last one short


@pytest.fixture(scope="session")
def rows(small_base: Path) -> Any:
    """Tokenized rows, as stage tokenize makes them."""
    return _tokenized(small_base, "causal")


@pytest.fixture(scope="session")
def pairs(bart_base: Path) -> Any:
    """The same, for a BART."""
    return _tokenized(bart_base, "seq2seq")


def _tokenized(base: Path, family: Family) -> Any:
    dialogues = [to_dialogue(row.fname, row.dialogue, ALL, None, [row.summary]) for row in generate("train", ROWS, 3)]
    form = Form(format="plain", system="none")
    limits = Tokenize(max_source_tokens=160, max_target_tokens=48, truncation="tail")
    return as_dataset(family, encode_split(load_tokenizer(base), family, dialogues, [form], limits, "train"))


@pytest.fixture(scope="session")
def training(small_entry: Entry) -> Training:
    """The default values, for fewer steps: 6 an epoch, a checkpoint each 4th; dropout, as it draws numbers."""
    chosen = load(ROOT / "tests" / "params.yaml", "training", Training)
    lora = replace(chosen.lora, dropout=0.05)
    short = replace(chosen, method="lora", save_steps=4, logging_steps=2, epochs=3.0, threads=1, lora=lora)
    return in_force(short, small_entry)


@pytest.fixture(scope="session")
def tune(small_base: Path) -> Callable[..., Tuned]:
    """Train on rows with values, in a folder for checkpoints, with callbacks; the first eight rows are the dev set."""

    def run(rows: Any, training: Training, folder: Path, *callbacks: TrainerCallback, base: Path = small_base) -> Tuned:
        torch.manual_seed(torch.seed())  # nothing may hang on what came before
        tokenizer = load_tokenizer(base)
        lesson = Lesson(rows, rows.select(range(min(8, len(rows)))), tokenizer, end_ids(tokenizer, base))
        return train(lambda: prepare(load_base(base, training.method), training), lesson, training, folder, callbacks)

    return run


@pytest.fixture(scope="session")
def lay_out(rows: Any) -> Callable[[Path, Training], Path]:
    """Makes a folder for learn.py, and returns it."""

    def make(folder: Path, training: Training) -> Path:
        (folder / "work").mkdir(parents=True)
        rows.save_to_disk(str(folder / "rows"))
        (folder / "training.json").write_text(json.dumps(asdict(training)))
        return folder

    return make


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
