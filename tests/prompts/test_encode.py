"""Source and target ids: literal cases, and the equality of training's prompt and generation's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from dialsum.corpus.cleaning import ALL, to_dialogue
from dialsum.corpus.dialogue import Dialogue, Turn
from dialsum.errors import InputError
from dialsum.modeling.decoding import Summarizer, batches, load_summarizer
from dialsum.modeling.loading import load_tokenizer
from dialsum.outputs import write_json
from dialsum.params.generation import Generation
from dialsum.params.model import Family
from dialsum.params.prompt import Prompt, Tokenize, Truncation
from dialsum.params.strict import load
from dialsum.prompts.encode import IGNORED, Row, Source, encode_rows, encode_source, encode_target, header_lost, join
from dialsum.prompts.form import Form, Shot, read_form, write_form
from dialsum.prompts.settling import settle, training_dialogues, training_forms
from dialsum.stages.tokenize import as_dataset, encode_split

PLAIN = Form(format="plain", system="simple")


LIMITS = Tokenize(max_source_tokens=512, max_target_tokens=100, truncation="tail")
DIALOGUE = Dialogue(
    id="dev_0",
    turns=(Turn("#Person1#", "내일 3시에 봐."), Turn("#Person2#", "응, 역 앞에서!")),
    references=("#Person1#은 #Person2#와 3시에 만난다.",),
)


@pytest.fixture(scope="module")
def tokenizer(small_base: Path) -> PreTrainedTokenizerBase:
    return load_tokenizer(small_base)


def test_labels_are_the_target_alone_and_end_with_the_end_token(tokenizer: PreTrainedTokenizerBase) -> None:
    source = encode_source(tokenizer, "causal", DIALOGUE, PLAIN, 512, "tail")
    target = encode_target(tokenizer, DIALOGUE.references[0], 100)
    row = join("causal", source, target)
    assert row["input_ids"] == source.ids + target.ids
    assert row["labels"] == [IGNORED] * len(source.ids) + target.ids
    assert row["labels"][-1] == tokenizer.convert_tokens_to_ids("<|im_end|>") == tokenizer.eos_token_id
    assert tokenizer.decode(target.ids[:-1]) == DIALOGUE.references[0]


def test_a_cut_target_still_ends_with_the_end_token(tokenizer: PreTrainedTokenizerBase) -> None:
    whole = encode_target(tokenizer, DIALOGUE.references[0], 100)
    cut = encode_target(tokenizer, DIALOGUE.references[0], 8)
    assert (whole.cut, cut.cut) == (False, True)
    assert cut.ids == [*whole.ids[:7], tokenizer.eos_token_id]


def test_one_bos_and_special_tokens_are_one_id_each(tokenizer: PreTrainedTokenizerBase) -> None:
    ids = encode_source(tokenizer, "causal", DIALOGUE, PLAIN, 512, "tail").ids
    assert ids.count(tokenizer.bos_token_id) == 1
    assert ids[0] == tokenizer.bos_token_id
    assert ids.count(tokenizer.convert_tokens_to_ids("<|im_start|>")) == 3
    assert ids.count(tokenizer.convert_tokens_to_ids("#Person1#")) == 1


def test_a_long_dialogue_loses_whole_turns_and_keeps_the_header(tokenizer: PreTrainedTokenizerBase) -> None:
    turns = tuple(Turn(f"#Person{1 + number % 2}#", f"{number}번째 말입니다.") for number in range(60))
    long = Dialogue(id="long", turns=turns)
    source = encode_source(tokenizer, "causal", long, PLAIN, 400, "tail")
    assert len(source.ids) <= 400
    kept = 60 - source.turns_dropped
    assert 0 < kept < 60
    text = tokenizer.decode(source.ids)
    last_turn = f"#Person{1 + (kept - 1) % 2}#: {kept - 1}번째 말입니다."
    assert text.endswith(f"{last_turn}\n---<|im_end|>\n<|im_start|>assistant\n")
    longer = Dialogue(id="longer", turns=turns[: kept + 1])
    assert encode_source(tokenizer, "causal", longer, PLAIN, 400, "tail").turns_dropped == 1


def test_a_single_turn_that_is_too_long_loses_its_end(tokenizer: PreTrainedTokenizerBase) -> None:
    one = Dialogue("one", (Turn("#Person1#", "가나다라" * 500),))
    source = encode_source(tokenizer, "causal", one, PLAIN, 300, "tail")
    assert len(source.ids) <= 300
    assert (source.turns_dropped, source.turns_cut) == (0, 1)
    assert tokenizer.decode(source.ids).endswith("\n---<|im_end|>\n<|im_start|>assistant\n")


GENERATION = replace(
    load(Path(__file__).parents[1] / "params.yaml", "generation", Generation),
    max_new_tokens=4, num_beams=1, no_repeat_ngram_size=0, foreign_tokens="allow", batch_size=2, threads=1,
)  # fmt: skip
TRAIN = [
    Dialogue(f"train_{number}", (Turn("#Person1#", f"{number}시에 볼까요?"), Turn("#Person2#", "네.")), topic, (text,))
    for number, topic, text in [
        (1, "약속", "#Person1#은 1시에 본다."),
        (2, "인사", "2시다."),
        (3, "약속", "3시다."),
    ]
]


@pytest.fixture(scope="module", params=["small_base", "bart_base", "t5_base"])
def summarizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Summarizer:
    """A model that generation and serving ask; the form comes in each test."""
    trained = tmp_path_factory.mktemp("trained")
    write_json(trained / "trained.json", {"method": "none", "in_force": {}})
    return load_summarizer(request.getfixturevalue(request.param), trained, PLAIN, LIMITS, GENERATION)


@pytest.mark.parametrize(
    ("format", "topic"),
    [
        ("plain", "never"),
        ("alpaca", "never"),
        ("structured", "never"),
        ("structured", "when_all_splits_have_it"),
        ("structured", "dropout"),
    ],
)
@pytest.mark.parametrize("system", ["none", "simple", "strict"])
@pytest.mark.parametrize("shots", [0, 2])
def test_the_prompt_of_training_is_the_prompt_of_generation_and_of_serving(
    summarizer: Summarizer, format: str, system: str, topic: str, shots: int, tmp_path: Path
) -> None:
    chosen = Prompt(format, system, 1, False, topic, 0.0, shots, "summarize: ")  # type: ignore[arg-type]
    dialogue = replace(TRAIN[0], id="dev_0")  # the same talk as an example's: it must not be shown its answer
    splits = {"train": TRAIN, "dev": [dialogue], "test": [dialogue]}
    form = settle(chosen, LIMITS, splits, len)
    write_form(tmp_path / "prompt.json", form)
    asking = replace(summarizer, form=read_form(tmp_path / "prompt.json"))

    (learned,) = training_dialogues(chosen, [dialogue])
    family = summarizer.family
    rows = encode_split(summarizer.tokenizer, family, [learned], training_forms(chosen, form), LIMITS, "train")
    assert not rows[0].header_lost
    trained_on = as_dataset(family, rows)[0]
    source = trained_on["input_ids"]
    if family == "causal":
        pairs = zip(trained_on["input_ids"], trained_on["labels"], strict=True)
        source = [token for token, label in pairs if label == IGNORED]
        assert dialogue.references[0] not in str(summarizer.tokenizer.decode(source))
    text = dialogue.text().replace("\n", "\\n") + "  "  # as a file or a request may hold it
    served = to_dialogue("request", text, ALL, dialogue.topic)
    for one in (dialogue, served):
        (batch,) = batches(asking, [one])
        assert batch.sources == [source]


@pytest.mark.parametrize("truncation", ["tail", "head", "middle"])
@pytest.mark.parametrize("base", ["small_base", "bart_base", "t5_base"])
def test_at_every_limit_the_prompt_fits_and_its_header_is_whole(
    base: str, truncation: Truncation, request: pytest.FixtureRequest
) -> None:
    tokenizer = load_tokenizer(request.getfixturevalue(base))
    family: Family = "causal" if base == "small_base" else "seq2seq"
    long = Turn("#Person1#", "그건 정말 긴 이야기야. " * 40)
    one = Dialogue("long", (DIALOGUE.turns[0], long, *DIALOGUE.turns, *DIALOGUE.turns), references=("요약.",))
    empty = replace(one, turns=(Turn("#Person1#", ""),))
    least = max(20, len(encode_source(tokenizer, family, empty, PLAIN, 1000, truncation).ids))
    for limit in range(least, least + 150):
        (row,) = encode_rows(tokenizer, family, one, PLAIN, (limit, 50), truncation)
        assert len(row.source.ids) <= limit
        assert not row.header_lost
        assert row.source.turns_cut + row.source.turns_dropped > 0
    if family == "causal":
        with pytest.raises(InputError, match="leaves no room for dialogue long; the prompt around it alone has "):
            encode_source(tokenizer, family, one, PLAIN, least - 1, truncation)


def test_a_form_is_read_as_it_was_written(tmp_path: Path) -> None:
    shots = tuple(Shot(one, one.references[0]) for one in TRAIN)
    form = Form("structured", "strict", 4, "optional", "요약: ", shots[:2], shots[2])
    write_form(tmp_path / "prompt.json", form)
    assert read_form(tmp_path / "prompt.json") == form


def test_a_header_that_is_cut_is_noticed(tokenizer: PreTrainedTokenizerBase, bart_base: Path) -> None:
    source = encode_source(tokenizer, "causal", DIALOGUE, PLAIN, 512, "tail")
    assert not header_lost(tokenizer, "causal", DIALOGUE, PLAIN, source)
    for kept in (source.ids[:-1], source.ids[:-3], [*source.ids[:-4], *source.ids[-3:]]):
        assert header_lost(tokenizer, "causal", DIALOGUE, PLAIN, replace(source, ids=kept))
    other = load_tokenizer(bart_base)
    source = encode_source(other, "seq2seq", DIALOGUE, PLAIN, 512, "tail")
    assert not header_lost(other, "seq2seq", DIALOGUE, PLAIN, source)
    assert header_lost(other, "seq2seq", DIALOGUE, PLAIN, replace(source, ids=source.ids[:-1]))


# Sources of seq2seq models, on tokenizers made by hand: #Person1# is 5, a colon 6, and so on.
WORDS = ["<pad>", "<s>", "</s>", "<unk>", "\n", "#1", ":", "가", "나", "다"]
BARE = Dialogue("dev_0", (Turn("#1", "가 나"), Turn("#1", "다"), Turn("#1", "나")), references=("다 나",))


def by_hand(**settings: str) -> PreTrainedTokenizerFast:
    """One token a word, as WORDS numbers them; it adds no special tokens, as KoBART's does not."""
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unk>"))
    words = pre_tokenizers.Split(Regex("#1|:|\n|[가-힣]"), behavior="removed", invert=True)
    tokenizer.pre_tokenizer = words
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>", **settings)


