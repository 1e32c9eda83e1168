"""The tables of a report, as texts: Markdown, the page and the terminal show the same cells.

Enters: a Report. Leaves: Tables, with cells such as `70.29 (68.85 to 71.66)`, the decimals cut and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dialsum.measures.significance import Difference
from dialsum.measures.verdict import verdict
from dialsum.reporting import comparison
from dialsum.reporting.comparison import Pair
from dialsum.reporting.record import SCORES, Record
from dialsum.reporting.report import Report

NONE = "–"  # what was not measured
ROUGE = {"ROUGE-1": "rouge.rouge1", "ROUGE-2": "rouge.rouge2", "ROUGE-L": "rouge.rougeL", "mean": "rouge.rouge_mean"}
RATES = {
    "facts": ("rouge.fact_recall", "{:.4f}"),
    "foreign": ("rouge.foreign_rate", "{:.4f}"),
    "stopped": ("rouge.stop_rate", "{:.4f}"),
}
TRAINING = {
    "s/epoch": ("train_speed.seconds_per_epoch", "{:.1f}"),
    "seconds": ("train_speed.seconds", "{:.1f}"),
    "resumed": ("train_speed.resumed_from_step", "{:.0f}"),
    "tokens/s": ("train_speed.tokens_per_second", "{:,.0f}"),
    "peak MiB": ("train_speed.peak_memory_mib", "{:,.0f}"),
    "padding": ("train.padding_share", "{:.4f}"),
    "max grad norm": ("train.max_grad_norm", "{:.3f}"),
    "spikes": ("train.grad_norm_spikes", "{:.0f}"),
    "loss by epoch": ("train.epoch_loss", "{:.4f}"),
    "dialogues/s": ("generation_speed.dialogues_per_second", "{:.2f}"),
}


@dataclass(frozen=True)
class Table:
    """`heads` and the cells of each row; the first column is words, as are those in `words`, the rest figures."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    words: frozenset[int] = frozenset()


def scores(report: Report) -> Table:
    """ROUGE with its intervals, and the rates, as metrics/rouge.json has them."""
    rows = [
        [label, *with_intervals(record), *(cell(record, name) for name in RATES)]
        for label, record in report.records.items()
    ]
    for trivial, figures in _baselines(report).items():
        cells = [f"{figures[path.removeprefix('rouge.')]:.2f}" for path in ROUGE.values()]
        recall = figures.get("fact_recall")
        rows.append([f"{trivial} (no model)", *cells, NONE if recall is None else f"{recall:.4f}", NONE, NONE])
    note = (
        "F1 in percent, with the 95 % interval over dev rows; another seed of the training is not in it. facts: share "
        "of the facts that the summaries state. foreign: share of summaries with letters of another script that the "
        "dialogue does not have. stopped: share that the model ended itself."
    )
    return Table("Scores", ["experiment", *ROUGE, *RATES], rows, note)


def summary(report: Report) -> Table:
    """What fits a terminal: scores, the difference from the one before, rates, time, and whether the gate is passed."""
    turns = {pair.after: pair.final for pair in report.turns}
    rows = []
    for label, record in report.records.items():
        turn, around = turns.get(label), record.figure("rouge.intervals.rouge_mean")
        words = [one.word for one in report.gates.get(label, ())]
        gate = next((word for word in ("FAIL", "OPEN", "PASS") if word in words), "")
        rows.append(
            [
                label,
                *(_cell(record.figure(path), "{:.2f}".format) for path in ROUGE.values()),
                f"{around['low']:.2f} to {around['high']:.2f}" if around else NONE,
                *((f"{turn.mean:+.2f}", f"{turn.p:.4f}") if turn else (NONE, NONE)),
                *(cell(record, name) for name in ("facts", "foreign", "s/epoch")),
                gate,
            ]
        )
    heads = ["experiment", *ROUGE, "95 %", "Δ mean", "p", "facts", "foreign", "s/epoch", "gate"]
    return Table("", heads, rows, "Δ mean: against the one before; p: how often chance gives that.")


