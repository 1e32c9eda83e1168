"""`dialsum experiments run`, with real workers of DVC: what is killed or stopped goes on, nothing runs twice."""

from __future__ import annotations

import ast
import json
import shlex
import signal
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from tests.experiments.conftest import Small

pytestmark = pytest.mark.timeout(900)
PATIENCE = 200  # seconds
RECOVER = "from dialsum.experiments.queue import Queue; print(Queue().recover())"


def workers(small: Small) -> list[psutil.Process]:
    """DVC's, as they have written it down."""
    files = sorted(small.path.glob(".dvc/tmp/exps/celery/dvc-exp-worker-*.json"))
    return [psutil.Process(json.loads(file.read_text())["pid"]) for file in files]


def test_lines_typed_by_hand_do_the_same(queueing: Small) -> None:
    lines = queueing.dialsum("run", "quick", "--jobs", "2", "--dry-run").splitlines()
    assert lines == [
        "dvc exp run --queue -n quick--one -S training.threads=1 -S training.seed=1",
        "dvc exp run --queue -n quick--two -S training.threads=1 -S training.seed=2",
        "dvc exp run --queue -n quick--three -S training.threads=1 -S training.seed=3",
        "dvc queue start -j 2",
    ]
    assert queueing.names() == []
    for line in lines:
        queueing.run(*shlex.split(line))
    said = queueing.dialsum("run", "quick")
    assert "exp run" not in said, "they are known by their names"
    assert queueing.names() == ["quick--one", "quick--three", "quick--two"]
    assert sorted(queueing.lines("ended.txt")) == ["1", "2", "3"]
    assert [line.split()[-1] for line in said.splitlines()[-3:]] == ["51.00", "52.00", "53.00"]
    # All is there: nothing is queued, and nothing runs.
    assert "exp run" not in queueing.dialsum("run", "quick")
    assert all(line.startswith("# ") for line in queueing.dialsum("run", "quick", "--dry-run").splitlines())
    assert sorted(queueing.lines("begun.txt")) == ["1", "2", "3"]


@pytest.mark.slow
def test_one_that_fails_does_not_stop_the_others(queueing: Small) -> None:
    said = queueing.dialsum("run", "mixed", status=1)
    assert queueing.names() == ["mixed--good", "mixed--late"]
    assert "mixed--bad: not finished; dialsum experiments log mixed--bad" in said
    assert "no luck" in queueing.dialsum("log", "mixed--bad")
    # Again: only what failed.
    queueing.dialsum("run", "mixed", status=1)
    assert sorted(queueing.lines("begun.txt")) == ["13", "13", "4", "5"]


@pytest.mark.slow
def test_a_gate_that_fails_stops_the_set(queueing: Small) -> None:
    queueing.hold(8)
    said = queueing.dialsum("run", "gated", "--gated", status=1)
    assert queueing.names() == ["gated--first", "gated--second"]
    assert "first: PASS rouge.rouge_mean > 55: 56" in said
    assert "second: FAIL rouge.rouge_mean > 99: 57" in said
    assert "second fails its gate. Look at the prompt." in said
    assert "never said" not in said


@pytest.mark.slow
def test_the_same_command_does_not_pass_a_gate_that_failed(queueing: Small) -> None:
    for _ in range(2):
        said = queueing.dialsum("run", "gated", "--gated", status=1)
        assert queueing.names() == ["gated--first", "gated--second"]
        assert "gated--third: stopped: a gate before it is not passed" in said
        assert ["gated--third", "stopped"] in [line.split() for line in said.splitlines()]
    begun = queueing.lines("begun.txt")
    queueing.dialsum("run", "gated", "--gated", "--temp", status=1)
    assert queueing.lines("begun.txt") == begun, "the third had begun at most once, before the gate was known to fail"


@pytest.mark.slow
def test_a_gated_phase_that_crashes_stops_the_set(queueing: Small) -> None:
    file = queueing.path / "experiments.yaml"
    file.write_text(file.read_text().replace("second: [training.seed=7]", "second: [training.seed=13]"))
    hold = queueing.hold(8)
    said = queueing.dialsum("run", "gated", "--gated", status=1)
    assert queueing.names() == ["gated--first"]
    assert "second: FAIL rouge.rouge_mean > 99: did not finish" in said
    assert "second fails its gate. It did not finish." in said
    assert "gated--third: stopped: a gate before it is not passed" in said
    shown = queueing.dialsum("show", "gated")
    assert "second: FAIL rouge.rouge_mean > 99: did not finish" in shown
    assert "second fails its gate. It did not finish." in shown
    # Again: what crashed is tried once more, in a copy too.
    hold.unlink()
    begun = queueing.lines("begun.txt")
    said = queueing.dialsum("run", "gated", "--gated", "--temp", status=1)
    assert queueing.lines("begun.txt") == [*begun, "13"]
    assert "gated--second: failed" in said
    assert "gated--third: stopped: a gate before it is not passed" in said


