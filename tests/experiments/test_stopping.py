"""Where a set with --gated stops, by what has ended in it; without DVC."""

from __future__ import annotations

from typing import Any

import pytest

from dialsum.experiments import finished, running
from dialsum.experiments.queue import Task
from dialsum.experiments.running import Watch
from dialsum.experiments.sets import Experiment, Gate, Set

CHOSEN = Set(
    "b is faster than a, or d does not run",
    {name: [] for name in "abcd"},
    gates={"c": Gate(["train.steps > 9"], "never said"), "b": Gate(["train.steps < a"], "never said")},
)


class Stub:
    """A queue in which every look finds the same."""

    def __init__(self, tasks: dict[str, Task]) -> None:
        self.found = tasks

    def tasks(self) -> dict[str, Task]:
        return self.found

    def stop(self, names: list[str]) -> None:
        """What would be ended stays where it is."""


def watched(monkeypatch: pytest.MonkeyPatch, steps: dict[str, int], **states: Any) -> Watch:
    """A set of which those in `steps` are finished, and tasks of DVC's queue in these states."""
    monkeypatch.setattr(finished, "figures", lambda commit: {"train": {"steps": steps[commit]}})
    monkeypatch.setattr(finished, "experiments", dict)
    plan = [Experiment(name, f"s--{name}", (), {}) for name in CHOSEN.experiments]
    tasks = {f"s--{name}": Task(f"s--{name}", state, "", "", None, None) for name, state in states.items()}
    commits = {f"s--{name}": name for name in steps}
    queue: Any = Stub(tasks)
    return Watch(plan, "", queue=queue, tasks=tasks, commits=commits)


def test_gates_stand_in_the_order_of_the_experiments(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watched(monkeypatch, {"a": 5, "b": 4, "c": 10})
    found = running.judgements(CHOSEN, watch, watch.lost())
    assert [(name, one.word) for name, (one,) in found.items()] == [("b", "PASS"), ("c", "PASS")]
    running.stop_at_gate(CHOSEN, watch)
    assert watch.stopped == set()


def test_a_gate_that_is_open_stops_the_set_once_nothing_before_it_is_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watched(monkeypatch, {"b": 4})
    assert running.judgements(CHOSEN, watch, watch.lost())["b"][0].word == "OPEN"
    running.stop_at_gate(CHOSEN, watch)
    assert watch.stopped == set(), "a may still come"
    watch.failed.add("s--a")
    running.stop_at_gate(CHOSEN, watch)
    assert watch.stopped == {"s--c", "s--d"}


def test_what_crashed_in_an_earlier_run_fails_its_gate_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watched(monkeypatch, {"a": 5}, b="failed", c="queued")
    (found,) = running.judgements(CHOSEN, watch, watch.lost())["b"]
    assert (found.word, found.measured) == ("FAIL", "did not finish")
    running.stop_at_gate(CHOSEN, watch)
    assert watch.stopped == set()
    watch.failed.add("s--b")
    running.stop_at_gate(CHOSEN, watch)
    assert watch.stopped == {"s--c", "s--d"}


def test_what_a_gate_keeps_from_running_has_not_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watched(monkeypatch, {"a": 5, "b": 9}, c="failed")
    running.stop_at_gate(CHOSEN, watch)
    assert list(running.judgements(CHOSEN, watch, watch.lost())) == ["b"]
