from __future__ import annotations

import copy
import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from dialsum.corpus.cleaning import ALL, to_dialogue
from dialsum.corpus.dialogue import Dialogue
from dialsum.corpus.synthetic import generate
from dialsum.modeling.bases import take_folder
from dialsum.modeling.catalog import Entry
from dialsum.modeling.decoding import NoRepeatInSummary, Summarizer, batches, load_summarizer, summarize
from dialsum.modeling.foreign import find_foreign
from dialsum.modeling.loading import load_base
from dialsum.params.generation import Generation
from dialsum.params.prompt import Tokenize
from dialsum.prompts.form import Form

FORM = Form(format="plain", system="none")
LIMITS = Tokenize(max_source_tokens=256, max_target_tokens=64, truncation="tail")
GREEDY = Generation(
    max_new_tokens=16, num_beams=1, no_repeat_ngram_size=0, foreign_tokens="allow", batch_size=7, threads=1
)


@pytest.fixture(scope="module")
def dialogues() -> list[Dialogue]:
    return [to_dialogue(row.fname, row.dialogue, ALL) for row in generate("dev", 20, 5)]


@pytest.fixture(scope="module")
def trained(small_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random adapter, strong enough that the model says something else to each dialogue."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    config = LoraConfig(r=4, lora_alpha=32, target_modules="all-linear", init_lora_weights=False)
    folder = tmp_path_factory.mktemp("trained")
    get_peft_model(load_base(small_base, "lora"), config).save_pretrained(folder)
    (folder / "trained.json").write_text(json.dumps({"method": "lora", "in_force": {}}))
    return folder


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What method `none` leaves of training."""
    folder = tmp_path_factory.mktemp("untrained")
    (folder / "trained.json").write_text(json.dumps({"method": "none", "in_force": {}}))
    return folder


@pytest.fixture(scope="module")
def summarizer(small_base: Path, trained: Path) -> Summarizer:
    return load_summarizer(small_base, trained, FORM, LIMITS, GREEDY)


@pytest.fixture(scope="module")
def bart(bart_base: Path, untrained: Path) -> Summarizer:
    return load_summarizer(bart_base, untrained, FORM, LIMITS, GREEDY)


@pytest.fixture(scope="module")
def t5(t5_base: Path, untrained: Path) -> Summarizer:
    return load_summarizer(t5_base, untrained, FORM, LIMITS, GREEDY)


@pytest.fixture(params=["summarizer", "bart", "t5"])
def each(request: pytest.FixtureRequest) -> Summarizer:
    """A causal model, and one of each class of the seq2seq family."""
    chosen: Summarizer = request.getfixturevalue(request.param)
    return chosen


@pytest.mark.parametrize("beams", [1, 3])
def test_a_batch_says_what_each_dialogue_alone_gets(each: Summarizer, dialogues: list[Dialogue], beams: int) -> None:
    chosen = replace(each, generation=Generation(**{**GREEDY.__dict__, "num_beams": beams}))
    together = summarize(chosen, dialogues)
    assert [item.id for item in together] == [dialogue.id for dialogue in dialogues]
    assert len({item.text for item in together}) > 10  # or the comparison would prove nothing
    assert together == [summarize(chosen, [dialogue])[0] for dialogue in dialogues]
    assert together == summarize(chosen, dialogues)


def test_no_n_gram_comes_twice_in_a_summary_but_those_of_the_prompt_may() -> None:
    rule, free = NoRepeatInSummary(size=2, prompt_length=3), torch.zeros(2, 10)
    prompt = [5, 6, 7]
    # After 5, the first row may say 6 as its prompt does; the second has said "5 6" itself.
    scores = rule(torch.tensor([[*prompt, 8, 9, 5], [*prompt, 5, 6, 5]]), free)
    assert (scores == -torch.inf).nonzero().tolist() == [[1, 6]]


@pytest.mark.parametrize("beams", [1, 3])
def test_the_chosen_size_of_n_grams_is_in_force(
    each: Summarizer, dialogues: list[Dialogue], beams: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model with random weights repeats itself; with n-grams of one token no token comes twice."""
    produced: list[list[int]] = []
    generate_tokens = each.model.generate

    def watched(**inputs: Any) -> Any:
        tokens = generate_tokens(**inputs)
        before = inputs["input_ids"].shape[1] if each.family == "causal" else 1
        produced.extend(row for row in tokens[:, before:].tolist())
        return tokens

    monkeypatch.setattr(each.model, "generate", watched)
    for size, repeats in ((0, True), (1, False)):
        produced.clear()
        chosen = replace(GREEDY, num_beams=beams, no_repeat_ngram_size=size)
        summarize(replace(each, generation=chosen), dialogues)
        said = [[token for token in row if token != each.tokenizer.pad_token_id] for row in produced]
        assert len(said) == len(dialogues)
        assert any(len(set(row)) < len(row) for row in said) == repeats


def test_the_size_of_a_batch_changes_nothing(each: Summarizer, dialogues: list[Dialogue]) -> None:
    one_batch = replace(each, generation=Generation(**{**GREEDY.__dict__, "batch_size": 64}))
    assert summarize(one_batch, dialogues) == summarize(each, dialogues)
    assert summarize(each, dialogues[::-1]) == summarize(each, dialogues)[::-1]


def test_nothing_to_do(summarizer: Summarizer) -> None:
    assert summarize(summarizer, []) == []


def test_batches_go_from_long_to_short(each: Summarizer, dialogues: list[Dialogue]) -> None:
    made = list(batches(each, dialogues))
    assert [len(batch.rows) for batch in made] == [7, 7, 6]
    assert sorted(row for batch in made for row in batch.rows) == list(range(20))
    lengths = [len(source) for batch in made for source in batch.sources]
    assert lengths == sorted(lengths, reverse=True)
    assert all(batch.dialogues == [dialogues[row] for row in batch.rows] for batch in made)


class Fixed:
    """A model that says this, whatever it is asked; it keeps what it was given."""

    device = torch.device("cpu")

    def __init__(self, *said: list[int]) -> None:
        self.said = said
        self.given: dict[str, Any] = {}

    def generate(self, **given: Any) -> torch.Tensor:
        self.given = given
        return torch.cat([given["input_ids"], torch.tensor(self.said)], dim=1)


def test_a_summary_ends_at_the_first_end_token_and_one_without_is_unfinished(summarizer: Summarizer) -> None:
    tokenizer = summarizer.tokenizer
    word, other = tokenizer("가", add_special_tokens=False)["input_ids"], tokenizer("나", add_special_tokens=False)
    assert len(word) == 1, "a token of its own in the small vocabulary"
    first, second = word[0], other["input_ids"][0]
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    fixed = Fixed(
        [first, second, end, first], [first, end, pad, pad], [end, pad, pad, pad], [first, first, first, first]
    )
    answers = summarize(replace(summarizer, model=fixed), [Dialogue(str(row), ()) for row in range(4)])
    second_text = tokenizer.decode([first, second]).strip()
    assert [(item.text, item.finished) for item in answers] == [
        (second_text, True),
        ("가", True),
        ("", True),
        ("가가가가", False),
    ]


def test_a_broken_character_parts_the_letters_around_it(summarizer: Summarizer) -> None:
    """Else "P", half a character and "ker" would be read as "Pker", which no rule about tokens has seen."""
    tokenizer = summarizer.tokenizer
    (letter,) = tokenizer("가", add_special_tokens=False)["input_ids"]
    half = tokenizer.convert_tokens_to_ids("ê")  # byte-level BPE's way to write 0xEA, the first of three bytes
    assert tokenizer.decode([half]) == "\ufffd"
    fixed = Fixed([letter, half, half, letter, half, tokenizer.eos_token_id])
    (answer,) = summarize(replace(summarizer, model=fixed), [Dialogue("0", ())])
    assert answer.text == "가 가"


def test_prompts_are_padded_on_the_left_and_masked(summarizer: Summarizer) -> None:
    fixed = Fixed([0], [0])
    texts = {"s": "#Person1#: 네", "l": "#Person1#: 네, 좋아요"}
    short, long = (to_dialogue(name, text, ALL) for name, text in texts.items())
    summarize(replace(summarizer, model=fixed), [short, long])
    ids, mask = fixed.given["input_ids"].tolist(), fixed.given["attention_mask"].tolist()
    (batch,) = batches(summarizer, [short, long])
    assert batch.rows == [1, 0]
    missing = len(batch.sources[0]) - len(batch.sources[1])
    assert missing > 0
    assert ids == [batch.sources[0], [summarizer.tokenizer.pad_token_id] * missing + batch.sources[1]]
    assert mask == [[1] * len(ids[0]), [0] * missing + [1] * len(batch.sources[1])]
    config = fixed.given["generation_config"]
    assert (config.do_sample, config.num_beams, config.max_new_tokens) == (False, 1, 16)


class FixedDecoder(Fixed):
    """The same of a seq2seq model, whose decoder began with token 7."""

    config = SimpleNamespace(decoder_start_token_id=7)

    def generate(self, **given: Any) -> torch.Tensor:
        self.given = given
        return torch.tensor([[7, *row] for row in self.said])


def test_dialogues_of_a_seq2seq_model_are_padded_on_the_right_and_masked(bart: Summarizer) -> None:
    tokenizer = bart.tokenizer
    said = tokenizer("#Person1#은", add_special_tokens=False)["input_ids"]
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    fixed = FixedDecoder([*said, end], [end] + [pad] * len(said))
    texts = {"s": "#Person1#: 네", "l": "#Person1#: 네, 좋아요"}
    short, long = (to_dialogue(name, text, ALL) for name, text in texts.items())
    answers = summarize(replace(bart, model=fixed), [short, long])
    assert [(item.id, item.text, item.finished) for item in answers] == [("s", "", True), ("l", "#Person1#은", True)]
    (batch,) = batches(bart, [short, long])
    first, second = batch.sources
    missing = len(first) - len(second)
    assert missing > 0
    assert fixed.given["input_ids"].tolist() == [first, second + [pad] * missing]
    assert fixed.given["attention_mask"].tolist() == [[1] * len(first), [1] * len(second) + [0] * missing]
    assert fixed.given["generation_config"].decoder_start_token_id == 7
    # What was said begins after the decoder's first token, and there the rules begin to count.
    chosen = replace(GREEDY, no_repeat_ngram_size=1, foreign_tokens="block")
    foreign = find_foreign(tokenizer, bart.end)
    summarize(replace(bart, model=fixed, generation=chosen, foreign=foreign), [short, long])
    assert [rule.prompt_length for rule in fixed.given["logits_processor"]] == [1, 1]


def test_where_the_end_token_pads_that_of_a_dialogue_is_read(bart: Summarizer) -> None:
    tokenizer = copy.copy(bart.tokenizer)
    tokenizer.pad_token = tokenizer.eos_token
    fixed = FixedDecoder([0], [0])
    short, long = (to_dialogue(text, f"#Person1#: {text}", ALL) for text in ("네", "네, 좋아요"))
    summarize(replace(bart, tokenizer=tokenizer, model=fixed), [long, short])
    read = [int(row.sum()) for row in fixed.given["attention_mask"]]
    assert read == [len(source) for batch in batches(bart, [long, short]) for source in batch.sources]


def test_labels_and_masks_stand_in_a_summary(summarizer: Summarizer) -> None:
    """They are content: `skip_special_tokens` must not delete them."""
    ids = summarizer.tokenizer("#Person1#은 #PhoneNumber#", add_special_tokens=False)["input_ids"]
    (answer,) = summarize(replace(summarizer, model=Fixed(ids)), [Dialogue("one", ())])
    assert answer.text == "#Person1#은 #PhoneNumber#"


def test_a_model_that_was_not_tuned_is_asked_alike(
    small_base: Path, trained: Path, dialogues: list[Dialogue], tmp_path: Path
) -> None:
    (tmp_path / "trained.json").write_text(json.dumps({"method": "none", "in_force": {}}))
    untuned = load_summarizer(small_base, tmp_path, FORM, LIMITS, GREEDY)
    tuned = load_summarizer(small_base, trained, FORM, LIMITS, GREEDY)
    (without,), (with_adapter,) = batches(untuned, dialogues[:1]), batches(tuned, dialogues[:1])
    assert without.sources == with_adapter.sources
    assert untuned.tokenizer.decode(without.sources[0]).endswith("<|im_start|>assistant\n")


def test_the_end_tokens_of_tokenizer_and_catalog_end_a_summary(summarizer: Summarizer) -> None:
    assert summarizer.end == [summarizer.tokenizer.convert_tokens_to_ids("<|im_end|>")]


HABITS = {
    "do_sample": True,
    "temperature": 5.0,
    "repetition_penalty": 50.0,
    "min_new_tokens": 16,
    "forced_bos_token_id": 5,
    "forced_eos_token_id": 5,
    "no_repeat_ngram_size": 1,
    "length_penalty": 9.0,
    "suppress_tokens": list(range(6, 300)),
}


@pytest.mark.parametrize("name", ["small_base", "bart_folder", "t5_folder"])
def test_a_hub_models_own_habits_do_not_count(
    name: str,
    request: pytest.FixtureRequest,
    small_entry: Entry,
    seq2seq_entry: Entry,
    untrained: Path,
    dialogues: list[Dialogue],
    tmp_path: Path,
) -> None:
    """Its generation_config.json may ask for sampling, for a penalty, for tokens that are to be forced."""
    entry = small_entry if name == "small_base" else seq2seq_entry
    answers = []
    for habits in ({}, HABITS):
        source = shutil.copytree(request.getfixturevalue(name), tmp_path / f"source{len(habits)}")
        file = source / "generation_config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **habits}))
        base = tmp_path / f"base{len(habits)}"
        base.mkdir()
        take_folder(source, "mine", entry, base)
        summarizer = load_summarizer(base, untrained, FORM, LIMITS, replace(GREEDY, num_beams=2))
        answers.append(summarize(summarizer, dialogues[:5]))
    assert answers[0] == answers[1]
