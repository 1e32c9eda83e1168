"""All that a report needs of one experiment, whichever of the two sources it is read from.

Enters: the files that its stages left, metrics/*.json, plots/training.csv and scores/dev.csv. Leaves: a Record:

    Record(name="phases-tiny--phase-1", source="3f2a91c…", params={"training.batching": "padded", …},
           figures={"rouge": {"rouge_mean": 70.3, …}, "train": …}, curve=[{"step": 1.0, "loss": 1.34, …}, …],
           answers={"dev_0": Answer("#Person1#은 …", "#Person1#은 …", {"rouge_mean": 74.96, …}), …}, …)

`reporting.commits` reads it from an experiment's commit and DVC's cache, `reporting.runs` from a run in MLflow; of the
same experiment they give the same but for `source` and `when`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dialsum.errors import InputError
from dialsum.experiments.gates import SECONDS, Figures, look_up
from dialsum.experiments.sets import ENDS

SCORES = ("rouge1", "rouge2", "rougeL", "rouge_mean")  # columns of dev.csv, in percent
FINAL = "rouge_mean"  # what decides


@dataclass(frozen=True)
class Answer:
    """A summary of a dev dialogue, the reference (of several, one a line), and its scores in percent."""

    prediction: str
    reference: str
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Record:
    """An experiment that is finished.

    `source`: the commit, or the run's id. `params`: flat, as texts, those in force. `figures`: the content of
    metrics/*.json by file. `curve`: a logged step each; cells that are empty are not there. `answers`: all dev rows by
    id; empty where they are lost. `dialogues`: those of some rows, spread over dev, the same for each experiment on it.
    `code`: the md5 of each file of code that its stages ran; empty if they are not known. `note`: what a reader must
    know of it, or "".
    """

    name: str
    source: str
    when: datetime
    params: Mapping[str, str]
    figures: Figures
    curve: Sequence[Mapping[str, float]]
    answers: Mapping[str, Answer]
    dialogues: Mapping[str, str]
    code: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    def figure(self, path: str) -> Any:
        """`rouge.rouge_mean` of metrics/rouge.json; None where it is missing or null."""
        return look_up(self.figures, path)


def check(name: str, figures: Figures) -> None:
    """Raise InputError if the score is missing by which everything is compared."""
    if look_up(figures, f"rouge.{FINAL}") is None:
        raise InputError(f"{name}: its metrics/rouge.json has no {FINAL}, or it has none; run the pipeline to the end")


def training_seconds(record: Record) -> float:
    """Of all epochs, by the steps alone; 0 where nothing was trained. `train_speed.seconds` is of the last attempt."""
    epoch, epochs = record.figure(SECONDS), record.figure("train.epochs")
    return epoch * epochs if epoch and epochs else 0.0


def read_figures(folder: Path) -> Figures:
    """The content of folder/*.json by file."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def read_curve(lines: Iterable[str]) -> list[dict[str, float]]:
    """The rows of plots/training.csv."""
    return [{name: float(cell) for name, cell in row.items() if cell} for row in csv.DictReader(lines)]


def read_code(lock: str) -> dict[str, str]:
    """The md5 of each file of code in the text of a dvc.lock, as the stages ran it: edits that no commit has, too.

    Without stage register: it changes no score, and as it keeps the file DVC has not entered its own code there yet.
    """
    stages = YAML(typ="safe").load(lock)["stages"] if lock else {}
    deps = [dep for name, stage in stages.items() if name != "register" for dep in stage.get("deps", ())]
    return {dep["path"]: dep["md5"] for dep in deps if dep["path"].endswith(".py")}


def read_answers(lines: Iterable[str]) -> dict[str, Answer]:
    """The rows of scores/dev.csv by id; none where it lacks a score, as files of old commits do."""
    rows = csv.DictReader(lines)
    if not set(SCORES) <= set(rows.fieldnames or ()):
        return {}
    return {
        row["id"]: Answer(row["prediction"], row["reference"], {name: float(row[name]) for name in SCORES})
        for row in rows
    }


def in_words(values: Mapping[str, Any]) -> dict[str, str]:
    """Params as MLflow has them: texts as they are, the rest as JSON."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def set_of(names: Iterable[str]) -> str | None:
    """The set that all names belong to, as `phases-tiny` of `phases-tiny--phase-1`; None if there is none."""
    sets = {name.rpartition(ENDS)[0] for name in names}
    return (sets.pop() or None) if len(sets) == 1 else None


def labels(records: Sequence[Record]) -> dict[str, Record]:
    """The records under short and different names: without their common set, with their source where needed."""
    cut = len(f"{common}{ENDS}") if (common := set_of(record.name for record in records)) else 0
    found: dict[str, Record] = {}
    for record in records:
        short = record.name[cut:]
        twin = sum(other.name == record.name for other in records) > 1
        found[f"{short} ({record.source[:7]})" if twin else short] = record
    return found
