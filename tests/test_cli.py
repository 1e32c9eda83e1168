from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dialsum import cli

SOURCE = Path(cli.__file__).parents[1]


def call(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dialsum.cli", *arguments]
    environment = {"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_exists_and_is_described_alike(name: str) -> None:
    command = importlib.import_module(cli.module_of(name)).main
    assert isinstance(command, click.Command)
    assert command.get_short_help_str(100).startswith(cli.COMMANDS[name].rstrip("."))


def test_a_search_is_called_a_search() -> None:
    """And not a set, which `dialsum experiments` takes."""
    text = CliRunner().invoke(cli.group, ["tune", "--help"]).output
    assert " tune [OPTIONS] SEARCH\n" in text
    assert " SEARCH--trial-NN" in text


def test_help_lists_all_commands_and_imports_none(tmp_path: Path) -> None:
    code = "import sys; from dialsum import cli; cli.group(['--help'], standalone_mode=False)"
    check = "; print([name for name in sys.modules if name.startswith(('dialsum.commands', 'mlflow', 'torch'))])"
    done = subprocess.run(
        [sys.executable, "-c", code + check],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.stdout.endswith("[]\n"), done.stderr
    assert all(name in done.stdout for name in cli.COMMANDS)


def test_what_the_user_can_mend_is_one_line(tmp_path: Path) -> None:
    done = call("experiment", "--", "--queue", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: overrides: '--queue' should be key=value, as training.seed=1\n"


def test_an_unknown_command(tmp_path: Path) -> None:
    done = call("nothing", cwd=tmp_path)
    assert (done.returncode, "No such command 'nothing'" in done.stderr) == (2, True)
