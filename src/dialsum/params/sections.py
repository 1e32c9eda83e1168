"""All sections of params.yaml, to check the whole file before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dialsum.errors import InputError
from dialsum.modeling.catalog import read_entry
from dialsum.modeling.choice import senseless
from dialsum.params.cleaning import Cleaning
from dialsum.params.data import Data, Synthesis
from dialsum.params.generation import Generation
from dialsum.params.limits import Limits
from dialsum.params.model import Model
from dialsum.params.prompt import Prompt, Tokenize, without_effect
from dialsum.params.registry import Evaluation, Registry
from dialsum.params.serving import Serving
from dialsum.params.strict import parse, read_yaml
from dialsum.params.training import Training
from dialsum.params.validation import Validation

SECTIONS: dict[str, type] = {
    "data": Data,
    "synthesis": Synthesis,
    "validation": Validation,
    "cleaning": Cleaning,
    "model": Model,
    "prompt": Prompt,
    "tokenize": Tokenize,
    "training": Training,
    "generation": Generation,
    "evaluation": Evaluation,
    "registry": Registry,
    "serving": Serving,
    "limits": Limits,
}


def check(path: Path) -> None:
    """Raise an InputError that lists everything wrong with params.yaml: sections, keys and values."""
    faults = find_faults(read_yaml(path), str(path), path.parent / "catalog")
    if faults:
        raise InputError("\n".join(sorted(faults)))


def find_faults(content: dict[str, Any], where: str, catalog: Path) -> list[str]:
    """Everything wrong with the content of a params.yaml. `where` starts each message, as the name of the file."""
    faults = [
        f"{where}: {key}: unknown section; remove it, or correct its spelling" for key in content.keys() - SECTIONS
    ]
    for section, schema in SECTIONS.items():
        if section not in content:
            faults.append(f"{where}: {section}: this section is missing")
            continue
        try:
            # A section without any key is empty to YAML, and then all its keys are missing.
            parse(schema, {} if content[section] is None else content[section], f"{where}: {section}")
        except InputError as error:
            faults.append(str(error))
    if not any(fault.startswith(f"{where}: model") for fault in faults):
        faults += _entry_faults(where, content, catalog, faults)
    return faults


def _entry_faults(where: str, content: dict[str, Any], catalog: Path, known: list[str]) -> list[str]:
    """What is wrong with the file of catalog/ that `model.name` chooses, or with `prompt` and `training` for it.

    A section with faults of its own, which are `known`, is left out.
    """
    entry = catalog / f"{content['model']['name']}.yaml"
    if not entry.is_file():
        there = ", ".join(sorted(file.stem for file in entry.parent.glob("*.yaml")))
        return [f"{where}: model.name: there is no {entry}; expected is one of {there}"]
    try:
        chosen = read_entry(entry)
    except InputError as error:
        return [str(error)]

    def sound(section: str) -> bool:
        return not any(fault.startswith(f"{where}: {section}") for fault in known)

    faults = []
    if sound("prompt"):
        prompt = parse(Prompt, content["prompt"], f"{where}: prompt")
        faults += [f"{where}: prompt.{fault}" for fault in without_effect(prompt, chosen.family)]
    if sound("training"):
        fault = senseless(parse(Training, content["training"], f"{where}: training"), chosen)
        faults += [f"{where}: training.{fault}"] if fault else []
    return faults