def training(report: Report) -> Table:
    """What the training took, and how steady it was, as metrics/train.json and train_speed.json have it."""
    rows = [[label, *(cell(record, name) for name in TRAINING)] for label, record in report.records.items()]
    note = (
        "Seconds compare where experiments had the machine to themselves, or as much company. s/epoch and tokens/s: by "
        "the steps alone; s/epoch compares over the same rows. seconds: of the last attempt, with loading and "
        "evaluations. resumed: the step it went on from. padding: share of the tokens. max grad norm: before clipping; "
        "a spike is more than 1.5. dialogues/s: written together."
    )
    return Table("Training", ["experiment", *TRAINING], rows, note)


def differing(report: Report) -> Table:
    """The params in which experiments differ, as they were in force, and the code."""
    found = comparison.differing(list(report.records.values()))
    rows = [[key, *values] for key, values in found.items()]
    note = "" if rows or len(report.records) == 1 else "Nothing: params and code are alike."
    return Table("What differs", ["param", *report.records], rows, note, frozenset(range(len(report.records) + 1)))


def against_before(report: Report) -> Table:
    """Each experiment against the one before it."""
    return _pairs("Against the one before", report.turns)


def against_best(report: Report) -> Table:
    """Each experiment against the best."""
    return _pairs("Against the best", report.best)


def gates(report: Report) -> Table:
    """Every criterion with what was measured."""
    rows = [[name, one.criterion, one.word, one.told] for name, found in report.gates.items() for one in found]
    return Table("Gates", ["experiment", "criterion", "", "measured"], rows, words=frozenset(range(4)))


def best_baseline(record: Record) -> tuple[str, float] | None:
    """The trivial system with the highest score, and its score; people's own agreement is none."""
    trivial = {
        name: figures["rouge_mean"]
        for name, figures in (record.figure("rouge.baselines") or {}).items()
        if name != "reference"
    }
    name = max(trivial, key=lambda name: trivial[name], default=None)
    return None if name is None else (name, trivial[name])


def with_intervals(record: Record) -> list[str]:
    """ROUGE of a record, each with its interval."""
    return [_with_interval(record, path) for path in ROUGE.values()]


def cell(record: Record, name: str) -> str:
    """One of RATES or TRAINING."""
    path, form = (RATES | TRAINING)[name]
    return _cell(record.figure(path), form.format)


def _baselines(report: Report) -> dict[str, dict[str, float]]:
    """The best trivial system, if all experiments have the same one with the same score: those of one dev split do."""
    found = {best_baseline(record) for record in report.records.values()}
    best = found.pop() if len(found) == 1 else None
    first = next(iter(report.records.values()))
    return {best[0]: first.figure(f"rouge.baselines.{best[0]}")} if best else {}


def _cell(value: object, form: Callable[[object], str]) -> str:
    if isinstance(value, list):
        return ", ".join(form(one) for one in value) or NONE
    return NONE if value is None else form(value)


def _with_interval(record: Record, path: str) -> str:
    value = record.figure(path)
    file, name = path.split(".")
    around = record.figure(f"{file}.intervals.{name}")
    if value is None:
        return NONE
    return f"{value:.2f} ({around['low']:.2f} to {around['high']:.2f})" if around else f"{value:.2f}"


def _pairs(title: str, pairs: Sequence[Pair]) -> Table:
    heads = ["experiment", "against", *(f"Δ {name}" for name in ROUGE), "95 % of Δ mean", "p", "w/t/l", "verdict"]
    rows = [[pair.after, pair.before, *_differences(pair)] for pair in pairs]
    note = (
        "Over the same dev rows. 95 %: by the paired bootstrap. p: how often chance gives such a difference of the "
        "mean (paired permutation). w/t/l: rows that score higher, the same, lower."
    )
    return Table(title, heads, rows, note if rows else "", frozenset({0, 1, len(heads) - 1}))


def _differences(pair: Pair) -> list[str]:
    if pair.final is None:
        return [*[NONE] * (len(SCORES) + 3), pair.reason]
    means = [f"{pair.differences[name].mean:+.2f}" for name in SCORES]
    return [*means, span(pair.final), f"{pair.final.p:.4f}", _counts(pair.final), verdict(pair.final)]


def span(one: Difference) -> str:
    """The 95 % interval of a difference."""
    return f"{one.low:+.2f} to {one.high:+.2f}"


def _counts(one: Difference) -> str:
    return f"{one.wins}/{one.ties}/{one.losses}"
