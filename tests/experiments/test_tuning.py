"""`dialsum tune`: what a kill left is taken up, and with real workers of DVC nothing runs twice."""

from __future__ import annotations

import json
import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import optuna
import pytest
from dvc.utils.hydra import apply_overrides

from dialsum.errors import InputError
from dialsum.experiments import searches, studies
from dialsum.experiments.queue import Queue, Task
from dialsum.experiments.tuning import Tuning, begin
from dialsum.params.limits import Limits

if TYPE_CHECKING:
    from tests.experiments.conftest import Small

pytestmark = pytest.mark.timeout(2400)
LIMITS = Limits(disk_gb=0.0, free_cache=False)
KILLS = ("ctrl-c", "command", "all")


@pytest.fixture
def inside(small: Small, monkeypatch: pytest.MonkeyPatch) -> Small:
    """This process is in the repository, as its user is."""
    monkeypatch.chdir(small.path)
    for name, value in small.environment().items():
        monkeypatch.setenv(name, value)
    return small


def finish(small: Small, number: int, score: float) -> None:
    """What DVC leaves of a trial: a commit with its values and its figures."""
    chosen = searches.read_searches()["seeds"]
    with studies.opened("seeds", chosen) as study:
        one = searches.experiment("seeds", chosen, number, studies.asked(study, number, chosen))
    head = small.run("git", "rev-parse", "HEAD").strip()
    small.run("git", "checkout", "--quiet", "--detach")
    apply_overrides("params.yaml", list(one.overrides))
    Path("metrics").mkdir(exist_ok=True)
    Path("metrics/rouge.json").write_text(json.dumps({"rouge_mean": score}))
    small.run("git", "add", "--all")
    small.run("git", "commit", "--quiet", "--message", one.title)
    small.run("git", "update-ref", f"refs/exps/{head[:2]}/{head[2:]}/{one.title}", "HEAD")
    small.run("git", "checkout", "--quiet", "main")


def asked_for(trials: int) -> None:
    """A study that a kill left with open trials."""
    chosen = searches.read_searches()["seeds"]
    with studies.opened("seeds", chosen) as study:
        for _ in range(trials):
            studies.ask(study, chosen)


def test_what_a_kill_left_is_told_or_queued(inside: Small) -> None:
    asked_for(2)
    finish(inside, 0, 61.5)  # while nobody looked
    chosen = searches.read_searches()["seeds"]
    said: list[str] = []
    with studies.opened("seeds", chosen) as study:
        tuning = Tuning("seeds", chosen, None, study)
        begin(tuning, LIMITS, said.append)
        assert [one.value for one in studies.trials(study)] == [61.5, None]
        assert tuning.open == {"seeds--trial-01": 1}
        assert [(row.title, row.state, row.score) for row in tuning.rows()] == [
            ("seeds--trial-00", "done", 61.5),
            ("seeds--trial-01", "queued", None),
        ]
        values = studies.asked(study, 1, chosen)
    assert said == [
        f"dvc exp run --queue -n seeds--trial-01 -S training.threads=1 -S training.seed={values['training.seed']} "
        f"-S training.learning_rate={values['training.learning_rate']}"
    ]
    assert {name: task.state for name, task in Queue().tasks().items()} == {"seeds--trial-01": "queued"}
    # A kill again: it waits already.
    said.clear()
    with studies.opened("seeds", chosen) as study:
        tuning = Tuning("seeds", chosen, None, study)
        begin(tuning, LIMITS, said.append)
        assert (tuning.open, said) == ({"seeds--trial-01": 1}, [])


def test_ctrl_c_while_an_open_trial_is_queued_takes_it_out_again(inside: Small) -> None:
    asked_for(2)
    with inside.start("seeds", command="tune") as process:
        inside.wait_until(lambda: not (inside.path / ".git" / "HEAD").read_text().startswith("ref:"))
        assert "stopped; the same command runs what is left" in inside.stopped(process, signal.SIGINT)
    assert inside.run("git", "symbolic-ref", "HEAD") == "refs/heads/main\n"
    assert Queue().tasks() == {}
    with studies.opened("seeds", searches.read_searches()["seeds"]) as study:
        assert studies.stopped(study) == {0, 1}


