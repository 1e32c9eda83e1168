"""What experiments have left: the commits that DVC keeps under refs/exps, and the metrics in them.

Enters: the git repository. Leaves: for a name such as `phases-tiny--phase-1` its commit, its figures
(`{"rouge": {"rouge_mean": 70.1, …}, "train": …}`), and what differed in it from the values and the code of now.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dialsum.experiments.inputs import read_by_stages
from dialsum.experiments.repository import git
from dialsum.experiments.sets import PARAMS, WITHOUT_EFFECT, Experiment

SKIPPED = ("apply", "celery", "exec", "temp", "stash")  # what DVC keeps under refs/exps besides experiments


def experiments() -> dict[str, dict[str, str]]:
    """Of each name, the commits of its experiments by the commit that they started from."""
    listed = git("for-each-ref", "--format=%(refname) %(objectname)", "refs/exps") or ""
    found: dict[str, dict[str, str]] = {}
    for line in listed.splitlines():
        name, commit = line.split()
        parts = name.split("/")
        if len(parts) == 5 and parts[2] not in SKIPPED:
            found.setdefault(parts[4], {})[parts[2] + parts[3]] = commit
    return found


def differences(commit: str, experiment: Experiment, code: str | None = None) -> list[str]:
    """What is asked for now and was not so in a commit: values of params.yaml, and files that the stages read.

    `code`: the commit whose files are asked for; by default they are those of the working tree.
    """
    text = git("show", f"{commit}:{PARAMS}")
    then = YAML(typ="safe").load(text) if text else {}
    changed = [
        f"{key} was {before.get(key)}, is {now.get(key)}"
        for before, now in [(_flat(then), _flat(experiment.params))]
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
    ]
    files = git("diff", "--name-only", commit, *([code] if code else []), "--", *read_by_stages(experiment))
    return changed + [f"{file} has changed" for file in (files or "").splitlines()]


def figures(commit: str) -> dict[str, Any]:
    """The content of metrics/*.json in a commit, by file."""
    names = (git("ls-tree", "--name-only", commit, "metrics/") or "").splitlines()
    texts = {Path(name).stem: git("show", f"{commit}:{name}") for name in names if name.endswith(".json")}
    return {name: json.loads(text) for name, text in texts.items() if text}


def _flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if prefix == "" and key == WITHOUT_EFFECT:
            continue
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat
