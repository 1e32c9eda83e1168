"""Which of a model's parameters are trained: an adapter on the frozen base, or all of them.

Enters: a base model and the values in force. Leaves: the model, ready for `modeling.training.train`.
"""

from __future__ import annotations

from typing import Any

import torch
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import PreTrainedModel

from dialsum.errors import InputError
from dialsum.params.training import Training


def prepare(model: PreTrainedModel, training: Training) -> Any:
    """The model with the parameters that `training.method` trains. Raises InputError for targets that it lacks."""
    if training.dropout is not None:
        set_dropout(model, training.dropout)
    if training.method == "full":
        model = model.float()
        rest(model)
        return model
    if training.method == "qlora":
        keep_gradients(model)
        model = prepare_model_for_kbit_training(
            model,
            use_gradient_checkpointing=training.gradient_checkpointing,
            gradient_checkpointing_kwargs={"use_reentrant": False},
        )
    elif training.gradient_checkpointing:
        model.enable_input_require_grads()  # else no gradient flows through checkpointed layers that are frozen
    _check_targets(model, training.lora.targets or [])
    torch.manual_seed(training.seed)  # the adapter's first values
    tuned: Any = get_peft_model(model, _config(model, training))
    rest(model)
    # peft keeps them as a set, whose order, and so the hash of adapter_config.json, would differ from run to run.
    tuned.peft_config["default"].target_modules = sorted(training.lora.targets or [])
    return tuned


def _check_targets(model: PreTrainedModel, targets: list[str]) -> None:
    """Raise InputError unless each names linear layers; peft is content if one of them does."""
    linear = [name for name, part in model.named_modules() if isinstance(part, torch.nn.Linear)]
    unknown = [target for target in targets if not any(f".{name}".endswith(f".{target}") for name in linear)]
    if unknown or not targets:
        names = sorted({name.rpartition(".")[2] for name in linear})
        raise InputError(
            f"params.yaml: training.lora.targets: {unknown or targets}: should name linear layers of the model, which "
            f"are {names}"
        )


def rest(model: Any) -> None:
    """Freeze the layers of an Mllama that look at an image: a text passes them by, so nothing is learned there.

    Several processes would wait for their gradients. The vision tower itself is not loaded.
    """
    for number in getattr(model.config.get_text_config(), "cross_attention_layers", None) or []:
        model.model.layers[number].requires_grad_(requires_grad=False)


def set_dropout(model: PreTrainedModel, share: float) -> None:
    """The same dropout in all layers that have one, whether they are modules (Llama, T5) or functions (BART)."""
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = share
        for name in ("dropout", "attention_dropout", "activation_dropout"):
            if isinstance(getattr(part, name, None), float):
                setattr(part, name, share)


def keep_gradients(model: PreTrainedModel) -> None:
    """Let 4-bit layers stay as they are on CPU.

    Where the processor multiplies in bfloat16, bitsandbytes (0.50) reorders their weights in the first evaluation, and
    from then on lets no gradient through: all layers but the last would learn nothing after the first epoch.
    """
    from bitsandbytes.nn.modules import Linear4bit

    for part in model.modules():
        if isinstance(part, Linear4bit):
            part.support_avx512bf16_for_cpu = False


def _config(model: PreTrainedModel, training: Training) -> LoraConfig:
    lora = training.lora
    return LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=float(lora.dropout or 0),
        target_modules=lora.targets,
        use_rslora=lora.rslora,
        use_dora=lora.dora,
        bias="none",
        task_type="SEQ_2_SEQ_LM" if model.config.is_encoder_decoder else "CAUSAL_LM",
    )
