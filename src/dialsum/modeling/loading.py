"""Load what a stage needs: the tokenizer, the base model, the base model with what training made of it.

Enters: models/base/ and models/trained/. Leaves: tokenizer and model on the machine's device.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from dialsum.errors import InputError
from dialsum.modeling.pin import Pin, read_pin, weights_location
from dialsum.params.model import Family
from dialsum.params.training import Method

TRAINED = "trained.json"  # {"method": …, "in_force": {…}}: which method made models/trained/, with which values


if not sys.stderr.isatty():
    transformers_logging.disable_progress_bar()  # of loading and saving


def device() -> torch.device:
    """CUDA where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def open_tokenizer(folder: Path, family: Family) -> PreTrainedTokenizerBase:
    """The tokenizer in a folder. It pads on the left for causal models, whose summary must follow the prompt."""
    side = "left" if family == "causal" else "right"
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, padding_side=side, local_files_only=True)
    return tokenizer


def load_tokenizer(base: Path) -> PreTrainedTokenizerBase:
    """The tokenizer in models/base/.

    Its end token, which training ends each summary with, is the first that the catalog names: the tokenizer's own may
    be that of a whole text, and not that of a turn, which the chat format knows.
    """
    pin = read_pin(base)
    tokenizer = open_tokenizer(base, pin.family)
    tokenizer.eos_token = pin.end_tokens[0]
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token  # harmless: masks and labels are made by position (modeling/batching)
    return tokenizer


def end_ids(tokenizer: PreTrainedTokenizerBase, base: Path) -> list[int]:
    """All ids that end a summary: those that the catalog names."""
    ids: Any = tokenizer.convert_tokens_to_ids(read_pin(base).end_tokens)
    return sorted(set(ids))


def load_base(
    base: Path, method: Method, attention: str | None = None, place: torch.device | None = None
) -> PreTrainedModel:
    """The base model in its own dtype (float32 without CUDA, where halves are slow or missing); 4-bit for qlora.

    It comes to `place`, or else to the machine's device.
    """
    pin = read_pin(base)
    dtype = getattr(torch, pin.dtype) if torch.cuda.is_available() else torch.float32
    model: PreTrainedModel = _model_class(pin.family).from_pretrained(
        weights_location(base, pin),
        revision=pin.revision if pin.source == "hub" else None,
        dtype=dtype,
        attn_implementation=attention,
        quantization_config=four_bits(dtype) if method == "qlora" else None,
        device_map={"": place or device()},
    )
    return model


def load_trained(base: Path, trained: Path) -> tuple[PreTrainedModel, Pin]:
    """The model that training left in `trained`, ready to generate, with its base's pin."""
    pin = read_pin(base)
    method: Method = read_trained(trained)["method"]
    model: Any
    if method == "full":
        model = _model_class(pin.family).from_pretrained(trained, dtype="auto", device_map={"": device()})
    else:
        model = load_base(base, method)
    # `generate` fills up what its own configuration leaves open from the model's: Qwen's penalty on repetition, the
    # end that BART is forced to.
    model.generation_config = GenerationConfig()
    if method in ("lora", "qlora"):
        from peft import PeftModel  # it takes seconds, and who only wants the tokenizer does without

        model = PeftModel.from_pretrained(model, trained)
    model.eval()
    return model, pin


def _model_class(family: Family) -> Any:
    match family:
        case "causal":
            return AutoModelForCausalLM
        case "seq2seq":
            return AutoModelForSeq2SeqLM


def read_trained(trained: Path) -> dict[str, Any]:
    """The content of models/trained/trained.json."""
    content: dict[str, Any] = json.loads((trained / TRAINED).read_text(encoding="utf-8"))
    return content


def check_single_tokens(tokenizer: PreTrainedTokenizerBase, tokens: list[str], where: str) -> None:
    """Raise InputError if a token of the chat format is not one id in the tokenizer: the format would be lost."""
    for token in tokens:
        ids = tokenizer(token, add_special_tokens=False)["input_ids"]
        if len(ids) != 1 or ids == [tokenizer.unk_token_id]:
            found = "unknown" if ids == [tokenizer.unk_token_id] else f"{len(ids)} tokens"
            raise InputError(
                f"{where}: chat_tokens: {token} is {found} in this tokenizer: not the tokenizer of the "
                "chat model, or the entry names the wrong format"
            )


def four_bits(dtype: torch.dtype) -> BitsAndBytesConfig:
    """nf4 with double quantization; the compute dtype is the model's own (another one costs quality)."""
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )
