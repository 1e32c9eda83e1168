from __future__ import annotations

import random
from itertools import pairwise

import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader
from transformers import LlamaConfig, LlamaForCausalLM

from dialsum.modeling.batching import BATCHES_PER_GROUP, Collator, EpochSampler, without_prompt_logits

EOS = PAD = 2


def test_rows_are_padded_on_the_right_to_the_longest() -> None:
    batch = Collator(pad=9)(
        [
            {"input_ids": [5, 6, 7], "labels": [-100, 6, 7]},
            {"input_ids": [8], "labels": [8]},
        ]
    )
    assert {key: tensor.tolist() for key, tensor in batch.items()} == {
        "input_ids": [[5, 6, 7], [8, 9, 9]],
        "attention_mask": [[1, 1, 1], [1, 0, 0]],
        "labels": [[-100, 6, 7], [8, -100, -100]],
    }
    assert {tensor.dtype for tensor in batch.values()} == {torch.int64}


MIXED = Collator(pad=PAD)(
    [
        {"input_ids": [5, 6, 7, 8, EOS], "labels": [-100, -100, -100, 8, EOS]},
        {"input_ids": [7, 8, 9, EOS], "labels": [-100, -100, 9, EOS]},
    ]
)


def test_logits_begin_at_the_token_before_the_first_label_of_the_batch() -> None:
    wanted = without_prompt_logits(MIXED)
    labels = wanted.pop("labels")
    assert isinstance(labels, torch.Tensor)
    assert labels.tolist() == [[-100, -100, 8, EOS], [-100, 9, EOS, -100]]
    assert wanted.pop("logits_to_keep") == 4
    assert wanted.keys() == {"input_ids"}


def test_a_label_on_the_first_token_leaves_all_logits() -> None:
    whole = Collator(pad=PAD)([{"input_ids": [5, 6], "labels": [5, 6]}])
    assert without_prompt_logits(whole)["logits_to_keep"] == 2


