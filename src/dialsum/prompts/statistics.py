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
    """A histogram of the prompts' lengths: column `tokens` (the lower end of a bin of 32), and rows of each split."""
    bins = {
        split: pd.Series([len(source.ids) // BIN * BIN for _, source, _ in rows]).value_counts()
        for split, rows in encoded.items()
    }
    table = pd.DataFrame(bins).fillna(0).astype(int)
    full = range(int(table.index.min()), int(table.index.max()) + BIN, BIN)
    return table.reindex(full, fill_value=0).rename_axis("tokens").reset_index()


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
