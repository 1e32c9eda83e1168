"""Two clones of one repository, each with its own queue and worker: one git origin, one DVC remote, one set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.experiments.conftest import Small

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def shared(queueing: Small) -> Small:
    """The small repository with a folder for all as DVC's remote, whose stage writes a model too."""
    path = queueing.path
    script = (path / "work.py").read_text()
    (path / "work.py").write_text(script + 'Path("model.txt").write_text(f"weights of {seed}")\n')
    with (path / "dvc.yaml").open("a") as pipeline:
        pipeline.write("    outs: [model.txt]\n")
    queueing.run("dvc", "remote", "add", "--default", "team", str(path.with_name("remote")))
    queueing.run("git", "add", "--all")
    queueing.run("git", "commit", "--quiet", "--message", "a remote")
    return queueing


def cloned(small: Small, name: str) -> Small:
    small.run("git", "clone", "--quiet", str(small.path.with_name("origin.git")), str(small.path.with_name(name)))
    return type(small)(small.path.with_name(name))


def test_a_set_is_shared_out_and_gathered(shared: Small) -> None:
    shared.run("git", "clone", "--quiet", "--bare", str(shared.path), str(shared.path.with_name("origin.git")))
    one, two = cloned(shared, "one"), cloned(shared, "two")
    try:
        # Each has its own queue: what one has queued, the other's worker does not take.
        one.run("dvc", "exp", "run", "--queue", "-n", "quick--one", "-S", "training.threads=1", "-S", "training.seed=1")
        two.run("dvc", "exp", "run", "--queue", "-n", "quick--two", "-S", "training.threads=1", "-S", "training.seed=2")
        assert (
            "quick--one" in one.run("dvc", "queue", "status"),
            "quick--one" in two.run("dvc", "queue", "status"),
        ) == (
            True,
            False,
        )
        for clone in (one, two):
            clone.run("dvc", "queue", "start")
        one.wait_until(lambda: bool(one.names() and two.names()))
        assert (one.lines("ended.txt"), two.lines("ended.txt")) == (["1"], ["2"])

        one.run("dvc", "exp", "push", "origin", "quick--one")
        two.run("dvc", "exp", "pull", "origin", "quick--one")
        assert two.names() == ["quick--one", "quick--two"]
        # What came from the other clone counts: only the third is missing.
        two.dialsum("run", "quick")
        assert two.lines("ended.txt") == ["2", "3"]
        assert [line.split()[:2] for line in two.dialsum("show", "quick").splitlines()[1:]] == [
            ["quick--three", "done"],
            ["quick--two", "done"],
            ["quick--one", "done"],
        ]
        two.run("dvc", "exp", "apply", "quick--one")
        assert (two.path / "model.txt").read_text() == "weights of 1"
    finally:
        one.end()
        two.end()


def test_experiments_that_were_not_pushed_stay_where_they_are(shared: Small) -> None:
    """`git push` and `dvc push` alone take no experiment along."""
    shared.run("git", "clone", "--quiet", "--bare", str(shared.path), str(shared.path.with_name("origin.git")))
    one = cloned(shared, "one")
    try:
        one.dialsum("run", "quick")
        one.run("git", "push", "--quiet", "origin", "main")
        one.run("dvc", "push", "--quiet")
        assert cloned(shared, "two").names() == []
        assert "quick--one" not in one.run("dvc", "exp", "list", "origin")
        one.run("dvc", "exp", "push", "--rev", "HEAD", "origin")
        assert Path(one.path.with_name("remote")).is_dir()
        assert one.run("dvc", "exp", "list", "origin").count("quick--") == 3
    finally:
        one.end()
