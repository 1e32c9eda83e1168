"""Trainer and SFTTrainer, the three batchings, dropout and label smoothing: what each changes, and what it must not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    BartConfig,
    BartForConditionalGeneration,
    T5Config,
    T5ForConditionalGeneration,
)

from dialsum.errors import InputError
from dialsum.modeling import arguments
from dialsum.modeling.adapter import prepare, set_dropout
from dialsum.modeling.batching import Collator
from dialsum.modeling.best import trained
from dialsum.modeling.catalog import Entry
from dialsum.modeling.choice import in_force
from dialsum.modeling.figures import of_log
from dialsum.modeling.loading import end_ids, four_bits, load_base, load_tokenizer
from dialsum.modeling.trainers import Lesson, make_trainer
from dialsum.modeling.training import Tuned
from dialsum.params.training import Training

Tune = Callable[..., Tuned]
BATCHINGS = ["padded", "length_grouped", "packed"]


@pytest.fixture(scope="module")
def plain(training: Training) -> Training:
    """Without dropout, and with each step logged."""
    return replace(training, logging_steps=1, epochs=2.0, lora=replace(training.lora, dropout=0.0))


@pytest.fixture(scope="module")
def learned(
    tune: Tune, rows: Any, plain: Training, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Tuned]:
    """What each trainer makes with each batching."""
    pairs: list[tuple[Any, Any]] = [(trainer, batching) for trainer in ("trainer", "sft") for batching in BATCHINGS]
    return {
        (trainer, batching): tune(
            rows, replace(plain, trainer=trainer, batching=batching), tmp_path_factory.mktemp("learned")
        )
        for trainer, batching in pairs
    }


@pytest.mark.parametrize("trainer", ["trainer", "sft"])
def test_packed_rows_are_learned_from_as_padded_ones(learned: dict[tuple[str, str], Tuned], trainer: str) -> None:
    """Same rows a step, same losses, same weights."""
    packed, padded = learned[trainer, "packed"], learned[trainer, "padded"]
    assert_same(packed, padded)
    assert packed.rows["padding_share"] <= padded.rows["padding_share"]


@pytest.mark.parametrize("batching", BATCHINGS)
def test_both_trainers_learn_the_same(learned: dict[tuple[str, str], Tuned], batching: str) -> None:
    assert_same(learned["sft", batching], learned["trainer", batching])


def assert_same(one: Tuned, other: Tuned) -> None:
    """Up to the order in which floats are added."""
    assert one.steps == other.steps == 12
    losses = [[row["loss"] for row in tuned.log if "loss" in row] for tuned in (one, other)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    norms = [[row["grad_norm"] for row in tuned.log if "grad_norm" in row] for tuned in (one, other)]
    assert norms[0] == pytest.approx(norms[1], rel=1e-2)
    for name, value in trained(one.model).items():
        torch.testing.assert_close(value, trained(other.model)[name], rtol=1e-2, atol=1e-4)


@pytest.mark.parametrize("batching", BATCHINGS)
def test_smoothed_labels(
    tune: Tune, small_base: Path, rows: Any, plain: Training, tmp_path: Path, batching: Any
) -> None:
    """The first loss is that of the untouched model on those rows, as torch's cross entropy counts it."""
    four = rows.select(range(4))
    tuned = tune(four, replace(plain, micro_batch=4, label_smoothing=0.1, batching=batching), tmp_path)
    batch = Collator(0)([{key: row[key] for key in ("input_ids", "labels")} for row in four])
    with torch.no_grad():
        logits = load_base(small_base, "lora")(**{key: batch[key] for key in ("input_ids", "attention_mask")}).logits
    labels = batch["labels"][:, 1:].flatten()
    expected = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels, label_smoothing=0.1)
    assert tuned.log[0]["loss"] == pytest.approx(expected.item(), rel=1e-3)


