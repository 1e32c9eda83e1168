"""Packed samples must not see each other: the attention that keeps them apart, and the proof that it does.

Enters: a causal model. Leaves: nothing, or an InputError where a token of one sample changes the logits of another.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from transformers.utils.import_utils import is_flash_attn_2_available

from dialsum.errors import InputError
from dialsum.params.training import Method

Attention = Literal["sdpa", "flex_attention", "flash_attention_2"]

_FLAT = ("flash_attention_2", "flex_attention")
_FIRST, _SECOND = 5, 7  # tokens of the samples that are tried
_BOUND = 0.25  # of the logits' spread: more is no rounding


def fastest_isolating(dtype: str, method: Method) -> Attention:
    """Of the attentions that keep packed samples apart the fastest that this machine has for a model of this dtype."""
    if not torch.cuda.is_available():
        return "sdpa"
    # Flash attention has no kernel for float32, in which `full` keeps all weights.
    halves = dtype != "float32" and method != "full"
    return "flash_attention_2" if halves and is_flash_attn_2_available() else "flex_attention"


def needs_no_mask(model: Any) -> bool:
    """Whether all samples may stand in one row: no mask is written out, and the cost does not grow with its length."""
    return model.config._attn_implementation in _FLAT


@torch.no_grad()
def check_isolation(model: Any) -> None:
    """Raise InputError if two samples in one row give other logits than each alone. Shapes: (1, 12), (1, 5), (1, 7).

    Or if the model drops attention weights, for flex attention cannot.
    """
    dropped = max(float(getattr(part, "attention_dropout", None) or 0) for part in model.modules())
    if dropped and model.config._attn_implementation == "flex_attention":
        raise InputError(
            f"params.yaml: training.batching: packed: this model drops {dropped:g} of its attention weights, which "
            "flex attention cannot; set training.dropout=0.0, choose length_grouped, or install flash-attn (no help "
            "for training.method=full)"
        )
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(0, model.config.get_text_config().vocab_size, (1, _FIRST + _SECOND), generator=generator)
    ids = ids.to(model.device)
    positions = torch.cat([torch.arange(_FIRST), torch.arange(_SECOND)])[None].to(model.device)
    training, _ = model.training, model.eval()
    together = model(input_ids=ids, position_ids=positions, use_cache=False).logits[:, _FIRST:].float()
    alone = model(input_ids=ids[:, _FIRST:], position_ids=positions[:, _FIRST:], use_cache=False).logits.float()
    model.train(training)
    # Rounding and leaks lie far apart. Of the spread of the logits, random Llamas of 2 to 48 layers differed by 3e-6 in
    # float32, 2e-3 in float16 (TF32 rounds like it) and 0.07 in bfloat16; a sample that saw the other by 0.8 to 6.
    difference = float((together - alone).abs().max())
    if not difference <= _BOUND * float(alone.std()):
        raise InputError(
            f"params.yaml: training.batching: packed: with attention {model.config._attn_implementation} this model "
            f"lets packed samples see each other (logits differ by {difference:.2g}); choose length_grouped"
        )
