"""Records of experiments that no model made: see left.py."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dialsum.reporting import record
from dialsum.reporting.record import Record

sys.path.append(str(Path(__file__).parent))

Make = Callable[..., Record]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A record of what left.py leaves, with other figures where they are given: `rouge={"foreign_rate": 0.5}`."""
    import left

    def made(name: str, seed: int = 0, batching: str = "padded", source: str = "", **figures: Any) -> Record:
        folder = tmp_path / "left" / name
        left.leave(folder, seed, batching)
        with (folder / "plots/training.csv").open() as curve, (folder / "data/scores/dev.csv").open() as answers:
            found = {
                key: {**value, **figures.get(key, {})} for key, value in record.read_figures(folder / "metrics").items()
            }
            return Record(
                name=name,
                source=source or f"{name} at c0ffee",
                when=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
                params={"training.seed": str(seed), "training.batching": batching, "evaluation.tokens": "mecab"},
                figures=found,
                curve=record.read_curve(curve),
                answers=record.read_answers(answers),
                code={"left.py": "1"},
                dialogues={f"dev_{row}": f"#Person1#: {row}번?\n#Person2#: ~~~~ <b>네</b>" for row in range(left.ROWS)},
            )

    return made
