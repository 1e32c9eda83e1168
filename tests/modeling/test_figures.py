from __future__ import annotations

import torch
from datasets import Dataset

from dialsum.modeling.batching import Collator, Packing, PairCollator
from dialsum.modeling.figures import of_log, of_rows, read

# Three rows of 5, 3 and 2 tokens, two, one and one of them supervised.
ROWS = Dataset.from_dict(
    {
        "input_ids": [[1, 2, 3, 4, 5], [1, 2, 3], [1, 2]],
        "labels": [[-100, -100, -100, 4, 5], [-100, -100, 3], [-100, 2]],
    }
)


def test_an_epoch_of_padded_rows() -> None:
    # Batches of the rows 0 and 2 (2 × 5 tokens) and of row 1 alone (3); number 3 is a filler.
    assert of_rows(read(ROWS, [2, 3, 5], "train"), [0, 2, 1, 3], 2, Collator(0).size) == {
        "rows": 3,
        "tokens": 10,
        "supervised_tokens": 4,
        "padding_tokens": 3,
        "padding_share": round(3 / 13, 4),
    }


def test_an_epoch_of_packed_rows() -> None:
    figures = of_rows(read(ROWS, [2, 3, 5], "train"), [0, 1, 2], 3, Packing(0, 1).size)  # 5 and 3 + 2
    assert (figures["tokens"], figures["padding_tokens"], figures["padding_share"]) == (10, 0, 0.0)


def test_an_epoch_of_pairs() -> None:
    pairs = Dataset.from_dict({"input_ids": [[1, 2, 3], [1]], "labels": [[4], [5, 6]]})
    figures = of_rows(read(pairs, [4, 6], "train"), [0, 1], 2, PairCollator(0, torch.clone).size)
    # 3 + 1 and 1 + 2 tokens; the batch has 2 × (3 + 2).
    assert (figures["tokens"], figures["supervised_tokens"], figures["padding_tokens"]) == (7, 3, 3)


def test_a_log() -> None:
    log = [
        {"step": 1, "epoch": 0.5, "loss": 3.0, "grad_norm": 1.6},
        {"step": 2, "epoch": 1.0, "loss": 2.0, "grad_norm": 1.5},
        {"step": 2, "epoch": 1.0, "eval_loss": 2.25},
        {"step": 3, "epoch": 1.5, "loss": 1.0, "grad_norm": 0.5},
        {"step": 4, "epoch": 2.0, "loss": 0.5, "grad_norm": 0.25},
        {"step": 4, "epoch": 2.0, "eval_loss": 1.5},
    ]
    assert of_log(log) == {
        "epochs": 2.0,
        "last_loss": 0.5,
        "epoch_loss": [2.5, 0.75],
        "max_grad_norm": 1.6,
        "overflowed_steps": 0,
        "grad_norm_spikes": 1,
        "eval_loss": [2.25, 1.5],
    }
    log[0]["grad_norm"] = float("inf")  # in float16 the first steps often overflow
    assert of_log(log) == {**of_log(log), "max_grad_norm": 1.5, "overflowed_steps": 1, "grad_norm_spikes": 0}
