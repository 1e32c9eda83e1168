"""The curves of all experiments of a report in one picture each, as SVG.

Enters: a Report. Leaves: texts that start with `<svg`, by the name of their file, such as `loss`. Letters stay letters,
which the reader's own fonts draw, and nothing is loaded from elsewhere.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dialsum.reporting.record import FINAL, Record, training_seconds
from dialsum.reporting.report import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 5.6, 3.4  # inches; so narrow, the letters can be read on a phone too
LINE, LETTERS, MARK = 0.2, 60, 7  # of the legend: inches of a line, and how many letters it holds, each mark as so many
STRETCHES = 150  # of an epoch axis, so that a picture of many steps stays small
SPIKE = 1.5  # as modeling.figures counts them, which imports too much for a picture
STYLE: Any = {  # names of matplotlib's settings
    "svg.fonttype": "none",
    "svg.hashsalt": "dialsum",
    "text.parse_math": False,
    "font.size": 11,
    "legend.fontsize": 10,
}
NO_METADATA: dict[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))
TITLES = {
    "loss": "Loss (nats/token): line, train; dots, dev after each epoch",
    "grad_norm": "Gradient norm before clipping; dotted: above it is a spike",
    "learning_rate": "Learning rate",
    "score": "Mean ROUGE with its 95 % interval against the time of training",
}


def draw(report: Report) -> dict[str, str]:
    """Those of TITLES for which there is anything to draw."""
    curved = {label: record for label, record in report.records.items() if record.curve}
    drawn = {}
    if curved:
        drawn = {
            "loss": _picture(report, curved, _loss),
            "grad_norm": _picture(report, curved, _norm),
            "learning_rate": _picture(report, curved, _rate),
        }
    return {**drawn, "score": _picture(report, report.records, _score)}


def stretches(points: Sequence[tuple[float, float]], count: int = STRETCHES) -> list[tuple[float, float, float, float]]:
    """Points in order as at most so many: place of the last of a stretch, its mean, lowest and highest value."""
    size = math.ceil(len(points) / count) or 1
    parts = [points[start : start + size] for start in range(0, len(points), size)]
    values = [(part[-1][0], [value for _, value in part]) for part in parts]
    return [(place, sum(found) / len(found), min(found), max(found)) for place, found in values]


def _picture(
    report: Report, records: Mapping[str, Record], fill: Callable[[Axes, Mapping[str, Record], dict[str, Any]], None]
) -> str:
    import matplotlib
    from matplotlib.figure import Figure

    palette = matplotlib.colormaps["tab10" if len(report.records) <= 10 else "tab20"]
    colors = {label: palette(place % palette.N) for place, label in enumerate(report.records)}
    with matplotlib.rc_context(STYLE):
        columns = max(1, LETTERS // (max(map(len, records)) + MARK))
        height = HEIGHT + LINE * math.ceil(len(records) / columns)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.add_subplot()
        fill(axes, records, colors)
        axes.grid(alpha=0.3)
        figure.legend(loc="outside lower center", ncols=columns, frameon=False)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata=NO_METADATA)
    text = written.getvalue()
    return text[text.index("<svg") :].strip()


def _loss(axes: Axes, records: Mapping[str, Record], colors: dict[str, Any]) -> None:
    _curves(axes, records, colors, "loss")
    for label, record in records.items():
        dev = _points(record, "eval_loss")
        axes.plot(
            [x for x, _ in dev], [y for _, y in dev], "o", color=colors[label], markeredgecolor="black", markersize=5
        )


def _norm(axes: Axes, records: Mapping[str, Record], colors: dict[str, Any]) -> None:
    _curves(axes, records, colors, "grad_norm")
    axes.axhline(SPIKE, color="black", linestyle=":", linewidth=1)


def _rate(axes: Axes, records: Mapping[str, Record], colors: dict[str, Any]) -> None:
    _curves(axes, records, colors, "learning_rate")


def _score(axes: Axes, records: Mapping[str, Record], colors: dict[str, Any]) -> None:
    for label, record in records.items():
        value = record.figure(f"rouge.{FINAL}")
        around = record.figure(f"rouge.intervals.{FINAL}")
        reach = [[max(value - around["low"], 0.0)], [max(around["high"] - value, 0.0)]] if around else None
        axes.errorbar(
            [training_seconds(record)], [value], yerr=reach, fmt="o", color=colors[label], label=label, capsize=3
        )
    axes.set_xlabel("seconds of training")
    axes.set_ylabel("percent")


def _curves(axes: Axes, records: Mapping[str, Record], colors: dict[str, Any], column: str) -> None:
    """A line through the means of stretches; its shade reaches from the lowest to the highest value."""
    for label, record in records.items():
        found = stretches(_points(record, column))
        places = [one[0] for one in found]
        axes.plot(places, [one[1] for one in found], color=colors[label], label=label, linewidth=1.2)
        axes.fill_between(
            places, [one[2] for one in found], [one[3] for one in found], color=colors[label], alpha=0.15, linewidth=0
        )
    axes.set_xlabel("epoch")


def _points(record: Record, column: str) -> list[tuple[float, float]]:
    """A step whose gradient overflowed has no norm."""
    rows = ((row["epoch"], row[column]) for row in record.curve if column in row)
    return [(x, y) for x, y in rows if math.isfinite(y)]
