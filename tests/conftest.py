"""What tests share: a tokenizer and base models made in seconds, and dialogues of tests/data."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
from collections import Counter
from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any

import pytest

from dialsum.modeling.catalog import Entry, Lesson, read_entry

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).parent / "data"

# `make test` runs two tests at a time, and two threads each on two cores are slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell starts `pytest … &` deaf to Ctrl-C, and so would be the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in this very hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one process, and those that share a clone of the repository; these, the longest, first."""

    def group(item: pytest.Item) -> str:
        return "end_to_end" if "end_to_end" in item.path.parts else str(item.path.relative_to(ROOT))

    items.sort(key=lambda item: group(item) != "end_to_end")
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))


def pytest_collection_finish() -> None:
    """Let garbage collections, of which each training ends with one, pass over the many modules that are imported."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests must not write to the store of a repository they happen to be started from."""
    for name in ("DVC_ROOT", "DVC_EXP_NAME", "DVC_EXP_BASELINE_REV", "MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def small_entry() -> Entry:
    """tiny-llama, smaller yet: its base takes seconds."""
    entry = read_entry(ROOT / "catalog" / "tiny-llama.yaml")
    assert entry.scratch is not None
    scratch = replace(
        entry.scratch,
        vocab_size=600,
        hidden_size=64,
        intermediate_size=128,
        rows=200,
        practice=Lesson(steps=10, batch=8),
        reading=Lesson(steps=20, batch=8),
        threads=1,
    )
    return replace(entry, scratch=scratch, micro_batch=4)


@pytest.fixture(scope="session")
def small_base(small_entry: Entry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the base stage makes it: a Llama of two layers, trained for thirty steps."""
    from dialsum.modeling.bases import make_scratch

    folder = tmp_path_factory.mktemp("base")
    assert small_entry.scratch is not None
    make_scratch(small_entry.scratch, "tiny-llama", small_entry, folder)
    return folder


@pytest.fixture(scope="session")
def strong_adapter(small_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What training leaves: a random adapter, strong enough that the model says something else to each dialogue."""
    import torch
    from peft import LoraConfig, get_peft_model

    from dialsum.modeling.loading import load_base

    torch.manual_seed(1)
    config = LoraConfig(r=4, lora_alpha=32, target_modules="all-linear", init_lora_weights=False)
    folder = tmp_path_factory.mktemp("trained")
    get_peft_model(load_base(small_base, "lora"), config).save_pretrained(folder)
    (folder / "trained.json").write_text(json.dumps({"method": "lora", "in_force": {}}))
    return folder


@pytest.fixture(scope="session")
def bart_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BART in the hub's format, with random weights that are strong enough to say something else to each dialogue."""
    from transformers import BartConfig, BartForConditionalGeneration

    from dialsum.modeling.tokenizer import train_tokenizer

    tokenizer = train_tokenizer(_talk(), 600, "seq2seq")
    config = BartConfig(
        vocab_size=len(tokenizer),
        d_model=64,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        max_position_embeddings=512,
        init_std=0.3,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=tokenizer.eos_token_id,
    )
    return _saved(tmp_path_factory.mktemp("bart"), BartForConditionalGeneration, config, tokenizer)


@pytest.fixture(scope="session")
def t5_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A T5 in the hub's format, with T5's own sort of tokenizer; random weights as above."""
    from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

    special = [(name, 0.0) for name in ("<pad>", "</s>", "<unk>")]
    tokenizer = T5Tokenizer(vocab=special + _pieces(897), extra_ids=0)
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=64,
        d_kv=32,
        d_ff=128,
        num_layers=2,
        num_heads=2,
        feed_forward_proj="gated-gelu",
        initializer_factor=3.0,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    return _saved(tmp_path_factory.mktemp("t5"), T5ForConditionalGeneration, config, tokenizer)


@pytest.fixture(scope="session")
def seq2seq_entry(small_entry: Entry) -> Entry:
    """What a catalog says of a BART or T5."""
    return replace(small_entry, family="seq2seq", chat_tokens=[], end_tokens=["</s>"], scratch=None)


@pytest.fixture(scope="session")
def bart_base(bart_folder: Path, seq2seq_entry: Entry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the base stage makes it of `bart_folder`."""
    from dialsum.modeling.bases import take_folder

    folder = tmp_path_factory.mktemp("base")
    take_folder(bart_folder, "bart", seq2seq_entry, folder)
    return folder


@pytest.fixture(scope="session")
def t5_base(t5_folder: Path, seq2seq_entry: Entry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the base stage makes it of `t5_folder`."""
    from dialsum.modeling.bases import take_folder

    folder = tmp_path_factory.mktemp("base")
    take_folder(t5_folder, "t5", seq2seq_entry, folder)
    return folder


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's store with nothing in it, to be copied: MLflow takes seconds to make its tables."""
    from dialsum.records import store

    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_ROOT", str(folder))
        for name in (*store.ENVIRONMENT, "MLFLOW_TRACKING_URI", "_MLFLOW_SERVER_ARTIFACT_ROOT"):
            patch.setenv(name, "")
        store.connect()
    return folder / "mlflow.db"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path. The test is skipped without it, unless this machine is one that must have it."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    reason = "the browser chromium is not installed: apt install chromium"
    if os.environ.get("DIALSUM_NEEDS_CHROMIUM"):
        pytest.fail(reason)
    pytest.skip(reason)


def _talk() -> list[str]:
    from dialsum.corpus.synthetic import generate

    rows = [row for split in ("base", "train", "dev", "test") for row in generate(split, 50, 3)]
    return [text for row in rows for text in (row.dialogue, row.summary)]


def _pieces(size: int) -> list[tuple[str, float]]:
    """The most frequent parts of words, as a Unigram model has them: each with the logarithm of its share.

    The library's trainer finds other pieces at each call, and with them what a random model says is another each time.
    """
    counts: Counter[str] = Counter()
    for text in _talk():
        for word in ("\u2581" + word for word in text.split()):
            counts.update(word[start:end] for end in range(1, len(word) + 1) for start in range(max(0, end - 4), end))
    chosen = sorted(counts, key=lambda piece: (len(piece) > 1, -counts[piece], piece))[:size]  # all characters first
    return [(piece, log(counts[piece] / counts.total())) for piece in chosen]


def _saved(folder: Path, model_class: Any, config: Any, tokenizer: Any) -> Path:
    import torch

    torch.manual_seed(1)
    model_class(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
