"""Training on a base of two layers: what moves, what it learns from, and that it is loaded as it was."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import TrainerState

from dialsum.errors import InputError
from dialsum.modeling.adapter import prepare
from dialsum.modeling.batching import Collator
from dialsum.modeling.catalog import Entry
from dialsum.modeling.choice import in_force
from dialsum.modeling.loading import end_ids, load_base, load_tokenizer, load_trained
from dialsum.modeling.trainers import Lesson
from dialsum.modeling.training import Tuned, train
from dialsum.modeling.watching import Watch
from dialsum.params.training import Training

Tensors = dict[str, torch.Tensor]
Tune = Callable[..., Tuned]


def trainable(model: Any) -> Tensors:
    return {name: value.detach().clone() for name, value in model.named_parameters() if value.requires_grad}


def test_null_takes_the_catalogs_value_and_any_other_stays(training: Training, small_entry: Entry) -> None:
    assert (training.learning_rate, training.micro_batch) == (small_entry.learning_rate, small_entry.micro_batch)
    assert training.gradient_checkpointing is small_entry.gradient_checkpointing
    assert training.lora.targets == small_entry.lora_targets
    chosen = replace(training, learning_rate=2e-5, micro_batch=3, gradient_checkpointing=True)
    assert in_force(chosen, small_entry) == chosen
    other = replace(small_entry, gradient_checkpointing=True, lora_dropout=0.25)
    no = replace(training, gradient_checkpointing=False, lora=replace(training.lora, dropout=0.0))
    assert in_force(no, other) == no  # a value that counts as false in Python is a value
    unset = replace(training, lora=replace(training.lora, dropout=None))
    assert in_force(unset, other).lora.dropout == 0.25


def test_it_learns_and_only_the_adapter_moves(
    tune: Tune, small_base: Path, rows: Any, training: Training, tmp_path: Path
) -> None:
    tuned = tune(rows, training, tmp_path)
    before = prepare(load_base(small_base, "lora"), training)
    start = dict(before.named_parameters())
    for name, value in tuned.model.named_parameters():
        assert value.requires_grad is ("lora_" in name)
        assert torch.equal(value, start[name]) is not value.requires_grad, name
    targets = {name.split(".lora_")[0].rsplit(".", 1)[1] for name in trainable(tuned.model)}
    assert targets == set(training.lora.targets or [])

    assert (tuned.steps, tuned.resumed_from) == (18, 0)
    losses = [row["loss"] for row in tuned.log if "loss" in row]
    dev = [row["eval_loss"] for row in tuned.log if "eval_loss" in row]
    assert len(losses) == 9
    assert losses[-1] < losses[0]
    assert len(dev) == 3
    assert dev[-1] < dev[0]
    assert all(math.isfinite(row["grad_norm"]) for row in tuned.log if "grad_norm" in row)


def test_one_row_accumulated_eight_times_is_eight_rows_at_once(
    tune: Tune, rows: Any, training: Training, tmp_path: Path
) -> None:
    """The loss is a mean over the tokens of all eight rows, not a mean of eight means."""
    common = replace(
        training,
        batching="padded",
        lora=replace(training.lora, dropout=0.0),
        epochs=2.0,
        logging_steps=1,
        scheduler="constant",
        warmup_ratio=0.0,
    )
    rows = rows.select(range(16))
    single = tune(rows, replace(common, micro_batch=1, accumulation=8), tmp_path / "single")
    batched = tune(rows, replace(common, micro_batch=8, accumulation=1), tmp_path / "batched")
    assert (single.steps, batched.steps) == (4, 4)
    for one, other in zip(single.log, batched.log, strict=True):
        for key in ("loss", "grad_norm", "eval_loss"):
            if key in one:
                assert one[key] == pytest.approx(other[key], rel=1e-3), (key, one, other)
    others = trainable(batched.model)
    for name, value in trainable(single.model).items():
        torch.testing.assert_close(value, others[name], rtol=1e-2, atol=1e-4)


def test_the_loss_is_the_mean_over_the_labels(
    tune: Tune, small_base: Path, rows: Any, training: Training, tmp_path: Path
) -> None:
    """The first logged loss is that of the untouched model on those rows: prompts and padding cost nothing."""
    chosen = replace(training, micro_batch=4, epochs=1.0, logging_steps=1, lora=replace(training.lora, dropout=0.0))
    four = rows.select(range(4))
    tuned = tune(four, chosen, tmp_path)
    batch = Collator(0)([{key: row[key] for key in ("input_ids", "labels")} for row in four])
    with torch.no_grad():
        logits = load_base(small_base, "lora")(**{key: batch[key] for key in ("input_ids", "attention_mask")}).logits
    chosen_logits, labels = logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten()
    expected = torch.nn.functional.cross_entropy(chosen_logits, labels, ignore_index=-100)
    assert tuned.log[0]["loss"] == pytest.approx(expected.item(), rel=1e-3)


@pytest.mark.parametrize(
    ("targets", "named"), [(["nope"], r"\['nope'\]"), (["q_proj", "kproj"], r"\['kproj'\]"), ([], r"\[\]")]
)
def test_layers_that_the_model_lacks_are_refused_with_those_it_has(
    small_base: Path, training: Training, targets: list[str], named: str
) -> None:
    chosen = replace(training, lora=replace(training.lora, targets=targets))
    with pytest.raises(InputError, match=rf"training\.lora\.targets: {named}: .* are \['down_proj', .*'v_proj'\]"):
        prepare(load_base(small_base, "lora"), chosen)


def test_a_loss_that_is_no_number_stops_with_the_remedy(
    small_base: Path, rows: Any, training: Training, tmp_path: Path
) -> None:
    model = prepare(load_base(small_base, "lora"), training)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if name.endswith("lora_A.default.weight"):
                value.fill_(float("nan"))
    with pytest.raises(InputError, match=r"^training: loss is nan by step 2: lower training\.learning_rate \(now "):
        train(lambda: model, lesson_of(rows, small_base), training, tmp_path, [])


def lesson_of(rows: Any, base: Path) -> Lesson:
    tokenizer = load_tokenizer(base)
    return Lesson(rows, rows, tokenizer, end_ids(tokenizer, base))


def test_a_gradient_may_overflow_in_float16_but_not_for_ever() -> None:
    watch, state = Watch(), TrainerState(global_step=7)
    arguments = SimpleNamespace(fp16=True, learning_rate=1e-4)

    def log(norm: float) -> None:
        watch.on_log(arguments, state, None, {"loss": 1.0, "grad_norm": norm})  # type: ignore[arg-type]

    for norm in [*[float("inf")] * 29, 1.0, *[float("inf")] * 29]:
        log(norm)
    with pytest.raises(InputError, match=r"^training: the gradient overflowed in 30 steps on end, by step 7: lower"):
        log(float("inf"))


@pytest.mark.parametrize("spoilt", ["end", "all"])
def test_a_row_that_teaches_no_end_is_refused(
    small_base: Path, rows: Any, training: Training, tmp_path: Path, spoilt: str
) -> None:
    def spoil(row: dict[str, Any], number: int) -> dict[str, Any]:
        count = len(row["labels"]) if spoilt == "all" else 1
        return {"labels": [*row["labels"][:-count], *[-100] * count]} if number == 5 else {}

    lesson = lesson_of(rows.map(spoil, with_indices=True), small_base)
    with pytest.raises(InputError, match=r"^data/tokenized: train: row 5: its last label is not the token that ends"):
        train(lambda: None, lesson, training, tmp_path, [])


@pytest.mark.parametrize(
    ("scheduler", "rates"),
    [
        # The rate of each of four steps; the warm-up is the first two, and starts at 0.
        ("constant", [0.0, 0.5, 1.0, 1.0]),
        ("linear", [0.0, 0.5, 1.0, 0.5]),
        ("cosine", [0.0, 0.5, 1.0, 0.5]),
    ],
)
def test_warm_up_and_decay(
    tune: Tune, rows: Any, training: Training, tmp_path: Path, scheduler: Any, rates: list[float]
) -> None:
    chosen = replace(training, scheduler=scheduler, warmup_ratio=0.5, learning_rate=1e-3, epochs=1.0, logging_steps=1)
    tuned = tune(rows.select(range(16)), chosen, tmp_path)
    logged = [row["learning_rate"] / 1e-3 for row in tuned.log if "learning_rate" in row]
    assert logged == pytest.approx(rates, abs=1e-6)


def save(tuned: Tuned, method: str, folder: Path) -> Path:
    """As stage train does."""
    tuned.model.save_pretrained(folder)
    (folder / "trained.json").write_text(json.dumps({"method": method, "in_force": {}}))
    return folder


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("method", ["lora", "qlora", "full"])
def test_each_method_trains_and_is_loaded_as_it_was(
    tune: Tune, small_base: Path, rows: Any, training: Training, tmp_path: Path, method: Any, checkpointing: bool
) -> None:
    # A rate that is right for the adapter would wreck all weights.
    rate = 1e-4 if method == "full" else 4e-3
    chosen = replace(training, method=method, learning_rate=rate, gradient_checkpointing=checkpointing, epochs=2.0)
    eight = rows.select(range(8))
    start = trainable(prepare(load_base(small_base, method), chosen))
    tuned = tune(eight, chosen, tmp_path / "work")
    assert tuned.steps == 4
    moved = trainable(tuned.model)
    assert moved.keys() == start.keys()
    assert [name for name in moved if torch.equal(moved[name], start[name])] == []

    folder = save(tuned, method, tmp_path / "trained")
    loaded, pin = load_trained(small_base, folder)
    assert pin.name == "tiny-llama"
    assert not loaded.training
    assert not [path for path in folder.rglob("*") if path.suffix in (".bin", ".pt", ".pkl")]
    ids = torch.tensor([eight[0]["input_ids"]])
    # bitsandbytes multiplies in bfloat16 on processors that have it, but not with weights that have just been trained.
    tolerance = 1e-2 if method == "qlora" else 1e-5
    tuned.model.eval()
    with torch.no_grad():
        torch.testing.assert_close(loaded(ids).logits, tuned.model(ids).logits, rtol=0, atol=tolerance)
        base_logits = load_base(small_base, method)(ids).logits
    assert not torch.allclose(loaded(ids).logits, base_logits, rtol=0, atol=5 * tolerance)


def test_the_base_alone_is_loaded_for_none(small_base: Path, rows: Any, tmp_path: Path) -> None:
    (tmp_path / "trained.json").write_text(json.dumps({"method": "none", "in_force": {}}))
    model, _ = load_trained(small_base, tmp_path)
    ids = torch.tensor([rows[0]["input_ids"]])
    with torch.no_grad():
        torch.testing.assert_close(model(ids).logits, load_base(small_base, "none")(ids).logits, rtol=0, atol=0)


def test_gradients_reach_the_first_layer_after_an_evaluation_in_4_bits(
    small_base: Path, rows: Any, training: Training
) -> None:
    def gradients(evaluated: bool) -> dict[str, torch.Tensor]:
        model = prepare(load_base(small_base, "qlora"), replace(training, method="qlora"))
        batch = Collator(0)([{key: rows[0][key] for key in ("input_ids", "labels")}])
        if evaluated:
            model.eval()
            with torch.no_grad():
                model(**batch)
        model.train()
        for name, value in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.constant_(value, 0.1)  # zero at first, and so are then the gradients of lora_A
        torch.manual_seed(0)
        model(**batch).loss.backward()
        return {name: value.grad for name, value in model.named_parameters() if value.requires_grad}

    after, before = gradients(evaluated=True), gradients(evaluated=False)
    assert after.keys() == before.keys()
    for name, value in before.items():
        assert value.abs().max() > 0, name
        torch.testing.assert_close(after[name], value, rtol=1e-3, atol=1e-6)
