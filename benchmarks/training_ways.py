"""The ways that benchmarks/training.py compares, each in a process of its own: our batchings, and plain scripts.

Enters: the name of a way, and a folder as training_rows writes it. Leaves: what was measured, as one line of JSON:

    {"seconds": 24.6, "computed_tokens": 205312, "eval_loss": 5.1, "steps": 75, "peak_mib": 1093.2}
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import training_rows
from training_rows import ROOT, Plan

if TYPE_CHECKING:
    from transformers import TrainerCallback

OURS = ("padded", "length_grouped", "packed")
BFD = "SFTTrainer, bfd"
PLAIN = ("Trainer, padded", "Trainer, group_by_length", BFD)
WARM_UP = 3  # steps in which kernels are compiled and chosen
RANK, ALPHA = 16, 32
SCHEDULE = {"lr_scheduler_type": "cosine", "warmup_steps": 0.1, "max_grad_norm": 1.2, "logging_steps": 10, "seed": 42}


def train(way: str, place: Path) -> dict[str, float]:
    """Train once, and measure."""
    import torch

    plan, splits = training_rows.read(place)
    torch.set_num_threads(plan.threads)
    clock, tokens = clock_of_steps(), Tokens()
    with tempfile.TemporaryDirectory() as work:
        learn = learn_ours if way in OURS else learn_plain
        loss, steps = learn(way, plan, place, splits, clock, tokens, Path(work))
    return {
        "seconds": clock.seconds(),
        "computed_tokens": tokens.computed,
        "eval_loss": loss,
        "steps": steps,
        "peak_mib": clock.peak,
    }


class Tokens:
    """Counts what the model reads in training, padding among it: whatever batches a library makes, by its embedding."""

    computed = 0

    def watched(self, model: Any) -> Any:
        """The model, which is counted from now on."""
        model.get_input_embeddings().register_forward_hook(self._count)
        return model

    def _count(self, module: Any, inputs: tuple[Any, ...], _: Any) -> None:
        if module.training:
            self.computed += inputs[0].numel()


def clock_of_steps() -> Any:
    """A callback of transformers, which is loaded in this process alone."""
    import resource

    import torch
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        """Seconds of all steps, as those after the warm-up took them; MiB, before the evaluation."""

        warm = end = peak = 0.0
        steps = 0

        def on_train_begin(self, *_: Any, **__: Any) -> None:
            self.warm = time.perf_counter()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            cuda = torch.cuda.is_available()
            if cuda:
                torch.cuda.synchronize()
            self.steps, self.end = self.steps + 1, time.perf_counter()
            if self.steps == WARM_UP:
                self.warm = self.end
            used = torch.cuda.max_memory_allocated() if cuda else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            self.peak = used / (2**20 if cuda else 1024)  # KiB on Linux

        def seconds(self) -> float:
            """Of an epoch."""
            if self.steps <= WARM_UP:
                raise SystemExit(f"{self.steps} steps are too few: the first {WARM_UP} do not count; give more --rows")
            return (self.end - self.warm) * self.steps / (self.steps - WARM_UP)

    return Clock()


def learn_ours(
    way: str, plan: Plan, place: Path, splits: Any, clock: TrainerCallback, tokens: Tokens, work: Path
) -> tuple[float, int]:
    """As stage train does."""
    from dialsum.modeling.adapter import prepare
    from dialsum.modeling.choice import in_force
    from dialsum.modeling.isolation import fastest_isolating
    from dialsum.modeling.loading import end_ids, load_base, load_tokenizer
    from dialsum.modeling.trainers import Lesson
    from dialsum.modeling.training import train
    from dialsum.params.strict import load
    from dialsum.params.training import Training

    entry, base = plan.entry(), place / "base"
    given = load(ROOT / "tests" / "params.yaml", "training", Training)
    batching: Any = way
    chosen = replace(
        given, method=plan.method, batching=batching, learning_rate=plan.learning_rate, micro_batch=plan.micro_batch,
        epochs=1.0, threads=plan.threads, save_steps=10_000, scheduler="cosine", logging_steps=10,
        gradient_checkpointing=None, lora=replace(given.lora, r=RANK, alpha=ALPHA, dropout=0.0),
    )  # fmt: skip
    training = in_force(chosen, entry)
    attention = fastest_isolating(entry.dtype, plan.method) if way == "packed" else None
    tokenizer = load_tokenizer(base)
    lesson = Lesson(splits["train"], splits["dev"], tokenizer, end_ids(tokenizer, base))

    def make_model() -> Any:
        return prepare(tokens.watched(load_base(base, plan.method, attention)), training)

    tuned = train(make_model, lesson, training, work, [clock])
    if tuned.micro_batch != plan.micro_batch:
        raise SystemExit(f"{way}: memory ran out: what is measured would not compare; give a smaller --micro-batch")
    return dev_loss(tuned.model, splits["dev"], plan), tuned.steps


def learn_plain(
    way: str, plan: Plan, place: Path, splits: Any, clock: TrainerCallback, tokens: Tokens, work: Path
) -> tuple[float, int]:
    """As the libraries' own examples do."""
    import torch
    from peft import get_peft_model
    from transformers import AutoTokenizer, DataCollatorForSeq2Seq, Trainer, TrainingArguments, set_seed
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    set_seed(42)
    tokenizer = AutoTokenizer.from_pretrained(place / "base")
    tokenizer.padding_side = "right"
    model, lora = plain_model(way, plan, place / "base"), lora_of(plan)
    tokens.watched(model)
    entry, cuda = plan.entry(), torch.cuda.is_available()
    common: dict[str, Any] = {
        **SCHEDULE, "output_dir": str(work), "learning_rate": plan.learning_rate, "num_train_epochs": 1,
        "per_device_eval_batch_size": plan.micro_batch, "save_strategy": "no", "report_to": [], "disable_tqdm": True,
        "use_cpu": not cuda, "bf16": cuda and entry.dtype == "bfloat16", "fp16": cuda and entry.dtype == "float16",
        "dataloader_pin_memory": cuda,
        "gradient_checkpointing": entry.gradient_checkpointing,
        "gradient_checkpointing_kwargs": {"use_reentrant": False},
        "optim": "paged_adamw_32bit" if cuda and plan.method == "qlora" else "adamw_torch_fused",
    }  # fmt: skip
    rows = {split: splits[split].select_columns(["input_ids", "labels"]) for split in ("train", "dev")}
    shared: dict[str, Any] = {"train_dataset": rows["train"], "eval_dataset": rows["dev"], "callbacks": [clock]}
    if way == BFD:
        lengths = splits["train"]["length"]
        # Rows of the longest sample hold several: as many rows a step as make about the same number of samples.
        packed = max(1, round(plan.micro_batch * statistics.fmean(lengths) / max(lengths)))
        sft = SFTConfig(
            **common, per_device_train_batch_size=packed, packing=True, eval_packing=False, max_length=max(lengths)
        )
        trainer: Any = SFTTrainer(model=model, args=sft, processing_class=tokenizer, peft_config=lora, **shared)
        for parameter in trainer.model.parameters():  # it makes the adapter of a model of 4 bits bfloat16
            if parameter.requires_grad:
                parameter.data = parameter.data.float()
    else:
        grouped: dict[str, Any] = {"train_sampling_strategy": "group_by_length"} if way.endswith("length") else {}
        plain = TrainingArguments(**common, **grouped, per_device_train_batch_size=plan.micro_batch)
        if lora and entry.gradient_checkpointing:
            model.enable_input_require_grads()
        tuned = get_peft_model(model, lora) if lora else model
        trainer = Trainer(model=tuned, args=plain, data_collator=DataCollatorForSeq2Seq(tokenizer), **shared)
    trainer.train()
    return dev_loss(trainer.model, splits["dev"], plan), int(trainer.state.global_step)


