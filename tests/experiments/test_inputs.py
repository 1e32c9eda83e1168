"""What experiments read: looked for before anything is queued, and held against what an experiment was made of."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dialsum.errors import InputError
from dialsum.experiments import finished, inputs, repository, sets

if TYPE_CHECKING:
    from tests.experiments.conftest import Small

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _inside(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small.path)


def first(name: str) -> sets.Experiment:
    return sets.plan(name, sets.read_sets()[name])[0]


def reading(data: str = "data/synthetic", path: str | None = None) -> sets.Experiment:
    """An experiment with these folders."""
    one = first("quick")
    params = {**one.params, "data": {**one.params["data"], "dir": data}, "model": {**one.params["model"], "path": path}}
    return replace(one, params=params)


def test_what_stages_write_does_not_make_an_experiment_another() -> None:
    """Stage register reads metrics and plots that lie in git, and differ from run to run."""
    files = inputs.read_by_stages(reading(), ROOT / "dvc.yaml")
    assert {"dvc.yaml", "catalog/tiny-llama.yaml", "src/dialsum/stages/train.py"} <= set(files)
    assert [file for file in files if file.startswith(("data", "metrics/", "models/", "plots/"))] == [
        "data.dvc",
        "data/synthetic",
        "data/synthetic.dvc",
    ]


def test_folders_are_those_of_git_and_their_notes() -> None:
    own = set(inputs.read_by_stages(reading("corp/../corp/mine/", "/elsewhere/model"))) - {*inputs.code()}
    assert own == {"catalog/tiny-llama.yaml", "corp/mine", "corp/mine.dvc", "corp.dvc"}


@pytest.mark.parametrize("changed", ["corp/mine/dev.csv", "corp.dvc", "merged.dvc"])
def test_other_data_and_other_weights_make_an_experiment_another(small: Small, changed: str) -> None:
    one = reading("corp/mine", "merged")
    for content in ("before", "after"):
        Path(changed).parent.mkdir(parents=True, exist_ok=True)
        Path(changed).write_text(content)
        small.run("git", "add", "--all")
        small.run("git", "commit", "--quiet", "--message", content)
        if content == "before":
            before = repository.head()
            assert f"{changed} has changed" not in finished.differences(before, one)
    assert f"{changed} has changed" in finished.differences(before, one)


def test_other_code_is_seen_beside_a_folder_outside_the_repository(tmp_path: Path) -> None:
    Path("work.py").write_text("# another\n")
    assert "work.py has changed" in finished.differences(repository.head(), reading(str(tmp_path), str(tmp_path)))


def test_what_the_copies_would_lack_is_named_at_once(small: Small, tmp_path: Path) -> None:
    for folder in ("tracked", "untracked", "merged"):
        Path(folder).mkdir()
        (Path(folder) / "train.csv").touch()
    Path("corp.dvc").touch()
    small.run("git", "add", "tracked", "corp.dvc")
    inputs.check_inputs([reading("tracked/", "merged"), reading("corp/mine"), reading(str(tmp_path))])
    shutil.copy(ROOT / "catalog" / "tiny-bart.yaml", "catalog/mine.yaml")
    mine = reading()
    mine.params["model"]["name"] = "mine"
    with pytest.raises(InputError) as caught:
        inputs.check_inputs([reading("gone"), reading("/gone"), reading("untracked"), reading(path="gone"), mine])
    lost = "is not tracked, and the copy that the experiment runs in would lack it"
    assert str(caught.value).splitlines() == [
        "quick--one: data.dir=gone: there is no such folder, and DVC knows none",
        "quick--one: data.dir=/gone: there is no such folder, and DVC knows none",
        f"quick--one: data.dir=untracked: {lost}: `dvc add untracked`, then `git add untracked.dvc`",
        "quick--one: model.path=gone: there is no such folder",
        f"quick--one: catalog/mine.yaml: {lost}: `git add catalog/mine.yaml`",
    ]


def test_what_the_pipeline_makes_need_not_be_there() -> None:
    shutil.copy(ROOT / "dvc.yaml", "dvc.yaml")
    inputs.check_inputs([reading("data/synthetic")])
