"""The base corpus' form of a summary: a telegraphic note, so that the task's own style is left for fine-tuning.

Enters: labels and values. Leaves: one line.

    write_memo("진료 예약", [("이름", "김서준"), ("날짜", "3월 14일")], rng) -> "진료 예약: 날짜 3월 14일, 이름 김서준"
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


def write_memo(topic: str, items: Sequence[tuple[str, str]], rng: Random) -> str:
    """The items in an order drawn at random: the order must not tell which value comes next."""
    shuffled = rng.sample(list(items), len(items))
    return f"{topic}: " + ", ".join(f"{label} {value}" for label, value in shuffled)
