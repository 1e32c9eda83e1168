"""The figures beside the benchmark of training, worked out by hand."""

from __future__ import annotations

from pathlib import Path

import training
from model_flops import linear_weights, peak_of, training_flops
from random_base import make_base
from training_rows import stretched

from dialsum.modeling.catalog import Shape, read_entry

ROOT = Path(__file__).parents[2]

SMALL = Shape(
    encoder_layers=0, decoder_layers=2, hidden=4, queries=4, key_values=2, intermediate=8, gated=True, vocabulary=50,
    tied=True,
)  # fmt: skip


def test_weights_of_linear_layers() -> None:
    # A layer: 4→4, 4→2, 4→2, 4→4, and 4→8, 4→8, 8→4: 16 + 8 + 8 + 16 + 3 × 32 = 144.
    assert linear_weights(SMALL) == 2 * 144
    # Llama 3.2 3B has 3,212,749,824 weights: embedding 128,256 × 3,072, and 57 norms of 3,072.
    llama = read_entry(ROOT / "catalog" / "llama-3.2-korean-3b.yaml").shape
    assert linear_weights(llama) + 128_256 * 3_072 + 57 * 3_072 == 3_212_749_824


def test_operations_by_method() -> None:
    rows = [(10, 3), (5, 1)]
    attention = 6 * 2 * 4 * (10**2 + 5**2)
    assert training_flops(SMALL, "full", 2, rows) == 6 * 288 * 15 + attention + 6 * 4 * 50 * 4
    # An adapter of rank 2 has 2 × (in + out) weights at each linear layer, 64 in + out a layer: 256.
    expected = (4 * 288 + 6 * 256) * 15 + attention + 4 * 4 * 50 * 4
    assert training_flops(SMALL, "qlora", 2, rows) == training_flops(SMALL, "lora", 2, rows) == expected


def test_peaks() -> None:
    assert peak_of("NVIDIA H200") == 989e12
    assert peak_of("NVIDIA GeForce RTX 3090") == 71e12
    assert peak_of("Tesla T4") is None


def test_linear_is_within_a_share_of_the_first_on_both_sides() -> None:
    assert training.within([2.0, 2.2, 1.8], 0.15)
    assert not training.within([2.0, 2.4], 0.15)
    assert not training.within([2.0, 1.6], 0.15)


def test_rows_are_stretched_alike() -> None:
    row = {"id": "a", "input_ids": [1, 2, 3, 4, 8, 9], "labels": [-100, -100, -100, -100, 8, 9], "length": 6}
    assert stretched(row, 2.0, 12) == {
        "id": "a",
        "input_ids": [1, 2, 3, 4, 1, 2, 3, 4, 8, 8, 8, 9],
        "labels": [-100] * 8 + [8, 8, 8, 9],
        "length": 12,
    }
    assert stretched(row, 2.0, 11)["length"] == 11


def test_random_weights_speak_tokens_of_their_tokenizer(tmp_path: Path) -> None:
    """A vocabulary is wider than its tokenizer: the logits of the rest are 0, which is never the highest."""
    import torch

    from dialsum.modeling.loading import end_ids, load_base, load_tokenizer

    wide = Shape(
        encoder_layers=0, decoder_layers=1, hidden=64, queries=64, key_values=64, intermediate=128, gated=True,
        vocabulary=3_500, tied=True,
    )  # fmt: skip
    make_base(tmp_path, wide, "bfloat16")
    tokenizer, model = load_tokenizer(tmp_path), load_base(tmp_path, "lora")
    assert len(tokenizer) == 3_000
    assert end_ids(tokenizer, tmp_path) == [tokenizer.eos_token_id]
    logits = model(input_ids=torch.arange(40)[None]).logits[0]
    assert logits.shape == (40, 3_500)
    assert bool((logits[:, 3_000:] == 0).all())
    assert int(logits.argmax(dim=-1).max()) < 3_000
