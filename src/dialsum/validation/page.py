"""The report of validation: one HTML page that opens anywhere, without network and without script.

Enters: what was found in each split (`Tally`), and the expectations that its rows were held against.
Leaves: data/validation.html: rows, what is required and how often it was not met, examples, lengths.

All texts of the user's are escaped by Jinja, and a content security policy forbids whatever might slip through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from dialsum.corpus.formats import FORM, Index
from dialsum.corpus.histogram import histograms
from dialsum.params.validation import Validation
from dialsum.validation.expectations import (
    REASONS,
    WARNINGS,
    Requirement,
    columns_suite,
    file_suite,
    requirements,
    row_suite,
)
from dialsum.validation.tally import LENGTHS, Tally
from dialsum.validation.template import TEMPLATE

_TITLES = dict(
    zip(LENGTHS, ("Characters of a dialogue", "Turns of a dialogue", "Characters of a summary"), strict=True)
)


@dataclass(frozen=True)
class Rule:
    """Requirements that share a name, and for each split how many rows miss them; None: not asked there."""

    name: str
    sentences: list[str]
    expectations: list[str]
    rows: dict[str, int | None]


def render(
    indexes: Mapping[str, Index], tallies: Mapping[str, Tally], limits: Validation, refusals: Sequence[str]
) -> str:
    """The page. `refusals` are the messages of a run that is stopped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(code=_with_code, comma="{:,}".format)
    asked = {split: requirements(row_suite(split, index.columns, limits)) for split, index in indexes.items()}
    rules = _rules(asked, tallies)
    of_files: dict[str, list[str]] = {}  # the sentences, and of which splits each is said
    for split in indexes:
        for suite in (columns_suite(split), file_suite(split)):
            for requirement in requirements(suite):
                of_files.setdefault(requirement.sentence, []).append(split)
    lengths = {
        _TITLES[name]: histograms({split: tally.lengths[name] for split, tally in tallies.items()}) for name in LENGTHS
    }
    return environment.from_string(TEMPLATE).render(
        folder=next(iter(indexes.values())).path.parent,
        tallies=tallies,
        indexes=indexes,
        limits=limits,
        refusals=refusals,
        form=FORM,
        of_files=of_files,
        groups={
            "Sets a row of train or dev aside": [rule for rule in rules if rule.name in REASONS],
            "Is only counted": [rule for rule in rules if rule.name not in REASONS],
        },
        rules=rules,
        warnings=WARNINGS,
        lengths=lengths,
    )


def _rules(asked: Mapping[str, Sequence[Requirement]], tallies: Mapping[str, Tally]) -> list[Rule]:
    names = dict.fromkeys(requirement.name for split in asked.values() for requirement in split)
    return [
        Rule(
            name=name,
            sentences=_distinct(asked, name, "sentence"),
            expectations=_distinct(asked, name, "expectation"),
            rows={
                split: tallies[split].counts[name] if any(item.name == name for item in found) else None
                for split, found in asked.items()
            },
        )
        for name in names
    ]


def _distinct(asked: Mapping[str, Sequence[Requirement]], name: str, field: str) -> list[str]:
    """What the requirements of a name say in one field, each once, over all splits."""
    return list(dict.fromkeys(getattr(item, field) for found in asked.values() for item in found if item.name == name))


def _with_code(text: str) -> Markup:
    """Escaped text, with what stands between backticks as code."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))
