"""The tables that stand behind the figures: all rows, the rows by group, and the worst rows with their texts.

Enters: dialogues, the model's answers, and columns of values, one a row. Leaves: data/scores/dev.csv, by_group.csv,
worst.csv and worst.md. A line of by_group.csv:

    length,200-399,262,76.1571,62.1505,72.0834,70.1303,68.6237,71.6376,0.8407,0.9962,0.0,0.0191,…
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from dialsum.corpus.dialogue import Dialogue
from dialsum.corpus.prediction import Prediction
from dialsum.measures.faithfulness import fact_recall, stated_facts
from dialsum.measures.groups import Group
from dialsum.measures.inspection import Inspection
from dialsum.measures.significance import Interval
from dialsum.outputs import replacing

WORST = 20
ROUGE = ("rouge1", "rouge2", "rougeL", "rouge_mean")
_TOPICS_SHOWN = 5


@dataclass(frozen=True)
class Sheet:
    """What is known of the rows, in one order. `values` are columns with a mean: ROUGE in percent, rates 0 to 1."""

    dialogues: Sequence[Dialogue]
    answers: Sequence[Prediction]
    inspections: Sequence[Inspection]
    values: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class GroupScore:
    """Means of the rows of a group, the share of their facts that the model states, the interval of `rouge_mean`."""

    group: Group
    means: dict[str, float]
    fact_recall: float | None
    interval: Interval


def write_rows(path: Path, sheet: Sheet) -> None:
    """One row a dialogue as CSV. Several references stand one a line, several findings with a blank between."""
    _write(path, (_row(sheet, place) for place in range(len(sheet.dialogues))))


def write_worst(table: Path, page: Path, sheet: Sheet) -> None:
    """The rows with the lowest mean of ROUGE, the worst first, with their dialogues: as CSV and as Markdown."""
    places = worst(sheet)
    _write(table, ({**_row(sheet, place), "dialogue": sheet.dialogues[place].text()} for place in places))
    with replacing(page) as part:
        titles = f"# The {len(places)} rows with the lowest ROUGE\n"
        part.write_text("\n".join([titles, *(_entry(sheet, place) for place in places)]), encoding="utf-8")


def worst(sheet: Sheet) -> list[int]:
    """Places of the rows with the lowest mean of ROUGE, at most WORST; of equals the earlier first."""
    return sorted(range(len(sheet.dialogues)), key=sheet.values["rouge_mean"].__getitem__)[:WORST]


def score_group(group: Group, sheet: Sheet, interval: Interval) -> GroupScore:
    """What the rows of a group have on average; the interval of their mean ROUGE is given."""
    means = {name: fmean(column[place] for place in group.places) for name, column in sheet.values.items()}
    dialogues = [sheet.dialogues[place] for place in group.places]
    texts = [sheet.answers[place].text for place in group.places]
    return GroupScore(group, means, fact_recall(texts, dialogues, frozenset())["fact_recall"], interval)


def write_groups(path: Path, scores: Iterable[GroupScore]) -> None:
    """One row a group as CSV."""
    _write(
        path,
        (
            {
                "by": score.group.by,
                "group": score.group.name,
                "rows": len(score.group.places),
                **{name: _rounded(score.means[name]) for name in ROUGE},
                "rouge_mean_low": _rounded(score.interval.low),
                "rouge_mean_high": _rounded(score.interval.high),
                "fact_recall": "" if score.fact_recall is None else _rounded(score.fact_recall),
                **{name: _rounded(value) for name, value in score.means.items() if not name.startswith("rouge")},
            }
            for score in scores
        ),
    )


def group_table(scores: Sequence[GroupScore]) -> str:
    """The groups one below the other for a terminal: by length, by speakers, and the largest topics."""
    topics = [score for score in scores if score.group.by == "topic"]
    shown = [score for score in scores if score.group.by != "topic"] + topics[:_TOPICS_SHOWN]
    lines = [f"{'':24}{'rows':>6}{'ROUGE-1':>9}{'ROUGE-2':>9}{'ROUGE-L':>9}{'mean':>8}{'95 %':>14}"]
    for score in shown:
        name = f"{score.group.by} {score.group.name}"
        means = "".join(f"{score.means[key]:>9.2f}" for key in ROUGE[:3]) + f"{score.means['rouge_mean']:>8.2f}"
        around = span(score.interval.low, score.interval.high)
        lines.append(f"{_fitted(name, 24)}{len(score.group.places):>6}{means}{around:>14}")
    if len(topics) > _TOPICS_SHOWN:
        lines.append(f"and {len(topics) - _TOPICS_SHOWN} more topics")
    return "\n".join(lines)


def span(low: float, high: float) -> str:
    """An interval for a terminal, as `68.2-72.0`."""
    return f"{low:.1f}-{high:.1f}"


def _row(sheet: Sheet, place: int) -> dict[str, object]:
    dialogue, answer, found = sheet.dialogues[place], sheet.answers[place], sheet.inspections[place]
    return {
        "id": dialogue.id,
        "topic": dialogue.topic or "",
        **{name: _rounded(sheet.values[name][place]) for name in ROUGE},
        "facts_found": len(stated_facts(answer.text, dialogue.facts)),
        "facts_total": len(dialogue.facts),
        "foreign": bool(found.foreign),
        "numbers": " ".join(found.numbers),
        "number_words": " ".join(found.number_words),
        "names": " ".join(found.names),
        "hangul_names": " ".join(found.hangul_names),
        "tags": " ".join(found.tags),
        "unfinished": found.unfinished,
        "repeating": found.repeating,
        "repeated_4grams": _rounded(found.repeated_4grams),
        "length_ratio": _rounded(found.length_ratio),
        "finished": answer.finished,
        "prediction": answer.text,
        "reference": "\n".join(dialogue.references),
    }


def _entry(sheet: Sheet, place: int) -> str:
    dialogue, answer = sheet.dialogues[place], sheet.answers[place]
    scores = ", ".join(f"{name} {sheet.values[name][place]:.2f}" for name in ROUGE)
    faults = ", ".join(sheet.inspections[place].faults()) or "none"
    # A tilde fence, because a dialogue is more likely to hold backticks.
    texts = {"Dialogue": dialogue.text(), "Reference": "\n".join(dialogue.references), "Prediction": answer.text}
    blocks = "\n\n".join(f"{title}:\n\n~~~~text\n{text}\n~~~~" for title, text in texts.items())
    return f"## {dialogue.id}: {dialogue.topic or 'no topic'}\n\n{scores}; findings: {faults}\n\n{blocks}\n"


def _write(path: Path, rows: Iterable[dict[str, object]]) -> None:
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        rows = iter(rows)
        first = next(rows)
        writer = csv.DictWriter(file, list(first), lineterminator="\n")
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(rows)


def _rounded(value: float) -> float:
    return round(value, 4)


def _fitted(text: str, width: int) -> str:
    """Cut or filled to so many columns of a terminal, where a Korean letter takes two."""
    out, used = "", 0
    for char in text:
        size = 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if used + size > width - 1:
            break
        out, used = out + char, used + size
    return out + " " * (width - used)
