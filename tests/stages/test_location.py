from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dialsum.errors import InputError
from dialsum.params.data import Data
from dialsum.stages.location import check_location

ROOT = Path(__file__).parents[2]
SYNTHETIC = Path("data/synthetic")


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the repository's own dvc.yaml; folders that stages write exist and hold CSV files, to tempt."""
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    for folder in (".", "data", "data/prepared", "data/valid", "data/rejected", "models/base", "metrics"):
        put_files(Path(folder))
    return tmp_path


def put_files(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or ("train.csv", "dev.csv", "test.csv"):
        (folder / name).touch()


def check(folder: str) -> None:
    check_location(Data(dir=folder, allow_leaks=False, fold=None, folds=5), Path("dvc.yaml"), SYNTHETIC)


def refusal(folder: str) -> str:
    with pytest.raises(InputError) as caught:
        check(folder)
    return str(caught.value)


@pytest.mark.parametrize("folder", ["data/synthetic", "data/synthetic/", "./data/synthetic"])
def test_the_synthetic_folder_need_not_be_there_yet(folder: str) -> None:
    check(folder)


@pytest.mark.parametrize("folder", ["data/mine", "mine", "data/my own/한글"])
def test_a_folder_of_ones_own_may_lie_anywhere(folder: str) -> None:
    put_files(Path(folder))
    check(folder)


def test_a_folder_outside_the_repository_is_taken(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("outside")
    put_files(folder)
    check(str(folder))


@pytest.mark.parametrize(
    "folder",
    ["data", ".", "data/prepared", "data/valid", "data/rejected", "data/predictions", "data/tokenized", "models/base"],
)
def test_a_folder_that_a_stage_writes_or_a_parent_of_one_is_refused(folder: str) -> None:
    message = refusal(folder)
    assert message.startswith(f"params.yaml: data.dir: {folder}: the pipeline itself writes ")
    assert "data/synthetic, or a folder of your own such as data/mine that holds train.csv, dev.csv and test" in message


@pytest.mark.parametrize(
    "folder", ["data/tokenized/own", "models/base/own", "models/trained/data", "data/prepared/own", "data/valid/own"]
)
def test_a_folder_inside_one_that_a_stage_writes_is_refused(folder: str) -> None:
    """The stage deletes it, or replaces the folder as a whole."""
    put_files(Path(folder))
    assert "the pipeline itself writes" in refusal(folder)


@pytest.mark.parametrize("folder", ["data/../data", "data/mine/..", "data/mine/../prepared", "data/synthetic/.."])
def test_another_spelling_of_such_a_folder_is_refused_too(folder: str) -> None:
    put_files(Path("data/mine"))
    Path("data/synthetic").mkdir(exist_ok=True)
    assert "the pipeline itself writes" in refusal(folder)


def test_the_absolute_path_of_such_a_folder_is_refused_too(repository: Path) -> None:
    assert "the pipeline itself writes" in refusal(str(repository / "data"))
    assert "the pipeline itself writes" in refusal(str(repository / "data" / "prepared"))


def test_a_link_to_such_a_folder_is_refused_too() -> None:
    Path("mine").symlink_to("data", target_is_directory=True)
    assert "the pipeline itself writes" in refusal("mine")


def test_missing_files_are_named_with_the_remedy() -> None:
    put_files(Path("data/mine"), "dev.csv")
    message = refusal("data/mine")
    assert message.startswith("params.yaml: data.dir: data/mine: has no train.csv, test.csv; put them there")
    assert message.endswith("`dvc add data/mine`")


def test_files_that_dvc_knows_need_only_be_fetched() -> None:
    Path("data/mine.dvc").touch()
    assert refusal("data/mine") == (
        "params.yaml: data.dir: data/mine: has no train.csv, dev.csv, test.csv; "
        "DVC knows them: fetch them with `dvc pull data/mine.dvc` or `dvc checkout data/mine.dvc`"
    )
