"""Where a report is written, and that it takes the place of nothing but an earlier one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from dialsum.commands import report
from dialsum.errors import InputError
from dialsum.reporting.report import make as make_report

if TYPE_CHECKING:
    from tests.reporting.conftest import Make

FILES = ["grad_norm.svg", "learning_rate.svg", "loss.svg", "report.html", "report.md", "score.svg"]


@pytest.fixture(autouse=True)
def _two_runs(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_report("runs", [make("a"), make("b", seed=1)])
    monkeypatch.setattr(report, "_of_list", lambda *_: made)
    (tmp_path / "repository").mkdir()
    monkeypatch.chdir(tmp_path / "repository")


def run(*arguments: str) -> str:
    done = CliRunner().invoke(report.main, ["--runs", "a", "b", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("name", ["report.md", "report.html", "loss.svg"])
def test_a_file_that_no_report_has_written_is_not_overwritten(name: str) -> None:
    mine = Path("mine") / name
    mine.parent.mkdir()
    mine.write_text("<p>mine</p>", encoding="utf-8")
    with pytest.raises(InputError, match=rf"^{mine}: is there already and is not overwritten; choose another folder"):
        run("--out", "mine")
    assert mine.read_text(encoding="utf-8") == "<p>mine</p>"
    assert list(mine.parent.iterdir()) == [mine]


def test_a_report_is_written_anew_and_what_is_beside_it_is_left_alone() -> None:
    folder = Path("mine")
    folder.mkdir()
    mine = [folder / name for name in ("notes.md", "report.md.part", "report.html.part", "loss.svg.part")]
    for path in mine:
        path.write_text("mine", encoding="utf-8")
    run("--out", "mine")
    (folder / "report.md").write_text("of an earlier report", encoding="utf-8")
    assert run("--out", "mine").endswith("\nmine/report.html\nmine/report.md\n")
    assert "## Verdict" in (folder / "report.md").read_text(encoding="utf-8")
    assert sorted(path.name for path in folder.iterdir()) == sorted([*FILES, *(path.name for path in mine)])
    assert {path.read_text(encoding="utf-8") for path in mine} == {"mine"}


def test_without_out_it_is_the_folder_that_the_help_names() -> None:
    for _ in range(2):
        assert run().endswith("\nreports/runs/report.html\nreports/runs/report.md\n")
    assert sorted(path.name for path in Path("reports/runs").iterdir()) == FILES
    text = " ".join(CliRunner().invoke(report.main, ["--help"]).output.split())
    assert "[default: reports/SET, reports/experiments or reports/runs]" in text


@pytest.mark.parametrize(
    ("out", "fault"), [("mine.txt/x", "Not a directory"), ("gone/x", "No such file"), ("a" * 300, "File name too long")]
)
def test_a_folder_that_cannot_be_is_refused_in_one_line(out: str, fault: str) -> None:
    Path("mine.txt").write_text("mine", encoding="utf-8")
    Path("gone").symlink_to("nowhere/at/all")
    with pytest.raises(InputError, match=rf"^{out}: cannot be written: {fault}.*; choose another folder: --out$"):
        run("--out", out)


@pytest.mark.parametrize("arguments", [["--out", "mine.txt/x"], ["--out", "gone"], []])
def test_it_is_refused_before_the_comparison(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "_of_list", lambda *_: pytest.fail("compared"))
    Path("mine.txt").write_text("mine", encoding="utf-8")
    for name in ("gone", "reports"):
        Path(name).symlink_to("nowhere")
    with pytest.raises(InputError, match="cannot be written"):
        run(*arguments)


def test_a_report_without_curves_leaves_none_of_the_one_before(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    run("--out", "mine")
    mine = Path("mine/notes.svg")
    mine.write_text("mine", encoding="utf-8")
    untrained = make_report("runs", [replace(make("a"), curve=[])])
    monkeypatch.setattr(report, "_of_list", lambda *_: untrained)
    run("--out", "mine")
    left = sorted(path.name for path in Path("mine").iterdir())
    assert left == ["notes.svg", "report.html", "report.md", "score.svg"]
