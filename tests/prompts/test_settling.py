from __future__ import annotations

from dataclasses import replace

import pytest

from dialsum.corpus.dialogue import Dialogue, Turn
from dialsum.errors import InputError
from dialsum.params.prompt import Prompt, Tokenize
from dialsum.prompts.settling import choose_shots, settle, topic_use, training_dialogues, training_forms

PROMPT = Prompt("structured", "none", 1, False, "never", 0.3, 0, "")
LIMITS = Tokenize(max_source_tokens=200, max_target_tokens=50, truncation="tail")


def dialogue(name: str, topic: str | None = "주제", text: str = "안녕") -> Dialogue:
    return Dialogue(name, (Turn("A", text),), topic, (f"{name}의 요약",))


def rows(split: str, *topics: str | None) -> list[Dialogue]:
    return [dialogue(f"{split}_{place}", topic) for place, topic in enumerate(topics)]


WITH, WITHOUT, PARTLY = ("가", "나", "다"), (None, "", None), ("가", None, "다")


@pytest.mark.parametrize(
    ("topic", "train", "dev", "test", "use"),
    [
        ("never", WITH, WITH, WITH, "never"),
        ("when_all_splits_have_it", WITH, WITH, WITH, "always"),
        ("when_all_splits_have_it", WITH, WITH, WITHOUT, "never"),
        ("when_all_splits_have_it", WITH, PARTLY, WITH, "never"),
        ("dropout", WITH, WITH, WITHOUT, "never"),
        ("dropout", PARTLY, WITH, WITH, "optional"),
        ("dropout", WITH, WITH, WITH, "optional"),
        ("dropout", WITHOUT, WITHOUT, WITHOUT, "never"),
    ],
)
def test_the_topic_is_named_where_training_and_test_can_agree(
    topic: str, train: list[str], dev: list[str], test: list[str], use: str, capsys: pytest.CaptureFixture[str]
) -> None:
    splits = {"train": rows("train", *train), "dev": rows("dev", *dev), "test": rows("test", *test)}
    chosen = replace(PROMPT, topic=topic)  # type: ignore[arg-type]
    assert topic_use(chosen, splits) == use
    said = capsys.readouterr().err
    assert bool(said) == (topic != "never" and use == "never" and train != WITHOUT)


@pytest.mark.parametrize("format", ["plain", "alpaca"])
@pytest.mark.parametrize("topic", ["when_all_splits_have_it", "dropout"])
def test_a_format_without_a_place_for_the_topic_is_refused(format: str, topic: str) -> None:
    with pytest.raises(ValueError, match="topic is for format structured"):
        replace(PROMPT, format=format, topic=topic)  # type: ignore[arg-type]


def test_what_is_lacking_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    splits = {"train": rows("train", *WITH), "dev": rows("dev", *PARTLY), "test": rows("test", *WITHOUT)}
    topic_use(replace(PROMPT, topic="when_all_splits_have_it"), splits)
    assert capsys.readouterr().err == (
        "params.yaml: prompt.topic: when_all_splits_have_it: 1 of 3 rows of dev, 3 of 3 rows of test have no topic, so "
        "no prompt names one\n"
    )


def test_a_skew_is_refused_with_the_remedy() -> None:
    chosen = replace(PROMPT, topic="dropout", topic_dropout=0.0)
    splits = {"train": rows("train", *WITH), "dev": rows("dev", *WITH), "test": rows("test", *WITHOUT)}
    with pytest.raises(InputError) as caught:
        topic_use(chosen, splits)
    assert str(caught.value) == (
        "params.yaml: prompt.topic_dropout: 0, but 3 of 3 rows of test have no topic: training would hardly ever "
        "go without, as they must; set it to a share such as 0.3, or prompt.topic to never"
    )
    splits["train"] = rows("train", "가", None, "다")  # one row without does not make it know
    with pytest.raises(InputError, match=r"^params\.yaml: prompt\.topic_dropout: 0, but 1 of 3 rows of train, 3 of 3 "):
        topic_use(chosen, splits)
    splits["train"] = rows("train", *WITHOUT)
    with pytest.raises(InputError, match=r"^params\.yaml: prompt\.topic: dropout, but no row of train has a topic: "):
        topic_use(chosen, splits)


def test_dropout_takes_the_share_of_training_topics_and_the_same_each_time() -> None:
    chosen = replace(PROMPT, topic="dropout")
    train = rows("train", *["가"] * 2000)
    kept = training_dialogues(chosen, train)
    assert training_dialogues(chosen, list(reversed(train))) == list(reversed(kept))
    assert [replace(one, topic="가") for one in kept] == train
    assert 0.27 < sum(one.topic is None for one in kept) / 2000 < 0.33
    assert training_dialogues(replace(PROMPT, topic="when_all_splits_have_it"), train) == train


def test_training_names_topics_though_evaluation_cannot() -> None:
    """The competition's test has none: dev, which decides about the best model, is asked as test is."""
    chosen = replace(PROMPT, topic="dropout")
    splits = {"train": rows("train", *WITH), "dev": rows("dev", *WITH), "test": rows("test", *WITHOUT)}
    form = settle(chosen, LIMITS, splits, len)
    assert form.topic == "never"
    assert [one.topic for one in training_forms(chosen, form)] == ["optional"]


def test_augmentation_trains_on_all_five_wordings() -> None:
    chosen = replace(PROMPT, augment_instructions=True)
    splits = {name: rows(name, *WITH) for name in ("train", "dev", "test")}
    form = settle(chosen, LIMITS, splits, len)
    assert [one.instruction for one in training_forms(chosen, form)] == [1, 2, 3, 4, 5]
    assert form.instruction == 1
    assert training_forms(PROMPT, form) == [form]


# Lengths in characters: 10, 20, …, 80, "A: " among them; the lower quartile is 30.
TRAIN = [dialogue(f"train_{size}", f"{size // 40}", "가" * (size - 3)) for size in range(10, 90, 10)]


def test_examples_are_short_and_of_different_topics() -> None:
    shots = choose_shots(2, TRAIN, replace(LIMITS, max_source_tokens=400), len)
    # Nearest to 30 are 30, 20 and 40; 30 and 20 have topic 0, 40 has topic 1; the spare one is what comes next.
    assert [shot.dialogue.id for shot in shots] == ["train_30", "train_40", "train_80"]
    assert [shot.summary for shot in shots] == ["train_30의 요약", "train_40의 요약", "train_80의 요약"]
    assert all(not shot.dialogue.references for shot in shots)
    assert choose_shots(0, TRAIN, LIMITS, len) == []


def test_examples_have_half_of_the_prompt_at_most() -> None:
    # Half of 200 for two is 50 each; a summary has 12 characters.
    shots = choose_shots(2, TRAIN, LIMITS, len)
    assert [shot.dialogue.id for shot in shots] == ["train_30", "train_20", "train_10"]
    with pytest.raises(InputError) as caught:
        choose_shots(4, TRAIN, replace(LIMITS, max_source_tokens=160), len)
    assert str(caught.value) == (
        "params.yaml: prompt.shots: 4, and one in reserve, but only 0 dialogues of train have with their summary at "
        "most 20 tokens, which is what half of tokenize.max_source_tokens leaves each: choose fewer, or raise that "
        "bound"
    )


def test_no_two_examples_are_copies() -> None:
    copies = [dialogue("train_0"), dialogue("train_1"), dialogue("train_2", text="잘 가")]
    assert [shot.dialogue.id for shot in choose_shots(1, copies, LIMITS, len)] == ["train_0", "train_2"]
