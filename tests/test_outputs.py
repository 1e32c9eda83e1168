from __future__ import annotations

import json
from pathlib import Path

import pytest

from dialsum.outputs import creating, replacing, write_json


def test_a_file_appears_whole_and_its_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.csv"
    with replacing(path) as part:
        part.write_text("half")
        assert not path.exists()
        part.write_text("whole")
    assert path.read_text() == "whole"
    assert [item.name for item in path.parent.iterdir()] == ["a.csv"]


def test_a_failure_leaves_what_was_there_and_nothing_half_done(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")

    def interrupted() -> None:
        with replacing(path) as part:
            part.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_replaces_a_folder_with_all_its_files(tmp_path: Path) -> None:
    path = tmp_path / "models"
    (path / "deep").mkdir(parents=True)
    (path / "deep" / "old.json").touch()
    with replacing(path) as part:
        part.mkdir()
        (part / "new.json").touch()
        assert (path / "deep" / "old.json").exists()
    assert [item.name for item in path.iterdir()] == ["new.json"]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("left_as", ["file", "folder"])
def test_what_a_killed_run_left_is_removed(tmp_path: Path, left_as: str) -> None:
    left = tmp_path / "models.part"
    if left_as == "folder":
        (left / "deep").mkdir(parents=True)
        (left / "deep" / "half.bin").touch()
    else:
        left.write_text("half")
    with replacing(tmp_path / "models") as part:
        assert not part.exists()
        part.mkdir()
        (part / "a").touch()
    assert [item.name for item in (tmp_path / "models").iterdir()] == ["a"]


def test_a_folder_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "models"
    path.mkdir()
    (path / "old").touch()

    def failing() -> None:
        with replacing(path) as part:
            part.mkdir()
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        failing()
    assert [item.name for item in path.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("fails", [False, True])
def test_what_lies_beside_a_path_that_a_user_names_is_the_users(tmp_path: Path, fails: bool) -> None:
    mine = tmp_path / "new" / "merged.part"
    (mine / "deep").mkdir(parents=True)
    (mine / "deep" / "mine.bin").write_text("mine")

    def create() -> None:
        with creating(mine.with_name("merged")) as part:
            part.mkdir()
            (part / "model").write_text("half")
            if fails:
                raise OSError("disk full")
            assert not mine.with_name("merged").exists()

    if fails:
        with pytest.raises(OSError, match="disk full"):
            create()
    else:
        create()
        assert (mine.with_name("merged") / "model").read_text() == "half"
    assert (mine / "deep" / "mine.bin").read_text() == "mine"
    assert {path.name for path in mine.parent.iterdir()} == {"merged.part", *([] if fails else ["merged"])}


def test_json_is_indented_utf8_with_a_newline_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "metrics" / "a.json"
    write_json(path, {"이름": "값", "n": [1, 2.5, None]})
    assert path.read_bytes().decode() == '{\n  "이름": "값",\n  "n": [\n    1,\n    2.5,\n    null\n  ]\n}\n'
    assert json.loads(path.read_text(encoding="utf-8")) == {"이름": "값", "n": [1, 2.5, None]}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_holds_no_nan_and_the_old_file_stays(tmp_path: Path, value: float) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"loss": 1.0})
    with pytest.raises(ValueError, match="Out of range float values"):
        write_json(path, {"loss": value})
    assert json.loads(path.read_text()) == {"loss": 1.0}
    assert list(tmp_path.iterdir()) == [path]
