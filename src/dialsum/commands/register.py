"""`dialsum register`: the record and the model of what `dvc pull` brought, in a store that has neither.

Enters: dvc.lock, and the files that it names for stage `register`. Leaves: what that stage leaves in MLflow, by its own
code; and `.dialsum/recreated/<run id of the original>.json`, as models/mlflow_run.json stays as it was pulled:
the next `dvc repro` has nothing to do.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from dialsum.errors import InputError
from dialsum.params.strict import read_yaml

LOCK, PARAMS = Path("dvc.lock"), Path("params.yaml")
STAGE = "register"


@click.command()
def main() -> None:
    """Record and register again what `dvc pull` brought.

    After `git pull && dvc pull` the results of others are there, but your own MLflow store knows nothing of them. This
    writes the run and the version that `dvc repro` wrote on their machine, from the same files. It is done once: where
    the store has the record already, as after your own `dvc repro`, it is refused.
    """
    locked = read_yaml(LOCK).get("stages", {}).get(STAGE) if LOCK.is_file() else None
    if locked is None:
        raise InputError(f"{LOCK}: knows no results yet; `git pull` those of others, or make your own: `dvc repro`")
    _refuse_changed()
    arguments = shlex.split(locked["cmd"])
    arguments = arguments[arguments.index(STAGE) + 1 :]
    original = Path(arguments[arguments.index("--run") + 1])
    _register(arguments, original)


def _register(arguments: list[str], original: Path) -> None:
    """Run the stage with these arguments, but for the file that it writes, unless the store has the record."""
    from dialsum.params import sections
    from dialsum.records import store
    from dialsum.stages import register

    sections.check(PARAMS)
    run_id = json.loads(original.read_text(encoding="utf-8"))["run_id"]
    written = store.root() / ".dialsum" / "recreated" / f"{run_id}.json"
    known = [run_id, *([json.loads(written.read_text(encoding="utf-8"))["run_id"]] if written.exists() else [])]
    for one in known:
        if _is_finished(one):
            raise InputError(f"{store.uri()}: has this record already: run {one}; `dialsum registry list` shows it")
    written.parent.mkdir(parents=True, exist_ok=True)
    register.main([*arguments, "--run", str(written)], standalone_mode=False)


def _is_finished(run_id: str) -> bool:
    from mlflow.exceptions import MlflowException

    from dialsum.records import reach

    client = reach.connect()
    try:
        found = client.get_run(run_id).info
    except MlflowException:
        return False
    return bool(found.status == "FINISHED" and found.lifecycle_stage == "active")  # else it was deleted by hand


def _refuse_changed() -> None:
    """Raise InputError if the files are not those of dvc.lock: the record would tell of what never was."""
    command = [sys.executable, "-m", "dvc", "status", STAGE, "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"{LOCK}: `dvc status {STAGE}` failed: {' '.join(done.stderr.split())}")
    states: dict[str, str] = {}
    for finding in json.loads(done.stdout).get(STAGE, []):
        for changed in finding.values() if isinstance(finding, dict) else []:
            # What our code has become since does not alter what was trained and measured.
            states |= {path: str(state) for path, state in changed.items() if not path.startswith("src/")}
    if states:
        raise InputError(f"{', '.join(sorted(states))}: not as {LOCK} names them; {_remedy(states)}")


def _remedy(paths: Iterable[str]) -> str:
    """What to type: git has some as they were, DVC others; and where git's own do not fit together, nobody has."""
    tracked, edited = _git("ls-files", "-z", "--", *paths), _git("diff", "-z", "--name-only", "HEAD", "--", *paths)
    if set(tracked) - set(edited):
        return "results as these would give are made by `dvc repro`"
    steps = [f"`git checkout {shlex.join(edited)}`"] if edited else []
    if set(paths) - set(tracked):
        steps.append("`dvc pull` (`dvc checkout --force` for what you have changed)")
    return f"bring them back: {' and '.join(steps)}"


def _git(*arguments: str) -> list[str]:
    """The paths that git lists, each ended by a NUL."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True)
    return [path for path in done.stdout.split("\0") if path]
