"""Gates: what an experiment must reach, as experiments.yaml states it, against the figures that its run left.

Enters: criteria in words and the content of metrics/*.json. Leaves: PASS or FAIL, with the figure that was measured.

    train.max_grad_norm < 1.5                            a figure of metrics/train.json against a number
    train_speed.seconds_per_epoch <= 0.6 * phase-2       against that of another experiment of the set
    train.epoch_loss falls                               each value of a list is less than the one before
    rouge.rouge_mean kept phase-2                        its 95 % interval reaches up to that of the other
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from dialsum.errors import InputError

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
FORM = re.compile(
    r"(?P<figure>\w+(\.\w+)+)\s+"
    r"(?:(?P<falls>falls)|(?P<kept>kept)\s+(?P<before>[a-z]\S*)|(?P<sign><=|>=|<|>)\s*"
    r"(?:(?P<bound>-?[0-9.]+(?:e-?[0-9]+)?)|(?:(?P<factor>[0-9.]+)\s*\*\s*)?(?P<other>[a-z]\S*)))"
)
SECONDS = "train_speed.seconds_per_epoch"
PADDING = "train.padding_share"

Figures = Mapping[str, Any]  # {"train": {"max_grad_norm": 1.49, …}, …}: the content of metrics/*.json by file


@dataclass(frozen=True)
class Criterion:
    """`sign`: a comparison, `falls` or `kept`. The bound is a number, or `factor` times the figure of `other`."""

    text: str
    figure: str
    sign: str
    bound: float | None
    factor: float
    other: str | None


@dataclass(frozen=True)
class Judgement:
    """`measured`: the figure, as text; `note`: why it could not be otherwise, or ""."""

    criterion: str
    passed: bool
    measured: str
    note: str


def read_criterion(text: str, where: str) -> Criterion:
    """A criterion from its words. `where` starts the InputError's message."""
    found = FORM.fullmatch(text.strip())
    if found is None:
        raise InputError(
            f"{where}: {text!r}: should be as `train.max_grad_norm < 1.5`, `train.epoch_loss falls`, "
            "`rouge.rouge_mean kept phase-2` or `train_speed.seconds_per_epoch <= 0.6 * phase-2`"
        )
    sign = found["falls"] or found["kept"] or found["sign"]
    bound = float(found["bound"]) if found["bound"] else None
    return Criterion(text, found["figure"], sign, bound, float(found["factor"] or 1), found["before"] or found["other"])


def judge(criterion: Criterion, figures: Figures, others: Mapping[str, Figures]) -> Judgement:
    """Whether an experiment with these figures meets a criterion; `others`: those of the set by name.

    A figure that is missing fails: what was not measured was not reached.
    """
    value = look_up(figures, criterion.figure)
    other: Any = None if criterion.other is None else look_up(others.get(criterion.other, {}), criterion.figure)
    if value is None or (criterion.other is not None and other is None):
        missing = criterion.figure if value is None else f"{criterion.figure} of {criterion.other}"
        return Judgement(criterion.text, False, f"no {missing}", "")
    if criterion.sign == "falls":
        passed = len(value) > 1 and all(after < before for before, after in pairwise(value))
        return Judgement(criterion.text, passed, ", ".join(f"{one:.4g}" for one in value), "")
    if criterion.sign == "kept":
        return _kept(criterion, value, other, figures)
    bound = criterion.bound if other is None else criterion.factor * other
    assert bound is not None
    passed = COMPARISONS[criterion.sign](value, bound)
    measured = f"{value:.5g}" if other is None else f"{value:.5g} against {other:.5g}, {_change(value, other)}"
    return Judgement(criterion.text, passed, measured, "" if passed else _waste(criterion, others))


def look_up(figures: Figures, path: str) -> Any:
    """`train.max_grad_norm` of metrics/train.json; None where it is missing or null."""
    found: Any = figures
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _kept(criterion: Criterion, value: float, other: float, figures: Figures) -> Judgement:
    """A score is kept if the former one is not above its interval."""
    *file, name = criterion.figure.split(".")
    high = look_up(figures, ".".join([*file, "intervals", name, "high"]))
    measured = f"{value:.2f} (up to {high:.2f}) against {other:.2f}" if high else f"{value:.2f} against {other:.2f}"
    return Judgement(criterion.text, other <= (high or value), measured, "")


def _change(value: float, other: float) -> str:
    return f"{value / other - 1:+.0%}" if other else "of nothing"


def _waste(criterion: Criterion, others: Mapping[str, Figures]) -> str:
    """Of a time that was to fall: how much of it the other experiment's padding can have been."""
    if criterion.figure != SECONDS or criterion.other is None:
        return ""
    share = look_up(others[criterion.other], PADDING)
    if share is None or share >= 1 - criterion.factor:
        return ""
    return (
        f"of the tokens of {criterion.other}, {share:.0%} were padding: packing saves no more than that, "
        f"not {1 - criterion.factor:.0%}"
    )
