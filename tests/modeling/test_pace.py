from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dialsum.modeling.pace import FILE, Pace, tokens_per_second
from dialsum.stages.train import _times


class Clock:
    """Stands still until it is told how many seconds have passed."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("dialsum.modeling.pace.time", clock)
    return clock


def state(step: int, first: bool = True) -> Any:
    return SimpleNamespace(global_step=step, max_steps=100, is_world_process_zero=first)


def take(pace: Pace, clock: Clock, step: int, seconds: float) -> dict[str, float]:
    """One step of so many seconds, with its log."""
    clock.now += seconds
    logs = {"loss": 1.0}
    pace.on_step_end(None, state(step), None)
    pace.on_log(None, state(step), None, logs=logs)
    return logs


def test_a_point_a_second_and_one_at_the_end(clock: Clock, tmp_path: Path) -> None:
    pace = Pace(200.0, tmp_path)
    pace.on_train_begin(None, state(0), None)
    assert take(pace, clock, 1, 0.4) == {"loss": 1.0}
    assert take(pace, clock, 2, 0.4) == {"loss": 1.0}
    # Three steps of 200 tokens in 1.2 seconds.
    assert take(pace, clock, 3, 0.4) == {"loss": 1.0, "tokens_per_second": 500}
    assert take(pace, clock, 4, 2.0)["tokens_per_second"] == 100
    assert take(pace, clock, 100, 0.5)["tokens_per_second"] == 38400  # the last, after half a second
    assert (tmp_path / FILE).read_text() == "step,tokens_per_second\n3,500\n4,100\n100,38400\n"


def test_evaluations_and_checkpoints_do_not_count(clock: Clock, tmp_path: Path) -> None:
    pace = Pace(200.0, tmp_path)
    pace.on_train_begin(None, state(0), None)
    take(pace, clock, 1, 0.5)
    clock.now += 30
    pace.on_log(None, state(1), None, logs={"eval_loss": 1.0})
    pace.on_evaluate(None, state(1), None)
    clock.now += 10
    pace.on_save(None, state(1), None)
    assert take(pace, clock, 2, 0.5)["tokens_per_second"] == 400


def test_a_resumed_run_forgets_the_steps_that_it_takes_again(clock: Clock, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("step,tokens_per_second\n3,500\n4,100\n7,300\n9,3")  # killed while it wrote
    pace = Pace(200.0, tmp_path)
    pace.on_train_begin(None, state(5), None)
    take(pace, clock, 6, 1.0)
    assert (tmp_path / FILE).read_text() == "step,tokens_per_second\n3,500\n4,100\n6,200\n"


def test_of_several_processes_one_writes(clock: Clock, tmp_path: Path) -> None:
    pace = Pace(200.0, tmp_path)
    pace.on_train_begin(None, state(0, first=False), None)
    clock.now += 5
    pace.on_log(None, state(5, first=False), None, logs={"loss": 1.0})
    assert list(tmp_path.iterdir()) == []


def test_the_speed_of_all_attempts_is_that_of_a_whole_run(clock: Clock, tmp_path: Path) -> None:
    """Ten steps of 200 tokens, a second each: 200 tokens a second, and 5 s for an epoch of five steps."""
    assert tokens_per_second(tmp_path) is None
    pace = Pace(200.0, tmp_path)
    pace.on_train_begin(None, state(0), None)
    for step in range(1, 9):
        take(pace, clock, step, 1.0)
    clock.now += 60  # killed; the last checkpoint is of step 6
    pace = Pace(200.0, tmp_path)
    pace.on_train_begin(None, state(6), None)
    for step in range(7, 11):
        take(pace, clock, step, 1.0)
    assert tokens_per_second(tmp_path) == pytest.approx(200)
    rows = {"tokens": 1000, "supervised_tokens": 250}
    tuned: Any = SimpleNamespace(steps=10, resumed_from=6, log=[{"epoch": 2.0}], rows=rows)
    times = _times(tuned, 34.0, tmp_path)
    assert times["seconds_per_epoch"] == 5.0
    assert (times["tokens_per_second"], times["supervised_tokens_per_second"], times["steps_per_second"]) == (
        200,
        50,
        1,
    )
    assert (times["seconds"], times["resumed_from_step"]) == (34.0, 6)


def test_steps_of_other_speed_count_by_their_time(tmp_path: Path) -> None:
    """Three steps of 200 tokens at 300 a second take 2 s, one at 50 takes 4 s: 800 tokens in 6 s."""
    (tmp_path / FILE).write_text("step,tokens_per_second\n3,300\n4,50\n")
    assert tokens_per_second(tmp_path) == pytest.approx(800 / 6)
