"""The rows, the form and the figures that stage tokenize leaves for each sort of prompt."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from datasets import Dataset, load_from_disk
from ruamel.yaml import YAML

from dialsum.corpus.cleaning import ALL, to_dialogue
from dialsum.corpus.dialogue import Dialogue, write_jsonl
from dialsum.corpus.synthetic import generate as make_rows
from dialsum.errors import InputError
from dialsum.modeling.loading import load_tokenizer
from dialsum.prompts.form import Form, read_form
from dialsum.stages import tokenize

PARAMS = Path(__file__).parents[1] / "params.yaml"
ROWS = {"train": 8, "dev": 3, "test": 2}


@pytest.fixture(autouse=True)
def _repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """params.yaml and prepared dialogues; those of test have no topic, as in the competition."""
    monkeypatch.chdir(tmp_path)
    Path("prepared").mkdir()
    for split, count in ROWS.items():
        write_jsonl(Path("prepared") / f"{split}.jsonl", dialogues(split, count))


def dialogues(split: str, count: int) -> list[Dialogue]:
    rows = enumerate(make_rows(split, count, 3))
    topic = "" if split == "test" else "주제 {}"
    references = 0 if split == "test" else 1
    return [
        to_dialogue(row.fname, row.dialogue, ALL, topic.format(place), [row.summary] * references)
        for place, row in rows
    ]


def run(base: Path, prompt: dict[str, Any], **limits: Any) -> tuple[dict[str, Dataset], Form, dict[str, Any]]:
    params = YAML(typ="safe").load(PARAMS)
    params["prompt"] |= prompt
    params["tokenize"] |= limits
    YAML().dump(params, Path("params.yaml"))
    arguments = "--tokenized tokenized --prompt prompt.json --metrics tokens.json --lengths lengths.csv"
    given = ["--prepared", "prepared", "--base", str(base), *arguments.split()]
    CliRunner().invoke(tokenize.main, given, catch_exceptions=False, standalone_mode=False)
    return load_from_disk("tokenized"), read_form(Path("prompt.json")), json.loads(Path("tokens.json").read_text())


def texts(base: Path, rows: Dataset) -> list[str]:
    tokenizer = load_tokenizer(base)
    return [str(tokenizer.decode(row["input_ids"])) for row in rows]


def test_the_default_form_and_figures(small_base: Path) -> None:
    rows, form, figures = run(small_base, {})
    assert form == Form("plain", "none")
    assert {split: len(rows[split]) for split in rows} == {"train": 8, "dev": 3}
    assert {split: figures[split]["rows"] for split in figures} == ROWS
    for split in ROWS:
        assert (figures[split]["headers_lost"], figures[split]["rows_truncated"]) == (0, 0)
    assert figures["test"]["target_tokens"] is None
    assert figures["train"]["supervised_tokens"] == sum(
        label != -100 for row in rows["train"] for label in row["labels"]
    )


def test_augmentation_has_five_rows_for_one_in_train_alone(small_base: Path) -> None:
    rows, form, _ = run(small_base, {"augment_instructions": True})
    assert {split: len(rows[split]) for split in rows} == {"train": 40, "dev": 3}
    said = texts(small_base, rows["train"])
    assert ["다음 대화를 요약하세요:" in text for text in said] == [True, False, False, False, False] * 8
    assert all("대화 내용을 한 문단으로 요약해주세요." in text for text in said[4::5])
    assert all("다음 대화를 요약하세요:" in text for text in texts(small_base, rows["dev"]))
    assert form.instruction == 1


def test_topics_are_named_as_the_test_set_allows(small_base: Path) -> None:
    rows, form, _ = run(small_base, {"format": "structured", "topic": "when_all_splits_have_it"})
    assert form.topic == "never"
    assert all("위 대화 주제에" in text for text in texts(small_base, rows["train"]))

    rows, form, _ = run(small_base, {"format": "structured", "topic": "dropout", "topic_dropout": 0.5})
    assert form.topic == "never"
    named = ["위 주제" in text for text in texts(small_base, rows["train"])]
    assert 0 < sum(named) < 8
    assert all("위 대화 주제에" in text for text in texts(small_base, rows["dev"]))

    with pytest.raises(InputError, match=r"^params\.yaml: prompt\.topic_dropout: 0, but 2 of 2 rows of test have no "):
        run(small_base, {"format": "structured", "topic": "dropout", "topic_dropout": 0.0})

    test = [replace(one, topic="주제 9") for one in dialogues("test", 2)]
    write_jsonl(Path("prepared/test.jsonl"), test)
    rows, form, _ = run(small_base, {"format": "structured", "topic": "when_all_splits_have_it"})
    assert form.topic == "always"
    assert all(f"위 주제 {place} 주제에" in text for place, text in enumerate(texts(small_base, rows["train"])))


def test_examples_are_the_same_for_all_and_never_the_row_itself(small_base: Path) -> None:
    rows, form, _ = run(small_base, {"shots": 2})
    assert form == run(small_base, {"shots": 2})[1]
    assert form.spare is not None
    chosen = [*form.shots, form.spare]
    assert len(form.shots) == 2
    assert len({shot.dialogue.id for shot in chosen}) == 3
    for row, text in zip(rows["train"], texts(small_base, rows["train"]), strict=True):
        shown = [shot for shot in form.shots if shot.dialogue.id != row["id"]]
        assert text.count("<|im_start|>assistant\n") == 3
        assert all(f"assistant\n{shot.summary}<|im_end|>" in text for shot in shown)
        assert (form.spare.summary in text) == (len(shown) < 2 or row["id"] == form.spare.dialogue.id)


def test_a_seq2seq_model_reads_the_bare_dialogue_after_its_prefix(bart_base: Path) -> None:
    plain, _, figures = run(bart_base, {})
    assert figures["train"]["packing"] is None
    prefixed, _, _ = run(bart_base, {"prefix": "요약: "})
    assert texts(bart_base, prefixed["dev"]) == [
        text.replace("<s>", "<s>요약: ") for text in texts(bart_base, plain["dev"])
    ]


def test_a_value_that_the_model_does_not_heed_is_refused(bart_base: Path, small_base: Path) -> None:
    with pytest.raises(InputError, match=r"^params\.yaml: prompt\.shots: 2: has no effect: a seq2seq model reads the"):
        run(bart_base, {"shots": 2})
    with pytest.raises(
        InputError, match=r"^params\.yaml: prompt\.prefix: 요약: has no effect: a causal model is asked"
    ):
        run(small_base, {"prefix": "요약"})


def test_a_dialogue_whose_topic_was_dropped_is_shown_no_topic_by_the_examples(small_base: Path) -> None:
    chosen = {"format": "structured", "topic": "dropout", "topic_dropout": 0.5, "shots": 2}
    rows, _, _ = run(small_base, chosen)
    shown = [text.count("위 주제") for text in texts(small_base, rows["train"])]
    assert set(shown) == {0, 3}
    assert all("위 주제" not in text for text in texts(small_base, rows["dev"]))


def test_spelled_control_tokens_are_text_and_counted(small_base: Path) -> None:
    plain, _, _ = run(small_base, {})
    train = dialogues("train", 8)
    first = replace(train[0], turns=(replace(train[0].turns[0], text="네.<|im_end|>"), *train[0].turns[1:]))
    second = replace(train[1], references=("<|im_start|>요약.",))
    write_jsonl(Path("prepared/train.jsonl"), [first, second, *train[2:]])
    rows, _, figures = run(small_base, {})
    assert figures["train"]["control_tokens"] == 2
    assert figures["dev"]["control_tokens"] == 0
    tokenizer = load_tokenizer(small_base)
    for name in ("<|im_end|>", "<|im_start|>"):
        number = tokenizer.convert_tokens_to_ids(name)
        assert {row["input_ids"].count(number) for row in rows["train"]} == {2}
    assert rows["train"]["input_ids"][2:] == plain["train"]["input_ids"][2:]


def test_what_is_cut_is_counted(small_base: Path) -> None:
    _, _, whole = run(small_base, {})
    limit = 100
    _, _, figures = run(small_base, {}, max_source_tokens=limit, truncation="head")
    assert figures["train"]["source_tokens"]["max"] <= limit < whole["train"]["source_tokens"]["max"]
    assert figures["train"]["rows_truncated"] > 0
    assert figures["train"]["turns_dropped"] + figures["train"]["turns_cut"] >= figures["train"]["rows_truncated"]
    assert figures["train"]["headers_lost"] == 0
    assert figures["train"]["over"] == whole["train"]["over"]
