"""Experiments against each other, over the same dev rows.

Enters: Records. Leaves: for two of them a Pair, with the difference of each score by the paired tests of
`measures.significance`, or with the reason why they do not compare:

    Pair("phase-1", "phase-2", {"rouge_mean": Difference(mean=1.8, low=0.4, high=3.1, p=0.01, …), …}, "")
    Pair("fold-1", "fold-2", {}, "other dev rows")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5
from itertools import pairwise

from dialsum.experiments.gates import OF_TRAINING, SECONDS
from dialsum.measures.significance import Difference, differences
from dialsum.reporting.record import FINAL, SCORES, Record

UNIT = "evaluation.tokens"
WITHOUT_EFFECT = ("limits.", "registry.", "serving.")  # no figure depends on these sections
SCORE = f"rouge.{FINAL}"
CODE = "code"  # no param has this name
UNKNOWN = "not known"
FILES = 3  # of the code that are named


@dataclass(frozen=True)
class Pair:
    """How much more `after` has than `before`, by score. Without differences, `reason` says why."""

    before: str
    after: str
    differences: Mapping[str, Difference]
    reason: str

    @property
    def final(self) -> Difference | None:
        """That of the score that decides."""
        return self.differences.get(FINAL)


def compare(before: str, after: str, records: Mapping[str, Record]) -> Pair:
    """Two experiments, named by their labels."""
    old, new = records[before], records[after]
    if reason := why_not(old, new):
        return Pair(before, after, {}, reason)
    columns = [{name: [one.answers[row].scores[name] for row in old.answers] for name in SCORES} for one in (old, new)]
    return Pair(before, after, differences(columns[0], columns[1]), "")


def why_not(one: Record, other: Record) -> str:
    """Why two experiments do not compare; "" if they do."""
    if not one.answers or not other.answers:
        return "no scores of rows"
    if one.params.get(UNIT) != other.params.get(UNIT):
        return f"other {UNIT}"
    rows = [{row: answer.reference for row, answer in record.answers.items()} for record in (one, other)]
    return "" if rows[0] == rows[1] else "other dev rows"


def in_turn(records: Mapping[str, Record]) -> list[Pair]:
    """Each against the one before it."""
    return [compare(before, after, records) for before, after in pairwise(records)]


def kin(records: Mapping[str, Record]) -> list[list[str]]:
    """The labels in groups whose members compare, each with its best first and the others in order."""
    groups: list[list[str]] = []
    for label, record in records.items():
        group = next((group for group in groups if not why_not(records[group[0]], record)), None)
        if group is None:
            groups.append([label])
        else:
            group.append(label)
    for group in groups:
        best = max(group, key=lambda label: score(records[label]))
        group.sort(key=lambda label: label != best)
    return groups


def against_best(records: Mapping[str, Record]) -> list[Pair]:
    """Each against the best of those that it compares with, which itself is left out."""
    best = {label: group[0] for group in kin(records) for label in group}
    return [compare(best[label], label, records) for label in records if best[label] != label]


def same_training(one: Record, other: Record) -> bool:
    """Whether one training is behind both, as where DVC has it in its cache: no two take equal times to the digit."""
    timed = bool(one.figure(SECONDS))
    return one.source == other.source or (
        timed and all(one.figures.get(file) == other.figures.get(file) for file in OF_TRAINING)
    )


def distinct(records: Mapping[str, Record]) -> dict[str, list[str]]:
    """The labels, the first of each result with all that it has: of one commit, or of one training and alike scores."""
    found: dict[str, list[str]] = {}
    for label, record in records.items():
        first = next((one for one in found if _same(records[one], record)), label)
        found.setdefault(first, []).append(label)
    return found


def _same(one: Record, other: Record) -> bool:
    alike = one.answers == other.answers and one.figures.get("rouge") == other.figures.get("rouge")
    return alike and same_training(one, other)


def score(record: Record) -> float:
    """The score that decides, in percent."""
    return float(record.figure(SCORE))


def differing(records: Sequence[Record]) -> dict[str, list[str]]:
    """The params in which they are not all alike, each with the value of every record; "" where it has none.

    After them, if the code is not the same or not known of all, `code (FILES that differ)` with a fingerprint of each.
    """
    keys = dict.fromkeys(key for record in records for key in record.params if not key.startswith(WITHOUT_EFFECT))
    values = {key: [record.params.get(key, "") for record in records] for key in keys}
    return {key: found for key, found in values.items() if len(set(found)) > 1} | _code(records)


def _code(records: Sequence[Record]) -> dict[str, list[str]]:
    known = [record.code for record in records if record.code]
    files = dict.fromkeys(file for code in known for file in code)
    changed = [file for file in files if len({code.get(file) for code in known}) > 1]
    if not changed and len(known) == len(records):
        return {}
    more = f", and {len(changed) - FILES} more" if len(changed) > FILES else ""
    key = f"{CODE} ({', '.join(changed[:FILES])}{more})" if changed else CODE
    return {key: [_fingerprint(record.code) if record.code else UNKNOWN for record in records]}


def _fingerprint(code: Mapping[str, str]) -> str:
    return md5(repr(sorted(code.items())).encode(), usedforsecurity=False).hexdigest()[:7]
