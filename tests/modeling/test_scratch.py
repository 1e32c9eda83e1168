"""The lessons of a base model that is trained here."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoTokenizer

from dialsum.corpus.cleaning import ALL, to_dialogue
from dialsum.modeling.batching import Collator
from dialsum.modeling.catalog import Lesson
from dialsum.modeling.scratch import PRACTICE_WHOLE_STEPS, Batch, _practice, _reading, encode
from dialsum.prompts.encode import IGNORED


def test_practice_repeats_its_tokens_and_learns_the_copy_alone() -> None:
    batches = list(_practice(Lesson(steps=PRACTICE_WHOLE_STEPS + 20, batch=3), vocab_size=50, seed=1))
    assert len(batches) == PRACTICE_WHOLE_STEPS + 20
    reordered = 0
    for step, batch in enumerate(batches):
        ids, labels = batch["input_ids"], batch["labels"]
        length = ids.shape[1] // 2
        first, second = ids[:, :length], ids[:, length:]
        assert ids.shape == labels.shape == (3, 2 * length)
        assert torch.equal(first.sort(dim=1).values, second.sort(dim=1).values)
        assert (labels[:, : length + 1] == IGNORED).all()
        assert torch.equal(labels[:, length + 1 :], ids[:, length + 1 :])
        if step < PRACTICE_WHOLE_STEPS:
            assert torch.equal(first, second)
        reordered += not torch.equal(first, second)
    assert reordered > 10


def test_practice_is_the_same_for_the_same_seed() -> None:
    one, other, third = (list(_practice(Lesson(steps=3, batch=2), 50, seed)) for seed in (1, 1, 2))
    assert _ids(one) == _ids(other) != _ids(third)


def _ids(batches: list[Batch]) -> list[list[list[int]]]:
    return [batch["input_ids"].tolist() for batch in batches]


def test_reading_goes_over_the_documents_as_often_as_the_steps_need() -> None:
    rows = [{"input_ids": [number, 9], "labels": [IGNORED, 9]} for number in range(5)]
    batches = list(_reading(rows, Lesson(steps=5, batch=2), 0, Collator(0)))
    seen = [number for batch in batches for number, _ in batch["input_ids"].tolist()]
    assert len(batches) == 5
    # Two full batches an epoch, the fifth row left out; each epoch in another order.
    assert [len(set(seen[start : start + 4])) for start in (0, 4)] == [4, 4]
    assert set(seen) == set(range(5))


def test_summaries_are_learned_with_their_end_token(small_base: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(small_base)
    (row,) = encode([(to_dialogue("base_0", "#Person1#: 안녕?", ALL), "#Person1#은 인사한다.")], tokenizer)
    learned = [token for token in row["labels"] if token != IGNORED]
    assert tokenizer.decode(learned) == "#Person1#은 인사한다.<|im_end|>"
    prompt = tokenizer.decode(row["input_ids"][: -len(learned)])
    asked = "다음 대화를 요약하세요:\n---\n#Person1#: 안녕?\n---"
    assert prompt == f"<s><|im_start|>user\n{asked}<|im_end|>\n<|im_start|>assistant\n"