def kobart() -> PreTrainedTokenizerFast:
    return by_hand(bos_token="<s>", eos_token="</s>")


def bart() -> PreTrainedTokenizerFast:
    tokenizer = kobart()
    around = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    tokenizer.backend_tokenizer.post_processor = around
    return tokenizer


def t5() -> PreTrainedTokenizerFast:
    tokenizer = by_hand(eos_token="</s>")
    end = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])
    tokenizer.backend_tokenizer.post_processor = end
    return tokenizer


TEXT = [5, 6, 7, 8, 4, 5, 6, 9, 4, 5, 6, 8]


@pytest.mark.parametrize(
    ("make", "ids"),
    [
        (bart, [1, *TEXT, 2]),
        (kobart, [1, *TEXT, 2]),
        (t5, [*TEXT, 2]),
        (partial(by_hand, eos_token="</s>"), [*TEXT, 2]),
    ],
    ids=["bart", "kobart", "t5", "t5 that adds nothing"],
)
@pytest.mark.parametrize("form", [PLAIN, Form(format="structured", system="strict")])
def test_a_seq2seq_model_reads_the_bare_dialogue_between_its_special_tokens(
    make: Callable[[], PreTrainedTokenizerFast], ids: list[int], form: Form
) -> None:
    assert encode_source(make(), "seq2seq", BARE, form, 100, "tail") == Source(ids, 0, 0, whole=len(ids))


