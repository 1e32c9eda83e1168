"""Stage `prepare`: from texts to dialogues.

Enters: `data/valid/<split>.jsonl`. Leaves: `data/prepared/<split>.jsonl`, one `Dialogue` a line, the same ids in the
same order; and per split how long the dialogues are and how many rows each cleaning step touched.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import click
from tqdm import tqdm

from dialsum.corpus import cleaning, formats
from dialsum.corpus.dialogue import SPLITS, Dialogue, parse_facts, write_jsonl
from dialsum.outputs import replacing, write_json

_MARK = re.compile(r"#([^\W_]+)#")  # #Person1# or #PhoneNumber#: a mask has no number


@click.command()
@click.option("--valid", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--prepared", required=True, type=click.Path(path_type=Path))
@click.option("--metrics", required=True, type=click.Path(path_type=Path))
def main(valid: Path, prepared: Path, metrics: Path) -> None:
    """Clean each split, split it into turns, and measure it."""
    measured = {}
    with replacing(prepared) as folder:
        folder.mkdir()
        for split in SPLITS:
            rows = list(formats.read_rows(valid / f"{split}.jsonl"))
            dialogues = [to_dialogue(row) for row in tqdm(rows, desc=f"prepare {split}", unit=" rows", disable=None)]
            assert [row.id for row in rows] == [dialogue.id for dialogue in dialogues], f"{split}: ids or order changed"
            write_jsonl(folder / f"{split}.jsonl", dialogues)
            measured[split] = {**measure(dialogues), "cleaned": touched([row.dialogue for row in rows])}
    write_json(metrics, measured)


def to_dialogue(row: formats.Row) -> Dialogue:
    """The dialogue of a row: its text and references cleaned, all else as it is."""
    return cleaning.to_dialogue(row.id, row.dialogue, row.topic, row.summaries, parse_facts(row.facts))


def touched(texts: Sequence[str]) -> dict[str, float]:
    """The share of texts, 0 to 1, that each cleaning step changes."""
    counts: Counter[str] = Counter()
    for text in texts:
        before = text
        for name, after in cleaning.clean_stepwise(text):
            counts[name] += after != before
            before = after
    return {name: round(counts[name] / len(texts), 4) for name in cleaning.STEPS}


def measure(dialogues: Sequence[Dialogue]) -> dict[str, Any]:
    """Rows, characters of the clean text, turns, speakers (those with a label), and rows that hold a mask."""
    texts = [dialogue.text() for dialogue in dialogues]
    return {
        "rows": len(dialogues),
        "characters": spread([len(text) for text in texts]),
        "turns": spread([len(dialogue.turns) for dialogue in dialogues]),
        "speakers": spread([len({turn.speaker for turn in dialogue.turns} - {""}) for dialogue in dialogues]),
        "rows_with_masks": sum(any(name.isalpha() for name in _MARK.findall(text)) for text in texts),
    }


def spread(values: Sequence[int]) -> dict[str, float]:
    """Mean, 95th percentile (nearest rank: the smallest value that 95 % do not exceed) and maximum."""
    ordered = sorted(values)
    return {
        "mean": round(fmean(ordered), 2),
        "p95": ordered[math.ceil(0.95 * len(ordered)) - 1],
        "max": ordered[-1],
    }
