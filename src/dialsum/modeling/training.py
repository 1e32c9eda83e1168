"""Teach a base model the task with transformers' Trainer; go on where a killed run stopped, to the same bits.

Enters: the base model, tokenized rows, `training` of params.yaml with the catalog's values in force.
Leaves: the tuned model and the trainer's log, one row a logged step: {"step", "loss", "grad_norm", "learning_rate"}.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import PreTrainedModel, PrinterCallback, ProgressCallback, Trainer, TrainerCallback, TrainingArguments

from dialsum.errors import InputError
from dialsum.modeling.batching import Collator, EpochSampler, without_prompt_logits
from dialsum.modeling.catalog import Entry
from dialsum.modeling.watching import Marker, ProgressBar, Watch
from dialsum.params.training import Training


@dataclass(frozen=True)
class Tuned:
    """What training leaves. `steps`: optimizer steps; `resumed_from`: the step it went on from, 0 for a fresh start."""

    model: Any
    log: list[dict[str, Any]]
    steps: int
    resumed_from: int


def in_force(training: Training, entry: Entry) -> Training:
    """`training` with the catalog's values in place of null."""

    def choose(value: Any, own: Any) -> Any:
        return own if value is None else value

    return replace(
        training,
        learning_rate=choose(training.learning_rate, entry.learning_rate),
        micro_batch=choose(training.micro_batch, entry.micro_batch),
        gradient_checkpointing=choose(training.gradient_checkpointing, entry.gradient_checkpointing),
        lora=replace(
            training.lora,
            targets=choose(training.lora.targets, entry.lora_targets),
            dropout=choose(training.lora.dropout, entry.lora_dropout),
        ),
    )


def prepare(model: PreTrainedModel, training: Training) -> Any:
    """The model with the parameters that `training.method` trains: an adapter on the frozen base, or all of them."""
    if training.method == "full":
        return model.float()
    if training.method == "qlora":
        model = prepare_model_for_kbit_training(
            model,
            use_gradient_checkpointing=training.gradient_checkpointing,
            gradient_checkpointing_kwargs={"use_reentrant": False},
        )
    elif training.gradient_checkpointing:
        model.enable_input_require_grads()  # else no gradient flows through checkpointed layers that are frozen
    lora = training.lora
    torch.manual_seed(training.seed)  # the adapter's first values
    config = LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=float(lora.dropout or 0),
        target_modules=lora.targets,
        bias="none",
        task_type="CAUSAL_LM",
    )
    try:
        tuned: Any = get_peft_model(model, config)
    except ValueError as error:
        if "arget modules" not in str(error):
            raise
        linear = {name.rpartition(".")[2] for name, part in model.named_modules() if isinstance(part, torch.nn.Linear)}
        raise InputError(
            f"params.yaml: training.lora.targets: {lora.targets}: the model has no such layers; its linear layers are "
            f"{sorted(linear)}"
        ) from error
    # peft keeps them as a set, whose order, and so the hash of adapter_config.json, would differ from run to run.
    tuned.peft_config["default"].target_modules = sorted(lora.targets or [])
    return tuned


def train(
    model: Any,
    rows: Dataset,
    dev: Dataset,
    training: Training,
    pad: int,
    checkpoints: Path,
    callbacks: list[TrainerCallback],
) -> Tuned:
    """Train `model` (made by `prepare`) on `rows`; its loss on `dev` is measured after each epoch.

    Checkpoints go to the folder `checkpoints`; if a complete one is there, training goes on from it.
    Raises InputError when the loss is no longer a number.
    """
    sampler = EpochSampler(rows["length"], int(training.micro_batch or 1), training.batching, training.seed)
    trainer = _CausalTrainer(
        model=model,
        args=_arguments(training, model, len(rows), checkpoints),
        train_dataset=rows.select_columns(["input_ids", "labels"]),
        eval_dataset=dev.select_columns(["input_ids", "labels"]),
        data_collator=Collator(pad),
        callbacks=[Marker(), Watch(), ProgressBar(), *callbacks],
    )
    trainer.sampler = sampler
    # Their output is replaced by ProgressBar, which is silent when nobody watches.
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    last = Marker.newest(checkpoints)
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    return Tuned(
        model=trainer.accelerator.unwrap_model(trainer.model),
        log=trainer.state.log_history,
        steps=trainer.state.global_step,
        resumed_from=int(last.name.rsplit("-", 1)[1]) if last else 0,
    )


class _CausalTrainer(Trainer):
    """The Trainer with our order of rows, and with logits only where a label needs them."""

    sampler: EpochSampler

    def _get_train_sampler(self, train_dataset: Any = None) -> EpochSampler:  # noqa: ARG002
        return self.sampler

    def compute_loss(self, model: Any, inputs: dict[str, torch.Tensor], *args: Any, **options: Any) -> Any:
        """The loss of the batch without the logits that it does not need."""
        return super().compute_loss(model, without_prompt_logits(inputs), *args, **options)


def _arguments(training: Training, model: Any, rows: int, checkpoints: Path) -> TrainingArguments:
    cuda = torch.cuda.is_available()
    effective_batch = int(training.micro_batch or 0) * training.accumulation
    dtype = next(model.parameters()).dtype if training.method == "full" else model.dtype
    return TrainingArguments(
        output_dir=str(checkpoints),
        learning_rate=float(training.learning_rate or 0),
        lr_scheduler_type="constant_with_warmup" if training.scheduler == "constant" else training.scheduler,
        warmup_steps=training.warmup_ratio,
        weight_decay=training.weight_decay,
        adam_beta1=training.adam_beta1,
        adam_beta2=training.adam_beta2,
        max_grad_norm=training.max_grad_norm,
        optim="paged_adamw_32bit" if training.method == "qlora" and cuda else "adamw_torch_fused",
        per_device_train_batch_size=int(training.micro_batch or 0),
        per_device_eval_batch_size=int(training.micro_batch or 0),
        gradient_accumulation_steps=training.accumulation,
        num_train_epochs=training.epochs,
        bf16=cuda and dtype == torch.bfloat16,
        fp16=cuda and dtype == torch.float16,
        tf32=True if cuda else None,
        activation_checkpointing=training.gradient_checkpointing,
        activation_checkpointing_kwargs={"use_reentrant": False},
        logging_steps=training.logging_steps,
        logging_nan_inf_filter=False,  # a NaN must be seen (modeling/watching)
        # At the last step of each epoch: `epoch` would evaluate after that step's checkpoint, and a run resumed from it
        # would skip the evaluation and go on with other random numbers.
        eval_strategy="steps",
        eval_steps=math.ceil(rows / effective_batch),
        save_steps=training.save_steps,
        save_total_limit=2,
        seed=training.seed,
        dataloader_pin_memory=cuda,
        remove_unused_columns=False,
        report_to=[],  # records/live and records/tracking report
        disable_tqdm=not sys.stderr.isatty(),
    )
