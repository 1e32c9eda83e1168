"""Training on a base of two layers: what moves, what it learns from, and what a kill changes: nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from transformers import TrainerCallback

from dialsum.corpus.cleaning import to_dialogue
from dialsum.corpus.synthetic import generate
from dialsum.errors import InputError
from dialsum.modeling.batching import Collator, EpochSampler
from dialsum.modeling.catalog import Entry
from dialsum.modeling.loading import load_base, load_tokenizer, load_trained
from dialsum.modeling.training import Tuned, in_force, prepare, train
from dialsum.modeling.watching import COMPLETE, Marker
from dialsum.params.prompt import Prompt, Tokenize
from dialsum.params.strict import load
from dialsum.params.training import Training
from dialsum.stages.tokenize import as_dataset, encode_split

ROOT = Path(__file__).parents[2]
ROWS = 23  # six batches of four an epoch, the last one short
Tensors = dict[str, torch.Tensor]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def rows(small_base: Path) -> Any:
    """Tokenized rows, as stage tokenize makes them."""
    dialogues = [to_dialogue(row.fname, row.dialogue, None, [row.summary]) for row in generate("train", ROWS, 3)]
    prompt, limits = Prompt(format="plain", system="none"), Tokenize(max_source_tokens=160, max_target_tokens=48)
    return as_dataset(encode_split(load_tokenizer(small_base), dialogues, prompt, limits, "train"))


@pytest.fixture(scope="module")
def training(small_entry: Entry) -> Training:
    """The repository's own values, for fewer steps: 6 an epoch, a checkpoint each 4th."""
    chosen = load(ROOT / "params.yaml", "training", Training)
    short = replace(chosen, method="lora", save_steps=4, logging_steps=2, epochs=3.0, threads=1)
    return in_force(short, small_entry)


class Stop(TrainerCallback):
    """What a kill does, at the end of a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        if state.global_step == self.step:
            raise Killed


class Killed(BaseException):
    pass


def run(base: Path, rows: Any, training: Training, folder: Path, *callbacks: TrainerCallback) -> Tuned:
    torch.manual_seed(torch.seed())  # nothing may hang on what came before
    model = prepare(load_base(base, training.method), training)
    pad = int(load_tokenizer(base).pad_token_id)
    return train(model, rows, rows.select(range(4)), training, pad, folder, list(callbacks))


def trainable(model: Any) -> Tensors:
    return {name: value.detach().clone() for name, value in model.named_parameters() if value.requires_grad}


def same_bits(one: Tensors, other: Tensors) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def stable(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What stage train keeps of the log: nothing that the clock decides."""
    kept = ("step", "epoch", "loss", "eval_loss", "learning_rate", "grad_norm")
    return [{key: row[key] for key in kept if key in row} for row in log]


@pytest.fixture(scope="module", params=["padded", "length_grouped"])
def undisturbed(
    request: pytest.FixtureRequest,
    small_base: Path,
    rows: Any,
    training: Training,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Training, Tuned]:
    chosen = replace(training, batching=request.param)
    return chosen, run(small_base, rows, chosen, tmp_path_factory.mktemp("undisturbed"))


def test_null_takes_the_catalogs_value_and_any_other_stays(training: Training, small_entry: Entry) -> None:
    assert (training.learning_rate, training.micro_batch) == (small_entry.learning_rate, small_entry.micro_batch)
    assert training.gradient_checkpointing is small_entry.gradient_checkpointing
    assert training.lora.targets == small_entry.lora_targets
    chosen = replace(training, learning_rate=2e-5, micro_batch=3, gradient_checkpointing=True)
    assert in_force(chosen, small_entry) == chosen
    explicit_no = replace(training, gradient_checkpointing=False)
    assert in_force(explicit_no, replace(small_entry, gradient_checkpointing=True)).gradient_checkpointing is False


def test_it_learns_and_only_the_adapter_moves(
    undisturbed: tuple[Training, Tuned], small_base: Path, training: Training
) -> None:
    _, tuned = undisturbed
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


