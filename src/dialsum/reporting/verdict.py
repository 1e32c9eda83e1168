"""The verdict in words: sentences that follow from the figures of a report, and from nothing else.

Enters: a Report. Leaves: sentences, in this order: what each experiment brought over the one before, which is best and
which are not shown to be worse, who does not beat a trivial system, the gates, and what is not there.

    phase-3 is 1.4× faster than phase-2 (40.1 s an epoch against 56.3), score unchanged within the interval (+0.12,
    95 % -0.80 to +1.02, p 0.7912).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from dialsum.experiments.gates import SECONDS, UNEQUAL, same_epochs
from dialsum.measures import verdict as shown
from dialsum.measures.significance import Difference
from dialsum.reporting import comparison
from dialsum.reporting.comparison import Pair, same_training, score
from dialsum.reporting.record import FINAL, Record, training_seconds
from dialsum.reporting.report import Report
from dialsum.reporting.tables import best_baseline, span

TOKENS = "train_speed.tokens_per_second"
ALIKE = 1.05  # times that differ by less than this factor are called the same
RATES = {"rouge.fact_recall": "facts", "rouge.foreign_rate": "foreign text", "rouge.stop_rate": "stopped by itself"}
UNFOLDED = "null"  # of data.fold
JOINED = "fold-*.jsonl --weight rouge2=3 --weight rougeL=2 --weight rouge1=1 --out joined.jsonl"
TOLD = 0.005  # a rate that differs by as much is told


def sentences(report: Report) -> list[str]:
    """All of the verdict."""
    names = comparison.distinct(report.records)
    ranking = [*_ranking(report, names), *_folds(report), *_trivial(report, names)]
    return [*_turns(report), *ranking, *_gates(report), *_missing(report)]


def in_words(difference: Difference) -> str:
    """What a difference of scores says, with its figures."""
    figures = f"({difference.mean:+.2f}, 95 % {span(difference)}, p {difference.p:.4f})"
    match shown.verdict(difference):
        case "better":
            return f"score higher {figures}"
        case "worse":
            return f"score lower {figures}"
        case "the same":
            return "each row scores the same"
        case _ if difference.low <= 0 <= difference.high:
            return f"score unchanged within the interval {figures}"
        case _:
            return f"no difference in score is shown {figures}"


def _turns(report: Report) -> Iterator[str]:
    for pair in report.turns:
        before, after = report.records[pair.before], report.records[pair.after]
        words = f"the scores do not compare: {pair.reason}"
        if pair.final:
            words = f"{in_words(pair.final)}{_rates(before, after)}"
        yield f"{pair.after} {_speed(pair, before, after)}, {words}."


def _speed(pair: Pair, before: Record, after: Record) -> str:
    """By the seconds of an epoch; where these do not compare, by tokens a second."""
    if before.source == after.source:
        return f"is {pair.before} under another name"
    if same_training(before, after):
        return f"comes of the same training as {pair.before} (equal times to the digit)"
    same = same_epochs(before.figures, after.figures)
    old, new = (one.figure(SECONDS if same else TOKENS) for one in (before, after))
    if not old or not new:
        return f"against {pair.before}"
    if same:
        figures = f"({new:.1f} s an epoch against {old:.1f})"
    else:
        figures = f"({new:,.0f} tokens/s against {old:,.0f}; {UNEQUAL})"
    factor = max(old / new, new / old)
    if factor < ALIKE:
        return f"is as fast as {pair.before} {figures}"
    times = f"{factor:.1f}" if factor < 10 else f"{factor:.0f}"
    return f"is {times}× {'faster' if (new < old) == same else 'slower'} than {pair.before} {figures}"


def _rates(before: Record, after: Record) -> str:
    """Rates that changed."""
    pairs = {name: (before.figure(path), after.figure(path)) for path, name in RATES.items()}
    told = [
        f"{name} {new:.1%} against {old:.1%}"
        for name, (old, new) in pairs.items()
        if old is not None and new is not None and abs(new - old) >= TOLD
    ]
    return f"; {', '.join(told)}" if told else ""


def _ranking(report: Report, names: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """`names`: those that are ranked, each with all that it stands for."""
    for same in names.values():
        if len(same) > 1:
            yield f"One result, ranked once: {', '.join(same)}."
    records = {name: report.records[name] for name in names}
    lost = [name for name, record in records.items() if not record.answers]
    groups = comparison.kin({name: record for name, record in records.items() if name not in lost})
    if len(records) == 1:
        yield f"Score: {_scored(report, *names)}."
    elif lost:
        yield f"Not ranked, as the scores of {'its' if len(lost) == 1 else 'their'} rows are lost: {', '.join(lost)}."
    if len(groups) > 1:
        listed = "; ".join(", ".join(name for name in records if name in group) for group in groups)
        yield f"Scores compare only within these groups, which have the same dev rows: {listed}."
    against = {pair.after: pair for pair in report.best}
    for group in groups:
        if len(group) > 1:
            yield from _best(report, group, [against[name] for name in records if name in group[1:]])


def _best(report: Report, group: Sequence[str], pairs: Sequence[Pair]) -> Iterator[str]:
    best, *_ = group
    yield f"Best score: {_scored(report, best)}."
    equal = [pair.after for pair in pairs if pair.final and shown.verdict(pair.final) != "worse"]
    if not equal:
        yield f"It is shown to be better than {'each of the others' if len(pairs) > 1 else 'the other'}."
        return
    yield f"Not shown to be worse: {', '.join(equal)}."
    timed = {name: training_seconds(report.records[name]) for name in (best, *equal)}
    seconds = {name: value for name, value in timed.items() if value}
    if len(seconds) > 1:
        fastest = min(seconds, key=lambda name: seconds[name])
        yield f"Of these the shortest training: {fastest}, {seconds[fastest]:.1f} s in all its epochs."


def _folds(report: Report) -> Iterator[str]:
    """What to do with folds, which no score ranks."""
    folds = {record.params.get("data.fold", UNFOLDED) for record in report.records.values()}
    if len(folds) > 1 and UNFOLDED not in folds:
        yield (
            "Each fold is judged on other dev rows, so a higher score says nothing of its model. Their summaries of "
            "the test rows are there to be joined: once the file of each is there, as docs/sets.md (Folds) says, "
            f"`dialsum ensemble {JOINED}`."
        )


def _scored(report: Report, label: str) -> str:
    record = report.records[label]
    around: Any = record.figure(f"rouge.intervals.{FINAL}")
    interval = f" (95 % {around['low']:.2f} to {around['high']:.2f})" if around else ""
    return f"{label}, {score(record):.2f}{interval}"


def _trivial(report: Report, names: Collection[str]) -> Iterator[str]:
    """Who does not beat the best trivial system; one that stands alone, also if it does."""
    for label in names:
        record = report.records[label]
        best = best_baseline(record)
        beaten = best is not None and score(record) > best[1]
        if best and (not beaten or len(names) == 1):
            verb = "beats" if beaten else "does not beat"
            yield f"{label} {verb} {best[0]}, which is no model ({score(record):.2f} against {best[1]:.2f})."


def _gates(report: Report) -> Iterator[str]:
    for name, found in report.gates.items():
        told = {
            word: [f"{one.criterion}: {one.told}" for one in found if one.word == word] for word in ("FAIL", "OPEN")
        }
        if name in report.failed:
            yield f"{name} fails its gate: it did not finish."
        elif told["FAIL"]:
            yield f"{name} fails its gate: {'; '.join(told['FAIL'])}. {report.otherwise[name].strip()}"
        elif told["OPEN"]:
            yield f"{name} is not known to pass its gate: {'; '.join(told['OPEN'])}."
        else:
            yield f"{name} passes its gate."


def _missing(report: Report) -> Iterator[str]:
    for name, words in report.failed.items():
        yield f"{name} failed: {words}." if words else f"{name} failed."
    if report.missing:
        yield f"Not finished: {', '.join(report.missing)}."
