"""The generator's promises, on a few thousand rows."""

from __future__ import annotations

import re
from collections import Counter
from hashlib import sha256
from itertools import pairwise
from statistics import mean

import pytest

from dialsum.corpus.synthetic import Row, generate, held_out
from dialsum.corpus.synthetic.generate import Split
from dialsum.corpus.synthetic.scenarios import SCENARIOS

TASK_SPLITS: tuple[Split, ...] = ("train", "dev", "test")
SCENARIO_OF = {topic: scenario.name for scenario in SCENARIOS for topic in scenario.topics}
EXPECTED_SUMMARY = (
    "#Person1#은 #Person2#에게서 김해발 춘천행 기차표 일곱 장을 42만 8천 원에 사고, 오후 4시에 출발합니다."
)
SPEAKER = re.compile(r"#Person(\d)#: ")


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Row]]:
    return {
        "train": generate("train", 3000, 7),
        "dev": generate("dev", 600, 7),
        "test": generate("test", 600, 7),
        "base": generate("base", 2000, 7),
    }


def test_rows_are_the_same_again_and_a_prefix_of_more() -> None:
    for split in (*TASK_SPLITS, "base"):
        assert generate(split, 40, 3) == generate(split, 60, 3)[:40]
    assert generate("train", 20, 3) != generate("train", 20, 4)


def test_rows_are_the_same_on_any_machine() -> None:
    """Literal rows: a change in the generator, in Python's `random` or in a word list shows here."""
    (row,) = generate("train", 1, 42)
    assert row.fname == "train_0"
    assert row.summary == EXPECTED_SUMMARY


@pytest.mark.parametrize(
    ("split", "digest"),
    [
        ("train", "47e3733d66e666b99c7e98f90945f9bb33086112b3d4caee5daef13d4eadc25a"),
        ("dev", "c7294863f5c823333fc2c295c16f51da436ad28b2b913548237986ad04019d8b"),
        ("test", "0ae1841618fa9061d03c70f31e0be56eb1f0be2a55c800c6ba8b8852c2eb51dd"),
        ("base", "2013c217b8e06c955618bc0c24ce8a36211e3c965f67cce61c6fbb499a892a77"),
    ],
)
def test_the_default_corpus_does_not_change(split: Split, digest: str) -> None:
    """The recorded scores and the base model belong to these very rows."""
    assert sha256(repr(generate(split, 50, 42)).encode()).hexdigest() == digest


def test_facts_stand_letter_for_letter_in_dialogue_and_summary(rows: dict[str, list[Row]]) -> None:
    for split in TASK_SPLITS:
        for row in rows[split]:
            assert 3 <= len(row.facts) <= 6
            for fact in row.facts:
                assert fact.value in row.dialogue, row
                assert fact.value in row.summary, row


def test_train_and_base_never_show_a_held_out_value(rows: dict[str, list[Row]]) -> None:
    for row in (*rows["train"], *rows["base"]):
        assert not any(held_out(fact.name, fact.value) for fact in row.facts)


@pytest.mark.parametrize("split", ["dev", "test"])
def test_a_good_share_of_open_facts_is_held_out(rows: dict[str, list[Row]], split: str) -> None:
    facts = [fact for row in rows[split] for fact in row.facts]
    assert 0.2 < mean(held_out(fact.name, fact.value) for fact in facts) < 0.35


def test_splits_share_no_combination(rows: dict[str, list[Row]]) -> None:
    train, dev, test = (
        {(SCENARIO_OF[row.topic], tuple(fact.value for fact in row.facts)) for row in rows[split]}
        for split in TASK_SPLITS
    )
    assert not train & dev
    assert not train & test
    assert not dev & test


def test_lengths_and_turns(rows: dict[str, list[Row]]) -> None:
    train = rows["train"]
    assert 200 < mean(len(row.dialogue) for row in train) < 260
    assert 50 < mean(len(row.summary) for row in train) < 95
    assert max(len(row.dialogue) for split in rows.values() for row in split) <= 600
    assert all(2 <= len(SPEAKER.findall(row.dialogue)) <= 16 for row in train)


def test_speakers_are_numbered_as_they_come_and_take_turns(rows: dict[str, list[Row]]) -> None:
    for split in rows.values():
        for row in split:
            speakers = SPEAKER.findall(row.dialogue)
            assert list(dict.fromkeys(speakers)) == sorted(set(speakers))
            assert all(left != right for left, right in pairwise(speakers))
            assert set(re.findall(r"#Person(\d)#", row.summary)) <= set(speakers)


def test_either_speaker_can_have_either_role(rows: dict[str, list[Row]]) -> None:
    starts = Counter(row.summary[:9] for row in rows["train"])
    assert starts["#Person1#"] > 900
    assert starts["#Person2#"] > 900


def test_a_few_dialogues_have_more_than_two_speakers(rows: dict[str, list[Row]]) -> None:
    assert 0.05 < mean("#Person3#: " in row.dialogue for row in rows["train"]) < 0.11
    assert any("#Person4#: " in row.dialogue for row in rows["train"])


def test_noise_is_rare_and_only_in_dialogues(rows: dict[str, list[Row]]) -> None:
    train = rows["train"]
    assert 0.025 < mean("\\n" in row.dialogue for row in train) < 0.055
    assert 0.015 < mean("<br>" in row.dialogue for row in train) < 0.045
    assert any(re.search("ㅋㅋ|ㅎㅎ", row.dialogue) for row in train)
    assert any("  " in row.dialogue for row in train)
    assert any(row.dialogue.endswith(" ") for row in train)
    for split in TASK_SPLITS:
        for row in rows[split]:
            assert not re.search(r"\\n|<br>|  |[ㄱ-ㅣ]|\s$|\n", row.summary)


@pytest.mark.parametrize(
    "mask",
    [
        "#PhoneNumber#",
        "#Address#",
        "#Email#",
        "#CarNumber#",
        "#CardNumber#",
        "#DateOfBirth#",
        "#PassportNumber#",
        "#SSN#",
    ],
)
def test_masks_appear(rows: dict[str, list[Row]], mask: str) -> None:
    assert 0 < mean(mask in row.dialogue for row in rows["train"]) < 0.15


def test_summaries_end_as_sentences_of_one_style(rows: dict[str, list[Row]]) -> None:
    for row in rows["train"]:
        ends = re.findall(r"(니다|다)\.(?= |$)", row.summary)
        assert row.summary.endswith("다.")
        assert len(ends) in (1, 2, 3)
        assert len(set(ends)) == 1, row.summary


def test_every_scenario_is_in_every_split(rows: dict[str, list[Row]]) -> None:
    names = {scenario.name for scenario in SCENARIOS}
    assert len(names) >= 24
    for split in rows.values():
        assert {SCENARIO_OF[row.topic] for row in split} == names


def test_base_summaries_are_in_the_plain_style(rows: dict[str, list[Row]]) -> None:
    for row in rows["base"]:
        assert not re.search("니다[.]", row.summary), row
        assert row.summary.endswith("다."), row
        assert all(fact.value in row.dialogue and fact.value in row.summary for fact in row.facts), row


def test_many_values_of_the_base_corpus_are_words_that_no_list_has(rows: dict[str, list[Row]]) -> None:
    """They can only be copied, so copying is what the base learns."""
    values = [fact.value for row in rows["base"] for fact in row.facts]
    assert len(set(values)) > 0.5 * len(values)
