"""What was found in a split, counted while its rows pass by, so that memory does not grow with them.

Enters: table after table with its measures and findings. Leaves: a `Tally` with rows, rows a reason, the first examples
of each, and how often each length occurs: what metrics/validation.json and the report of validation show.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from dialsum.corpus.formats import KNOWN, SHOWN, Table, shown

LENGTHS = ("dialogue_chars", "turns", "summary_chars")  # the measures whose spread is kept

_EXCERPT = 240  # characters
_JOINER = "\u200d"  # builds an emoji of several


@dataclass(frozen=True)
class Finding:
    """What is amiss with a row: the name of the reason or warning, and what is said of the row."""

    name: str
    text: str


@dataclass(frozen=True)
class Example:
    """A row with a finding: its number in the file, its id, what is said of it, and how its cells begin."""

    number: int
    id: str
    text: str
    cells: dict[str, str]


@dataclass
class Tally:
    """The counts of one split. `lengths` are those of the rows kept: for each measure, how many rows have which."""

    rows: int = 0
    rejected: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    examples: defaultdict[str, list[Example]] = field(default_factory=lambda: defaultdict(list))
    lengths: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    @property
    def kept(self) -> int:
        """Rows that were not set aside."""
        return self.rows - self.rejected

    def add(
        self, table: Table, measures: pd.DataFrame, findings: Mapping[int, Sequence[Finding]], rejected: Sequence[int]
    ) -> None:
        """Count a table. `findings` are by place in the table, `rejected` the places of the rows set aside."""
        self.rows += len(table.rows)
        self.rejected += len(rejected)
        for place, found in findings.items():
            for name in dict.fromkeys(finding.name for finding in found):
                self.counts[name] += 1
                if len(self.examples[name]) < SHOWN:
                    self.examples[name].append(_example(table, place, [item for item in found if item.name == name]))
        kept = measures.drop(index=list(rejected))
        for name in LENGTHS:
            if name in kept:
                self.lengths[name].update(kept[name].dropna().astype(int).tolist())


def visible(text: str) -> str:
    """The text with what cannot be seen spelt out, as `⟨U+202E⟩`; tabs and emoji stay, line ends become newlines."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        f"⟨U+{ord(character):04X}⟩"
        if unicodedata.category(character).startswith("C") and character not in f"\n\t{_JOINER}"
        else character
        for character in text
    )


def _example(table: Table, place: int, found: Sequence[Finding]) -> Example:
    cells = dict(zip(table.columns, table.rows[place], strict=True))
    return Example(
        number=table.numbers[place],
        id=shown(cells["fname"]),
        text="; ".join(finding.text for finding in found),
        cells={name: _excerpt(cells[name]) for name in KNOWN if name != "fname" and cells.get(name, "").strip()},
    )


def _excerpt(text: str) -> str:
    return visible(text[:_EXCERPT]) + (" …" if len(text) > _EXCERPT else "")
