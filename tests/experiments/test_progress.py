from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from dialsum.experiments import progress
from dialsum.experiments.progress import Live, Row
from dialsum.experiments.queue import Task
from dialsum.experiments.sets import Experiment
from dialsum.records import store


def test_the_stage_is_the_last_that_dvc_names(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert progress.running_stage(log) == ""
    log.write_text("Reproducing experiment 'a'\nStage 'base' didn't change, skipping\nRunning stage 'tokenize':\n> x\n")
    assert progress.running_stage(log) == "tokenize"
    log.write_text(log.read_text() + "Running stage 'train':\n> y\n")
    assert progress.running_stage(log) == "train"


def test_the_last_words_are_those_of_the_stage(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert progress.last_words(log) == progress.last_words(None) == ""
    log.write_text("> python work.py\nno luck\n\n" + 2 * "ERROR: failed to reproduce 'work': exited with 1\n")
    assert progress.last_words(log) == "no luck"


def test_time_to_come_is_by_the_speed_of_late() -> None:
    """A tenth of an epoch in two seconds, and 1.5 epochs to come: 30 s. The hour before a kill does not count."""
    points = [(0.0, 0.1), *((5000.0 + 2 * step, 0.2 + 0.1 * step) for step in range(51))]
    assert round(Live(52, 0.4, points).seconds_to(points[-1][1] + 1.5) or 0, 6) == 30
    assert Live(1, None, [(0.0, 0.1)]).seconds_to(2.0) is None


def test_what_dvc_calls_done_is_not_done_without_its_commit() -> None:
    one = Experiment("a", "mine--a", (), {})
    assert progress.row(one, None, Task("mine--a", "done", "c0ffee", "abc", None, 0), {}).state == "ended"
    assert progress.row(one, None, None, {}).state == "missing"


def test_the_table_has_what_is_known() -> None:
    console = Console(width=100)
    training = Row("mine--b", "running", "train", 450, 0.4123, 80.4)
    with console.capture() as captured:
        console.print(progress.table([Row("mine--a", "done", score=70.128), training, Row("c", "missing")]))
    lines = [line.split() for line in captured.get().splitlines()]
    assert lines[1:4] == [
        ["mine--a", "done", "70.13"],
        ["mine--b", "running", "train", "450", "0.412", "0:01:20"],
        ["c", "missing"],
    ]


def test_a_store_that_is_away_is_asked_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asked at each look, it would hold up the table each time."""
    asked = []

    def connect() -> None:
        asked.append(1)
        raise OSError("nobody there")

    monkeypatch.setattr(store, "connect", connect)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    curves = progress.Curves()
    assert [curves.of(titles) for titles in ([], ["a"], ["a", "b"], ["c"])] == [{}] * 4
    assert len(asked) == 1
    monkeypatch.delenv("MLFLOW_TRACKING_URI")  # one's own file, which may have been busy, is asked again
    curves = progress.Curves()
    assert [curves.of(["a"]), curves.of(["a"])] == [{}, {}]
    assert len(asked) == 3
    assert capsys.readouterr().err == "no loss and no ETA from here on: nobody there\n"
