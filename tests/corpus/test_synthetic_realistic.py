"""The realistic profile's promises, on 1,500 rows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import defaultdict
from hashlib import sha256
from itertools import combinations, pairwise
from pathlib import Path
from statistics import mean, quantiles

import pytest

from dialsum.corpus.cleaning import ALL, to_dialogue
from dialsum.corpus.dialogue import Dialogue
from dialsum.corpus.synthetic import Row, held_out
from dialsum.corpus.synthetic.realistic import rows as realistic
from dialsum.corpus.synthetic.scenarios import SCENARIOS
from dialsum.measures.faithfulness import foreign_runs, states

SOURCE = Path(__file__).parents[2] / "src"
SPEAKER = re.compile(r"#Person(\d)#: ")
LATIN_NAME = re.compile("[A-Z][a-z]+")
SCENARIO_OF = {topic: scenario.name for scenario in SCENARIOS for topic in scenario.topics}
CODE = """
from hashlib import sha256
from dialsum.corpus.synthetic.realistic.rows import row
print(sha256(repr([row(split, number, 3) for split in ("train", "dev", "test") for number in range(40)]).encode())
      .hexdigest())
"""


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return [realistic.row("train", number, 11) for number in range(1500)]


@pytest.fixture(scope="module")
def dialogues(rows: list[Row]) -> list[Dialogue]:
    return [to_dialogue(row.fname, row.dialogue, ALL) for row in rows]


def masked(text: str) -> str:
    return re.sub(r"#\w+#", "", text)


def test_lengths_follow_the_real_data(rows: list[Row]) -> None:
    """Real, of 350 dialogues: deciles 1, 3, 5, 7, 9 are 186, 300, 376, 468, 658, and percentile 99 is 1,069."""
    lengths = [len(row.dialogue) for row in rows]
    assert 360 < mean(lengths) < 440
    deciles = quantiles(lengths, n=10)
    for place, real in ((2, 300), (4, 376), (6, 468), (8, 658)):
        assert 0.85 * real < deciles[place] < 1.15 * real, (place, deciles)
    # The turns that a script needs are about 150 characters at least, so the shortest real dialogues have no match.
    assert 186 < deciles[0] < 240
    assert 900 < quantiles(lengths, n=100)[98] < 1250
    assert 1270 < max(lengths) < 3500


def test_turns_follow_the_real_data(dialogues: list[Dialogue]) -> None:
    turns = [len(dialogue.turns) for dialogue in dialogues]
    assert 8.5 < mean(turns) < 10.5
    assert min(turns) >= 4
    assert 17 < quantiles(turns, n=100)[98] < 25
    assert max(turns) > 25


def test_summaries_follow_the_real_data(rows: list[Row]) -> None:
    """Real: 81 characters, from 29 to 216."""
    lengths = [len(row.summary) for row in rows]
    assert 75 < mean(lengths) < 95
    assert min(lengths) < 55
    assert max(lengths) > 190
    assert all(len(row.summary) < len(row.dialogue) for row in rows)


def test_few_dialogues_have_three_speakers_or_more() -> None:
    crowded = [
        len({turn.speaker for turn in to_dialogue("", realistic.row("train", number, 2).dialogue, ALL).turns}) > 2
        for number in range(3000)
    ]
    assert 0.003 < mean(crowded) < 0.02


def test_latin_names_are_as_frequent_as_in_the_real_data(rows: list[Row]) -> None:
    assert 0.70 < mean(bool(LATIN_NAME.search(masked(row.dialogue))) for row in rows) < 0.82
    assert 0.20 < mean(bool(LATIN_NAME.search(masked(row.summary))) for row in rows) < 0.34


def test_facts_are_stated_by_dialogue_and_summary(rows: list[Row], dialogues: list[Dialogue]) -> None:
    for row, dialogue in zip(rows, dialogues, strict=True):
        assert 3 <= len(row.facts) <= 6
        for fact in row.facts:
            assert states(dialogue.text(), fact.value), (fact, row)
            assert states(row.summary, fact.value), (fact, row)


def test_summaries_bring_in_no_label_and_no_name(rows: list[Row], dialogues: list[Dialogue]) -> None:
    for row, dialogue in zip(rows, dialogues, strict=True):
        speakers = {turn.speaker for turn in dialogue.turns}
        assert set(re.findall(r"#Person\d#", row.summary)) <= speakers
        assert foreign_runs(row.summary, dialogue.text()) == [], row


def test_speakers_are_numbered_as_they_come_and_take_turns(dialogues: list[Dialogue]) -> None:
    for dialogue in dialogues:
        speakers = [turn.speaker for turn in dialogue.turns]
        assert list(dict.fromkeys(speakers)) == [f"#Person{number}#" for number in range(1, len(set(speakers)) + 1)]
        assert all(left != right for left, right in pairwise(speakers))


def test_a_summary_is_clean_and_of_one_style(rows: list[Row]) -> None:
    for row in rows:
        assert not re.search(r"\\n|<br>|  |[ㄱ-ㅣ{}]|\s$|\n", row.summary)
        ends = re.findall(r"(니다|다)\.(?= |$)", row.summary)
        assert row.summary.endswith("다.")
        assert len(set(ends)) == 1, row.summary


def test_a_speaker_who_is_called_by_name_is_called_so_in_the_dialogue(rows: list[Row]) -> None:
    """Real summaries call speakers by their names where the dialogue has these."""
    nameless = [row for row in rows if not re.search(r"#Person\d#", row.summary)]
    assert 0.02 < len(nameless) / len(rows) < 0.15
    for row in nameless:
        name = re.match(r"(?:[A-Z][a-z]+(?:\. | )?)+|[가-힣]+?(?=[은는이가과와의,])", row.summary)
        assert name is not None, row.summary
        assert name[0].strip() in row.dialogue, row


def test_masks_and_all_scenarios_appear(rows: list[Row]) -> None:
    text = " ".join(row.dialogue for row in rows)
    for mask in ("PhoneNumber", "Address", "Email", "CarNumber", "CardNumber", "DateOfBirth", "PassportNumber", "SSN"):
        assert f"#{mask}#" in text
    # Rows with three speakers or more are too few to have each of theirs.
    assert {SCENARIO_OF[row.topic] for row in rows} >= {scenario.name for scenario in SCENARIOS} - {"team_tasks"}


def test_rows_are_no_near_duplicates(rows: list[Row]) -> None:
    """Jaccard similarity over runs of five characters, within a scenario, where it is greatest."""
    groups: defaultdict[str, list[set[str]]] = defaultdict(list)
    for row in rows:
        runs = {row.dialogue[i : i + 5] for i in range(len(row.dialogue) - 4)}
        groups[SCENARIO_OF[row.topic]].append(runs)
    closest = max(
        len(left & right) / len(left | right) for group in groups.values() for left, right in combinations(group, 2)
    )
    assert 0.2 < closest < 0.7


def test_train_shows_no_held_out_value_and_splits_share_no_combination(rows: list[Row]) -> None:
    assert not any(held_out(fact.name, fact.value) for row in rows for fact in row.facts)
    dev = [realistic.row("dev", number, 11) for number in range(150)]
    assert 0.15 < mean(held_out(fact.name, fact.value) for row in dev for fact in row.facts) < 0.4

    def combinations_of(rows: list[Row]) -> set[tuple[str, ...]]:
        return {(SCENARIO_OF[row.topic], *(fact.value for fact in row.facts)) for row in rows}

    assert not combinations_of(rows) & combinations_of(dev)


def test_a_row_depends_on_split_seed_and_number_alone(rows: list[Row]) -> None:
    assert [realistic.row("train", number, 11) for number in (1499, 7, 0)] == [rows[1499], rows[7], rows[0]]
    assert realistic.row("train", 0, 12).dialogue != rows[0].dialogue
    assert realistic.row("dev", 0, 11).dialogue != rows[0].dialogue
    assert len({row.dialogue for row in rows}) == len(rows)


def test_rows_are_the_same_in_every_process() -> None:
    """Text hashes differ between processes unless PYTHONHASHSEED is set; no row may depend on them."""
    digests = set()
    for seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
        digests.add(done.stdout.strip())
    here = [realistic.row(split, number, 3) for split in ("train", "dev", "test") for number in range(40)]
    assert digests == {sha256(repr(here).encode()).hexdigest()}
