"""A report as one HTML page that opens anywhere: no network, no script, no other file.

Enters: a Report and its pictures as SVG. Leaves: the page. Jinja escapes all texts of the data, and a content security
policy forbids whatever might slip through.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from dialsum.reporting import markdown, tables
from dialsum.reporting.plots import TITLES
from dialsum.reporting.report import Report
from dialsum.reporting.template import TEMPLATE
from dialsum.reporting.verdict import sentences

MARK = '<meta name="generator" content="dialsum report">'  # by which a later report knows it


def is_report(path: Path) -> bool:
    """Whether a file is a page that `render` made."""
    return path.is_file() and MARK.encode() in path.read_bytes()


def render(report: Report, pictures: Mapping[str, str]) -> str:
    """The page. `pictures`: SVG by the names of `plots.TITLES`."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    found = [tables.differing, tables.scores, tables.against_before, tables.against_best, tables.training, tables.gates]
    return environment.from_string(TEMPLATE).render(
        report=report,
        mark=Markup(MARK),
        sentences=sentences(report),
        tables=[table for one in found if (table := one(report)).rows or table.note],
        records=markdown.records(report),
        pictures={TITLES[name]: Markup(text) for name, text in pictures.items()},
        dialogues=report.dialogues(),
    )
