"""What a user sees of a wrong value or file, through `dvc` itself, and that no stage has worked."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Repository

pytestmark = pytest.mark.timeout(900)
DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def clone(fresh: Repository) -> Repository:
    """A fresh clone; its tests restore params.yaml and leave no output."""
    return fresh.copy(fresh.path.with_name("faults"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("registry:\n", "registrar:\n", "error: params.yaml: registrar: unknown section; remove it, or correct"),
        (
            "  dir: data/synthetic",
            "  dir: data #",
            "error: params.yaml: data.dir: data: the pipeline itself writes data/",
        ),
    ],
)
def test_a_wrong_value_is_refused_before_any_work(clone: Repository, old: str, new: str, message: str) -> None:
    try:
        clone.replace("params.yaml", old, new)
        output = clone.dvc("repro", fails=True)
    finally:
        clone.run("git", "checkout", "params.yaml")
    assert message in output
    assert "Traceback" not in output
    assert clone.outputs() == []
    assert not (clone.path / "mlflow.db").exists()


def test_a_key_that_dvc_itself_reads_is_named_too(clone: Repository) -> None:
    """`make repro` and `mlflow run` check first."""
    source = str(clone.path / "src")
    try:
        clone.replace("params.yaml", "  dir: data/synthetic", "  #")
        checked = clone.run("python", "-m", "dialsum.cli", "check", fails=True, PYTHONPATH=source)
        output = clone.dvc("repro", fails=True)
    finally:
        clone.run("git", "checkout", "params.yaml")
    assert checked == "error: params.yaml: data.dir: this key is missing; every value is chosen in this file\n"
    assert "Could not find 'data.dir'" in output
    assert "Traceback" not in output
    assert clone.outputs() == []


def test_an_experiment_with_a_wrong_value_leaves_the_results_as_they_are(repository: Repository) -> None:
    before = repository.hashes()
    for override, message in (
        ("training.learning_rate=fast", "error: params.yaml: training.learning_rate: input should be a valid number"),
        ("data.dir=data", "error: params.yaml: data.dir: data: the pipeline itself writes data/"),
        ("training.lerning_rate=2e-5", "Could not override 'training.lerning_rate'"),
    ):
        output = repository.dvc("exp", "run", "-S", override, fails=True)
        assert message in output
        assert "Traceback" not in output
        repository.run("git", "checkout", ".")
        repository.dvc("checkout")
        assert repository.hashes() == before
    assert len(repository.runs()) == 1


def test_ones_own_files(repository: Repository) -> None:
    """As the README says: put them into a folder, `dvc add`, choose it."""
    mine = repository.path / "data/our talk"
    mine.mkdir()
    for name in ("train.csv", "dev.csv", "test.csv"):
        shutil.copy(DATA / name, mine)
    sound = (mine / "train.csv").read_text(encoding="utf-8")
    (mine / "train.csv").write_text(sound.replace("fname,dialogue,summary,topic", "fname,dialogue,text,topic"))
    repository.dvc("add", "data/our talk")
    output = repository.dvc("exp", "run", "-S", "data.dir=data/our talk", fails=True)
    assert "error: data/our talk/train.csv: column summary: " in output
    assert "Traceback" not in output
    assert "train" not in repository.executed(output)

    (mine / "train.csv").write_text(sound)
    repository.dvc("add", "data/our talk")
    output = repository.dvc("exp", "run", "-S", "data.dir=data/our talk")
    ran = repository.executed(output)
    assert ran[-8:] == ["validate", "prepare", "tokenize", "train", "generate", "evaluate", "submit", "register"]
    assert "base" not in ran
    assert [row["fname"] for row in repository.table("data/submission.csv")] == ["test_0", "test_1"]
    assert all(row["summary"] and "\n" not in row["summary"] for row in repository.table("data/submission.csv"))
    assert repository.json("metrics/rouge.json")["rows"] == 3
    assert repository.json("metrics/rouge.json")["fact_recall"] is None

    # On other dev data scores do not compare: the first model there is the champion, and the former keeps its line.
    aliases = repository.client().get_registered_model("dialsum").aliases
    synthetic, own = (run.data.tags["dev_md5"][:8] for run in repository.runs())
    assert synthetic != own
    assert {name: int(version) for name, version in aliases.items()} == {
        "champion": 2,
        f"champion-{synthetic}": 1,
        f"champion-{own}": 2,
    }
