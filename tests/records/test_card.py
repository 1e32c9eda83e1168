from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dialsum.modeling.catalog import Entry
from dialsum.modeling.pin import Pin
from dialsum.records import card

PIN = Pin("qwen3-4b", "hub", "Qwen/Qwen3-4B", "cdbee75f", "causal", "float16", ["<|im_end|>"], {})
PARAMS = {
    "data.dir": "data/mine",
    "training.method": "qlora",
    "training.learning_rate": "2e-05",
    "training.scheduler": "cosine",
    "training.epochs": "2.0",
    "training.seed": "42",
    "training.lora.r": "16",
    "training.lora.alpha": "32",
    "effective_batch": "8",
    "evaluation.tokens": "mecab",
    "tokenize.max_source_tokens": "1024",
    "tokenize.truncation": "middle",
    "generation.foreign_tokens": "block_unless_in_dialogue",
}
TAGS = {
    "training": "qlora-4bit",
    "git.commit": "c0ffee",
    "git.dirty": "true",
    **{f"md5.data.{split}": f"md5 of {split}" for split in ("train", "dev", "test")},
}
METRICS: dict[str, Any] = {
    "data": {"train": {"rows": 12457}, "dev": {"rows": 499}, "test": {"rows": 250}},
    "tokens": {"dev": {"rows_truncated": 6}},
    "train": {
        "steps": 2250,
        "best_step": 1125,
        "trainable_parameters": 33030144,
        "parameters": 4055498240,
        "eval_loss": [0.75, 0.8125],
    },
    "rouge": {
        "rows": 499,
        "rouge1": 40.125,
        "stop_rate": 0.995,
        "foreign_rate": 0.0,
        "fact_recall": None,
        "intervals": {"rouge1": {"low": 39.0, "high": 41.5}, "stop_rate": {"low": 0.99, "high": 1.0}},
        "baselines": {"lead_1": {"rouge_mean": 10.0, "rouge1": 12.5}, "reference": {"rouge_mean": 90.0, "rouge1": 91}},
    },
}


@pytest.fixture
def subject(small_entry: Entry) -> card.Subject:
    entry = replace(small_entry, licence="Apache License 2.0", parameters=4.02e9, architecture="Qwen3ForCausalLM")
    return card.Subject("qwen3-4b_ep2", 7, "3f2a", entry, PIN, PARAMS, TAGS, METRICS)


def test_what_a_card_says(subject: card.Subject) -> None:
    text = card.describe(subject)
    for line in (
        "# dialsum, version 7: qwen3-4b_ep2",
        'model = mlflow.pyfunc.load_model("models:/dialsum/7")',
        "| from | Qwen/Qwen3-4B, revision cdbee75f; its weights are not in this model, but in the hub's cache |",
        "| size | 4.02B parameters, float32, Qwen3ForCausalLM |",
        "| train | data/mine/train.csv | 12,457 | md5 of train |",
        "| test | data/mine/test.csv | 250 | md5 of test |",
        "| values | learning rate 2e-05 (cosine), effective batch 8, 2.0 epochs, seed 42, LoRA rank 16, alpha 32 |",
        "| kept | the weights of step 1,125 of 2,250 |",
        "| lowest loss on dev | 0.7500 nats a token |",
        "| commit | c0ffee, with changes that are not in it |",
        "## Scores on dev (499 rows)",
        "|  | model | 95 % | `lead_1` |",
        "| ROUGE-1 | 40.12 | 39.00 to 41.50 | 12.50 |",
        "| summaries that the model ended itself | 99.5% | 99.0% to 100.0% |  |",
        "| … with letters that the dialogue does not have | 0.0% |  |  |",
        "- The scores hold for dialogues like those of data/mine, and for no others.",
        "`tokenize.truncation: middle`); of dev 6 did.",
        "The base model: Apache License 2.0.",
    ):
        assert line in text, line
    assert "facts stated" not in text  # these data have none
    assert "a program made" not in text
    assert len(text) < 5000


def test_a_model_of_synthetic_dialogues_says_so(subject: card.Subject) -> None:
    params = {**PARAMS, "data.dir": "data/synthetic", "generation.foreign_tokens": "allow"}
    rouge = {**METRICS["rouge"], "fact_recall": 0.84}
    text = card.describe(replace(subject, params=params, metrics={**METRICS, "rouge": rouge}))
    assert "It was trained on dialogues that a program made. It is no model for real ones." in text
    assert "It leaves out, or gets wrong, 16% of the facts of a dialogue." in text
    assert "letters of other scripts" not in text


def test_a_model_that_was_not_trained(subject: card.Subject) -> None:
    tags = {"training": "zero-shot"}
    text = card.describe(replace(subject, tags=tags, metrics={**METRICS, "train": {"steps": 0}}))
    assert "| method | zero-shot |\n| commit | unknown |" in text
    assert "| train | data/mine/train.csv | 12,457 | unknown |" in text


def test_a_bar_in_a_licence_does_not_break_the_table(subject: card.Subject) -> None:
    text = card.describe(replace(subject, entry=replace(subject.entry, licence="MIT | none")))
    assert "| licence | MIT \\| none |" in text
