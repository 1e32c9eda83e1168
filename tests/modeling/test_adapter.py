"""What is trained of a model that reads images too, and is used for text alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, MllamaConfig, MllamaForConditionalGeneration

from dialsum.modeling.adapter import prepare
from dialsum.modeling.best import trained
from dialsum.params.training import Training

CONFIG = MllamaConfig(
    vision_config={
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_global_layers": 1,
        "attention_heads": 2,
        "intermediate_size": 64,
        "vision_output_dim": 64,
        "image_size": 28,
        "patch_size": 14,
        "intermediate_layers_indices": [1],
        "max_num_tiles": 1,
        "supported_aspect_ratios": [[1, 1]],
    },
    text_config={
        "vocab_size": 100,
        "hidden_size": 64,
        "num_hidden_layers": 4,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "intermediate_size": 128,
        "cross_attention_layers": [1, 3],
        "pad_token_id": 0,
    },
)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_what_no_text_reaches_is_not_trained(training: Training, tmp_path: Path, method: Any) -> None:
    """Each parameter that is trained has a gradient, without which DDP would wait for ever."""
    torch.manual_seed(0)
    MllamaForConditionalGeneration(CONFIG).save_pretrained(tmp_path)
    base = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert not any("vision" in name for name, _ in base.named_parameters())

    model = prepare(base, replace(training, method=method))
    ids = torch.arange(4, 16)[None]
    model(input_ids=ids, labels=ids).loss.backward()

    gradients = {name for name, value in model.named_parameters() if value.grad is not None}
    assert gradients == set(trained(model))
    assert any("layers.0." in name for name in gradients)
    assert not any(f"layers.{number}." in name for number in (1, 3) for name in gradients)