def test_a_finished_study_runs_nothing_and_says_the_best(inside: Small) -> None:
    asked_for(4)
    chosen = searches.read_searches()["seeds"]
    with studies.opened("seeds", chosen) as study:
        values = [studies.asked(study, number, chosen) for number in range(4)]
        for number, score in enumerate([50.0, 61.25, 55.0]):
            studies.tell(study, number, score)
        studies.tell_failed(study, 3, "failed; dialsum experiments log seeds--trial-03")
    said = inside.tune("seeds").splitlines()
    assert said[0] == "seeds: all 4 trials are done; nothing is left to run"
    assert "best so far, trial by trial: 50 (trial 0), 61.25 (trial 1)" in said
    assert "seeds--trial-03: failed; dialsum experiments log seeds--trial-03" in said
    place = said.index("seeds--trial-01 is the best, rouge.rouge_mean 61.25:")
    assert said[place + 1] == (
        f"dvc exp run -S training.threads=1 -S training.seed={values[1]['training.seed']} "
        f"-S training.learning_rate={values[1]['training.learning_rate']}"
    )
    assert inside.names() == []
    assert inside.lines("begun.txt") == []
    assert len(inside.tune("seeds", "--trials", "2").splitlines()) == len(said), "fewer than there are"


def test_scores_of_other_code_or_values_are_not_mixed(inside: Small) -> None:
    asked_for(2)
    finish(inside, 0, 61.5)
    chosen = searches.read_searches()["seeds"]
    work = (inside.path / "work.py").read_text()
    (inside.path / "work.py").write_text(work + "# another\n")
    with studies.opened("seeds", chosen) as study:
        studies.tell(study, 0, 61.5)
        with pytest.raises(InputError, match=r"^seeds: since its first trials work.py has changed; scores would not"):
            begin(Tuning("seeds", chosen, None, study), LIMITS, print)
    (inside.path / "work.py").write_text(work)
    inside.edited()
    with studies.opened("seeds", chosen) as study:
        with pytest.raises(InputError, match=r"since its first trials training.weight_decay was 0.0, is 0.3; scores"):
            begin(Tuning("seeds", chosen, None, study), LIMITS, print)
        studies.tell(study, 1, 1.0)
    said = inside.tune("seeds", "--trials", "2")
    assert "now it would score otherwise, for since then: training.weight_decay was 0.0, is 0.3" in said


