"""What a difference of two systems shows.

verdict(Difference(mean=2.2, low=1.1, high=3.2, p=0.0001, wins=140, ties=60, losses=100)) == "better"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from dialsum.measures.significance import Difference

Verdict = Literal["better", "worse", "the same", "unclear"]
SIGNIFICANT = 0.05


def verdict(difference: Difference) -> Verdict:
    """Of the second system: better or worse where p < 0.05 and the 95 % interval leaves out 0."""
    if not difference.wins and not difference.losses:
        return "the same"
    if difference.p < SIGNIFICANT and difference.low > 0:
        return "better"
    if difference.p < SIGNIFICANT and difference.high < 0:
        return "worse"
    return "unclear"
