"""Section `cleaning`: what is mended in how a dialogue is written down."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from dialsum.params.strict import STRICT


@dataclass(frozen=True, config=STRICT)
class Cleaning:
    """One switch a step of `corpus.cleaning`, in the order of the steps; false leaves the text as it came in."""

    html_entities: bool
    invisible_characters: bool
    composed_hangul: bool
    escaped_newlines: bool
    breaks: bool
    repeated_letters: bool
    spaces: bool
    untagged_lines: bool
