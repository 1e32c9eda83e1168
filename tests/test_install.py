"""install.sh says in one line why an environment cannot be made; the Makefile calls it once and not again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TARGETS = ["repro", "test", "check", "ui", "serve"]

# An interpreter that is new enough, has venv, and makes environments whose Python writes down what it is asked.
SOUND = """#!/bin/sh
echo "python $*" >>"$LOG"
case "$*" in
--version) echo "Python 3.12.1" ;;
"-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
esac
exit 0
"""
OLD = """#!/bin/sh
case "$*" in
--version) echo "Python 3.9.2" ;;
*version_info*) exit 1 ;;
esac
exit 0
"""
WITHOUT_VENV = """#!/bin/sh
case "$*" in
*ensurepip*) echo "ModuleNotFoundError: No module named 'ensurepip'" >&2; exit 1 ;;
esac
exit 0
"""
PIP_FAILS = SOUND.replace("exit 0", 'case "$*" in *"-m pip "*) echo "pip: no network" >&2; exit 1 ;; esac\nexit 0')
DF = """#!/bin/sh
echo "Filesystem 1048576-blocks Used Available Capacity Mounted on"
echo "/dev/a 100 80 {free} 80% /"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What `make` needs of a fresh clone, in a folder whose name has a blank, and a folder for programs."""
    folder = tmp_path / "a clone"
    (folder / "programs").mkdir(parents=True)
    for name in ("Makefile", "install.sh", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    program(folder, "python3", SOUND)
    program(folder, "df", DF.format(free=90_000))
    return folder


def program(folder: Path, name: str, text: str) -> None:
    path = folder / "programs" / name
    path.write_text(text)
    path.chmod(0o755)


def call(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{folder / 'programs'}:/usr/bin:/bin",
        "LOG": str(folder / "log"),
        "HOME": os.environ.get("HOME", "/"),
        "LC_ALL": "C",
        **variables,
    }
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def refusal(folder: Path, **variables: str) -> str:
    """The one line on stderr of an installation that cannot be."""
    done = call(folder, "sh", "install.sh", ".venv", **variables)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("error: ").rstrip("\n")


def logged(folder: Path) -> list[str]:
    path = folder / "log"
    return path.read_text().splitlines() if path.exists() else []


def test_an_old_python_is_named_with_its_version(project: Path) -> None:
    program(project, "python3", OLD)
    assert refusal(project) == "Python 3.9.2 is too old; Python 3.11 or later is needed: make PYTHON=python3.12 …"


def test_a_python_without_venv_names_the_package(project: Path) -> None:
    program(project, "python3", WITHOUT_VENV)
    assert refusal(project) == "python3 has no venv module; on Debian or Ubuntu: apt install python3-venv"


def test_a_full_disk_says_what_is_needed(project: Path) -> None:
    program(project, "df", DF.format(free=812))
    assert re.fullmatch(r"812 MiB free on this disk; the environment needs about \d+ MiB", refusal(project))
    assert not (project / ".venv").exists()


def test_a_missing_interpreter_is_named(project: Path) -> None:
    message = refusal(project, PYTHON="python3.99")
    assert message.startswith("python3.99 is not installed; install Python 3.11 or later, or name one: make PYTHON=")


def test_the_environment_is_made_and_what_it_gets_is_pinned(project: Path) -> None:
    done = call(project, "sh", "install.sh", ".venv")
    assert (done.returncode, done.stderr) == (0, "")
    installs = [line for line in logged(project) if "pip install" in line]
    assert len(installs) == 2
    assert installs[0].endswith("-r requirements.lock")
    assert "--no-deps" in installs[1]
    assert (project / ".venv" / ".installed").is_file()


def test_packages_that_cannot_be_installed_leave_no_mark(project: Path) -> None:
    program(project, "python3", PIP_FAILS)
    done = call(project, "sh", "install.sh", ".venv")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "pip: no network",
        "error: the packages could not be installed; see above, and run the command again",
    ]
    assert not (project / ".venv" / ".installed").exists()


def test_a_broken_environment_is_finished_though_the_disk_is_nearly_full(project: Path) -> None:
    """The second call after a cut connection: most of the space is taken by the first."""
    program(project, "df", DF.format(free=812))
    program(project, "python3", SOUND)
    (project / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(project / "programs" / "python3", project / ".venv" / "bin" / "python")
    assert call(project, "sh", "install.sh", ".venv").returncode == 0


def test_an_environment_whose_making_was_cut_short_is_made_again(project: Path) -> None:
    """Its Python is there, but not its pip."""
    (project / ".venv" / "bin").mkdir(parents=True)
    program(project, "cut", PIP_FAILS)
    shutil.move(project / "programs" / "cut", project / ".venv" / "bin" / "python")
    assert call(project, "sh", "install.sh", ".venv").returncode == 0
    assert (project / ".venv" / ".installed").is_file()


@pytest.mark.parametrize("target", TARGETS)
def test_make_installs_first_where_there_is_no_environment(project: Path, target: str) -> None:
    planned = call(project, "make", "-n", target)
    assert planned.returncode == 0
    first, second, *_ = planned.stdout.splitlines()
    assert first == 'PYTHON="python3" sh install.sh .venv'
    assert second.startswith(".venv/bin/")


@pytest.mark.parametrize("target", TARGETS)
def test_a_second_call_installs_nothing(project: Path, target: str) -> None:
    assert call(project, "make", ".venv/.installed").returncode == 0
    planned = call(project, "make", "-n", target)
    assert planned.returncode == 0
    assert "install.sh" not in planned.stdout
    assert planned.stdout.startswith(".venv/bin/")


def test_new_pins_are_installed(project: Path) -> None:
    assert call(project, "make", ".venv/.installed").returncode == 0
    later = (project / ".venv" / ".installed").stat().st_mtime + 10
    os.utime(project / "requirements.lock", (later, later))
    assert "install.sh" in call(project, "make", "-n", "repro").stdout


def test_a_failed_installation_stops_make_with_its_line(project: Path) -> None:
    program(project, "python3", OLD)
    done = call(project, "make", "repro")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].startswith("error: Python 3.9.2 is too old")
    assert not any(line.startswith("python") for line in logged(project))


def test_help_needs_no_environment(project: Path) -> None:
    (project / "programs" / "python3").unlink()
    done = call(project, "make")
    assert done.returncode == 0
    assert all(f"make {target}" in done.stdout for target in [*TARGETS, "help", "test-slow"])
    assert not (project / ".venv").exists()


def test_torch_is_pinned_exactly() -> None:
    """A plain `torch` may bring several GB of CUDA packages, or another version's numbers."""
    pins = (ROOT / "requirements.lock").read_text().splitlines()
    assert [line for line in pins if line.startswith("torch==")]
    requirements = [line for line in pins if line.strip() and not line.lstrip().startswith(("#", "-"))]
    assert all("==" in line or " @ " in line for line in requirements)
