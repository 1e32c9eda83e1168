"""How long prompts and summaries are in tokens, what was cut, and what batches and packed rows would make of them.

Enters: encoded rows of a split. Leaves: the figures of metrics/tokens.json and the rows of plots/token_lengths.csv.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dialsum.modeling.batching import Collator, EpochSampler, Lengths, PairCollator
from dialsum.params.model import Family
from dialsum.prompts.encode import Row

BIN = 32  # tokens of one bar of the histogram
LIMITS = (256, 512, 768, 1024, 2048)
BATCHES = (1, 8, 32)
PACKED = (512, 1024, 2048)


def split_statistics(rows: Sequence[Row], family: Family) -> dict[str, Any]:
    """Rows, lengths in tokens, what was cut (of dialogues, headers, summaries), tokens that are learned, waste.

    `over` counts prompts as they were before anything was cut.
    """
    targets = [row.target for row in rows if row.target is not None]
    return {
        "rows": len(rows),
        "source_tokens": lengths([len(row.source.ids) for row in rows]),
        "target_tokens": lengths([len(target.ids) for target in targets]),
        "over": over([row.source.whole for row in rows], LIMITS),
        **what_was_cut(rows),
        "targets_cut": sum(target.cut for target in targets),
        "control_tokens": control_tokens(rows),
        "supervised_tokens": sum(len(target.ids) for target in targets),
        "padding_share": padding_share(rows, family),
        "packing": packing(rows) if family == "causal" else None,
    }


def what_was_cut(rows: Sequence[Row]) -> dict[str, int]:
    """Rows whose dialogue lost something, all turns that went, and rows in which the header is not whole."""
    return {
        "rows_truncated": sum(row.source.turns_dropped + row.source.turns_cut > 0 for row in rows),
        "turns_dropped": sum(row.source.turns_dropped for row in rows),
        "turns_cut": sum(row.source.turns_cut for row in rows),
        "headers_lost": sum(row.header_lost for row in rows),
    }


def control_tokens(rows: Sequence[Row]) -> int:
    """Rows whose dialogue or summary spelled a control token, and has a blank there (`prompts.control`)."""
    return sum(row.source.mended or (row.target is not None and row.target.mended) for row in rows)


def over(tokens: Sequence[int], limits: Sequence[int]) -> dict[str, dict[str, float]]:
    """How many are above each limit, and their share (0 to 1)."""
    counts = {limit: sum(count > limit for count in tokens) for limit in limits}
    return {str(limit): {"rows_over": count, "share": _share(count, len(tokens))} for limit, count in counts.items()}


def padding_share(rows: Sequence[Row], family: Family) -> dict[str, dict[str, float]]:
    """Of the tokens that a model computes, the share that is padding: by the batch's size, rows at random or grouped
    by length, in the very batches of training (seed 0). Rows without a summary count with their source alone.
    """
    shapes = [_shape(row, family) for row in rows]
    collator = Collator(0) if family == "causal" else PairCollator(0, lambda labels: labels)
    totals = [len(shape["input_ids"]) + (len(shape["labels"]) if family == "seq2seq" else 0) for shape in shapes]
    shares: dict[str, dict[str, float]] = {}
    for size in BATCHES:
        shares[str(size)] = {}
        for name, batching in (("random", "padded"), ("length_grouped", "length_grouped")):
            order = list(EpochSampler(totals, size, batching, seed=0))  # type: ignore[arg-type]
            batches = [[shapes[row] for row in order[start : start + size]] for start in range(0, len(order), size)]
            computed = sum(map(collator.size, batches))
            shares[str(size)][name] = _share(computed - sum(totals), computed)
    return shares


def packing(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """How full rows of a fixed length are with samples behind each other: best fit decreasing, as TRL packs.

    `left_out`: samples that are longer by themselves.
    """
    totals = sorted((len(_shape(row, "causal")["input_ids"]) for row in rows), reverse=True)
    return {str(width): _packed(totals, width) for width in PACKED}


def _packed(totals: Sequence[int], width: int) -> dict[str, float]:
    """`totals`: tokens of the samples, the longest first. Each goes where the least room that suffices is left."""
    fitting = [total for total in totals if total <= width]
    rooms: list[int] = []  # of the rows so far, in order
    for total in fitting:
        place = bisect_left(rooms, total)
        room = rooms.pop(place) if place < len(rooms) else width
        insort(rooms, room - total)
    return {
        "rows": len(rooms),
        "density": _share(sum(fitting), len(rooms) * width),
        "left_out": len(totals) - len(fitting),
    }


def length_table(encoded: Mapping[str, Sequence[Row]]) -> pd.DataFrame:
    """A histogram of the prompts' lengths: column `tokens` (the lower end of a bin of 32), and rows of each split."""
    bins = {
        split: pd.Series([len(row.source.ids) // BIN * BIN for row in rows]).value_counts()
        for split, rows in encoded.items()
    }
    table = pd.DataFrame(bins).fillna(0).astype(int)
    full = range(int(table.index.min()), int(table.index.max()) + BIN, BIN)
    return table.reindex(full, fill_value=0).rename_axis("tokens").reset_index()


def lengths(tokens: Sequence[int]) -> dict[str, float] | None:
    """Mean, percentiles (linear interpolation) and maximum; null for no rows."""
    if not tokens:
        return None
    values = zip(("mean", "p50", "p95", "p99"), (np.mean(tokens), *np.percentile(tokens, [50, 95, 99])), strict=True)
    return {**{name: round(float(value), 2) for name, value in values}, "max": max(tokens)}


def _shape(row: Row, family: Family) -> Lengths:
    """The lists of a training row (`encode.join`) as ranges of their lengths."""
    source, target = len(row.source.ids), len(row.target.ids) if row.target else 0
    match family:
        case "causal":
            return {"input_ids": range(source + target), "labels": range(source + target)}
        case "seq2seq":
            return {"input_ids": range(source), "labels": range(target)}


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