def done_in_the_queue(title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC's queue says so, until the name is queued anew."""
    done, tasks = Task(title, "done", "HEAD", "", None, 0), Queue.tasks
    monkeypatch.setattr(Queue, "tasks", lambda queue: {title: done, **tasks(queue)})


def test_a_score_from_before_an_edit_counts_once_that_is_taken_back(
    inside: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for(1)
    finish(inside, 0, 61.5)  # while nobody looked
    done_in_the_queue("seeds--trial-00", monkeypatch)
    chosen = searches.read_searches()["seeds"]
    work = inside.path / "work.py"
    before = work.read_text()
    work.write_text(before + "# another\n")
    inside.run("git", "commit", "--quiet", "--all", "--message", "other code")
    with studies.opened("seeds", chosen) as study:
        with pytest.raises(InputError, match=r"since its first trials work.py has changed"):
            begin(Tuning("seeds", chosen, None, study), LIMITS, print)
        assert studies.failed(study) == []
    work.write_text(before)
    inside.run("git", "commit", "--quiet", "--all", "--message", "the code from before")
    with studies.opened("seeds", chosen) as study:
        begin(Tuning("seeds", chosen, None, study), LIMITS, print)
        assert [one.value for one in studies.trials(study)] == [61.5]


def test_a_trial_whose_name_an_earlier_study_had_is_queued(inside: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for(1)
    finish(inside, 0, 61.5)
    done_in_the_queue("seeds--trial-00", monkeypatch)
    (inside.path / ".dialsum" / "studies" / "seeds.db").unlink()
    file = inside.path / "experiments.yaml"
    file.write_text(file.read_text().replace("low: 100, high: 999", "low: 1000, high: 9999"))
    inside.run("git", "commit", "--quiet", "--all", "--message", "other ranges")
    asked_for(1)
    chosen = searches.read_searches()["seeds"]
    said: list[str] = []
    with studies.opened("seeds", chosen) as study:
        tuning = Tuning("seeds", chosen, None, study)
        begin(tuning, LIMITS, said.append)
        assert (tuning.open, studies.failed(study)) == ({"seeds--trial-00": 0}, [])
    assert [line.split(" -S")[0] for line in said] == ["dvc exp run --queue -n seeds--trial-00"]


def test_what_is_wrong_is_said_before_anything_is_queued(inside: Small) -> None:
    assert "searches: there is no 'quick'; expected is one of seeds, luck" in inside.tune("quick", status=1)
    file = inside.path / "experiments.yaml"
    file.write_text(file.read_text().replace("training.seed: {choices", "training.sed: {choices"))
    assert "searches.luck.ranges: 'training.sed=13': params.yaml has no training.sed" in inside.tune("luck", status=1)
    assert not (inside.path / ".dialsum" / "studies").exists()


def drawn(name: str, small: Small, trials: int) -> list[int]:
    """The seeds of the first trials, which are drawn at random, whatever the others score."""
    assert trials <= studies.DRAWN
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    chosen = searches.read_searches(small.path / "experiments.yaml")[name]
    study = optuna.create_study()
    numbers = [studies.ask(study, chosen) for _ in range(trials)]
    return [int(str(studies.asked(study, number, chosen)["training.seed"])) for number in numbers]


@pytest.mark.slow
def test_two_at_a_time_and_the_best_line_again(queueing: Small) -> None:
    said = queueing.tune("seeds", "--jobs", "2").splitlines()
    seeds = drawn("seeds", queueing, 4)
    assert queueing.names() == [f"seeds--trial-0{number}" for number in range(4)]
    assert sorted(queueing.lines("ended.txt")) == sorted(map(str, seeds))
    best = max(seeds)
    assert said[-2] == f"seeds--trial-0{seeds.index(best)} is the best, rouge.rouge_mean {50.0 + best}:"
    assert f"-S training.seed={best} " in said[-1]
    assert "all 4 trials are done" in queueing.tune("seeds")
    queueing.run(*shlex.split(said[-1]))
    assert json.loads((queueing.path / "metrics" / "rouge.json").read_text())["rouge_mean"] == 50 + best
    assert len(queueing.lines("begun.txt")) == 4, "the line was answered from the cache"


@pytest.mark.slow
def test_one_that_fails_does_not_stop_the_others_and_the_cache_costs_nothing(queueing: Small) -> None:
    seeds = drawn("luck", queueing, 4)
    assert set(seeds) == {5, 13}
    said = queueing.tune("luck")
    good = [f"luck--trial-0{number}" for number, seed in enumerate(seeds) if seed == 5]
    assert queueing.names() == good
    assert queueing.lines("ended.txt") == ["5"], "once, then from the cache"
    for number, seed in enumerate(seeds):
        told = f"luck--trial-0{number}: failed; dialsum experiments log luck--trial-0{number}"
        assert (told in said) is (seed == 13)
    assert f"{good[0]} is the best, rouge.rouge_mean 55.0:" in said
    # Without its study, what is there is taken as it is.
    studies_folder = queueing.path / ".dialsum" / "studies"
    (studies_folder / "luck.db").unlink()
    assert f"{good[0]} is the best, rouge.rouge_mean 55.0:" in queueing.tune("luck")
    assert queueing.lines("ended.txt") == ["5"]


@pytest.mark.slow
def test_a_fault_that_all_trials_meet_ends_the_search_and_costs_it_nothing(queueing: Small) -> None:
    file = queueing.path / "experiments.yaml"
    file.write_text(file.read_text().replace("{choices: [13, 5]}", "{choices: [13]}"))
    said = queueing.tune("luck", status=1)
    assert "luck: 3 trials have failed and none has a score, the last with: no luck; mend that and call again" in said
    assert queueing.lines("begun.txt") == ["13"] * 3
    work = queueing.path / "work.py"
    work.write_text(work.read_text().replace("seed == 13", "seed == 14"))
    queueing.tune("luck")
    assert queueing.names() == [f"luck--trial-0{number}" for number in range(3, 7)], "four, as were asked for"


@pytest.mark.slow
@pytest.mark.parametrize("kill", KILLS)
def test_after_a_kill_the_same_command_goes_on(queueing: Small, kill: str) -> None:
    params = queueing.edited()
    seeds = drawn("seeds", queueing, 4)
    hold = queueing.hold(seeds[1])
    with queueing.start("seeds", command="tune") as process:
        queueing.wait_until(lambda: str(seeds[1]) in queueing.lines("begun.txt"))
        if kill == "all":
            queueing.kill_all()
        else:
            said = queueing.stopped(process, signal.SIGINT if kill == "ctrl-c" else signal.SIGKILL)
            assert ("stopped; the same command runs what is left" in said) is (kill == "ctrl-c")
    hold.unlink()
    said = queueing.tune("seeds")
    assert queueing.untouched(params)
    assert queueing.names() == [f"seeds--trial-0{number}" for number in range(4)]
    assert queueing.lines("ended.txt") == [str(seed) for seed in seeds], "each once, with the values of no kill"
    assert len(queueing.lines("begun.txt")) == (4 if kill == "command" else 5)
    assert f"rouge.rouge_mean {50.0 + max(seeds)}:" in said
