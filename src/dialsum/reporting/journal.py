"""The log of all experiments, docs/experiments.md: a line of a Markdown table for each finished run in MLflow.

Enters: the runs, and the file as it stands. Leaves: the file with a line more for each run that it does not name. What
stands in it is never changed, be it a line of an earlier day or somebody's own words.

    | 2026-11-22 01:53 | phases-tiny--phase-2 | prompt.format: plain → structured | 76.34 | 62.26 | 72.27 |
      70.29 (68.85 to 71.66) | 0.8444 | against phases-tiny--phase-1: score higher (+1.80, 95 % …) | `9a95a7eb…` |

A run is compared with the one before it that it differs from in the fewest params, among those on the same dev rows.
One whose files cannot be fetched is warned of and left out, and comes when they can.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialsum.errors import InputError
from dialsum.reporting import comparison, runs, tables
from dialsum.reporting.comparison import UNIT, WITHOUT_EFFECT
from dialsum.reporting.markdown import escape
from dialsum.reporting.record import Record
from dialsum.reporting.verdict import in_words

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

DEV = "dev_md5"  # the tag
SCORE = "rouge.rouge_mean"
CHANGES = 6  # that are told of a run
HEADS = ("date (UTC)", "experiment", "what changed", *tables.ROUGE, "facts", "verdict", "run")
HEAD = f"| {' | '.join(HEADS)} |"
TITLE = f"""# Experiments

`dialsum log` writes this from the runs in MLflow, a line each, and adds those that are missing below the last one. What
stands here it does not change; a line that you delete comes back. "What changed" and the verdict are against the
earlier run that differs least.

{HEAD}
|{" --- |" * len(HEADS)}
"""
RUN = re.compile(r"\| `([0-9a-f]{32})` \|\s*$", re.MULTILINE)


def add(text: str, client: MlflowClient, path: Path) -> tuple[str, int]:
    """The file with its new lines, and how many there are. `text`: what it holds, "" for none; `path`: its name.

    Raises InputError if the table is not in it.
    """
    text = text or TITLE
    written = text.split("\n")  # and at nothing else: what stands there stays to the byte
    head = next((place for place, found in enumerate(written) if found.rstrip() == HEAD), None)
    if head is None:
        raise InputError(f"{path}: holds no table of `dialsum log`; move the file away, and one is begun")
    # Words between the lines may part the table: the new ones come below the last line of a run, and what follows it.
    place = max([head, *(place for place, found in enumerate(written) if found.startswith("|") and RUN.search(found))])
    while place + 1 < len(written) and written[place + 1].startswith("|"):
        place += 1
    new = list(lines(client, set(RUN.findall(text))))
    return "\n".join([*written[: place + 1], *new, *written[place + 1 :]]), len(new)


def lines(client: MlflowClient, known: set[str]) -> Iterator[str]:
    """The lines of the runs whose ids are not known, the oldest first; none for one whose files cannot be fetched."""
    found = [run for run in runs.read_all(client) if SCORE in run.data.metrics]
    lost: set[str] = set()
    for place, run in enumerate(found):
        if run.info.run_id not in known and (record := _read(client, run, lost)):
            yield line(record, _before(client, run, found[:place], lost))


def _before(client: MlflowClient, run: Run, earlier: Sequence[Run], lost: set[str]) -> Record | None:
    """The record of the nearest of the earlier runs, of those whose files can be fetched."""
    while relative := nearest(run, [one for one in earlier if one.info.run_id not in lost]):
        if record := _read(client, relative, lost):
            return record
    return None


def _read(client: MlflowClient, run: Run, lost: set[str]) -> Record | None:
    """The record of a run; where its files cannot be fetched a warning, and its id in `lost`."""
    try:
        return runs.read_run(client, run)
    except InputError as error:
        click.echo(f"left out: {error}", err=True)
        lost.add(run.info.run_id)
        return None


def nearest(run: Run, earlier: Sequence[Run]) -> Run | None:
    """Of the earlier runs on the same dev rows the one with the fewest other params, of equals the last."""
    comparable = [one for one in earlier if _dev(one) == _dev(run)]
    return min(reversed(comparable), key=lambda one: len(_changes(one, run)), default=None)


def line(record: Record, before: Record | None) -> str:
    """A line of the table. `before`: the run that it is compared with."""
    cells = [
        f"{record.when:%Y-%m-%d %H:%M}",
        record.name,
        _told(record, before),
        *tables.with_intervals(record),
        tables.cell(record, "facts"),
        f"{_result(record, before)}{_trivial(record)}",
    ]
    return f"| {' | '.join(escape(cell) for cell in cells)} | `{record.source}` |"


def _dev(run: Run) -> tuple[str | None, str | None]:
    return run.data.tags.get(DEV), run.data.params.get(UNIT)


def _changes(one: Run, other: Run) -> list[str]:
    old, new = one.data.params, other.data.params
    return [
        key for key in old.keys() | new.keys() if not key.startswith(WITHOUT_EFFECT) and old.get(key) != new.get(key)
    ]


def _told(record: Record, before: Record | None) -> str:
    if before is None:
        return "the first on these dev rows"
    found = comparison.differing([before, record])
    changed = [f"{key}: {old or 'none'} → {new or 'none'}" for key, (old, new) in found.items()]
    more = f", and {len(changed) - CHANGES} more" if len(changed) > CHANGES else ""
    return f"{', '.join(changed[:CHANGES])}{more}" or "neither params nor code"


def _result(record: Record, before: Record | None) -> str:
    if before is None:
        return "nothing to compare it with"
    pair = comparison.compare("before", "after", {"before": before, "after": record})
    return f"against {before.name}: {in_words(pair.final) if pair.final else pair.reason}"


def _trivial(record: Record) -> str:
    best = tables.best_baseline(record)
    return f"; does not beat {best[0]}, {best[1]:.2f}" if best and comparison.score(record) <= best[1] else ""
