"""Gates: what an experiment must reach, as experiments.yaml states it, against the figures that its run left.

Enters: criteria in words and the content of metrics/*.json. Leaves: PASS, FAIL or OPEN (it cannot be judged), with the
figure that was measured.

    train.max_grad_norm < 1.5                            a figure of metrics/train.json against a number
    train_speed.seconds_per_epoch <= 0.6 * phase-2       against that of another experiment of the set
    train.epoch_loss falls                               each value of a list is less than the one before
    rouge.rouge_mean kept phase-2                        not shown to be worse, over the same dev rows
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dialsum.errors import InputError
from dialsum.measures.verdict import verdict

if TYPE_CHECKING:
    from dialsum.measures.significance import Difference

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?"
NAME = r"(?=\S*[a-z])[a-z0-9]\S*"  # of an experiment; one of digits alone would be a number
FORM = re.compile(
    rf"(?P<figure>\w+(\.\w+)+)\s+"
    rf"(?:(?P<falls>falls)|(?P<kept>kept)\s+(?P<before>{NAME})|(?P<sign><=|>=|<|>)\s*"
    rf"(?:(?P<bound>-?{NUMBER})|(?:(?P<factor>{NUMBER})\s*\*\s*)?(?P<other>{NAME})))"
)
KEPT = (  # the figures of which more is better
    "rouge.rouge1",
    "rouge.rouge2",
    "rouge.rougeL",
    "rouge.rouge_mean",
    "rouge.rouge_sum",
    "rouge.fact_recall",
    "rouge.fact_recall_seen",
    "rouge.fact_recall_unseen",
    "rouge.stop_rate",
)
SPEED = "train_speed."
SECONDS = f"{SPEED}seconds_per_epoch"
PADDING = "train.padding_share"
METRICS = Path("metrics")
OF_TRAINING = ("train", "train_speed")  # files that lack most figures where nothing was trained
UNEQUAL = "epochs with other rows or tokens: their seconds do not compare"
ABOUT = 2.0  # over the same rows, tokens differ by less: by the prompt's form and the model's tokenizer
COMPANY = "times compare only where both had as much company; under --jobs 2 the last of a set runs alone"

Figures = Mapping[str, Any]  # {"train": {"max_grad_norm": 1.49, …}, …}: the content of metrics/*.json by file
# Of two experiments, how much more the second has, by score, over the rows of both; empty where they share none.
Paired = Callable[[str, str], Mapping[str, "Difference"]]


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
    """`passed`: None where it cannot be judged. `measured`: the figure, as text; `note`: what to know of it, or ""."""

    criterion: str
    passed: bool | None
    measured: str
    note: str

    @property
    def word(self) -> str:
        """For the reader."""
        return "OPEN" if self.passed is None else "PASS" if self.passed else "FAIL"

    @property
    def told(self) -> str:
        """What was measured, and the note."""
        return f"{self.measured} ({self.note})" if self.note else self.measured


def read_criterion(text: str, where: str) -> Criterion:
    """A criterion from its words. `where` starts the InputError's message."""
    found = FORM.fullmatch(text.strip())
    if found is None:
        raise InputError(
            f"{where}: {text!r}: should be as `train.max_grad_norm < 1.5`, `train.epoch_loss falls`, "
            "`rouge.rouge_mean kept phase-2` or `train_speed.seconds_per_epoch <= 0.6 * phase-2`"
        )
    if found["kept"] and found["figure"] not in KEPT:
        raise InputError(
            f"{where}: {text!r}: kept is for figures of which more is better: expected is one of {', '.join(KEPT)}; "
            f"write others as `{found['figure']} <= {found['before']}`"
        )
    sign = found["falls"] or found["kept"] or found["sign"]
    bound = float(found["bound"]) if found["bound"] else None
    return Criterion(text, found["figure"], sign, bound, float(found["factor"] or 1), found["before"] or found["other"])


def check(criterion: Criterion, where: str) -> None:
    """Raise InputError if the last run has left no such figure as a criterion asks for. `where` starts the message."""
    check_figure(criterion.figure, where, listed=criterion.sign == "falls")


def check_figure(path: str, where: str, listed: bool = False) -> None:
    """Raise InputError if the last run has left no such number or list in a figure's file, or no stage writes the file.

    A run that has trained nothing does not tell; a figure that is null there may be a number in another run.
    """
    file = METRICS / f"{path.partition('.')[0]}.json"
    if not file.is_file():
        _check_written(file, f"{where}: {path}")
        return
    trained = _read(METRICS / "train.json") if file.stem in OF_TRAINING else {"steps": None}
    figures = {file.stem: _read(file)}
    parent, _, name = path.rpartition(".")
    above = look_up(figures, parent)
    null = isinstance(above, Mapping) and name in above and above[name] is None
    if trained.get("steps") != 0 and not null and not is_of_kind(look_up(figures, path), listed):
        raise no_figure(figures, path, where, listed)


