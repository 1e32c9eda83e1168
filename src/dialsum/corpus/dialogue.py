"""The one datum that every stage passes on.

Enters: rows of a data set, one JSON object a line. Leaves: `Dialogue` values, in the order of the file.
A line of data/prepared/dev.jsonl:

    {"id": "dev_0", "topic": "진료 예약", "turns": [{"speaker": "#Person1#", "text": "예약하고 싶어요."}, …],
     "references": ["#Person1#은 예약을 원한다."], "facts": [{"name": "time", "value": "오후 3시"}]}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True)
class Turn:
    """One utterance. `speaker` is the label without its colon, as `#Person1#` or `SD2000001`."""

    speaker: str
    text: str

    def line(self) -> str:
        """The turn as it stands in a dialogue: `#Person1#: 안녕하세요.`"""
        return f"{self.speaker}: {self.text}" if self.speaker else self.text


@dataclass(frozen=True)
class Fact:
    """A thing a good summary must say: `value` stands in the dialogue and in each reference, letter for letter."""

    name: str
    value: str


@dataclass(frozen=True)
class Dialogue:
    """A dialogue; `references` is empty for test rows, `facts` is empty where the data name none."""

    id: str
    turns: tuple[Turn, ...]
    topic: str | None = None
    references: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()

    def text(self) -> str:
        """All turns, one a line."""
        return "\n".join(turn.line() for turn in self.turns)


def parse_facts(items: Iterable[dict[str, str]]) -> tuple[Fact, ...]:
    """Facts from their JSON form, `[{"name": …, "value": …}, …]`."""
    return tuple(Fact(item["name"], item["value"]) for item in items)


def write_jsonl(path: Path, dialogues: Iterable[Dialogue]) -> None:
    """Write one dialogue a line, as UTF-8."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(dialogue, ensure_ascii=False, default=vars) + "\n" for dialogue in dialogues)


def read_jsonl(path: Path) -> list[Dialogue]:
    """Read what `write_jsonl` wrote."""
    return list(_lines(path))


def _lines(path: Path) -> Iterator[Dialogue]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield Dialogue(
                id=row["id"],
                turns=tuple(Turn(turn["speaker"], turn["text"]) for turn in row["turns"]),
                topic=row["topic"],
                references=tuple(row["references"]),
                facts=parse_facts(row["facts"]),
            )
