"""The values in force as transformers' arguments.

Enters: section `training` without nulls, and the model. Leaves: TrainingArguments, or those of the trainer for pairs of
source and target, or of TRL's.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig, Seq2SeqTrainingArguments, TrainingArguments
from transformers.utils.import_utils import is_torch_tf32_available

from dialsum.params.training import Training


def arguments(training: Training, model: Any, rows: int, checkpoints: Path, answers: GenerationConfig | None) -> Any:
    """For `rows` rows an epoch. `answers`: how a seq2seq model writes the summaries that it is scored by."""
    given = _common(training, model, rows, checkpoints)
    if answers is not None:
        return Seq2SeqTrainingArguments(**given, predict_with_generate=True, generation_config=answers)
    if training.trainer == "sft":
        from trl.trainer.sft_config import SFTConfig  # it takes seconds

        # Its own defaults checkpoint, and cut or pack rows anew.
        off: dict[str, Any] = {"gradient_checkpointing": False, "max_length": None, "packing": False}
        return SFTConfig(**given, **off, dataset_kwargs={"skip_prepare_dataset": True})
    return TrainingArguments(**given)


def _common(training: Training, model: Any, rows: int, checkpoints: Path) -> dict[str, Any]:
    cuda = torch.cuda.is_available()
    # In which products are made; the weights that learn are float32, and so is what qlora leaves unquantized.
    dtype = model.config.dtype
    return {
        "output_dir": str(checkpoints),
        "learning_rate": float(training.learning_rate or 0),
        "lr_scheduler_type": "constant_with_warmup" if training.scheduler == "constant" else training.scheduler,
        "warmup_steps": training.warmup_ratio,
        "weight_decay": training.weight_decay,
        "adam_beta1": training.adam_beta1,
        "adam_beta2": training.adam_beta2,
        "max_grad_norm": training.max_grad_norm,
        "label_smoothing_factor": training.label_smoothing,
        "optim": "paged_adamw_32bit" if training.method == "qlora" and cuda else "adamw_torch_fused",
        "per_device_train_batch_size": int(training.micro_batch or 0),
        "per_device_eval_batch_size": int(training.micro_batch or 0),
        "gradient_accumulation_steps": training.accumulation // training.processes,
        "num_train_epochs": training.epochs,
        "bf16": cuda and dtype == torch.bfloat16,
        "fp16": cuda and dtype == torch.float16,
        "tf32": training.tf32 if cuda and is_torch_tf32_available() else None,  # not before Ampere
        "use_cpu": not cuda,
        "activation_checkpointing": bool(training.gradient_checkpointing),
        "activation_checkpointing_kwargs": {"use_reentrant": False},
        "logging_steps": training.logging_steps,
        "logging_nan_inf_filter": False,  # a NaN must be seen (modeling/watching)
        # At the last step of each epoch: `epoch` would evaluate after that step's checkpoint, and a run resumed from it
        # would skip the evaluation and go on with other random numbers.
        "eval_strategy": "steps",
        "eval_steps": math.ceil(rows / training.effective_batch),
        "save_steps": training.save_steps,
        "save_total_limit": 2,
        "seed": training.seed,
        "dataloader_pin_memory": cuda,
        "remove_unused_columns": False,
        "ddp_find_unused_parameters": False,
        "report_to": [],  # records/live and records/tracking report
        "disable_tqdm": not sys.stderr.isatty(),
    }