def dev_loss(model: Any, rows: Any, plan: Plan) -> float:
    """The mean over all supervised tokens; the libraries' own are means over batches, which differ in their make-up."""
    import torch
    from torch.nn.functional import cross_entropy

    model.eval()
    summed, count, halves = 0.0, 0, getattr(torch, plan.entry().dtype)
    products = torch.autocast(model.device.type, halves, enabled=model.device.type == "cuda" and halves.itemsize == 2)
    for row in rows:
        ids, labels = (torch.tensor([row[key]], device=model.device) for key in ("input_ids", "labels"))
        with torch.no_grad(), products:
            logits = model(input_ids=ids).logits[0, :-1].float()
        summed += float(cross_entropy(logits, labels[0, 1:], reduction="sum"))
        count += int((labels[0, 1:] != -100).sum())
    return summed / count


def plain_model(way: str, plan: Plan, base: Path) -> Any:
    """The base in its dtype on CUDA, else in float32; nf4 with double quantization for qlora."""
    import torch
    from peft import prepare_model_for_kbit_training
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig
    from transformers.utils.import_utils import is_flash_attn_2_available

    cuda = torch.cuda.is_available()
    dtype = getattr(torch, plan.entry().dtype) if cuda and plan.method != "full" else torch.float32
    four_bits = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
    )
    model: Any = AutoModelForCausalLM.from_pretrained(
        base,
        dtype=dtype,
        quantization_config=four_bits if plan.method == "qlora" else None,
        attn_implementation="flash_attention_2" if way == BFD and is_flash_attn_2_available() else None,
        device_map={"": "cuda" if cuda else "cpu"},
    )
    if plan.method == "qlora":
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    return model


def lora_of(plan: Plan) -> Any:
    """The adapter of all ways; None for full."""
    from peft import LoraConfig

    targets = plan.entry().lora_targets
    config = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=targets, task_type="CAUSAL_LM")
    return None if plan.method == "full" else config
