"""experiments.yaml: named sets of named experiments, each a list of overrides as one would type them after `-S`.

Enters: experiments.yaml and params.yaml. Leaves: the experiments of a set, each with the whole params.yaml that it
would run with, or an InputError before anything is queued. A set of the file:

    phases-tiny:
      describe: the ideas of the phases, scaled to tiny-llama
      common: [training.epochs=2.0]             # before the overrides of each experiment
      experiments:
        phase-0: [training.scheduler=constant]
        phase-1: [training.scheduler=cosine]
      gates:                                    # experiments.gates
        phase-1: {criteria: [train.max_grad_norm < 1.5], otherwise: lower the learning rate}

DVC knows an experiment as SET--NAME (`phases-tiny--phase-1`), with a model of one's own SET@MODEL--NAME.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass as plain_dataclass
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from dialsum.errors import InputError
from dialsum.experiments.gates import Criterion, check, read_criterion
from dialsum.params.sections import find_faults
from dialsum.params.strict import STRICT, parse, read_yaml

EXPERIMENTS, PARAMS = Path("experiments.yaml"), Path("params.yaml")
SECTIONS = {"sets", "searches"}  # of the file; experiments.searches reads the second
ENDS = "--"  # what stands between the set and the experiment in a name
MODEL = "model.name"
WITHOUT_EFFECT = "limits"  # the section on which no result depends

NAME = r"[a-z0-9]+([._-][a-z0-9]+)*(?<!\.lock)"  # part of a git ref, and without ENDS


@dataclass(frozen=True, config=STRICT)
class Gate:
    """What an experiment must reach, and what to do where it does not."""

    criteria: Annotated[list[str], Field(min_length=1)]
    otherwise: str


@dataclass(frozen=True, config=STRICT)
class Set:
    """As it stands in the file. A gate bears the name of an experiment."""

    describe: str
    experiments: Annotated[dict[str, list[str]], Field(min_length=1)]
    common: list[str] = field(default_factory=list)
    gates: dict[str, Gate] = field(default_factory=dict)


@plain_dataclass(frozen=True)
class Experiment:
    """`name`: in its set. `title`: for DVC. `overrides`: as after -S. `params`: params.yaml with them, all sections."""

    name: str
    title: str
    overrides: tuple[str, ...]
    params: dict[str, Any]

    @property
    def model(self) -> str:
        """The file of catalog/ that it runs with."""
        return str(self.params["model"]["name"])

    @property
    def entry(self) -> str:
        """The catalog's entry of that model."""
        return f"catalog/{self.model}.yaml"


def read_sets(path: Path = EXPERIMENTS) -> dict[str, Set]:
    """All sets. Raises InputError that names file and key; overrides are checked by `plan`."""
    sets = {name: parse(Set, one, f"{path}: sets.{name}") for name, one in read_section("sets", path).items()}
    for name, one in sets.items():
        for short in one.experiments:
            _check_name(short, f"{path}: sets.{name}.experiments.{short}")
        for gated, gate in one.gates.items():
            where = f"{path}: sets.{name}.gates.{gated}"
            if gated not in one.experiments:
                raise InputError(f"{where}: no experiment of this set; expected is one of {', '.join(one.experiments)}")
            before = list(one.experiments)[: list(one.experiments).index(gated)]
            for text in gate.criteria:
                other = read_criterion(text, where).other
                if other is not None and other not in one.experiments:
                    raise InputError(f"{where}: {text!r}: there is no experiment {other!r} in this set")
                # Under --gated the later ones have not run when it is judged: it could never be passed.
                if other is not None and other not in before:
                    raise InputError(f"{where}: {text!r}: {other!r} should stand before {gated!r} in this set")
    return sets


def read_section(section: str, path: Path = EXPERIMENTS) -> dict[str, Any]:
    """What stands under `sets` or `searches`, by name. Raises InputError if the file or a name is not as it should."""
    content = read_yaml(path)
    if "sets" not in content or content.keys() - SECTIONS or not all(isinstance(one, dict) for one in content.values()):
        raise InputError(
            f"{path}: should hold sets by name under the key sets, and may hold searches under searches; "
            f"it holds {', '.join(map(str, content))}"
        )
    found = {str(name): one for name, one in content.get(section, {}).items()}
    for name in found:
        _check_name(name, f"{path}: {section}.{name}")
    return found


def _check_name(name: str, where: str) -> None:
    if re.fullmatch(NAME, name) is None:
        raise InputError(
            f"{where}: should be a name of a-z and 0-9, with single dots, hyphens and underscores between them, and "
            "not end in .lock, which git refuses"
        )


