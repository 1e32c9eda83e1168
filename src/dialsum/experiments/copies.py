"""Run a set without a queue: one experiment after the other, each in a copy of the repository (`dvc exp run --temp`).

Enters: the experiments of a set. Leaves: a Watch of what came of them. DVC copies the working tree at each one's begin;
so each is held against the values and the code that stood there when the set began.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from dialsum.errors import InputError
from dialsum.experiments import finished, queue, repository, room, running, sets, snapshot
from dialsum.experiments.running import Watch
from dialsum.experiments.sets import Experiment, Set
from dialsum.params.limits import Limits
from dialsum.params.strict import read_yaml


def run(plan: Sequence[Experiment], limits: Limits, tell: Callable[[str], None], gated: Set | None) -> Watch:
    """Run what is missing; DVC's own words go to the screen. Behind a gate of `gated` that fails nothing runs.

    Raises InputError as `running.survey` does, and if values or code are changed before all have begun: the results
    would not compare.
    """
    with snapshot.held():
        watch = Watch(list(plan), repository.head())
        watch.look()
        running.check(watch)
        start = repository.tree()
        missing = watch.missing()
        watch.expect(one.title for one in missing)
        for place, one in enumerate(missing):
            if gated:
                running.stop_at_gate(gated, watch)
            if one.title in watch.stopped:
                break
            room.check_disk(limits)
            _refuse_changes(one, start)
            tell(queue.in_words(queue.temp_line(one)))
            queue.run_in_copy(one, snapshot.remembered())
            watch.look()
            _take(one, watch, start, tell)
            if limits.free_cache:
                for told in room.free_models([one], missing[place + 1 :]):
                    tell(told)
        if gated:
            running.stop_at_gate(gated, watch)
    return watch


def _refuse_changes(one: Experiment, start: str) -> None:
    """Raise InputError if the working tree is not as it was at the start of the set."""
    if changed := finished.differences(start, replace(one, params=read_yaml(sets.PARAMS))):
        raise InputError(
            f"{one.title}: since the set began {'; '.join(changed[:3])}; with --temp each takes what stands here "
            "when it begins, and the results would not compare: put it back and call again"
        )


def _take(one: Experiment, watch: Watch, start: str, tell: Callable[[str], None]) -> None:
    """What came of an experiment counts if it has the values and the code that were asked for."""
    commit = watch.commits.get(one.title)
    if commit is None:
        watch.failed.add(one.title)
    elif changed := finished.differences(commit, one, start):
        del watch.commits[one.title], watch.expected[one.title]
        watch.failed.add(one.title)
        tell(f"{one.title}: was made otherwise than asked for: {'; '.join(changed[:3])}")
