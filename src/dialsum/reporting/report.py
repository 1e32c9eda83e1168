"""A report before it has a form: which experiments, how they compare, what became of their gates, and the verdict.

Enters: Records, and the set of experiments.yaml that they belong to, if they do. Leaves: a Report, from which the page,
the Markdown and the terminal's table are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dialsum.experiments.gates import Judgement
from dialsum.experiments.running import fails, judged
from dialsum.experiments.sets import Set
from dialsum.measures.significance import Difference
from dialsum.reporting import comparison
from dialsum.reporting.comparison import Pair
from dialsum.reporting.record import Record, labels

DIALOGUES = 10  # shown with the summaries of all


@dataclass(frozen=True)
class Report:
    """`records` by label, in order. `missing`: experiments of the set that are not finished.

    `turns`: each against the one before; `best`: each against the best that it compares with. `gates`: of each
    experiment that has one; `otherwise`: what the set says is to be done where it fails.
    """

    title: str
    describe: str
    records: Mapping[str, Record]
    missing: Sequence[str]
    turns: Sequence[Pair]
    best: Sequence[Pair]
    gates: Mapping[str, Sequence[Judgement]]
    otherwise: Mapping[str, str]

    def failing(self) -> list[str]:
        """The experiments that fail their gate."""
        return fails(self.gates)

    def dialogues(self) -> dict[str, str]:
        """Some dialogues that all have summarized whose rows are not lost, spread over dev, by id."""
        records = [record for record in self.records.values() if record.answers]
        texts = records[0].dialogues if records else {}
        shared = [row for row in texts if all(row in one.answers for one in records)]
        places = range(min(DIALOGUES, len(shared)))
        return {row: texts[row] for row in (shared[place * len(shared) // len(places)] for place in places)}


def make(
    title: str, records: Sequence[Record], chosen: Set | None = None, missing: Sequence[str] = (), describe: str = ""
) -> Report:
    """Compare the records, of which there is at least one."""
    named = labels(records)
    figures = {name: record.figures for name, record in named.items()}

    def paired(before: str, after: str) -> Mapping[str, Difference]:
        return comparison.compare(before, after, named).differences

    gates = judged(chosen, figures, paired) if chosen else {}
    return Report(
        title,
        describe or (chosen.describe if chosen else ""),
        named,
        missing,
        comparison.in_turn(named),
        comparison.against_best(named),
        gates,
        {name: chosen.gates[name].otherwise for name in gates} if chosen else {},
    )
