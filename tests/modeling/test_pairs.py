"""The loss of pairs of source and target: over all tokens of a step, however its rows are spread."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from tokenizers import Tokenizer, models
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from dialsum.modeling.adapter import prepare
from dialsum.modeling.trainers import Lesson, mean_over_step
from dialsum.modeling.training import Tuned, train
from dialsum.params.training import Training


def bart() -> Any:
    config = BartConfig(
        vocab_size=64, d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=128, init_std=0.3,
        bos_token_id=1, eos_token_id=2, pad_token_id=0, decoder_start_token_id=2, forced_eos_token_id=None,
    )  # fmt: skip
    return BartForConditionalGeneration(config)


def t5() -> Any:
    config = T5Config(
        vocab_size=64, d_model=32, d_kv=16, d_ff=64, num_layers=1, num_heads=2, initializer_factor=3.0,
        eos_token_id=2, pad_token_id=0, decoder_start_token_id=0,
    )  # fmt: skip
    return T5ForConditionalGeneration(config)


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    """Eight rows with targets of 3 to 52 tokens."""
    words = Tokenizer(models.WordLevel({f"t{number}": number for number in range(64)}, unk_token="t1"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="t0", eos_token="t2")
    generator = torch.Generator().manual_seed(1)

    def row(size: int) -> dict[str, Any]:
        source, target = (torch.randint(3, 64, (count,), generator=generator).tolist() for count in (9, size))
        return {"input_ids": source, "labels": [*target[:-1], 2], "length": 9 + size}

    rows = Dataset.from_list([row(3 + 7 * number) for number in range(8)])
    return Lesson(rows, rows.select(range(2)), tokenizer, [2])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("make", [bart, t5])
def test_one_row_accumulated_eight_times_is_eight_rows_at_once(
    make: Callable[[], Any], smoothing: float, lesson: Lesson, training: Training, tmp_path: Path
) -> None:
    common = replace(
        training, method="full", batching="padded", epochs=1.0, learning_rate=1e-5, dropout=0.0, logging_steps=1,
        label_smoothing=smoothing,
    )  # fmt: skip

    def learned(micro_batch: int, accumulation: int) -> Tuned:
        chosen = replace(common, micro_batch=micro_batch, accumulation=accumulation)

        def model() -> Any:
            torch.manual_seed(0)
            return prepare(make(), chosen)

        return train(model, lesson, chosen, tmp_path / str(micro_batch), [])

    batched, single, pairs = learned(8, 1), learned(1, 8), learned(2, 4)
    for other in (single, pairs):
        for key in ("loss", "grad_norm", "eval_loss"):
            expected = [row[key] for row in batched.log if key in row]
            assert [row[key] for row in other.log if key in row] == pytest.approx(expected, rel=1e-4)
    assert batched.steps == 1


def test_the_loss_is_a_share_of_the_mean_over_the_step() -> None:
    """Two of three labels count; over a vocabulary of 4, flat logits cost log 4 each, and the step has 8 labels."""
    labels = torch.tensor([[1, 3, -100]])
    loss = mean_over_step({"logits": torch.zeros(1, 3, 4)}, labels, 8)
    assert float(loss) == pytest.approx(2 * math.log(4) / 8)
    assert float(mean_over_step({"logits": torch.zeros(1, 3, 4)}, labels)) == pytest.approx(math.log(4))
