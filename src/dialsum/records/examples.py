"""Predictions beside their references, for people to read in MLflow's page.

Enter: data/scores/dev.csv and the dialogues of dev. Leaves: a table of at most 50 rows, spread evenly over the split.
They are the same rows in each experiment on the same dev data, so that two models can be read side by side.
"""

from __future__ import annotations

import csv
from pathlib import Path

from dialsum.corpus.dialogue import read_jsonl

ROWS = 50
SHOWN = ("id", "topic", "reference", "prediction", "rouge_mean", "facts_found", "facts_total")


def spread(scores: Path, dev: Path) -> dict[str, list[str]]:
    """Columns of equal length: those of SHOWN as they stand in `scores`, and `dialogue`."""
    with scores.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = [rows[place * len(rows) // ROWS] for place in range(ROWS)] if len(rows) > ROWS else rows
    dialogues = {dialogue.id: dialogue.text() for dialogue in read_jsonl(dev)}
    table = {name: [row[name] for row in chosen] for name in SHOWN}
    return {**table, "dialogue": [dialogues[row["id"]] for row in chosen]}
