"""The lessons of a base model that is trained here."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoTokenizer

from dialsum.modeling.batching import Collator
from dialsum.modeling.catalog import Lesson
from dialsum.modeling.scratch import PRACTICE_WHOLE_STEPS, RECORD, _practice, _reading, encode
from dialsum.prompts.encode import IGNORED


def test_practice_repeats_its_tokens_and_weighs_the_copy_alone() -> None:
    batches = list(_practice(Lesson(steps=PRACTICE_WHOLE_STEPS + 20, batch=3), vocab_size=50, seed=1))
    assert len(batches) == PRACTICE_WHOLE_STEPS + 20
    reordered = 0
    for step, (ids, weights) in enumerate(batches):
        length = ids.shape[1] // 2
        first, second = ids[:, :length], ids[:, length:]
        assert ids.shape == weights.shape == (3, 2 * length)
        assert torch.equal(first.sort(dim=1).values, second.sort(dim=1).values)
        assert weights.tolist() == [[0.0] * (length + 1) + [1.0] * (length - 1)] * 3
        if step < PRACTICE_WHOLE_STEPS:
            assert torch.equal(first, second)
        reordered += not torch.equal(first, second)
    assert reordered > 10


def test_practice_is_the_same_for_the_same_seed() -> None:
    one, other, third = (list(_practice(Lesson(steps=3, batch=2), 50, seed)) for seed in (1, 1, 2))
    assert all(torch.equal(left, right) for (left, _), (right, _) in zip(one, other, strict=True))
    assert any(
        left.shape != right.shape or not torch.equal(left, right)
        for (left, _), (right, _) in zip(one, third, strict=True)
    )


def test_reading_weighs_replies_one_prompts_little_and_padding_nothing() -> None:
    rows = [
        {"input_ids": [5, 6, 7, 8], "labels": [IGNORED, IGNORED, 7, 8]},
        {"input_ids": [5, 9], "labels": [IGNORED, 9]},
    ]
    batches = list(_reading(rows, Lesson(steps=3, batch=2), 0.25, 0, Collator(0)))
    assert len(batches) == 3
    for ids, weights in batches:
        table = {tuple(row): weight for row, weight in zip(ids.tolist(), weights.tolist(), strict=True)}
        assert table == {(5, 6, 7, 8): [0.25, 0.25, 1.0, 1.0], (5, 9, 0, 0): [0.25, 1.0, 0.0, 0.0]}


def test_replies_are_learned_with_their_end_token(small_base: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(small_base)
    chat = [{"role": "user", "content": f"#Person1#: 안녕?\n{RECORD}"}]
    (row,) = encode([(chat, "#Person1#은 인사한다.")], tokenizer)
    learned = [token for token in row["labels"] if token != IGNORED]
    assert tokenizer.decode(learned) == "#Person1#은 인사한다.<|im_end|>"
    prompt = tokenizer.decode(row["input_ids"][: -len(learned)])
    assert prompt == f"<s><|im_start|>user\n#Person1#: 안녕?\n{RECORD}<|im_end|>\n<|im_start|>assistant\n"
