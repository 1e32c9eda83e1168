"""What DVC leaves when it is killed while it queues: the moments in which edits or HEAD are not in their place."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from dialsum.errors import InputError
from dialsum.experiments import snapshot
from dialsum.experiments.repository import git, tree

if TYPE_CHECKING:
    from tests.experiments.conftest import Small

NOTE = Path(".dialsum/experiments/before.json")


@pytest.fixture(autouse=True)
def edited(small: Small, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Another seed in params.yaml, and a new file that is staged; nothing is committed."""
    monkeypatch.chdir(small.path)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "tester")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "tester")
    file = Path("params.yaml")
    file.write_text(file.read_text().replace("  seed: 42", "  seed: 43"))
    Path("new.txt").write_text("new")
    git("add", "new.txt")
    return file.read_bytes()


def leave_a_note() -> None:
    """As a process that is killed while it queues."""
    with snapshot.remembered():
        content = NOTE.read_bytes()
    assert not NOTE.exists()
    NOTE.write_bytes(content)


def as_before(edited: bytes) -> bool:
    assert git("symbolic-ref", "HEAD") == "refs/heads/main\n"
    assert Path("params.yaml").read_bytes() == edited
    assert git("status", "--porcelain") == "A  new.txt\n M params.yaml\n"
    return Path("new.txt").read_text() == "new" and not NOTE.exists() and git("for-each-ref", "refs/dialsum") == ""


def test_nothing_is_touched_when_dvc_has_put_all_back(edited: bytes) -> None:
    with snapshot.held(), snapshot.remembered():
        assert json.loads(NOTE.read_text())["head"] == "refs/heads/main"
    assert as_before(edited)
    assert git("stash", "list") == ""


def test_stashed_edits_come_back(edited: bytes) -> None:
    leave_a_note()
    git("stash", "push")
    assert not Path("new.txt").exists()
    with snapshot.held():
        assert as_before(edited)


def test_a_detached_head_and_half_written_values_are_put_back(edited: bytes) -> None:
    leave_a_note()
    git("stash", "push")
    git("checkout", "--detach")
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("  seed: 42", "  seed: 1"))
    with snapshot.held():
        assert as_before(edited)
    assert "what a killed `dvc exp run` left" in str(git("stash", "list")), "nothing is thrown away"


def test_what_the_user_has_put_right_is_left_alone(edited: bytes) -> None:
    leave_a_note()
    Path("params.yaml").write_bytes(edited + b"# more\n")
    with snapshot.held():
        assert Path("params.yaml").read_bytes() == edited + b"# more\n"
    assert not NOTE.exists()


def test_another_commit_by_now_is_left_alone(edited: bytes) -> None:
    leave_a_note()
    git("commit", "--all", "--message", "mine")
    git("checkout", "--detach")
    with snapshot.held():
        assert git("symbolic-ref", "--quiet", "HEAD") is None
        assert Path("params.yaml").read_bytes() == edited


def leave_unmerged() -> bytes:
    """Edits as a merge leaves them, of which git makes no stash."""
    entry = str(git("ls-files", "--stage", "work.py")).split()
    lines = "".join(f"100644 {entry[1]} {stage}\twork.py\n" for stage in (1, 2, 3))
    subprocess.run(["git", "update-index", "--index-info"], input=lines, text=True, check=True)
    file = Path("params.yaml")
    file.write_bytes(file.read_bytes() + b"# more\n")
    assert git("stash", "create") is None
    return file.read_bytes()


@pytest.mark.timeout(60)
def test_a_workspace_that_is_as_it_was_is_not_waited_for() -> None:
    with snapshot.held():  # as `experiments run --temp` does until its set has ended
        snapshot.put_back()


def test_a_workspace_that_dvc_writes_into_is_waited_for(edited: bytes) -> None:
    waiting = Thread(target=snapshot.put_back, daemon=True)
    with snapshot.held(), snapshot.remembered():
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
    waiting.join(60)
    assert not waiting.is_alive()
    assert as_before(edited)


def test_dvc_is_not_called_where_the_edits_cannot_be_kept() -> None:
    content, status = leave_unmerged(), git("status", "--porcelain")
    called = False
    with pytest.raises(InputError, match="cannot be kept, so nothing was touched; mend what `git stash create`"):  # noqa: SIM117
        with snapshot.remembered():
            called = True
    assert not called
    assert not NOTE.exists()
    assert (Path("params.yaml").read_bytes(), git("status", "--porcelain")) == (content, status)


def test_a_tree_whose_edits_cannot_be_kept_is_not_taken_for_head() -> None:
    """Else `experiments run --temp` would hold what it makes against another state than the one it copies."""
    leave_unmerged()
    with pytest.raises(InputError, match="cannot be kept, so nothing was touched"):
        tree()


def test_edits_that_cannot_be_kept_are_not_thrown_away() -> None:
    leave_a_note()
    git("checkout", "--detach")
    content, status = leave_unmerged(), git("status", "--porcelain")
    with pytest.raises(InputError, match="cannot be kept, so nothing was touched"):
        snapshot.restore()
    assert (Path("params.yaml").read_bytes(), git("status", "--porcelain")) == (content, status)
    assert NOTE.exists()


def test_edits_that_cannot_be_stored_are_not_thrown_away(edited: bytes) -> None:
    leave_a_note()
    git("checkout", "--detach")
    Path(".git/refs/stash.lock").touch()
    with pytest.raises(InputError, match="cannot be kept, so nothing was touched"):
        snapshot.restore()
    assert Path("params.yaml").read_bytes() == edited
    Path(".git/refs/stash.lock").unlink()
    snapshot.restore()
    assert as_before(edited)


@pytest.mark.parametrize("committed", [True, False])
def test_what_could_not_be_put_back_is_said_and_tried_again(committed: bool) -> None:
    if committed:
        git("commit", "--all", "--message", "mine")
    leave_a_note()
    edits = json.loads(NOTE.read_text())["edits"]
    assert (edits is None) == committed
    git("checkout", "--detach")
    Path(".git/HEAD.lock").touch()
    with pytest.raises(
        InputError, match=r"could not be put back; mend what `git status` shows, and call this again"
    ) as e:
        snapshot.restore()
    assert (f"git stash apply {edits}" in str(e.value)) == (not committed)
    assert "None" not in str(e.value)
    Path(".git/HEAD.lock").unlink()
    snapshot.restore()
    assert git("symbolic-ref", "HEAD") == "refs/heads/main\n"
    assert not NOTE.exists()


def test_ctrl_c_while_dvc_queues_puts_all_back_and_leaves_nothing_queued(small: Small, edited: bytes) -> None:
    with small.start("run", "quick") as process:
        small.wait_until(lambda: git("symbolic-ref", "--quiet", "HEAD") is None)
        assert "stopped; the same command runs what is left" in small.stopped(process, signal.SIGINT)
    assert process.returncode == 1
    assert as_before(edited)
    assert small.run("dvc", "queue", "status").startswith("No experiment tasks in the queue.")
