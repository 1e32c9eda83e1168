"""What experiments have left: the commits that DVC keeps under refs/exps, and the metrics in them.

Enters: the git repository. Leaves: for a name such as `phases-tiny--phase-1` its commit, its figures
(`{"rouge": {"rouge_mean": 70.1, …}, "train": …}`), and what differed in it from the values and the code of now.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dialsum.errors import InputError
from dialsum.experiments.sets import PARAMS, WITHOUT_EFFECT, Experiment
from dialsum.params.strict import read_yaml
from dialsum.stages.location import written

PIPELINE = Path("dvc.yaml")
NOT_KEPT = (
    "git: what is not committed cannot be kept, so nothing was touched; mend what `git stash create` complains of, "
    "such as unmerged files or a full disk"
)
SKIPPED = ("apply", "celery", "exec", "temp", "stash")  # what DVC keeps under refs/exps besides experiments


def git(*arguments: str) -> str | None:
    """What a git command prints; None where it fails."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, encoding="utf-8")
    return done.stdout if done.returncode == 0 else None


def head() -> str:
    """The commit that experiments start from. Raises InputError outside a repository with a commit."""
    commit = git("rev-parse", "HEAD")
    if commit is None:
        raise InputError("git: there is no commit here; call this in the repository, after `git commit`")
    return commit.strip()


def tree() -> str:
    """A commit of the working tree as it is: HEAD, or one with the edits. Raises InputError as `edits` does."""
    return edits("the working tree") or head()


def edits(message: str) -> str:
    """What is not committed as a commit that no branch has; "" where there is nothing.

    Raises InputError where git cannot make one: to take that for nothing would cost the user the edits.
    """
    made = git("stash", "create", message)
    if made is None:
        raise InputError(NOT_KEPT)
    return made.strip()


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


def code(pipeline: Path = PIPELINE) -> list[str]:
    """dvc.yaml, and the deps in it that no stage writes."""
    stages = read_yaml(pipeline)["stages"].values()
    deps = {dep for stage in stages for dep in stage.get("deps", []) if "$" not in dep}
    outs = {out.as_posix() for out in written(pipeline)}
    return sorted({*(deps - outs), PIPELINE.as_posix()})


def read_by_stages(experiment: Experiment, pipeline: Path = PIPELINE) -> list[str]:
    """Files of git that decide about the result: the code, and the catalog's entry.

    Of the user's own data git has the note that `dvc add` wrote.
    """
    entry = f"catalog/{experiment.model}.yaml"
    return sorted({*code(pipeline), entry, f"{experiment.params['data']['dir']}.dvc"})
