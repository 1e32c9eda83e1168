from __future__ import annotations

import copy
import json
import shutil
from collections import Counter
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from dialsum.corpus.cleaning import ALL, to_dialogue
from dialsum.corpus.dialogue import Dialogue
from dialsum.corpus.synthetic import generate
from dialsum.errors import InputError
from dialsum.modeling.bases import take_folder
from dialsum.modeling.bounds import LengthBounds
from dialsum.modeling.catalog import Entry
from dialsum.modeling.decoding import BOUNDED, Room, Summarizer, batches, decode, load_summarizer, summarize
from dialsum.modeling.vocabulary import find_foreign
from dialsum.params.generation import Generation
from dialsum.params.prompt import Tokenize
from dialsum.params.strict import load
from dialsum.prompts.form import Form

FORM = Form(format="plain", system="none")
LIMITS = Tokenize(max_source_tokens=256, max_target_tokens=64, truncation="tail")
GREEDY = replace(
    load(Path(__file__).parents[1] / "params.yaml", "generation", Generation),
    max_new_tokens=16, num_beams=1, repetition_penalty=1.0, no_repeat_ngram_size=0, foreign_tokens="allow",
    batch_size=7, threads=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def dialogues() -> list[Dialogue]:
    return [to_dialogue(row.fname, row.dialogue, ALL) for row in generate("dev", 20, 5)]


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What method `none` leaves of training."""
    folder = tmp_path_factory.mktemp("untrained")
    (folder / "trained.json").write_text(json.dumps({"method": "none", "in_force": {}}))
    return folder


@pytest.fixture(scope="module")
def summarizer(small_base: Path, strong_adapter: Path) -> Summarizer:
    return load_summarizer(small_base, strong_adapter, FORM, LIMITS, GREEDY)


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
    chosen = replace(each, generation=replace(GREEDY, num_beams=beams))
    together = summarize(chosen, dialogues)
    assert [item.id for item in together] == [dialogue.id for dialogue in dialogues]
    assert len({item.text for item in together}) > 10  # or the comparison would prove nothing
    assert together == [summarize(chosen, [dialogue])[0] for dialogue in dialogues]
    assert together == summarize(chosen, dialogues)


@pytest.mark.parametrize("beams", [1, 3])
def test_the_chosen_size_of_n_grams_is_in_force(each: Summarizer, dialogues: list[Dialogue], beams: int) -> None:
    """A model with random weights repeats itself; with n-grams of one token no token comes twice."""
    for size, repeats in ((0, True), (1, False)):
        produced = watched(each, replace(GREEDY, num_beams=beams, no_repeat_ngram_size=size), dialogues)
        # Behind its end `generate` fills a row with T5's end token, not with its padding, whose id is 0.
        said = [list(takewhile(lambda token: token not in each.end, row)) for row in produced]
        assert len(said) == len(dialogues)
        assert any(len(set(row)) < len(row) for row in said) == repeats


def test_the_size_of_a_batch_changes_nothing(each: Summarizer, dialogues: list[Dialogue]) -> None:
    one_batch = replace(each, generation=replace(GREEDY, batch_size=64))
    assert summarize(one_batch, dialogues) == summarize(each, dialogues)
    assert summarize(each, dialogues[::-1]) == summarize(each, dialogues)[::-1]


DRAWN = replace(GREEDY, do_sample=True, temperature=0.7, top_p=0.9, top_k=50, num_samples=3, batch_size=8)


def drawn(summarizer: Summarizer, dialogues: list[Dialogue], **values: Any) -> list[tuple[int, int, str]]:
    """All samples, in the order of dialogues: place, number, text."""
    chosen = replace(summarizer, generation=replace(DRAWN, **values))
    answers = [
        answer for batch in decode(batches(chosen, dialogues), Room(values.get("batch_size", 8))) for answer in batch
    ]
    return sorted((answer.row, answer.sample, answer.prediction.text) for answer in answers)


def test_samples_depend_on_seed_dialogue_and_number_alone(each: Summarizer, dialogues: list[Dialogue]) -> None:
    found = drawn(each, dialogues)
    assert [(row, sample) for row, sample, _ in found] == [(row, sample) for row in range(20) for sample in range(3)]
    assert len({text for _, _, text in found}) > 40
    assert found == drawn(each, dialogues)
    assert found == drawn(each, dialogues, batch_size=1)
    assert [text for row, _, text in found if row == 7] == [text for _, _, text in drawn(each, dialogues[7:8])]
    # Fewer samples are the first of more, and what is served is the first.
    assert [text for _, sample, text in found if sample == 0] == [
        text for *_, text in drawn(each, dialogues, num_samples=1)
    ]
    served = summarize(replace(each, generation=DRAWN), dialogues)
    assert [item.text for item in served] == [text for _, sample, text in found if sample == 0]
    assert found != drawn(each, dialogues, seed=43)


def test_a_narrow_draw_is_greedy(each: Summarizer, dialogues: list[Dialogue]) -> None:
    greedy = [item.text for item in summarize(each, dialogues)]
    assert [text for *_, text in drawn(each, dialogues, top_k=1, num_samples=1)] == greedy
    assert [text for *_, text in drawn(each, dialogues, top_p=1e-9, top_k=0, num_samples=1)] == greedy


@pytest.mark.parametrize("beams", [1, 3])
def test_penalty_and_least_length_are_in_force(each: Summarizer, dialogues: list[Dialogue], beams: int) -> None:
    """A huge penalty lets no token come twice; transformers' own would count the prompt, and leave little to say.

    With beams it multiplies log-probabilities: a token of probability 1, whose logarithm is 0, would come again.
    """
    chosen = replace(GREEDY, num_beams=beams, repetition_penalty=1e6, min_new_tokens=15)
    plain = summarize(replace(each, generation=replace(GREEDY, num_beams=beams)), dialogues)
    produced = watched(each, chosen, dialogues)
    ends = set(each.end)
    for row in produced:
        said = [token for token in row if token not in ends and token != each.tokenizer.pad_token_id]
        assert len(said) >= 15
        assert len(set(said)) == len(said)
    assert [item.text for item in summarize(replace(each, generation=chosen), dialogues)] != [
        item.text for item in plain
    ]


@pytest.mark.parametrize("rule", ["allow", "block_unless_in_dialogue"])
@pytest.mark.parametrize("values", [{}, {"num_beams": 3}, {"do_sample": True}], ids=["greedy", "beams", "sampling"])
def test_ids_that_the_tokenizer_lacks_are_never_said(
    summarizer: Summarizer, dialogues: list[Dialogue], rule: Any, values: dict[str, Any]
) -> None:
    """Hub models have more embeddings than their tokenizers tokens."""
    torch.manual_seed(1)
    size = len(summarizer.tokenizer)
    shape = LlamaConfig(
        vocab_size=3 * size, hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2
    )
    foreign = find_foreign(summarizer.tokenizer, summarizer.end)
    large = replace(summarizer, model=LlamaForCausalLM(shape).eval(), foreign=None if rule == "allow" else foreign)
    produced = watched(large, replace(GREEDY, foreign_tokens=rule, **values), dialogues)
    assert len(produced) == len(dialogues)
    assert max(max(row) for row in produced) < size


def watched(summarizer: Summarizer, generation: Generation, dialogues: list[Dialogue]) -> list[list[int]]:
    """The tokens of all summaries."""
    produced: list[list[int]] = []

    class Watched:
        device, config = summarizer.model.device, summarizer.model.config

        def generate(self, **inputs: Any) -> Any:
            tokens = summarizer.model.generate(**inputs)
            before = inputs["input_ids"].shape[1] if summarizer.family == "causal" else 1
            produced.extend(tokens[:, before:].tolist())
            return tokens

    summarize(replace(summarizer, generation=generation, model=Watched()), dialogues)
    return produced


def test_each_summary_has_the_bound_of_its_dialogue(summarizer: Summarizer) -> None:
    """The rule gets it row by row, in the order of the batch, and at least `min_new_tokens`."""
    tokenizer = summarizer.tokenizer
    texts = {"s": "#Person1#: 네", "l": "#Person1#: 네, 좋아요. 내일 만나요."}
    short, long = (to_dialogue(name, text, ALL) for name, text in texts.items())
    length = len(tokenizer(short.text(), add_special_tokens=False)["input_ids"])
    said = tokenizer("그는 갔다.", add_special_tokens=False)["input_ids"]
    fixed = Fixed([*said, tokenizer.eos_token_id], [*said, tokenizer.eos_token_id])
    bounds = LengthBounds([length], [len(said), len(said) + 1])
    chosen = replace(summarizer, model=fixed, bounds=bounds)
    ((first, second),) = decode(batches(chosen, [short, long]), Room(2))
    assert (first.row, first.notes, second.row, second.notes) == (1, [], 0, [BOUNDED])
    _, rule = fixed.given["logits_processor"]
    assert rule.bounds == [len(said) + 1, len(said)]
    patient = replace(chosen, generation=replace(GREEDY, min_new_tokens=len(said) + 3))
    (batch,) = batches(patient, [short, long])
    assert batch.bounds() == [len(said) + 3] * 2


def test_bounds_and_the_switch_for_them_come_together(small_base: Path, strong_adapter: Path) -> None:
    bounds = LengthBounds([], [9])
    for generation, given in ((GREEDY, bounds), (replace(GREEDY, length_by_source=True), None)):
        with pytest.raises(ValueError, match="length bounds are needed with"):
            load_summarizer(small_base, strong_adapter, FORM, LIMITS, generation, given)


@pytest.mark.parametrize("name", ["summarizer", "bart"])
def test_rows_that_go_on_and_on_are_written_together_at_the_end(
    name: str, request: pytest.FixtureRequest, dialogues: list[Dialogue]
) -> None:
    """Where the others end with a frequent token, those that do not say it are left, and get the same texts."""
    each = request.getfixturevalue(name)
    long = replace(GREEDY, max_new_tokens=40, batch_size=10)
    plain = watched(each, long, dialogues)
    counts = Counter(token for row in plain for token in {*row[:12]})
    frequent = next(token for token, rows in counts.most_common() if 12 <= rows < 20)
    ending = replace(each, end=[*each.end, frequent], generation=long)
    work = list(batches(ending, dialogues))
    found = list(decode(work, Room(10)))
    together = [answer for batch in work for answer in batch.predict()[0]]  # each batch to its end
    assert {answer.row: answer.prediction for batch in found for answer in batch} == {
        answer.row: answer.prediction for answer in together
    }
    assert [len(part) for part in found][:2] != [10, 10]
    assert sum(map(len, found)) == 20


@pytest.mark.slow
@pytest.mark.parametrize("beams", [1, 4])
def test_two_hundred_dialogues_in_batches_get_what_each_alone_gets(each: Summarizer, beams: int) -> None:
    many = [to_dialogue(row.fname, row.dialogue, ALL) for row in generate("dev", 200, 6)]
    chosen = replace(each, generation=replace(GREEDY, num_beams=beams, max_new_tokens=40, batch_size=32))
    together = summarize(chosen, many)
    assert len({item.text for item in together}) > 100
    assert together == [summarize(chosen, [dialogue])[0] for dialogue in many]


class Narrow:
    """A model on a GPU with room for so many rows."""

    def __init__(self, summarizer: Summarizer, rows: int) -> None:
        self.inner, self.rows, self.tried = summarizer.model, rows, list[int]()
        self.device, self.config = self.inner.device, self.inner.config

    def generate(self, **inputs: Any) -> Any:
        self.tried.append(len(inputs["input_ids"]))
        if self.tried[-1] > self.rows:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.inner.generate(**inputs)


def test_where_memory_runs_out_half_the_rows_go_on(
    each: Summarizer, dialogues: list[Dialogue], caplog: pytest.LogCaptureFixture
) -> None:
    narrow, room = Narrow(each, 2), Room(7)
    answers = [answer for batch in decode(batches(replace(each, model=narrow), dialogues), room) for answer in batch]
    # 7 rows do not go, nor 3; from then on it is one at a time.
    assert narrow.tried == [7, 3, *[1] * 20]
    assert room.rows == 1
    assert [answer.prediction for answer in sorted(answers, key=lambda answer: answer.row)] == summarize(
        each, dialogues
    )
    assert caplog.messages == [
        "the GPU's memory ran out with 7 rows at a time; going on with 3",
        "the GPU's memory ran out with 3 rows at a time; going on with 1",
    ]
    with pytest.raises(InputError, match="the GPU's memory ran out with a single row"):
        summarize(replace(each, model=Narrow(each, 0)), dialogues)


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
    config: Any = LlamaConfig(num_hidden_layers=1)

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
    chosen = replace(summarizer, model=fixed, generation=replace(GREEDY, max_new_tokens=4))
    answers = summarize(chosen, [Dialogue(str(row), ()) for row in range(4)])
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
    _, *counting = fixed.given["logits_processor"]
    assert [rule.prompt_length for rule in counting] == [1, 1]


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
    small_base: Path, strong_adapter: Path, dialogues: list[Dialogue], tmp_path: Path
) -> None:
    (tmp_path / "trained.json").write_text(json.dumps({"method": "none", "in_force": {}}))
    untuned = load_summarizer(small_base, tmp_path, FORM, LIMITS, GREEDY)
    tuned = load_summarizer(small_base, strong_adapter, FORM, LIMITS, GREEDY)
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
