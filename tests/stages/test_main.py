"""`python -m dialsum.stages NAME …` as a process: what a user sees of a fault, and that no work was done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "catalog", tmp_path / "catalog")
    for file in (ROOT / "tests" / "params.yaml", ROOT / "dvc.yaml"):
        shutil.copy(file, tmp_path)
    return tmp_path


def stage(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "dialsum.stages", *arguments]
    return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, timeout=120)


def spoil(repository: Path, old: str, new: str) -> None:
    path = repository / "params.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "  learning_rate: null",
            "  learning_rate: fast",
            "error: params.yaml: training.learning_rate: input should be a valid number, got 'fast'\n",
        ),
        (
            "  max_rows: 64",
            "  max_row: 64",
            "error: params.yaml: serving.max_rows: this key is missing; every value is chosen in this file\n"
            "params.yaml: serving.max_row: unknown key; remove it, or correct its spelling\n",
        ),
    ],
)
def test_the_first_stage_refuses_a_wrong_value_of_the_last(repository: Path, old: str, new: str, message: str) -> None:
    spoil(repository, old, new)
    done = stage(repository, "synthesize", "--out", "data/synthetic")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)
    assert not (repository / "data").exists()


def test_a_data_folder_that_the_pipeline_writes_is_refused_before_any_work(repository: Path) -> None:
    spoil(repository, "  dir: data/synthetic ", "  dir: data ")
    done = stage(repository, "synthesize", "--out", "data/synthetic")
    assert done.returncode == 1
    assert done.stderr.startswith("error: params.yaml: data.dir: data: the pipeline itself writes data/")
    assert done.stderr.count("\n") == 1
    assert not (repository / "data").exists()


def test_a_missing_params_file_is_one_line(repository: Path) -> None:
    (repository / "params.yaml").unlink()
    done = stage(repository, "synthesize", "--out", "data/synthetic")
    assert (done.returncode, done.stderr) == (1, "error: params.yaml: cannot be read: No such file or directory\n")


def test_a_missing_option_is_one_line(repository: Path) -> None:
    done = stage(repository, "synthesize")
    assert (done.returncode, done.stderr) == (1, "error: Missing option '--out'.\n")


def test_the_check_of_params_imports_nothing_slow(repository: Path) -> None:
    """Each stage pays for it."""
    code = (
        "import sys; from pathlib import Path; from dialsum.params import sections;"
        "sections.check(Path('params.yaml'));"
        "print([name for name in ('torch', 'transformers', 'datasets', 'mlflow', 'pandas') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
