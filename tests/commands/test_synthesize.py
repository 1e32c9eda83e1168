from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from dialsum import cli
from dialsum.commands import synthesize
from dialsum.corpus.synthetic import Row, generate
from dialsum.corpus.synthetic.realistic.rows import Split, row
from dialsum.errors import InputError

SOURCE = Path(cli.__file__).parents[1]
SMALL = ("--dev-rows", "4", "--test-rows", "3")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "dialsum.cli", "synthesize", *arguments]


def call(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command(*arguments), cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=120
    )


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_realistic_data_set_is_written(tmp_path: Path) -> None:
    done = call("--profile", "realistic", "--rows", "30", *SMALL, "--seed", "3", "--out", "내 자료/a", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "내 자료/a: 30 train, 4 dev and 3 test rows, profile realistic, seed 3",
        "To use them: dvc add '내 자료/a', then dvc exp run -S data.dir='내 자료/a'",
    ]
    folder = tmp_path / "내 자료" / "a"
    assert sorted(path.name for path in folder.iterdir()) == ["dev.csv", "test.csv", "train.csv"]
    assert [path.name for path in folder.parent.iterdir()] == ["a"]
    train = read(folder / "train.csv")
    assert list(train[0]) == ["fname", "dialogue", "summary", "topic", "facts"]
    for number, cells in enumerate(train):
        made = row("train", number, 3)
        assert (cells["fname"], cells["dialogue"], cells["summary"]) == (made.fname, made.dialogue, made.summary)
        assert [fact["value"] for fact in json.loads(cells["facts"])] == [fact.value for fact in made.facts]
    assert [cells["dialogue"] for cells in read(folder / "dev.csv")] == [row("dev", n, 3).dialogue for n in range(4)]
    assert read(folder / "test.csv") == [
        {"fname": f"test_{n}", "dialogue": row("test", n, 3).dialogue} for n in range(3)
    ]


def test_nothing_that_exists_is_overwritten(tmp_path: Path) -> None:
    arguments = ("--profile", "realistic", "--rows", "5", *SMALL)
    assert call(*arguments, cwd=tmp_path).returncode == 0
    folder = tmp_path / "data" / "realistic"  # the default
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = call(*arguments, "--seed", "8", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    expected = "data/realistic: is there already and is not overwritten; choose another folder: --out"
    assert done.stderr == f"error: {expected}\n"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["realistic"]


def test_a_killed_run_leaves_no_folder_and_is_no_hindrance(tmp_path: Path) -> None:
    arguments = ("--profile", "realistic", *SMALL, "--out", "big")
    process = subprocess.Popen(
        command("--rows", "10000000", *arguments), cwd=tmp_path, env={"PYTHONPATH": str(SOURCE)}, stderr=subprocess.PIPE
    )

    def written() -> bool:
        return any(path.stat().st_size for path in tmp_path.glob("big.part-*/big/train.csv"))

    deadline = time.monotonic() + 60
    while not written() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert written()
    assert not (tmp_path / "big").exists()
    assert call("--rows", "6", *arguments, cwd=tmp_path).returncode == 0
    assert sorted(path.name for path in (tmp_path / "big").iterdir()) == ["dev.csv", "test.csv", "train.csv"]
    assert len(read(tmp_path / "big" / "train.csv")) == 6


def run(*arguments: str) -> None:
    synthesize.main([*arguments], standalone_mode=False)


def test_the_default_profile_is_the_corpus_of_the_pipeline(tmp_path: Path) -> None:
    run("--rows", "12", *SMALL, "--seed", "7", "--out", str(tmp_path / "plain"))
    expected = generate("train", 12, 7)
    assert [cells["dialogue"] for cells in read(tmp_path / "plain" / "train.csv")] == [row.dialogue for row in expected]


@pytest.mark.parametrize("profile", synthesize.PROFILES)
def test_a_shorter_file_is_the_beginning_of_a_longer(tmp_path: Path, profile: str) -> None:
    for rows in ("15", "25"):
        run("--profile", profile, "--rows", rows, *SMALL, "--out", str(tmp_path / rows))
    short, long = ((tmp_path / rows / "train.csv").read_bytes() for rows in ("15", "25"))
    assert long.startswith(short)
    assert len(long) > len(short)
    for name in ("dev.csv", "test.csv"):
        assert (tmp_path / "15" / name).read_bytes() == (tmp_path / "25" / name).read_bytes()


def test_a_file_or_a_dangling_link_of_that_name_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link"):
        with pytest.raises(InputError, match=f"{name}: is there already"):
            run("--rows", "1", "--out", str(tmp_path / name))
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_comes_up_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "out"

    def draw(split: Split, number: int, seed: int) -> Row:
        folder.mkdir(exist_ok=True)
        (folder / "mine.txt").write_text("mine", encoding="utf-8")
        return row(split, number, seed)

    with pytest.raises(InputError, match="out: is there already"):
        synthesize.write(folder, draw, {"train": 2}, 1)
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "mine.txt"]


def test_what_is_beside_the_folder_is_left_alone(tmp_path: Path) -> None:
    """It is the user's, or of another run of this command with the same --out."""
    beside = tmp_path / "out.part"
    beside.mkdir()
    (beside / "mine.txt").write_text("mine", encoding="utf-8")
    run("--rows", "2", *SMALL, "--out", str(tmp_path / "out"))
    assert (beside / "mine.txt").read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out.part"]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"/file: cannot be written: File exists; choose another folder: --out$"):
        run("--rows", "1", "--out", str(tmp_path / "file" / "a"))


@pytest.mark.parametrize("arguments", [(), ("--rows", "0"), ("--rows", "1", "--profile", "unknown")])
def test_wrong_options_are_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(click.UsageError):
        run(*arguments)
    assert not list(tmp_path.iterdir())


def test_rows_are_written_one_by_one(tmp_path: Path) -> None:
    """When the last row is asked for, most of those before it are on the disk already."""
    sizes: list[int] = []

    def draw(split: Split, number: int, seed: int) -> Row:
        (written,) = tmp_path.glob(f"out.part-*/out/{split}.csv")
        sizes.append(written.stat().st_size)
        return row(split, number, seed)

    synthesize.write(tmp_path / "out", draw, {"train": 300}, 1)
    assert sizes[-1] > 0.8 * (tmp_path / "out" / "train.csv").stat().st_size