STOP = """\
from dialsum.experiments.queue import Queue
queue, kill, calls = Queue(), None, []
def too_early(*given, **options):
    calls.append(given)
    if len(calls) == 1:
        raise RuntimeError("has not begun")
    return kill(*given, **options)
kill, queue._queue.kill = queue._queue.kill, too_early
queue.stop(["mine"])
print(queue.tasks()["mine"].state)
"""


@pytest.mark.slow
def test_an_interrupt_that_came_too_early_is_repeated(queueing: Small) -> None:
    queueing.hold(1)
    queueing.run("dvc", "exp", "run", "--queue", "-n", "mine", "-S", "training.seed=1")
    queueing.run("sh", "-c", "dvc queue start > said.txt 2>&1")
    queueing.wait_until(lambda: queueing.lines("begun.txt") == ["1"])
    assert queueing.run(sys.executable, "-c", STOP, patience=50).splitlines()[-1] == "failed"
    assert (queueing.names(), queueing.lines("ended.txt")) == ([], [])


@pytest.mark.slow
def test_ctrl_c_stops_and_the_same_command_goes_on(queueing: Small) -> None:
    params = queueing.edited()
    hold = queueing.hold(2)
    with queueing.start("run", "quick") as process:
        queueing.wait_until(lambda: "2" in queueing.lines("begun.txt"))
        assert "stopped; the same command runs what is left" in queueing.stopped(process, signal.SIGINT)
    assert queueing.untouched(params)
    hold.unlink()
    queueing.dialsum("run", "quick")
    assert queueing.untouched(params)
    assert queueing.names() == ["quick--one", "quick--three", "quick--two"]
    assert sorted(queueing.lines("ended.txt")) == ["1", "2", "3"]
    commit = queueing.run("git", "rev-parse", "HEAD").strip()
    kept = queueing.run("git", "show", f"refs/exps/{commit[:2]}/{commit[2:]}/quick--three:params.yaml")
    assert "weight_decay: 0.3" in kept, "the edit is part of the experiment"


@pytest.mark.slow
def test_a_kill_of_the_command_alone_leaves_the_workers_at_work(queueing: Small) -> None:
    params = queueing.edited()
    hold = queueing.hold(2)
    with queueing.start("run", "quick") as process:
        queueing.wait_until(lambda: "2" in queueing.lines("begun.txt"))
        queueing.stopped(process, signal.SIGKILL)
    hold.unlink()
    queueing.dialsum("run", "quick")
    assert queueing.untouched(params)
    assert queueing.names() == ["quick--one", "quick--three", "quick--two"]
    assert sorted(queueing.lines("begun.txt")) == ["1", "2", "3"], "nothing twice"


@pytest.mark.slow
def test_a_worker_that_does_not_answer_keeps_its_experiment(queueing: Small) -> None:
    hold = queueing.hold(1)
    with queueing.start("run", "quick") as process:
        queueing.wait_until(lambda: queueing.lines("begun.txt") == ["1"])
        queueing.stopped(process, signal.SIGKILL)
    (worker,) = workers(queueing)
    worker.suspend()  # as it were on a machine with far too much to do; DVC then starts another of its name
    queueing.run("sh", "-c", "dvc queue start > said.txt 2>&1")
    queueing.wait_until(lambda: worker not in workers(queueing))
    assert queueing.run(sys.executable, "-c", RECOVER).strip() == "[]"
    worker.resume()
    hold.unlink()
    queueing.dialsum("run", "quick")
    assert sorted(queueing.lines("begun.txt")) == ["1", "2", "3"], "nothing twice"


@pytest.mark.slow
def test_a_kill_of_a_worker_beside_another_costs_only_what_it_ran(queueing: Small) -> None:
    holds = [queueing.hold(seed) for seed in (1, 2)]
    with queueing.start("run", "quick", "--jobs", "2") as process:
        queueing.wait_until(lambda: sorted(queueing.lines("begun.txt")) == ["1", "2"])
        queueing.stopped(process, signal.SIGKILL)
    killed, _ = workers(queueing)
    killed.kill()
    killed.wait()
    (name,) = ast.literal_eval(queueing.run(sys.executable, "-c", RECOVER))
    for hold in holds:
        hold.unlink()
    queueing.dialsum("run", "quick")
    assert queueing.names() == ["quick--one", "quick--three", "quick--two"]
    again = {"quick--one": "1", "quick--two": "2"}[name]
    assert sorted(queueing.lines("begun.txt")) == sorted(["1", "2", "3", again])
    assert sorted(queueing.lines("ended.txt")) == ["1", "2", "3"]


@pytest.mark.slow
def test_a_kill_of_all_costs_only_what_ran(queueing: Small) -> None:
    params = queueing.edited()
    hold = queueing.hold(2)
    with queueing.start("run", "quick"):
        queueing.wait_until(lambda: "2" in queueing.lines("begun.txt"))
        queueing.kill_all()
    hold.unlink()
    said = queueing.dialsum("run", "quick")
    assert "quick--two: its worker was killed" in said
    assert queueing.untouched(params)
    assert queueing.names() == ["quick--one", "quick--three", "quick--two"]
    assert sorted(queueing.lines("ended.txt")) == ["1", "2", "3"]
    assert sorted(queueing.lines("begun.txt")) == ["1", "2", "2", "3"]


