"""How long prompts and summaries are in tokens, and what was cut.

Enters: encoded rows of a split. Leaves: the figures of metrics/tokens.json and the rows of plots/token_lengths.csv.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dialsum.prompts.encode import Source, Target

Row = tuple[str, Source, Target | None]
BIN = 32  # tokens of one bar of the histogram


def split_statistics(rows: Sequence[Row]) -> dict[str, Any]:
    """Rows, lengths in tokens, rows whose dialogue or summary was cut, turns dropped, tokens that are learned."""
    targets = [target for _, _, target in rows if target is not None]
    return {
        "rows": len(rows),
        "source_tokens": _lengths([len(source.ids) for _, source, _ in rows]),
        "target_tokens": _lengths([len(target.ids) for target in targets]),
        "rows_truncated": sum(source.turns_dropped > 0 or source.turn_cut for _, source, _ in rows),
        "turns_dropped": sum(source.turns_dropped for _, source, _ in rows),
        "targets_cut": sum(target.cut for target in targets),
        "supervised_tokens": sum(len(target.ids) for target in targets),
    }


def length_table(encoded: Mapping[str, Sequence[Row]]) -> pd.DataFrame:
    """Columns split, tokens (the lower end of a bin of 32), rows: a histogram of the prompts' lengths."""
    frames = []
    for split, rows in encoded.items():
        bins = pd.Series([len(source.ids) // BIN * BIN for _, source, _ in rows]).value_counts().sort_index()
        frames.append(pd.DataFrame({"split": split, "tokens": bins.index, "rows": bins.to_numpy()}))
    return pd.concat(frames)


def _lengths(lengths: Sequence[int]) -> dict[str, float] | None:
    """Mean, percentiles (linear interpolation) and maximum; null for no rows."""
    if not lengths:
        return None
    p50, p95, p99 = np.percentile(lengths, [50, 95, 99])
    return {
        "mean": round(float(np.mean(lengths)), 2),
        "p50": float(p50),
        "p95": float(p95),
        "p99": float(p99),
        "max": max(lengths),
    }
