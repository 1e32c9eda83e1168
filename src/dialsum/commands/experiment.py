"""`dialsum experiment`: `dvc exp run` with overrides that come as one text, as `mlflow run` passes them.

Enters: `training.learning_rate=2e-5 training.seed=1`, each as one would type it after -S.
Leaves: `dvc exp run -S training.learning_rate=2e-5 -S training.seed=1` in place of this process.
"""

from __future__ import annotations

import os
import shlex

import click

from dialsum.errors import InputError


@click.command()
@click.argument("overrides")
def main(overrides: str) -> None:
    """Run one experiment with other values: OVERRIDES is one text, quoted as for a shell."""
    command = ["dvc", "exp", "run", *arguments(overrides)]
    try:
        os.execvp(command[0], command)
    except FileNotFoundError as error:
        raise InputError("dvc: not found on PATH; activate .venv, or run `make repro` to create it") from error


def arguments(overrides: str) -> list[str]:
    """`-S` before each override. Raises InputError for what is no `key=value`, so that none can be an option of dvc."""
    try:
        words = shlex.split(overrides)
    except ValueError as error:
        raise InputError(f"overrides: {overrides!r}: {error}; each is key=value, quoted as for a shell") from error
    for word in words:
        key, equals, _ = word.partition("=")
        if not equals or not key or key.startswith("-"):
            raise InputError(f"overrides: {word!r} should be key=value, as training.seed=1")
    return [item for word in words for item in ("-S", word)]
