"""Searches of experiments.yaml: ranges of values, in which `dialsum tune` looks for the best.

Enters: section `searches` of experiments.yaml, and params.yaml. Leaves: a Search, checked before anything is queued,
and the experiment of each trial, such as `rates--trial-07`. A search of the file:

    rates:
      describe: learning rate and rank
      common: [model.name=tiny-llama]                              # before the values of each trial
      ranges:
        training.learning_rate: {low: 1e-3, high: 2e-2, log: true}   # both ends included
        training.lora.r: {choices: [8, 16]}
      metric: rouge.rouge_mean                                     # a figure of metrics/rouge.json
      trials: 12
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from dialsum.errors import InputError
from dialsum.experiments.gates import Figures, check_figure, is_of_kind, look_up, no_figure
from dialsum.experiments.sets import (
    ENDS,
    EXPERIMENTS,
    MODEL,
    Experiment,
    key_of,
    merged,
    override,
    quoted,
    read_section,
)
from dialsum.params.strict import STRICT, parse

Value = None | bool | int | float | str
MIDDLE = 0.37  # of a range, where a value is tried that is neither end, nor whole


@dataclass(frozen=True, config=STRICT)
class Range:
    """Of one key: what lies from `low` to `high`, whole numbers if both are whole, or one of `choices`.

    `log`: as likely from 1e-3 to 1e-2 as from 1e-2 to 1e-1.
    """

    low: int | float | None = None
    high: int | float | None = None
    log: bool = False
    choices: list[Value] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for what is no range."""
        if (self.choices is None) == (self.low is None or self.high is None):
            raise ValueError("should be {low: 1e-3, high: 2e-2}, {low: …, high: …, log: true} or {choices: [8, 16]}")
        if self.choices is not None:
            if self.low is not None or self.high is not None or self.log or not self.choices:
                raise ValueError("choices should be a list of values, without low, high and log")
            if len(set(map(repr, self.choices))) < len(self.choices):
                raise ValueError("choices should differ from each other")
            return
        assert self.low is not None
        assert self.high is not None
        if self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) should be less than high ({self.high:g})")
        if self.log and self.low <= 0:
            raise ValueError(f"low ({self.low:g}) should be more than 0 where log is true")

    @property
    def whole(self) -> bool:
        """Whether it is of whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def probes(self) -> Sequence[Value]:
        """Values that must be right if the range is."""
        if self.choices is not None:
            return self.choices
        assert self.low is not None
        assert self.high is not None
        return [self.low, self.high] + ([] if self.whole else [self.low + MIDDLE * (self.high - self.low)])


@dataclass(frozen=True, config=STRICT)
class Search:
    """As it stands in the file. `trials`: how many, if the command does not say."""

    describe: str
    ranges: Annotated[dict[str, Range], Field(min_length=1)]
    metric: Annotated[str, Field(pattern=r"^\w+(\.\w+)+$")]
    trials: Annotated[int, Field(ge=1)]
    direction: Literal["maximize", "minimize"] = "maximize"
    common: list[str] = field(default_factory=list)


def read_searches(path: Path = EXPERIMENTS) -> dict[str, Search]:
    """All searches. Raises InputError that names file and key; what the keys may hold is checked by `check`."""
    found = read_section("searches", path)
    for name in found.keys() & read_section("sets", path).keys():
        raise InputError(f"{path}: searches.{name}: a set has this name; give the search another")
    return {name: parse(Search, one, f"{path}: searches.{name}") for name, one in found.items()}


def choose(searches: dict[str, Search], name: str, path: Path = EXPERIMENTS) -> Search:
    """The search of that name. Raises InputError with the names that there are."""
    if name not in searches:
        there = f"expected is one of {', '.join(searches)}" if searches else "there is none yet"
        raise InputError(f"{path}: searches: there is no {name!r}; {there}")
    return searches[name]


def check(name: str, chosen: Search, model: str | None = None, path: Path = EXPERIMENTS) -> Experiment:
    """A search that is sound, as an experiment with the first value of each range.

    Raises InputError that lists every key of a range that params.yaml does not have, or that cannot hold its values: of
    each range the ends, or all choices, are tried, the other ranges at their first.
    """
    where = f"{path}: searches.{name}"
    fixed = [*chosen.common, *_model(model)]
    if twice := chosen.ranges.keys() & set(map(key_of, fixed)):
        raise InputError(f"{where}.ranges: {', '.join(sorted(twice))}: has one value by common or --model; remove one")
    faults = []
    for words, of in [(merged(fixed), f"{where}.common"), *_probes(chosen, fixed, where)]:
        try:
            override(words, of)
        except InputError as error:
            faults += [line for line in str(error).splitlines() if line not in faults]
        if faults and of.endswith(".common"):
            break
    if faults:
        raise InputError("\n".join(faults))
    check_figure(chosen.metric, f"{where}.metric")
    return experiment(name, chosen, 0, {key: one.probes()[0] for key, one in chosen.ranges.items()}, model, path)


def score_of(figures: Figures, metric: str, where: str) -> float:
    """The metric in the content of metrics/*.json. Raises InputError with what there is, if there is no such number."""
    found = look_up(figures, metric)
    if not is_of_kind(found):
        raise no_figure(figures, metric, where)
    return float(found)


def _probes(chosen: Search, fixed: list[str], where: str) -> list[tuple[list[str], str]]:
    first = {key: one.probes()[0] for key, one in chosen.ranges.items()}
    return [
        (merged([*fixed, *words({**first, key: value})]), f"{where}.ranges")
        for key, one in chosen.ranges.items()
        for value in one.probes()
    ]


def title_of(name: str, model: str | None = None) -> str:
    """The name of a study: that of the search, with a model of one's own `rates@qwen3-4b`."""
    return name if model is None else f"{name}@{model}"


def name_of(number: int) -> str:
    """`trial-07`: the number is Optuna's, from 0."""
    return f"trial-{number:02d}"


def experiment(
    name: str,
    chosen: Search,
    number: int,
    values: Mapping[str, Value],
    model: str | None = None,
    path: Path = EXPERIMENTS,
) -> Experiment:
    """A trial as an experiment. Raises InputError if its values do not go together."""
    overrides = merged([*chosen.common, *_model(model), *words(values)])
    short = name_of(number)
    params = override(overrides, f"{path}: searches.{name}: {short}")
    return Experiment(short, f"{title_of(name, model)}{ENDS}{short}", tuple(overrides), params)


def words(values: Mapping[str, Value]) -> list[str]:
    """Values as one types them after -S, so that DVC reads the very same: 0.1 + 0.2 is `0.30000000000000004`."""
    return [f"{key}={_written(value)}" for key, value in values.items()]


def _written(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and not _read_as(value, value):
        return quoted(value)
    return value if isinstance(value, str) else repr(value)


def _read_as(text: str, value: str) -> bool:
    """Whether DVC reads a text without quotes as this value."""
    from dvc.utils.hydra import to_hydra_overrides

    try:
        (read,) = to_hydra_overrides([f"key={text}"])
        found: Any = read.value()
    except Exception:  # hydra's own
        return False
    return not read.is_sweep_override() and type(found) is str and found == value


def _model(model: str | None) -> list[str]:
    return [] if model is None else [f"{MODEL}={model}"]
