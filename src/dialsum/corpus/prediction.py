"""What a model said of a dialogue.

A line of data/predictions/dev.jsonl: `{"id": "dev_0", "text": "#Person1#은 예약을 원한다.", "finished": true}`
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Prediction:
    """A summary. `finished` says that the model ended it itself, and not the limit on new tokens."""

    id: str
    text: str
    finished: bool


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> None:
    """Write one prediction a line, as UTF-8."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(asdict(prediction), ensure_ascii=False) + "\n" for prediction in predictions)


def read_predictions(path: Path) -> list[Prediction]:
    """Read what `write_predictions` wrote."""
    with path.open(encoding="utf-8") as file:
        return [Prediction(**json.loads(line)) for line in file]
