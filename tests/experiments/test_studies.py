"""The memory of a search: what it asks for, and that a kill changes nothing of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from optuna.trial import TrialState

from dialsum.errors import InputError
from dialsum.experiments import searches, studies
from dialsum.experiments.searches import Range, Search, Value

RANGES = {
    "training.learning_rate": Range(low=1e-3, high=1e-1, log=True),
    "training.lora.r": Range(low=4, high=8),
    "prompt.system": Range(choices=["none", "simple", None]),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def search(**changes: object) -> Search:
    values: dict[str, object] = {"describe": "d", "ranges": RANGES, "metric": "rouge.rouge_mean", "trials": 3}
    return Search(**{**values, **changes})  # type: ignore[arg-type]


def score(values: dict[str, Value]) -> float:
    """Best at a rate of 0.01."""
    rate = values["training.learning_rate"]
    assert isinstance(rate, float)
    return -abs(rate - 0.01)


def test_values_lie_within_their_ranges_and_differ() -> None:
    chosen = search()
    with studies.opened("mine", chosen) as study:
        found = [studies.asked(study, studies.ask(study, chosen), chosen) for _ in range(8)]
    assert all(isinstance(one["training.learning_rate"], float) for one in found)
    assert all(1e-3 <= float(str(one["training.learning_rate"])) <= 1e-1 for one in found)
    assert {one["training.lora.r"] for one in found} <= {4, 5, 6, 7, 8}
    assert {one["prompt.system"] for one in found} <= {"none", "simple", None}
    assert len({str(one) for one in found}) == 8


def test_a_kill_between_any_two_trials_changes_no_value() -> None:
    chosen = search()
    undisturbed, killed = [], []
    with studies.opened("one", chosen) as study:
        for _ in range(9):
            number = studies.ask(study, chosen)
            undisturbed.append(studies.asked(study, number, chosen))
            studies.tell(study, number, score(undisturbed[-1]))
    for _ in range(9):
        with studies.opened("two", chosen) as study:
            number = studies.ask(study, chosen)
        with studies.opened("two", chosen) as study:
            killed.append(studies.asked(study, number, chosen))
            studies.tell(study, number, score(killed[-1]))
    assert killed == undisturbed
    assert len({str(one) for one in killed}) == 9


def test_a_trial_killed_before_all_its_values_were_chosen_gets_the_rest() -> None:
    chosen = search()
    with studies.opened("mine", chosen) as study:
        trial = study.ask()
        rate = trial.suggest_float("training.learning_rate", 1e-3, 1e-1, log=True)
    with studies.opened("mine", chosen) as study:
        values = studies.asked(study, 0, chosen)
        assert values["training.learning_rate"] == rate
        assert values == studies.asked(study, 0, chosen)
        assert values.keys() == RANGES.keys()


def test_the_best_and_how_it_came_about() -> None:
    with studies.opened("mine", search()) as study:
        assert studies.best(study) is None
        for value in (50.0, 48.0, 60.0, 60.0, 55.0):
            studies.tell(study, studies.ask(study, search()), value)
        studies.tell_failed(study, studies.ask(study, search()), "no luck")
        best = studies.best(study)
        assert best is not None
        assert (best.number, best.value) == (2, 60.0)
        assert [one.number for one in studies.improvements(study)] == [0, 2]
        assert [studies.reason(study, one.number) for one in studies.failed(study)] == ["no luck"]


def test_the_least_is_the_best_if_asked_for() -> None:
    chosen = search(direction="minimize")
    with studies.opened("mine", chosen) as study:
        for value in (3.0, 4.0, 2.0):
            studies.tell(study, studies.ask(study, chosen), value)
        best = studies.best(study)
        assert best is not None
        assert best.number == 2
        assert [one.number for one in studies.improvements(study)] == [0, 2]


def test_it_is_over_when_all_are_told() -> None:
    with studies.opened("mine", search()) as study:
        studies.tell(study, studies.ask(study, search()), 1.0)
        number = studies.ask(study, search())
        assert not studies.is_over(study, 2)
        studies.tell_failed(study, number, "")
        assert studies.is_over(study, 2)
        assert studies.is_over(study, 1)
        assert not studies.is_over(study, 3)


def test_failures_before_the_first_score_do_not_count() -> None:
    with studies.opened("mine", search()) as study:
        for _ in range(3):
            studies.tell_failed(study, studies.ask(study, search()), "the disk is full")
        assert (studies.counted(study), studies.is_over(study, 3)) == (0, False)
        studies.tell(study, studies.ask(study, search()), 1.0)
        studies.tell_failed(study, studies.ask(study, search()), "")
        assert (studies.counted(study), studies.is_over(study, 2), studies.is_over(study, 3)) == (2, True, False)


def test_another_search_under_the_same_name_is_refused() -> None:
    with studies.opened("mine", search(metric="rouge.rouge_men")) as study:
        pass
    with studies.opened("mine", search()) as study:  # nothing was asked for yet
        number = studies.ask(study, search())
    with studies.opened("mine", search(metric="rouge.rouge1", trials=9, describe="e")) as study:
        studies.tell(study, number, 1.0)  # no score was known yet
    with pytest.raises(InputError) as caught, studies.opened("mine", search(common=["training.seed=1"])):
        pass
    assert str(caught.value) == (
        "mine: was begun as another search: metric was rouge.rouge1, is rouge.rouge_mean; common was [], is "
        f"['training.seed=1']; put it back, give the new one another name, or delete {studies.file_of('mine')}"
    )


def test_two_at_once_are_refused() -> None:
    refused = pytest.raises(InputError, match=r"mine: another `dialsum tune` is at work on it")
    with studies.opened("mine", search()), refused, studies.opened("mine", search()):
        pass
    with studies.opened("mine", search()) as study:
        assert studies.trials(study, TrialState.RUNNING) == []


def test_a_study_of_another_model_is_another() -> None:
    assert searches.title_of("rates", "kot5") == "rates@kot5"
    assert studies.file_of("rates@kot5").name == "rates@kot5.db"