def test_without_the_logits_of_prompts_and_the_mask_loss_and_gradients_are_the_same() -> None:
    torch.manual_seed(0)
    shape = {"vocab_size": 16, "hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(**shape, num_hidden_layers=2, num_key_value_heads=2))

    def gradients(batch: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        model.zero_grad()
        loss = model(**batch).loss
        loss.backward()
        return [loss.detach(), *(value.grad.clone() for value in model.parameters())]

    for short, full in zip(gradients(without_prompt_logits(MIXED)), gradients(MIXED), strict=True):
        torch.testing.assert_close(short, full, rtol=1e-5, atol=1e-7)


def test_where_padding_is_the_end_token_the_end_is_still_learned() -> None:
    batch = Collator(pad=PAD)(
        [
            {"input_ids": [5, 6, EOS], "labels": [-100, 6, EOS]},
            {"input_ids": [7, EOS], "labels": [7, EOS]},
        ]
    )
    assert batch["labels"].tolist() == [[-100, 6, EOS], [7, EOS, -100]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 1, 0]]
    # With equal logits, each of the four labels costs log(vocabulary); the ignored ones cost nothing.
    loss = cross_entropy(torch.zeros(2, 3, 10).flatten(0, 1), batch["labels"].flatten(), reduction="sum")
    assert loss.item() == pytest.approx(4 * torch.log(torch.tensor(10.0)).item())


def test_rows_of_one_length_need_no_padding() -> None:
    rows = [{"input_ids": [1, 2], "labels": [1, 2]}] * 3
    assert Collator(pad=0)(rows)["attention_mask"].tolist() == [[1, 1]] * 3


_DRAW = random.Random(7)
LENGTHS = [_DRAW.randint(20, 500) for _ in range(1003)]


def order(batching: str, epoch: int = 0, seed: int = 42, lengths: list[int] = LENGTHS, size: int = 8) -> list[int]:
    sampler = EpochSampler(lengths, size, batching, seed)  # type: ignore[arg-type]
    sampler.set_epoch(epoch)
    return list(sampler)


@pytest.mark.parametrize("batching", ["padded", "length_grouped"])
@pytest.mark.parametrize("rows", [1, 7, 8, 9, 400, 401, 1003])
def test_each_row_comes_once_an_epoch(batching: str, rows: int) -> None:
    lengths = LENGTHS[:rows]
    assert sorted(order(batching, lengths=lengths)) == list(range(rows))
    assert len(EpochSampler(lengths, 8, batching, 0)) == rows  # type: ignore[arg-type]


@pytest.mark.parametrize("batching", ["padded", "length_grouped"])
def test_the_order_depends_on_seed_and_epoch_alone(batching: str) -> None:
    first = order(batching, epoch=1)
    torch.manual_seed(999)
    random.seed(999)
    assert order(batching, epoch=1) == first
    assert order(batching, epoch=0) != first
    assert order(batching, epoch=1, seed=43) != first
    # Neither does reading one epoch change the next.
    sampler = EpochSampler(LENGTHS, 8, batching, 42)  # type: ignore[arg-type]
    list(sampler)
    sampler.set_epoch(1)
    assert list(sampler) == first
    assert list(sampler) == first


def test_neighbouring_seeds_and_epochs_do_not_share_their_orders() -> None:
    assert order("padded", epoch=1, seed=42) != order("padded", epoch=0, seed=43)


def test_the_order_is_this_one() -> None:
    """A resumed run may come after an update of a library: the order must not change unseen."""
    lengths = [10, 50, 20, 40, 30, 60, 70]
    assert order("padded", lengths=lengths, size=2) == [2, 1, 4, 3, 5, 6, 0]
    assert order("length_grouped", lengths=lengths, size=2) == [1, 3, 4, 2, 6, 5, 0]


def batches(rows: list[int], size: int = 8) -> list[list[int]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def waste(rows: list[int]) -> float:
    """The share of padding among all positions."""
    padded = sum(max(LENGTHS[row] for row in batch) * len(batch) for batch in batches(rows))
    return 1 - sum(LENGTHS) / padded


def test_grouped_rows_have_nearly_one_length() -> None:
    grouped = batches(order("length_grouped"))
    spreads = [max(LENGTHS[row] for row in batch) - min(LENGTHS[row] for row in batch) for batch in grouped]
    # 400 rows of 480 different lengths, sorted, in batches of 8: about 10 apart.
    assert sum(spreads) / len(spreads) < 25
    assert waste(order("length_grouped")) < 0.05 < 0.3 < waste(order("padded"))


def test_batches_of_one_length_do_not_follow_each_other() -> None:
    means = [sum(LENGTHS[row] for row in batch) / len(batch) for batch in batches(order("length_grouped"))]
    rising = sum(a < b for a, b in pairwise(means))
    assert 0.35 < rising / (len(means) - 1) < 0.65


def test_a_group_draws_from_the_whole_data() -> None:
    """Rows meet other rows in each epoch: grouping sorts a random part of them, not the data."""
    size = 8 * BATCHES_PER_GROUP
    assert size < len(LENGTHS)
    firsts = [set(order("length_grouped", epoch)[:size]) for epoch in range(2)]
    assert 0.1 < len(firsts[0] & firsts[1]) / size < 0.7


@pytest.mark.parametrize("rows", [9, 401, 407, 1003])
def test_the_short_batch_stays_last_so_that_none_other_is_torn(rows: int) -> None:
    lengths = list(range(rows))  # sorted, a batch of a group holds near neighbours only
    for epoch in range(5):
        grouped = batches(order("length_grouped", epoch, lengths=lengths))
        assert len(grouped[-1]) == rows % 8
        assert all(len(batch) == 8 for batch in grouped[:-1])
        for batch in grouped:
            assert [lengths[row] for row in batch] == sorted((lengths[row] for row in batch), reverse=True)


def test_a_loader_reads_it_in_this_order() -> None:
    rows = [{"input_ids": [number] * length, "labels": [number] * length} for number, length in enumerate(LENGTHS[:20])]
    sampler = EpochSampler(LENGTHS[:20], 8, "length_grouped", 42)
    loader = DataLoader(rows, batch_size=8, sampler=sampler, collate_fn=Collator(0))  # type: ignore[arg-type, var-annotated]
    read = [int(row[0]) for batch in loader for row in batch["input_ids"]]
    assert read == list(sampler)