@pytest.mark.slow
def test_a_kill_while_dvc_queues_loses_no_edit(queueing: Small) -> None:
    """DVC has stashed the edits and detached HEAD at that moment."""
    params = queueing.edited()
    head = queueing.path / ".git" / "HEAD"
    with queueing.start("run", "quick"):
        queueing.wait_until(lambda: not head.read_text().startswith("ref:"))
        queueing.kill_all()
    (queueing.path / ".git" / "index.lock").unlink(missing_ok=True)
    assert queueing.run("git", "rev-parse", "--abbrev-ref", "HEAD").strip() == "HEAD", "it is detached"
    queueing.dialsum("run", "quick")
    assert (queueing.path / "params.yaml").read_bytes() == params
    assert head.read_text() == "ref: refs/heads/main\n"
    assert sorted(queueing.lines("ended.txt")) == ["1", "2", "3"]


@pytest.mark.slow
def test_in_copies_without_a_queue(small: Small) -> None:
    params = small.edited()
    assert small.dialsum("run", "mixed", "--temp", "--dry-run").splitlines()[0] == (
        "dvc exp run --temp -n mixed--good -S training.seed=4"
    )
    said = small.dialsum("run", "mixed", "--temp", status=1)
    assert "mixed--bad: failed: what DVC says above tells why" in said
    assert small.untouched(params)
    assert small.names() == ["mixed--good", "mixed--late"]
    assert small.lines("begun.txt") == ["4", "13", "5"]


@pytest.mark.slow
def test_an_edit_between_two_copies_ends_the_set_and_stays_as_it_is(small: Small) -> None:
    params = small.path / "params.yaml"
    before = params.read_bytes()
    small.edited()
    hold = small.hold(4)
    with small.start("run", "mixed", "--temp") as process:
        small.wait_until(lambda: "4" in small.lines("begun.txt"))
        params.write_bytes(before)  # the user gives the edit up
        hold.unlink()
        said = process.communicate(timeout=PATIENCE)[0]
    assert "mixed--bad: since the set began training.weight_decay was 0.3, is 0.0; with --temp each takes" in said
    assert params.read_bytes() == before, "what was given up does not come back"
    assert small.lines("begun.txt") == ["4"]
    assert small.names() == ["mixed--good"]


@pytest.mark.slow
def test_other_values_under_the_same_name_are_refused(queueing: Small) -> None:
    queueing.dialsum("run", "quick")
    queueing.edited()
    said = queueing.dialsum("run", "quick", status=1)
    assert "quick--one: is there with other values: training.weight_decay was 0.0, is 0.3; commit your changes" in said
    queueing.run("git", "commit", "--quiet", "--all", "--message", "another weight decay")
    queueing.dialsum("run", "quick")
    assert len(queueing.lines("ended.txt")) == 6
    # What ran from an earlier commit with the values of now is not run again.
    queueing.run("git", "commit", "--quiet", "--allow-empty", "--message", "words")
    queueing.dialsum("run", "quick")
    assert len(queueing.lines("ended.txt")) == 6


@pytest.mark.parametrize("options", [[], ["--dry-run"], ["--temp"]])
def test_a_folder_that_is_not_there_is_named_before_anything_is_queued(small: Small, options: list[str]) -> None:
    file = small.path / "experiments.yaml"
    file.write_text(file.read_text().replace("two: [training.seed=2]", "two: [data.dir=data/mine]"))
    said = small.dialsum("run", "quick", *options, status=1)
    assert said == "error: quick--two: data.dir=data/mine: there is no such folder, and DVC knows none\n"
    assert small.lines("begun.txt") == []
    assert small.run("dvc", "queue", "status").startswith("No experiment tasks in the queue.")


def test_a_search_looks_for_its_folders_before_its_first_trial(small: Small) -> None:
    file = small.path / "experiments.yaml"
    file.write_text(file.read_text().replace("the seed\n    common: [", "d\n    common: [data.dir=data/mine, "))
    assert "data.dir=data/mine: there is no such folder" in small.tune("seeds", status=1)
    assert "data.dir=data/mine: there is no such folder" in small.tune("seeds", status=1), "no trial is open"


def test_copies_are_made_one_after_the_other(small: Small) -> None:
    said = small.dialsum("run", "quick", "--temp", "--jobs", "2", status=1)
    assert said == "error: --temp: the experiments run one after the other; leave --jobs at 1\n"


def test_the_log_of_what_is_not_in_the_queue_is_answered_with_what_is(small: Small) -> None:
    assert "error: nobody: is not in DVC's queue, which is empty" in small.dialsum("log", "nobody", status=1)
    small.run("dvc", "exp", "run", "--queue", "-n", "quick--one", "-S", "training.seed=1")
    said = small.dialsum("log", "nobody", status=1)
    assert said == (
        "error: nobody: is not in DVC's queue, which has quick--one; what ran with --temp has never been there\n"
    )