def _check_written(file: Path, where: str) -> None:
    from dialsum.stages.location import written

    outs = written(Path("dvc.yaml"))
    if file not in outs:
        there = ", ".join(out.stem for out in outs if out.parent == METRICS)
        raise InputError(f"{where}: no stage of dvc.yaml writes {file}; expected is a figure of {there}")


def _read(file: Path) -> Mapping[str, Any]:
    content = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return content if isinstance(content, dict) else {}


def is_of_kind(value: object, listed: bool = False) -> bool:
    """Whether a figure is a number, or a list of numbers."""
    if listed:
        return isinstance(value, list) and all(map(is_of_kind, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def no_figure(figures: Figures, path: str, where: str, listed: bool = False) -> InputError:
    """The error that names what there is in place of a figure."""
    file = path.partition(".")[0]
    there = [
        f"{one}.{key}"
        for one in ([file] if file in figures else figures)
        for key, value in figures[one].items()
        if is_of_kind(value, listed)
    ]
    expected = f"expected is one of {', '.join(there)}" if there else "there is none at all"
    return InputError(f"{where}: there is no {'list of numbers' if listed else 'number'} {path}; {expected}")


def judge(criterion: Criterion, name: str, figures: Mapping[str, Figures], paired: Paired) -> Judgement:
    """Whether an experiment meets a criterion. `figures`: those of all that are finished in the set, by name.

    A figure that is missing fails: what was not measured was not reached. So does one of another kind. Where it is
    missing of the other experiment, nothing is known of this one.
    """
    value = look_up(figures[name], criterion.figure)
    other: Any = None if criterion.other is None else look_up(figures.get(criterion.other, {}), criterion.figure)
    if value is None:
        return Judgement(criterion.text, False, f"no {criterion.figure}", "")
    if criterion.other is not None and other is None:
        there = criterion.other in figures
        why = f"there is no {criterion.figure} of {criterion.other}" if there else f"{criterion.other} is not there"
        return Judgement(criterion.text, None, f"cannot be judged: {why}", "")
    falls = criterion.sign == "falls"
    if not is_of_kind(value, falls) or (criterion.other is not None and not is_of_kind(other)):
        return Judgement(
            criterion.text, False, f"{criterion.figure} is no {'list of numbers' if falls else 'number'}", ""
        )
    if falls:
        passed = len(value) > 1 and all(after < before for before, after in pairwise(value))
        return Judgement(criterion.text, passed, ", ".join(f"{one:.4g}" for one in value), "")
    if criterion.sign == "kept":
        return _kept(criterion, value, other, figures[name], paired(criterion.other or "", name))
    bound = criterion.bound if other is None else criterion.factor * other
    assert bound is not None
    passed = COMPARISONS[criterion.sign](value, bound)
    measured = f"{value:.5g}" if other is None else f"{value:.5g} against {other:.5g}, {_change(value, other)}"
    notes = ["" if passed else _waste(criterion, figures)]
    if (
        criterion.other is not None
        and criterion.figure == SECONDS
        and not same_epochs(figures[name], figures[criterion.other])
    ):
        notes.append(UNEQUAL)
    if criterion.other is not None and criterion.figure.startswith(SPEED):
        notes.append(COMPANY)
    return Judgement(criterion.text, passed, measured, "; ".join(note for note in notes if note))


def look_up(figures: Figures, path: str) -> Any:
    """`train.max_grad_norm` of metrics/train.json; None where it is missing or null."""
    found: Any = figures
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def same_epochs(one: Figures, other: Figures) -> bool:
    """Whether the seconds of their epochs compare: an epoch has as many rows in both, and about as many tokens."""
    rows, tokens = ([look_up(figures, path) for figures in (one, other)] for path in ("train.rows", "train.tokens"))
    return rows[0] == rows[1] and (tokens[0] == tokens[1] or (all(tokens) and max(tokens) < ABOUT * min(tokens)))


def _kept(
    criterion: Criterion, value: float, other: float, figures: Figures, differences: Mapping[str, Difference]
) -> Judgement:
    """A score is kept if it is not shown to be worse: by the paired tests, or where rows are lost by its interval."""
    *file, name = criterion.figure.split(".")
    if found := differences.get(name) if file == ["rouge"] else None:
        around = f"{found.mean:+.2f}, 95 % {found.low:+.2f} to {found.high:+.2f}, p {found.p:.4f}"
        return Judgement(
            criterion.text, verdict(found) != "worse", f"{value:.2f} against {other:.2f} ({around})", "row by row"
        )
    high = look_up(figures, ".".join([*file, "intervals", name, "high"]))
    measured = f"{value:.2f} (up to {high:.2f}) against {other:.2f}" if high else f"{value:.2f} against {other:.2f}"
    note = f"by {'its interval' if high else 'the mean'} alone: there are no rows to compare"
    return Judgement(criterion.text, other <= (high or value), measured, note)


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