def test_a_prefix_stands_before_the_bare_dialogue_and_is_never_cut() -> None:
    form = replace(PLAIN, prefix="나 다 ")
    assert encode_source(t5(), "seq2seq", BARE, form, 100, "tail").ids == [8, 9, *TEXT, 2]
    assert encode_source(t5(), "seq2seq", BARE, form, 7, "tail").ids == [8, 9, *TEXT[:4], 2]


@pytest.mark.parametrize("make", [bart, kobart])
@pytest.mark.parametrize(
    ("limit", "kept", "dropped", "cut"),
    [
        (14, TEXT, 0, 0),
        (13, TEXT[:8], 1, False),
        (10, TEXT[:8], 1, False),
        (9, TEXT[:4], 2, False),
        (6, TEXT[:4], 2, False),
        (5, TEXT[:3], 2, True),
        (4, TEXT[:2], 2, True),
    ],
)
def test_its_source_loses_whole_turns_and_never_a_special_token(
    make: Callable[[], PreTrainedTokenizerFast], limit: int, kept: list[int], dropped: int, cut: int
) -> None:
    assert encode_source(make(), "seq2seq", BARE, PLAIN, limit, "tail") == Source([1, *kept, 2], dropped, cut, 14)


@pytest.mark.parametrize("make", [bart, kobart, t5])
def test_its_row_is_source_and_target_apart(make: Callable[[], PreTrainedTokenizerFast]) -> None:
    tokenizer = make()
    source = encode_source(tokenizer, "seq2seq", BARE, PLAIN, 9, "tail")
    target = encode_target(tokenizer, BARE.references[0], 100)
    assert join("seq2seq", source, target) == {"input_ids": source.ids, "labels": [9, 8, 2]}
    (row,) = as_dataset("seq2seq", [Row("dev_0", source, target, header_lost=False)])
    assert row == {"id": "dev_0", "input_ids": source.ids, "labels": [9, 8, 2], "length": len(source.ids) + 3}