def test_smoothing_too_is_a_mean_over_the_tokens_of_a_step(
    tune: Tune, rows: Any, plain: Training, tmp_path: Path
) -> None:
    common = replace(plain, batching="padded", label_smoothing=0.1)
    eight = rows.select(range(8))
    single = tune(eight, replace(common, micro_batch=1, accumulation=8), tmp_path / "single")
    batched = tune(eight, replace(common, micro_batch=8, accumulation=1), tmp_path / "batched")
    losses = [[row["loss"] for row in tuned.log if "loss" in row] for tuned in (single, batched)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_the_loss_on_dev_does_not_depend_on_the_batch(tune: Tune, rows: Any, plain: Training, tmp_path: Path) -> None:
    def loss(size: int, batching: Any) -> float:
        chosen = replace(plain, epochs=1.0, micro_batch=size, accumulation=4 // size, batching=batching)
        return of_log(tune(rows, chosen, tmp_path / f"{size}{batching}").log)["eval_loss"]

    assert loss(1, "padded") == pytest.approx(loss(4, "padded"), rel=1e-5)
    assert loss(2, "packed") == pytest.approx(loss(4, "packed"), rel=1e-5)


@pytest.mark.parametrize("trainer", ["trainer", "sft"])
def test_an_adapter_on_four_bits_learns_in_float32(
    small_base: Path, rows: Any, plain: Training, tmp_path: Path, trainer: Any
) -> None:
    chosen = replace(plain, method="qlora", trainer=trainer)
    tokenizer = load_tokenizer(small_base)
    model = prepare(load_base(small_base, "qlora"), chosen)
    made = make_trainer(model, Lesson(rows, rows, tokenizer, end_ids(tokenizer, small_base)), chosen, tmp_path)
    assert {value.dtype for value in trained(made.model).values()} == {torch.float32}


@pytest.mark.parametrize("method", ["full", "lora", "qlora"])
@pytest.mark.parametrize(("dtype", "key"), [(torch.bfloat16, "bf16"), (torch.float16, "fp16"), (torch.float32, None)])
def test_products_are_made_in_the_dtype_of_the_model(
    small_base: Path, plain: Training, monkeypatch: pytest.MonkeyPatch, method: Any, dtype: torch.dtype, key: str | None
) -> None:
    """As on a GPU, where the base comes in its own dtype; what learns is float32 all the same."""
    bits = four_bits(dtype) if method == "qlora" else None
    base = AutoModelForCausalLM.from_pretrained(small_base, dtype=dtype, quantization_config=bits)
    chosen = replace(plain, method=method)
    model = prepare(base, chosen)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(arguments, "TrainingArguments", dict)  # its own look for the GPU
    given = arguments.arguments(chosen, model, 23, small_base, None)
    assert {name for name in ("bf16", "fp16") if given[name]} == ({key} if key else set())
    assert {value.dtype for value in trained(model).values()} == {torch.float32}


def test_rslora_and_dora_train(tune: Tune, rows: Any, plain: Training, tmp_path: Path) -> None:
    usual = tune(rows, plain, tmp_path / "usual")
    larger = tune(rows, replace(plain, lora=replace(plain.lora, rslora=True)), tmp_path / "rslora")
    # The scale is alpha / √r = 32 / 4 in place of alpha / r = 32 / 16.
    assert larger.model.base_model.model.model.layers[0].self_attn.q_proj.scaling == {"default": 8.0}
    assert usual.model.base_model.model.model.layers[0].self_attn.q_proj.scaling == {"default": 2.0}
    tuned = tune(rows, replace(plain, lora=replace(plain.lora, dora=True)), tmp_path / "dora")
    assert any("lora_magnitude_vector" in name for name in trained(tuned.model))
    first, second = of_log(tuned.log)["epoch_loss"]
    assert second < first


@pytest.mark.parametrize(
    "model",
    [
        BartForConditionalGeneration(
            BartConfig(
                vocab_size=20,
                d_model=8,
                encoder_layers=1,
                decoder_layers=1,
                encoder_attention_heads=2,
                decoder_attention_heads=2,
                dropout=0.1,
            )
        ),
        T5ForConditionalGeneration(
            T5Config(vocab_size=20, d_model=8, num_layers=1, dropout_rate=0.1, decoder_start_token_id=0)
        ),
    ],
    ids=["bart", "t5"],
)
def test_dropout_of_the_model_can_be_chosen(model: Any) -> None:
    """With none, two passes in training mode agree; with much of it they do not."""
    ids = torch.arange(4, 16)[None]

    def differ() -> bool:
        model.train()
        one, other = (model(input_ids=ids, labels=ids).logits for _ in range(2))
        return not torch.equal(one, other)

    assert differ()
    set_dropout(model, 0.0)
    assert not differ()
    set_dropout(model, 0.5)
    assert differ()


@pytest.mark.parametrize(
    ("values", "family", "message"),
    [
        ({"batching": "packed"}, "seq2seq", "batching: packed: a seq2seq model cannot keep packed samples apart"),
        ({"trainer": "sft"}, "seq2seq", "trainer: sft: TRL's SFTTrainer is for causal models; choose trainer"),
        ({"method": "full", "lora": {"dora": True}}, "causal", "lora.rslora, lora.dora: are ways of LoRA, and"),
        ({"trainer": "sft", "label_smoothing": 0.1}, "causal", "label_smoothing: SFTTrainer would run the model twice"),
    ],
)
def test_what_makes_no_sense_is_refused(
    training: Training, small_entry: Entry, values: dict[str, Any], family: Any, message: str
) -> None:
    entry = replace(small_entry, family=family)
    chosen = replace(training, **{**values, "lora": replace(training.lora, **values.get("lora", {}))})
    with pytest.raises(InputError, match=f"^params.yaml: training.{message}"):
        in_force(chosen, entry)
    assert in_force(replace(chosen, method="none"), entry)  # nothing is trained
