"""Phrasings with slots and particles, as writers of scenarios write them.

Enters: a phrasing and the values of its slots. Leaves: the sentence.

    Template.parse("{food}{을/를} 주문하고 싶어요.").fill({"food": "김치찌개"}) == "김치찌개를 주문하고 싶어요."

A brace with a slash is a particle pair and agrees with all that stands before it; any other brace is a slot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dialsum.corpus.synthetic.particles import PAIRS, choose

_BRACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Template:
    """`parts` alternates literal text (even places) and the names within braces (odd places)."""

    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Raises ValueError for an unknown particle pair or a brace that is not closed."""
        parts = tuple(_BRACE.split(" ".join(text.split())))
        for literal in parts[::2]:
            if "{" in literal or "}" in literal:
                raise ValueError(f"unbalanced brace in {text!r}")
        for name in parts[1::2]:
            if "/" in name and name not in PAIRS:
                raise ValueError(f"unknown particle pair {name!r} in {text!r}")
        return cls(parts)

    def slots(self) -> tuple[str, ...]:
        """Names of the slots in order of first use."""
        return tuple(dict.fromkeys(name for name in self.parts[1::2] if "/" not in name))

    def fill(self, values: Mapping[str, str]) -> str:
        """The sentence. Raises KeyError for a slot without a value."""
        text = self.parts[0]
        for name, literal in zip(self.parts[1::2], self.parts[2::2], strict=True):
            text += choose(text, name) if "/" in name else values[name]
            text += literal
        return text
