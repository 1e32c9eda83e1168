"""A report before it has a form: which experiments, how they compare, what became of their gates, and the verdict.

Enters: Records, and the set of experiments.yaml that they belong to, if they do. Leaves: a Report, from which the page,
the Markdown and the terminal's table are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from dialsum.experiments.gates import Judgement
from dialsum.experiments.running import fails, judged
from dialsum.experiments.sets import Set
from dialsum.measures.significance import Difference
from dialsum.reporting import comparison
from dialsum.reporting.comparison import Pair
from dialsum.reporting.record import Answer, Record, labels

DIALOGUES = 10  # shown of each dev split, with the summaries of all who have it
NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Dialogue:
    """A dev dialogue and its summaries by label. `title`: its id; where dev rows differ, with the labels before it."""

    title: str
    text: str
    reference: str
    answers: Mapping[str, Answer]


@dataclass(frozen=True)
class Report:
    """`records` by label, in order. `missing`: experiments of the set that are not finished; `failed`: the last words
    of those that have begun and failed.

    `turns`: each against the one before; `best`: each against the best that it compares with. `gates`: of each
    experiment that has one; `otherwise`: what the set says is to be done where it fails.
    """

    title: str
    describe: str
    records: Mapping[str, Record]
    missing: Sequence[str]
    failed: Mapping[str, str]
    turns: Sequence[Pair]
    best: Sequence[Pair]
    gates: Mapping[str, Sequence[Judgement]]
    otherwise: Mapping[str, str]

    def failing(self) -> list[str]:
        """The experiments that fail their gate."""
        return fails(self.gates)

    def dialogues(self) -> list[Dialogue]:
        """Some dialogues of each group that compares and whose rows are not lost, spread over its dev rows.

        An id alone tells nothing: in other data, or another fold, the same one is that of another dialogue.
        """
        groups = [group for group in comparison.kin(self.records) if self.records[group[0]].answers]
        found = []
        for group in groups:
            records = {label: record for label, record in self.records.items() if label in group}
            texts = next((record.dialogues for record in records.values() if record.dialogues), {})
            whose = f"{', '.join(records)}: " if len(groups) > 1 else ""
            rows = [row for row in texts if all(row in record.answers for record in records.values())]
            places = range(min(DIALOGUES, len(rows)))
            for row in (rows[place * len(rows) // len(places)] for place in places):
                answers = {label: record.answers[row] for label, record in records.items()}
                reference = next(iter(answers.values())).reference
                found.append(Dialogue(f"{whose}{row}", texts[row], reference, answers))
        return found


def make(
    title: str,
    records: Sequence[Record],
    chosen: Set | None = None,
    missing: Sequence[str] = (),
    describe: str = "",
    failed: Mapping[str, str] = NONE,
) -> Report:
    """Compare the records, of which there is at least one."""
    named = labels(records)
    figures = {name: record.figures for name, record in named.items()}

    def paired(before: str, after: str) -> Mapping[str, Difference]:
        return comparison.compare(before, after, named).differences

    gates = judged(chosen, figures, paired, failed) if chosen else {}
    return Report(
        title,
        describe or (chosen.describe if chosen else ""),
        named,
        missing,
        failed,
        comparison.in_turn(named),
        comparison.against_best(named),
        gates,
        {name: chosen.gates[name].otherwise for name in gates} if chosen else {},
    )
