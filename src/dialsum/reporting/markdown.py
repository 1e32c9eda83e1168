"""A report as Markdown.

Enters: a Report and the names of its pictures, which lie beside the file. Leaves: the text. Nothing of the data can act
as markup: dialogues stand in fences, all else is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialsum.reporting import tables
from dialsum.reporting.plots import TITLES
from dialsum.reporting.report import Report
from dialsum.reporting.tables import Table
from dialsum.reporting.verdict import sentences


def render(report: Report, pictures: Sequence[str]) -> str:
    """The text. `pictures`: those of `plots.TITLES` that there are."""
    parts = [f"# {escape(report.title)}", escape(report.describe), "## Verdict", _list(sentences(report))]
    shown = [tables.differing, tables.scores, tables.against_before, tables.against_best, tables.training, tables.gates]
    parts += [_section(one) for table in shown if (one := table(report)).rows or one.note]
    parts += ["## Curves", *(f"![{TITLES[name]}]({name}.svg)\n\n{TITLES[name]}" for name in pictures)]
    parts += ["## Dialogues", *_dialogues(report)]
    parts += ["## Records", _table(records(report))]
    return "\n\n".join(part for part in parts if part) + "\n"


def records(report: Report) -> Table:
    """Where every figure was read."""
    rows = [
        [label, record.name, record.source, f"{record.when:%Y-%m-%d %H:%M}", record.note]
        for label, record in report.records.items()
    ]
    heads = ["experiment", "name", "commit or run", "date (UTC)", "note"]
    return Table("Records", heads, rows, words=frozenset(range(len(heads))))


def escape(text: str) -> str:
    """On one line, and without meaning for Markdown or HTML."""
    marked = re.sub(r"([\\`*_{}\[\]<>#|~$!])", r"\\\1", " ".join(text.split()))
    return re.sub(r"&(?=\w|#)", "&amp;", marked)


def _section(table: Table) -> str:
    return "\n\n".join(part for part in (f"## {table.title}", _table(table), escape(table.note)) if part)


def _table(table: Table) -> str:
    if not table.rows:
        return ""
    marks = ["---" if place in table.words | {0} else "---:" for place in range(len(table.heads))]
    lines = [[escape(cell) for cell in row] for row in (table.heads, *table.rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in (lines[0], marks, *lines[1:]))


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {escape(line)}" for line in lines)


def _dialogues(report: Report) -> list[str]:
    parts = []
    for one in report.dialogues():
        summaries = [
            ["reference", "", one.reference],
            *(
                [label, f"{answer.scores['rouge_mean']:.2f}", answer.prediction]
                for label, answer in one.answers.items()
            ),
        ]
        fence = "~" * max(4, *(len(run) + 1 for run in re.findall("~+", one.text)), 4)
        parts += [f"### {escape(one.title)}", f"{fence}text\n{one.text}\n{fence}"]
        parts.append(_table(Table("", ["experiment", "mean", "summary"], summaries, words=frozenset({0, 2}))))
    return parts or ["There are none: the summaries are lost."]
