"""The lessons of a base model that is trained here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from dialsum.corpus.cleaning import ALL, to_dialogue
from dialsum.modeling.bases import make_scratch
from dialsum.modeling.batching import Collator
from dialsum.modeling.catalog import Entry, Lesson, read_entry
from dialsum.modeling.loading import load_base
from dialsum.modeling.pin import hash_files, read_pin
from dialsum.modeling.scratch import PRACTICE_WHOLE_STEPS, Batch, _practice, _reading, encode
from dialsum.params.model import Family
from dialsum.prompts.encode import IGNORED

FAMILIES: tuple[Family, ...] = ("causal", "seq2seq")


@pytest.fixture(scope="module")
def bart_entry(small_entry: Entry) -> Entry:
    """tiny-bart, smaller yet."""
    entry = read_entry(Path(__file__).parents[2] / "catalog" / "tiny-bart.yaml")
    assert entry.scratch is not None
    assert small_entry.scratch is not None
    small = small_entry.scratch
    scratch = replace(
        entry.scratch,
        vocab_size=600,
        hidden_size=64,
        intermediate_size=128,
        rows=200,
        practice=small.practice,
        reading=small.reading,
        threads=1,
    )
    return replace(entry, scratch=scratch)


@pytest.fixture(scope="module")
def tiny_bart(bart_entry: Entry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the base stage makes it."""
    folder = tmp_path_factory.mktemp("base")
    assert bart_entry.scratch is not None
    make_scratch(bart_entry.scratch, "tiny-bart", bart_entry, folder)
    return folder


def test_practice_repeats_its_tokens_and_learns_the_copy_alone() -> None:
    batches = list(_practice(Lesson(steps=PRACTICE_WHOLE_STEPS + 20, batch=3), vocab_size=50, seed=1, family="causal"))
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


def test_practice_of_an_encoder_and_a_decoder_is_the_same_copy() -> None:
    """The encoder reads the tokens, and must say which stood before each; each token of the copy counts."""
    lesson = Lesson(steps=PRACTICE_WHOLE_STEPS + 20, batch=3)
    for causal, pair in zip(*(_practice(lesson, 50, 1, family) for family in FAMILIES), strict=True):
        length = pair["input_ids"].shape[1]
        assert torch.equal(pair["input_ids"], causal["input_ids"][:, :length])
        assert torch.equal(pair["labels"], causal["input_ids"][:, length:])
        assert (pair["before"][:, 0] == IGNORED).all()
        assert torch.equal(pair["before"][:, 1:], pair["input_ids"][:, :-1])


def test_practice_is_the_same_for_the_same_seed() -> None:
    one, other, third = (list(_practice(Lesson(steps=3, batch=2), 50, seed, "causal")) for seed in (1, 1, 2))
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


def test_a_bart_reads_dialogues_and_learns_the_summaries_beside_them(tiny_bart: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_bart)
    text, summary = "#Person1#: 안녕?\n#Person2#: 응, #Address#야.", "#Person1#은 인사한다."
    (row,) = encode([(to_dialogue("base_0", text, ALL), summary)], tokenizer, "seq2seq")
    assert tokenizer.decode(row["input_ids"]) == f"<s>{text}</s>"
    assert tokenizer.decode(row["labels"]) == f"{summary}</s>"
    for label in ("#Person2#", "#Address#"):
        assert tokenizer(label)["input_ids"] == [1, tokenizer.convert_tokens_to_ids(label), 2]
        assert label not in tokenizer.all_special_tokens


def test_a_bart_is_the_same_for_the_same_seed(tiny_bart: Path, bart_entry: Entry, tmp_path: Path) -> None:
    assert bart_entry.scratch is not None
    make_scratch(bart_entry.scratch, "tiny-bart", bart_entry, tmp_path)
    assert hash_files(tmp_path) == hash_files(tiny_bart)
    assert read_pin(tmp_path).family == "seq2seq"


def test_a_bart_begins_and_ends_as_in_training(tiny_bart: Path) -> None:
    """Its config says so itself, for those who load it elsewhere."""
    tokenizer, model = AutoTokenizer.from_pretrained(tiny_bart), load_base(tiny_bart, "none")
    assert type(model).__name__ == "BartForConditionalGeneration"
    assert model.config.decoder_start_token_id == tokenizer.eos_token_id == model.config.eos_token_id
    assert model.config.forced_eos_token_id is None
    assert (model.config.pad_token_id, model.config.vocab_size) == (tokenizer.pad_token_id, len(tokenizer))


def test_summaries_are_learned_with_their_end_token(small_base: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(small_base)
    (row,) = encode([(to_dialogue("base_0", "#Person1#: 안녕?", ALL), "#Person1#은 인사한다.")], tokenizer, "causal")
    learned = [token for token in row["labels"] if token != IGNORED]
    assert tokenizer.decode(learned) == "#Person1#은 인사한다.<|im_end|>"
    prompt = tokenizer.decode(row["input_ids"][: -len(learned)])
    asked = "다음 대화를 요약하세요:\n---\n#Person1#: 안녕?\n---"
    assert prompt == f"<s><|im_start|>user\n{asked}<|im_end|>\n<|im_start|>assistant\n"
