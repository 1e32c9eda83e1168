"""A search from its first trial to its last.

Enters: a search of experiments.yaml and its study. Leaves: each trial as an experiment of DVC, `rates--trial-07`, that
ran like those of any set (experiments.running), and in the study what each scored.

A trial is open from the moment when the study gives its values until it is told what came of them; a kill leaves it
open. Called again, what is open is told if DVC has finished it meanwhile, awaited if it runs, and queued if it is lost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from optuna import Study
from optuna.trial import TrialState

from dialsum.errors import InputError
from dialsum.experiments import finished, progress, repository, running, searches, snapshot, studies
from dialsum.experiments.progress import Row
from dialsum.experiments.running import Watch
from dialsum.experiments.searches import Search, Value
from dialsum.experiments.sets import ENDS, EXPERIMENTS, Experiment
from dialsum.params.limits import Limits

if TYPE_CHECKING:
    from rich.table import Table

Tell = Callable[[str], None]
HOPELESS = 3  # failures, before the first score, that are more likely of the machine or the code than of the values


@dataclass
class Tuning:
    """A search at work.

    `open`: the numbers of trials by title. `killed`: the titles of those that the same command repeats. `failures`: why
    trials failed since it began.
    """

    name: str
    chosen: Search
    model: str | None
    study: Study
    watch: Watch = field(init=False)
    open: dict[str, int] = field(default_factory=dict)
    killed: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def title(self, number: int) -> str:
        """Of a trial, as DVC knows it."""
        return f"{self.study.study_name}{ENDS}{searches.name_of(number)}"

    def experiment(self, number: int, values: Mapping[str, Value]) -> Experiment:
        """A trial as an experiment. Raises InputError if its values do not go together."""
        return searches.experiment(self.name, self.chosen, number, values, self.model)

    def rows(self) -> list[Row]:
        """All trials, by number."""
        live = {row.title: row for row in self.watch.rows(self.open)} if self.open else {}
        found = []
        for trial in studies.trials(self.study):
            title = self.title(trial.number)
            if trial.state is TrialState.COMPLETE:
                found.append(Row(title, "done", score=trial.value))
            elif trial.state is TrialState.FAIL:
                found.append(Row(title, "failed"))
            else:
                found.append(live.get(title, Row(title, "killed" if title in self.killed else "missing")))
        return found

    def table(self, rows: Sequence[Row], caption: str = "") -> Table:
        """Rows with the values of each trial, under the key's last part, or the whole key where two end alike."""
        ends = [key.rpartition(".")[2] for key in self.chosen.ranges]
        headings = {
            key: end if ends.count(end) == 1 else key for key, end in zip(self.chosen.ranges, ends, strict=True)
        }
        columns: dict[str, dict[str, str]] = {heading: {} for heading in headings.values()}
        for trial in studies.trials(self.study):
            for key, value in trial.params.items():
                columns[headings[key]][self.title(trial.number)] = _in_short(value)
        return progress.table(rows, caption, columns)

    @property
    def hopeless(self) -> bool:
        """Whether some have failed and none has ever had a score: another would most likely fail too."""
        return len(self.failures) >= HOPELESS and studies.best(self.study) is None

    def fail(self, number: int, reason: str, words: str) -> None:
        """Tell the study of a failure. `words`: what was said last."""
        studies.tell_failed(self.study, number, reason)
        self.failures.append(words)

    def changed(self) -> list[str]:
        """What of code and values is not as it was for the trials before: scores of both would not compare.

        The last trial of which DVC still has the experiment, or the order for one, stands for all.
        """
        known = finished.experiments()
        for trial in reversed(studies.trials(self.study)):
            title = self.title(trial.number)
            task = self.watch.tasks.get(title) if self.open else None
            commits = [*known.get(title, {}).values(), *([task.commit] if task else [])]
            one = self.experiment(trial.number, trial.params) if commits else None
            found = [self._differences(commit, one) for commit in commits if one is not None]
            if own := [changed for changed in found if changed is not None]:
                return min(own, key=len)
        return []

    def _differences(self, commit: str, one: Experiment) -> list[str] | None:
        """None for a commit of other values under this name, as from a study that was deleted."""
        changed = finished.differences(commit, one)
        foreign = tuple(f"{key} was " for key in self.chosen.ranges)
        return None if any(line.startswith(foreign) for line in changed) else changed