def choose(sets: dict[str, Set], name: str, path: Path = EXPERIMENTS) -> Set:
    """The set of that name. Raises InputError with the names that there are, or what to do with a search."""
    search, _, model = name.partition("@")
    if name not in sets and search in read_section("searches", path):
        line = f"dialsum tune {search}{f' --model {model}' if model else ''}"
        raise InputError(
            f"{path}: {name} is a search, no set: `{line}` runs it, and shows its trials when all are done; "
            f"`dialsum report --experiments {name}{ENDS}trial-00 {name}{ENDS}trial-01` compares some"
        )
    if name not in sets:
        there = f"expected is one of {', '.join(sets)}" if sets else "there is none yet"
        raise InputError(f"{path}: sets: there is no {name!r}; {there}")
    return sets[name]


def criteria(gate: Gate) -> list[Criterion]:
    """What a gate asks for, read."""
    return [read_criterion(text, "gate") for text in gate.criteria]


def check_gates(name: str, chosen: Set, path: Path = EXPERIMENTS) -> None:
    """Raise InputError that lists the criteria which ask for what the last run has not left."""
    faults = []
    for gated, gate in chosen.gates.items():
        for criterion in criteria(gate):
            try:
                check(criterion, f"{path}: sets.{name}.gates.{gated}: {criterion.text!r}")
            except InputError as error:
                faults.append(str(error))
    if faults:
        raise InputError("\n".join(faults))


def plan(name: str, chosen: Set, model: str | None = None, path: Path = EXPERIMENTS) -> list[Experiment]:
    """The experiments of a set in order, checked against params.yaml.

    `model`: where the set's experiments name models of their own, only those with this one; else all of them, with it.
    Raises InputError that lists every override that is wrong.
    """
    picked = chosen.experiments
    own = {short: words for short, words in picked.items() if MODEL in map(key_of, words)}
    added: list[str] = []
    title = name
    if model is not None and own:
        picked = {short: words for short, words in own.items() if f"{MODEL}={model}" in words}
        if not picked:
            raise InputError(f"{path}: sets.{name}: no experiment has {MODEL}={model}")
    elif model is not None:
        _check_model(model)
        added, title = [f"{MODEL}={model}"], f"{name}@{model}"
    faults: list[str] = []
    planned = []
    for short, words in picked.items():
        overrides = merged([*chosen.common, *words, *added])
        try:
            params = override(overrides, f"{path}: sets.{name}.experiments.{short}")
        except InputError as error:
            faults.append(str(error))
            continue
        planned.append(Experiment(short, f"{title}{ENDS}{short}", tuple(overrides), params))
    if faults:
        raise InputError("\n".join(faults))
    return planned


def _check_model(model: str) -> None:
    there = sorted(file.stem for file in PARAMS.with_name("catalog").glob("*.yaml"))
    if model not in there:
        raise InputError(f"--model: there is no catalog/{model}.yaml; expected is one of {', '.join(there)}")


def merged(words: Iterable[str]) -> list[str]:
    """One override a key: the last counts, in the place of the first."""
    return list({key_of(word): word for word in words}.values())


def key_of(word: str) -> str:
    """`training.seed` of `training.seed=1`."""
    return word.partition("=")[0]


def quoted(text: str) -> str:
    """A value that means itself to DVC, whatever is in it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def override(words: list[str], where: str, params: Path = PARAMS) -> dict[str, Any]:
    """params.yaml with overrides, as DVC itself would write it. Raises InputError that lists what is wrong."""
    from dvc.exceptions import DvcException
    from dvc.utils.hydra import apply_overrides, to_hydra_overrides

    content = read_yaml(params)
    faults = [f"{where}: {fault}" for word in words if (fault := _wrong_form(word, content))]
    for word in [] if faults else words:
        try:
            sweep = any(one.is_sweep_override() for one in to_hydra_overrides([word]))
        except Exception:  # hydra's own, in the words of its parser
            key, _, value = word.partition("=")
            remedy = f'if it is a text, put it in quotes: "{key}={quoted(value)}"'
            faults.append(f"{where}: {word!r}: cannot be read; {remedy}")
            continue
        if sweep:
            faults.append(f"{where}: {word!r}: has several values; name an experiment for each")
    if faults:
        raise InputError("\n".join(faults))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(params, folder))
        try:
            apply_overrides(str(copy), words)
        except DvcException as error:
            raise InputError(f"{where}: {error}") from error
        content = read_yaml(copy)
    faults = find_faults(content, where, params.parent / "catalog")
    if faults:
        raise InputError("\n".join(sorted(faults)))
    return content


def _wrong_form(word: str, content: dict[str, Any]) -> str | None:
    """What is wrong with an override before its value is looked at."""
    key, equals, _ = word.partition("=")
    if not equals:
        return f"{word!r}: should be key=value, as training.seed=1"
    if key.partition(".")[0] == WITHOUT_EFFECT:
        return f"{word!r}: is of this machine, and no result depends on it; change it in params.yaml"
    found: Any = content
    for part in key.split("."):
        if not isinstance(found, dict) or part not in found:
            return f"{word!r}: params.yaml has no {key}; correct its spelling"
        found = found[part]
    return f"{word!r}: {key} is a section; name one of its keys" if isinstance(found, dict) else None
