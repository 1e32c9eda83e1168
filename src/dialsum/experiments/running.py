"""A set from its first queue line to its last experiment.

Enters: the experiments of a set. Leaves: their commits under refs/exps, as DVC's own commands would leave them. All
that is missing is queued at once, so that the whole set has the values and the code of one moment, whatever is edited
meanwhile. DVC's workers go on when this process is killed; called again, it looks at what is there and adds the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

from dialsum.errors import InputError
from dialsum.experiments import finished, progress, queue, repository, room, snapshot
from dialsum.experiments.gates import Figures, Judgement, Paired, judge
from dialsum.experiments.inputs import check_inputs
from dialsum.experiments.queue import Queue, Task
from dialsum.experiments.sets import Experiment, Set, criteria
from dialsum.params.limits import Limits

if TYPE_CHECKING:
    from dialsum.measures.significance import Difference

SECONDS_BETWEEN_LOOKS = 2.0
SECONDS_BETWEEN_ROLL_CALLS = 20.0  # whether a worker lives


@dataclass
class Watch:
    """A set that is being run: what DVC knew of it at the last look.

    `expected`: what is to come under names that were free, and the commit that it starts from. Whatever bears such a
    name then is it, and is not compared with the code, which may be edited by then. `failed`: those that ran since this
    was made, and ended without a commit; `stopped`: those that a gate keeps from running.
    """

    plan: list[Experiment]
    head: str
    queue: Queue = field(default_factory=Queue)
    tasks: Mapping[str, Task] = field(default_factory=dict)
    commits: dict[str, str] = field(default_factory=dict)
    expected: dict[str, str] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)  # since their workers were killed
    failed: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    curves: progress.Curves = field(default_factory=progress.Curves)

    def look(self) -> None:
        """Ask DVC and git again. What is finished stays so."""
        went = self.in_state("queued", "running")
        self.tasks = self.queue.tasks()
        known = finished.experiments()
        for experiment in self.plan:
            title = experiment.title
            if title in self.commits:
                continue
            if title in self.expected:
                commit = known.get(title, {}).get(self.expected[title])
            else:
                commit = progress.commit_of(experiment, known, self.head)
            if commit is not None:
                self.commits[title] = commit
        self.failed |= set(went) & set(self.in_state("failed"))

    def expect(self, titles: Iterable[str]) -> None:
        """From now on they are awaited under their names. The caller has seen that the names are free."""
        for title in titles:
            task = self.tasks.get(title)
            waits = task is not None and task.state in ("queued", "running")
            self.expected[title] = task.baseline if task is not None and waits else self.head

    def rows(self, titles: Collection[str] | None = None) -> list[progress.Row]:
        """All experiments in order, or those with these titles."""
        training = [
            name for name in self.in_state("running") if progress.running_stage(self.tasks[name].log) == progress.TRAIN
        ]
        live = self.curves.of(training)
        return [
            progress.Row(one.title, "stopped")
            if one.title in self.stopped
            else progress.row(one, self.commits.get(one.title), self.tasks.get(one.title), live)
            for one in self.plan
            if titles is None or one.title in titles
        ]

    def recover(self) -> list[str]:
        """Give up what no worker works on any more; its names."""
        names = self.queue.recover()
        self.given_up |= set(names)
        return names

    def killed(self, title: str) -> bool:
        """Whether it did not fail by itself, but was ended."""
        task = self.tasks.get(title)
        return title in self.given_up or (task is not None and task.killed)

    def lost(self) -> set[str]:
        """What ended without a commit, in this run or in an earlier one, and is not stopped."""
        return (self.failed | set(self.in_state("failed"))) - self.stopped

    def in_state(self, *states: str) -> list[str]:
        """The experiments whose task is in one of these states, but for those whose commit is there."""
        return [
            one.title
            for one in self.plan
            if one.title not in self.commits and (task := self.tasks.get(one.title)) and task.state in states
        ]

    def missing(self) -> list[Experiment]:
        """What neither is finished nor waits nor runs, and is not stopped."""
        others = {*self.commits, *self.stopped, *self.in_state("queued", "running")}
        return [one for one in self.plan if one.title not in others]


def begin(plan: Sequence[Experiment], limits: Limits, tell: Callable[[str], None], gated: Set | None = None) -> Watch:
    """Queue what is missing; of a set whose gates count, what no gate stops.

    Raises InputError as `survey` does, or if DVC refuses.
    """
    with snapshot.held() as lock:
        watch = survey(plan, tell)
        if gated:
            stop_at_gate(gated, watch)
        add(watch, watch.missing(), limits, tell, lock)
    return watch


def survey(plan: Sequence[Experiment], tell: Callable[[str], None]) -> Watch:
    """What is there of a plan. Raises InputError if a name is taken, or a folder that is to be read is not there.

    The caller holds the workspace.
    """
    watch = Watch(list(plan), repository.head())
    for name in watch.recover():
        tell(f"{name}: its worker was killed")
    watch.look()
    check(watch)
    watch.expect(one.title for one in watch.plan if one.title not in watch.commits)
    return watch


def add(watch: Watch, missing: Sequence[Experiment], limits: Limits, tell: Callable[[str], None], lock: int) -> None:
    """Queue these, which neither wait nor run. Raises InputError if DVC refuses. The caller holds the workspace."""
    if missing:
        room.check_disk(limits)
    titles = {one.title for one in missing}
    watch.queue.remove(name for name in watch.in_state("failed", "done") if name in titles)
    with snapshot.remembered():
        for experiment in missing:
            tell(queue.in_words(queue.queue_line(experiment)))
            _must(queue.run(queue.queue_line(experiment), lock), experiment.title)
    watch.look()


def check(watch: Watch) -> None:
    """Raise InputError before anything is queued.

    An experiment of this commit may bear a name with other values or other code, or wait so; or a folder that is to be
    read is not there.
    """
    known = finished.experiments()
    faults = []
    for experiment in watch.plan:
        if experiment.title in watch.commits:
            continue
        task = watch.tasks.get(experiment.title)
        if commit := known.get(experiment.title, {}).get(watch.head):
            remedy = f"commit your changes (names belong to a commit), or `dvc exp remove {experiment.title}`"
        elif task is not None and task.state in ("queued", "running"):
            commit = task.commit
            remedy = f"wait for it, or `dvc queue {'remove' if task.state == 'queued' else 'kill'} {experiment.title}`"
        else:
            continue
        if changed := finished.differences(commit, experiment):
            faults.append(f"{experiment.title}: is there with other values: {'; '.join(changed[:3])}; {remedy}")
    if faults:
        raise InputError("\n".join(faults))
    check_inputs(watch.missing())


def follow(watch: Watch, jobs: int, limits: Limits) -> Iterator[str]:
    """Start the workers and wait for the end of all; yields after each look, with what there is to tell or "".

    Raises InputError when the disk is too full for another one: those in the queue are taken out, those that run end.
    """
    called: float | None = None
    known: set[str] = set()
    while waiting := watch.in_state("queued", "running"):
        added = set(waiting) - known
        known |= added
        if added or called is None or time.monotonic() - called > SECONDS_BETWEEN_ROLL_CALLS:
            lives = watch.queue.worker_lives()
            for name in [] if lives else watch.recover():
                yield f"{name}: its worker was killed; run the set again to repeat it"
            idle = watch.in_state("queued") and len(watch.in_state("running")) < jobs
            if not lives or idle:  # a worker ends when it has found nothing to do for ten seconds
                _must(queue.run(queue.start_line(jobs)), "workers")
            called = time.monotonic()
        time.sleep(SECONDS_BETWEEN_LOOKS)
        watch.look()
        yield ""
        ended = set(waiting) - set(watch.in_state("queued", "running"))
        if ended and limits.free_cache:
            over = [one for one in watch.plan if one.title in ended]
            coming = [one for one in watch.plan if one.title in watch.in_state("queued", "running")]
            yield from room.free_models(over, coming)
        if ended and watch.in_state("queued"):
            guard_disk(watch, limits)


def guard_disk(watch: Watch, limits: Limits) -> None:
    """Where the disk is too full: take what waits out of the queue, let what runs end, and raise InputError."""
    try:
        room.check_disk(limits)
    except InputError:
        watch.queue.remove(watch.in_state("queued"))
        while watch.in_state("running"):
            time.sleep(SECONDS_BETWEEN_LOOKS)
            watch.look()
        raise


def stop_at_gate(chosen: Set, watch: Watch) -> None:
    """Where an experiment does not pass its gate, end what comes after it in the set and is not finished."""
    judged = judgements(chosen, watch, watch.failed)  # what crashed in an earlier run is to be tried once more
    failing = fails(judged)
    ended = watch.commits.keys() | watch.failed | watch.stopped
    for place, one in enumerate(watch.plan):
        # What cannot be judged may still be, as long as what it is compared with may come: that stands before it.
        settled = all(other.title in ended for other in watch.plan[:place])
        if one.name in failing or (settled and one.name in judged and not passes(judged[one.name])):
            break
    else:
        return
    behind = {one.title for one in watch.plan[place + 1 :]} - watch.commits.keys()
    if behind - watch.stopped:
        watch.queue.stop(sorted(behind))
        watch.look()
        watch.failed -= behind
        watch.stopped |= behind - watch.commits.keys()


def judgements(chosen: Set, watch: Watch, lost: Collection[str]) -> dict[str, list[Judgement]]:
    """Of each experiment that has ended and has a gate, what became of it. `lost`: titles of those that failed."""
    titles = {one.name: one.title for one in watch.plan}
    commits = {name: watch.commits[title] for name, title in titles.items() if title in watch.commits}
    figures = {name: finished.figures(commit) for name, commit in commits.items()}
    failed = [name for name, title in titles.items() if title in lost]
    return judged(chosen, figures, lambda before, after: _paired(commits[before], commits[after]), failed)


@cache  # asked again and again while a set runs
def _paired(before: str, after: str) -> Mapping[str, Difference]:
    from dialsum.reporting import commits, comparison

    records = {commit: commits.read(commit, commit) for commit in (before, after)}
    return comparison.compare(before, after, records).differences


def judged(
    chosen: Set, figures: Mapping[str, Figures], paired: Paired, failed: Collection[str]
) -> dict[str, list[Judgement]]:
    """The same by the figures of those that are finished, by their names in the set, in its order.

    `failed`: the names of those that did not finish, and so have reached nothing.
    """
    found: dict[str, list[Judgement]] = {}
    for name in chosen.experiments:
        asked = criteria(chosen.gates[name]) if name in chosen.gates else []
        if asked and name in failed:
            found[name] = [Judgement(one.text, False, "did not finish", "") for one in asked]
        elif asked and name in figures:
            found[name] = [judge(one, name, figures, paired) for one in asked]
    return found


def fails(judged: Mapping[str, Sequence[Judgement]]) -> list[str]:
    """The experiments that fail their gate; one that cannot be judged does not."""
    return [name for name, found in judged.items() if any(one.passed is False for one in found)]


def passes(found: Sequence[Judgement]) -> bool:
    """Whether a gate is passed for sure."""
    return all(one.passed for one in found)


def _must(done: CompletedProcess[str], what: str) -> None:
    """Raise InputError with DVC's own words if a command failed."""
    if done.returncode != 0:
        words = [line.removeprefix("ERROR: ") for line in done.stdout.splitlines() if line.startswith("ERROR")]
        raise InputError(f"dvc: {what}: {words[0] if words else done.stdout.strip() or 'failed'}")