def test_two_runs_agree_to_the_bit(
    undisturbed: tuple[Training, Tuned], small_base: Path, rows: Any, tmp_path: Path
) -> None:
    training, first = undisturbed
    second = run(small_base, rows, training, tmp_path)
    assert same_bits(trainable(second.model), trainable(first.model))
    assert stable(second.log) == stable(first.log)


@pytest.mark.parametrize(
    ("killed_at", "resumed_from"),
    [
        (3, 0),  # before the first checkpoint
        (5, 4),  # in epoch 1
        (10, 8),  # in epoch 2, where the stock length-grouped sampler goes on with other batches
        (13, 12),  # the checkpoint is the end of epoch 2
        (17, 16),
    ],
)
def test_a_killed_run_ends_as_if_it_had_not_been(
    undisturbed: tuple[Training, Tuned], small_base: Path, rows: Any, tmp_path: Path, killed_at: int, resumed_from: int
) -> None:
    training, whole = undisturbed
    with pytest.raises(Killed):
        run(small_base, rows, training, tmp_path, Stop(killed_at))
    resumed = run(small_base, rows, training, tmp_path)
    assert (resumed.resumed_from, resumed.steps) == (resumed_from, 18)
    assert same_bits(trainable(resumed.model), trainable(whole.model))
    assert stable(resumed.log) == stable(whole.log)


def test_killed_twice_and_with_accumulation(small_base: Path, rows: Any, training: Training, tmp_path: Path) -> None:
    """23 rows by 2, 3 batches a step: 4 steps an epoch, the last one of them short."""
    chosen = replace(training, micro_batch=2, accumulation=3, save_steps=2, epochs=2.0, batching="length_grouped")
    whole = run(small_base, rows, chosen, tmp_path / "whole")
    assert whole.steps == 8
    for step in (3, 7):
        with pytest.raises(Killed):
            run(small_base, rows, chosen, tmp_path / "killed", Stop(step))
    resumed = run(small_base, rows, chosen, tmp_path / "killed")
    assert resumed.resumed_from == 6
    assert same_bits(trainable(resumed.model), trainable(whole.model))


def test_a_finished_run_that_is_asked_again_repeats_no_step(
    undisturbed: tuple[Training, Tuned], small_base: Path, rows: Any, tmp_path: Path
) -> None:
    """Killed between the last step and the writing of the outputs."""
    training, whole = undisturbed
    run(small_base, rows, training, tmp_path)
    again = run(small_base, rows, training, tmp_path)
    assert again.resumed_from == 18
    assert same_bits(trainable(again.model), trainable(whole.model))
    assert stable(again.log)[: len(whole.log)] == stable(whole.log)


def test_a_checkpoint_without_its_mark_is_not_trusted(
    undisturbed: tuple[Training, Tuned], small_base: Path, rows: Any, tmp_path: Path
) -> None:
    training, whole = undisturbed
    with pytest.raises(Killed):
        run(small_base, rows, training, tmp_path, Stop(10))
    (tmp_path / "checkpoint-8" / COMPLETE).unlink()
    for file in (tmp_path / "checkpoint-8").glob("*.safetensors"):
        file.write_bytes(b"half")
    resumed = run(small_base, rows, training, tmp_path)
    assert resumed.resumed_from == 4
    assert same_bits(trainable(resumed.model), trainable(whole.model))