def begin(tuning: Tuning, limits: Limits, tell: Tell) -> None:
    """Take up what is open. Raises InputError if code or values are not those of the trials before."""
    plan = []
    for trial in studies.trials(tuning.study, TrialState.RUNNING):
        one = _experiment(tuning, trial.number, tell)
        if one is not None:
            plan.append(one)
            tuning.open[one.title] = trial.number
    with snapshot.held() as lock:
        tuning.watch = running.survey(plan, tell)
        _settle(tuning, tell, again=True)
        tuning.failures.clear()  # those of an earlier call
        _refuse_changes(tuning)
        lost = [one for one in tuning.watch.missing() if one.title in tuning.open]
        running.add(tuning.watch, lost, limits, tell, lock)
    studies.note_stopped(tuning.study, [])


def steps(tuning: Tuning, wanted: int, jobs: int, limits: Limits, tell: Tell) -> Iterator[str]:
    """Go on until there are so many trials and all have ended; yields as `running.follow` does.

    Raises InputError if the disk is too full, if code or values are changed meanwhile, or if the first trials all fail.
    """
    _ask(tuning, wanted, jobs, limits, tell)
    for told in running.follow(tuning.watch, jobs, limits):
        yield told
        _settle(tuning, tell)
        _ask(tuning, wanted, jobs, limits, tell)
    if tuning.hopeless:
        raise InputError(
            f"{tuning.study.study_name}: {len(tuning.failures)} trials have failed and none has a score, the last "
            f"with: {tuning.failures[-1]}; mend that and call again: failures before the first score do not count"
        )


def _settle(tuning: Tuning, tell: Tell, again: bool = False) -> None:
    """Tell the study of what has ended.

    `again`: what was killed or stopped, or is not there with the values and the code of now, stays open, to be queued.
    """
    watch = tuning.watch
    stopped = studies.stopped(tuning.study) if again else set()
    for title, number in list(tuning.open.items()):
        task, killed = watch.tasks.get(title), watch.killed(title) or number in stopped
        absent = task is None or task.state == "done"  # what is done without such a commit is another, or was removed
        if title in watch.commits:
            _tell_score(tuning, title, number)
        elif (task is not None and task.state in ("queued", "running")) or (again and (absent or killed)):
            continue
        elif killed:
            tuning.killed.append(title)
            tell(f"{title}: was killed; the same command repeats it")
        else:
            reason = "was taken out of the queue" if task is None else f"failed; dialsum experiments log {title}"
            words = reason if task is None else progress.last_words(task.log) or reason
            tuning.fail(number, reason, words)
        del tuning.open[title]


def _tell_score(tuning: Tuning, title: str, number: int) -> None:
    figures = finished.figures(tuning.watch.commits[title])
    where = f"{EXPERIMENTS}: searches.{tuning.name}.metric: {title}"
    score = searches.score_of(figures, tuning.chosen.metric, where)
    if math.isfinite(score):
        studies.tell(tuning.study, number, score)
    else:
        reason = f"{tuning.chosen.metric} is {score}"
        tuning.fail(number, reason, reason)


def _ask(tuning: Tuning, wanted: int, jobs: int, limits: Limits, tell: Tell) -> None:
    """Ask for trials and queue them, while one is wanted and there is room for it."""
    while len(tuning.open) < jobs and studies.counted(tuning.study) < wanted and not tuning.hopeless:
        running.guard_disk(tuning.watch, limits)
        _refuse_changes(tuning)
        number = studies.ask(tuning.study, tuning.chosen)
        one = _experiment(tuning, number, tell)
        if one is not None:
            tuning.open[one.title] = number
            _queue(tuning.watch, one, limits, tell)
            _settle(tuning, tell)


def _queue(watch: Watch, one: Experiment, limits: Limits, tell: Tell) -> None:
    """Queue a new trial, unless it is there already, as from a study that was deleted."""
    with snapshot.held() as lock:
        watch.plan.append(one)
        watch.head = repository.head()
        watch.look()
        running.check(watch)
        if one in watch.missing():
            watch.expect([one.title])
            running.add(watch, [one], limits, tell, lock)


def _experiment(tuning: Tuning, number: int, tell: Tell) -> Experiment | None:
    """An open trial as an experiment; None if its values do not go together, and then it has failed."""
    try:
        return tuning.experiment(number, studies.asked(tuning.study, number, tuning.chosen))
    except InputError as error:
        tuning.fail(number, str(error), str(error))
        tell(str(error))
        return None


def _refuse_changes(tuning: Tuning) -> None:
    if changed := tuning.changed():
        raise InputError(
            f"{tuning.study.study_name}: since its first trials {'; '.join(changed[:3])}; scores would not compare: "
            "put it back and call again, or give the search another name"
        )


def _in_short(value: object) -> str:
    """`0.004121` of 0.0041213."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
