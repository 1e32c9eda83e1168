"""The memory of a search: an Optuna study in a SQLite file, which outlives every kill.

Enters: a search and what its trials scored. Leaves: `.dialsum/studies/rates.db`, and from it the values of the next
trial, as `{"training.learning_rate": 0.00412…, "training.lora.r": 8}`.

Values are asked for and scores told (Optuna's ask and tell); who runs the trials in between is not Optuna's affair.
The sampler is TPE (Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization"). Each trial has a seed of its
own, a fixed one plus its number: a sampler that began anew after a kill would repeat its first draws. So trials that
run one at a time have the same values, killed or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock, Timeout
from optuna.trial import FrozenTrial, TrialState

from dialsum import workspace
from dialsum.errors import InputError
from dialsum.experiments.searches import Range, Search, Value

SEED = 42
DRAWN = 5  # trials that are drawn at random before TPE has something to go by; Optuna's 10 are most of a small search
ASKED = "asked"  # the study's attribute that holds its search
STOPPED = "stopped"  # the study's attribute that holds the trials which Ctrl-C ended
REASON = "reason"  # with a number, the study's attribute that says why a trial failed


def file_of(title: str) -> Path:
    """The study's file."""
    return workspace.root() / "studies" / f"{title}.db"


@contextmanager
def opened(title: str, chosen: Search) -> Iterator[optuna.Study]:
    """The study of that name, begun if there is none, and held by this process alone.

    Raises InputError if another process holds it, or if it was begun for another search: scores of other ranges or of
    another metric would mislead it.
    """
    file = file_of(title)
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file.with_suffix(".lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise InputError(f"{title}: another `dialsum tune` is at work on it; wait for its end") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
        yield _begun(title, chosen, storage)
        storage.engine.dispose()
    finally:
        lock.release()


def _begun(title: str, chosen: Search, storage: optuna.storages.RDBStorage) -> optuna.Study:
    """The study in a file. Raises InputError if scores in it are not of this search."""
    asked = {key: value for key, value in asdict(chosen).items() if key not in ("describe", "trials")}
    study = optuna.create_study(study_name=title, storage=storage, direction=chosen.direction, load_if_exists=True)
    before: dict[str, Any] = study.user_attrs.get(ASKED, {})
    changed = [key for key, value in asked.items() if before.get(key) != value]
    if changed and not trials(study):
        optuna.delete_study(study_name=title, storage=storage)
        study = optuna.create_study(study_name=title, storage=storage, direction=chosen.direction)
    elif changed and (changed != ["metric"] or trials(study, TrialState.COMPLETE)):
        told = "; ".join(f"{key} was {before.get(key)}, is {asked[key]}" for key in changed)
        raise InputError(
            f"{title}: was begun as another search: {told}; put it back, give the new one another name, or delete "
            f"{file_of(title)}"
        )
    if changed:
        study.set_user_attr(ASKED, asked)
    return study


def trials(study: optuna.Study, *states: TrialState) -> list[FrozenTrial]:
    """By number; all, or those in one of these states."""
    return study.get_trials(deepcopy=False, states=states or None)


def counted(study: optuna.Study) -> int:
    """How many trials count as run: all but those that failed before the first score, whatever the values."""
    scored = min((one.number for one in trials(study, TrialState.COMPLETE)), default=None)
    return sum(
        one.state is not TrialState.FAIL or (scored is not None and one.number > scored) for one in trials(study)
    )


def is_over(study: optuna.Study, wanted: int) -> bool:
    """Whether so many trials count and none is open."""
    return counted(study) >= wanted and not trials(study, TrialState.RUNNING)


def failed(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that have no score and get none."""
    return trials(study, TrialState.FAIL)


def ask(study: optuna.Study, chosen: Search) -> int:
    """The number of a new trial, which is open until it is told what came of it."""
    study.sampler = _sampler(len(trials(study)))
    trial = study.ask()
    _values(trial, chosen)
    return trial.number


def asked(study: optuna.Study, number: int, chosen: Search) -> dict[str, Value]:
    """The values of an open trial; a kill may have come before all were chosen, and then the rest is now."""
    study.sampler = _sampler(number)
    (found,) = [one for one in trials(study) if one.number == number]
    return _values(optuna.trial.Trial(study, found._trial_id), chosen)


def _sampler(number: int) -> optuna.samplers.TPESampler:
    # constant_liar: trials that run beside it count as bad ones, so that it does not ask for the same again.
    return optuna.samplers.TPESampler(seed=SEED + number, n_startup_trials=DRAWN, constant_liar=True)


def _values(trial: optuna.trial.Trial, chosen: Search) -> dict[str, Value]:
    return {key: _value(trial, key, one) for key, one in chosen.ranges.items()}


def _value(trial: optuna.trial.Trial, key: str, one: Range) -> Value:
    if one.choices is not None:
        return trial.suggest_categorical(key, one.choices)
    assert one.low is not None
    assert one.high is not None
    if one.whole:
        return trial.suggest_int(key, int(one.low), int(one.high), log=one.log)
    return trial.suggest_float(key, one.low, one.high, log=one.log)


def tell(study: optuna.Study, number: int, score: float) -> None:
    """What a trial scored."""
    study.tell(number, score)


def tell_failed(study: optuna.Study, number: int, reason: str) -> None:
    """A trial that failed. TPE goes on as if it had not been."""
    study.set_user_attr(f"{REASON} {number}", reason)
    study.tell(number, state=TrialState.FAIL)


def note_stopped(study: optuna.Study, numbers: Iterable[int]) -> None:
    """Remember which trials end because they were stopped, and not by themselves; to DVC both have failed."""
    study.set_user_attr(STOPPED, sorted(numbers))


def stopped(study: optuna.Study) -> set[int]:
    """The trials that were stopped last."""
    return set(study.user_attrs.get(STOPPED, []))


def reason(study: optuna.Study, number: int) -> str:
    """Why a trial failed."""
    return str(study.user_attrs.get(f"{REASON} {number}", ""))


def best(study: optuna.Study) -> FrozenTrial | None:
    """The best that has a score, of equals the first; None if none has."""
    done = trials(study, TrialState.COMPLETE)
    if not done:
        return None
    sign = 1 if study.direction == optuna.study.StudyDirection.MAXIMIZE else -1
    return max(done, key=lambda one: (sign * (one.value or 0.0), -one.number))


def improvements(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that were better than all before them."""
    sign = 1 if study.direction == optuna.study.StudyDirection.MAXIMIZE else -1
    found: list[FrozenTrial] = []
    for one in trials(study, TrialState.COMPLETE):
        if not found or sign * (one.value or 0.0) > sign * (found[-1].value or 0.0):
            found.append(one)
    return found