def test_the_newest_complete_checkpoint_is_chosen_by_number_and_the_others_go(tmp_path: Path) -> None:
    assert Marker.newest(tmp_path) is None
    for step, complete in ((8, True), (9, True), (10, True), (12, False)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if complete:
            (tmp_path / f"checkpoint-{step}" / COMPLETE).touch()
    assert Marker.newest(tmp_path) == tmp_path / "checkpoint-10"
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-10"]


def test_one_row_accumulated_eight_times_is_eight_rows_at_once(
    small_base: Path, rows: Any, training: Training, tmp_path: Path
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
    single = run(small_base, rows, replace(common, micro_batch=1, accumulation=8), tmp_path / "single")
    batched = run(small_base, rows, replace(common, micro_batch=8, accumulation=1), tmp_path / "batched")
    assert (single.steps, batched.steps) == (4, 4)
    for one, other in zip(single.log, batched.log, strict=True):
        for key in ("loss", "grad_norm", "eval_loss"):
            if key in one:
                assert one[key] == pytest.approx(other[key], rel=1e-3), (key, one, other)
    others = trainable(batched.model)
    for name, value in trainable(single.model).items():
        torch.testing.assert_close(value, others[name], rtol=1e-2, atol=1e-4)


def test_the_loss_is_the_mean_over_the_labels(small_base: Path, rows: Any, training: Training, tmp_path: Path) -> None:
    """The first logged loss is that of the untouched model on those rows: prompts and padding cost nothing."""
    chosen = replace(training, micro_batch=4, epochs=1.0, logging_steps=1, lora=replace(training.lora, dropout=0.0))
    four = rows.select(range(4))
    tuned = run(small_base, four, chosen, tmp_path)
    batch = Collator(0)([{key: row[key] for key in ("input_ids", "labels")} for row in four])
    with torch.no_grad():
        logits = load_base(small_base, "lora")(**{key: batch[key] for key in ("input_ids", "attention_mask")}).logits
    chosen_logits, labels = logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten()
    expected = torch.nn.functional.cross_entropy(chosen_logits, labels, ignore_index=-100)
    assert tuned.log[0]["loss"] == pytest.approx(expected.item(), rel=1e-3)


def test_a_loss_that_is_no_number_stops_with_the_remedy(
    small_base: Path, rows: Any, training: Training, tmp_path: Path
) -> None:
    model = prepare(load_base(small_base, "lora"), training)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if name.endswith("lora_A.default.weight"):
                value.fill_(float("nan"))
    with pytest.raises(InputError, match=r"^training: loss is nan at step 2: lower training\.learning_rate \(now "):
        train(model, rows, rows, training, 0, tmp_path, [])


class Recorder(Collator):
    """Keeps the batches of training rows, as their first ids."""

    seen: ClassVar[list[list[list[int]]]] = []

    def __call__(self, rows: Any) -> Tensors:
        self.seen.append([row["input_ids"] for row in rows])
        return super().__call__(rows)


@pytest.mark.parametrize("killed_at", [None, 4, 10, 12])
def test_batches_are_those_of_the_sampler_in_each_epoch(
    small_base: Path, rows: Any, training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    """Epochs differ, and a resumed run reads what is left of its epoch."""
    if killed_at is not None:
        with pytest.raises(Killed):
            run(small_base, rows, training, tmp_path, Stop(killed_at))
    monkeypatch.setattr("dialsum.modeling.training.Collator", Recorder)
    monkeypatch.setattr(Recorder, "seen", [])
    resumed_from = run(small_base, rows, training, tmp_path).resumed_from
    sampler = EpochSampler(rows["length"], 4, training.batching, training.seed)
    expected = []
    for epoch in range(3):
        sampler.set_epoch(epoch)
        order = list(sampler)
        expected += [[rows[row]["input_ids"] for row in order[start : start + 4]] for start in range(0, ROWS, 4)]
    dev = [rows[row]["input_ids"] for row in range(4)]
    assert [batch for batch in Recorder.seen if batch != dev] == expected[resumed_from:]


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
    small_base: Path, rows: Any, training: Training, tmp_path: Path, scheduler: Any, rates: list[float]
) -> None:
    chosen = replace(training, scheduler=scheduler, warmup_ratio=0.5, learning_rate=1e-3, epochs=1.0, logging_steps=1)
    tuned = run(small_base, rows.select(range(16)), chosen, tmp_path)
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
    small_base: Path, rows: Any, training: Training, tmp_path: Path, method: Any, checkpointing: bool
) -> None:
    # A rate that is right for the adapter would wreck all weights.
    rate = 1e-4 if method == "full" else 4e-3
    chosen = replace(training, method=method, learning_rate=rate, gradient_checkpointing=checkpointing, epochs=2.0)
    eight = rows.select(range(8))
    start = trainable(prepare(load_base(small_base, method), chosen))
    tuned = run(small_base, eight, chosen, tmp_path / "work")
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
