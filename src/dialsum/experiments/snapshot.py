"""The workspace before DVC queues from it, to be had again if that is killed.

To queue an experiment, or to copy it for --temp, DVC stashes what is not committed, detaches HEAD, writes the overrides
into params.yaml, and takes all of it back a second later. Killed in between it leaves a detached HEAD, and the user's
edits in the stash. So a note is kept meanwhile, `.dialsum/experiments/before.json`:

    {"head": "refs/heads/main", "commit": "e70fc20…", "edits": "91ab02c…"}

with the edits as a commit of their own, or null; `restore` finds the note after a kill and puts everything back.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from dialsum import workspace
from dialsum.errors import InputError
from dialsum.experiments.repository import NOT_KEPT, edits, git, head
from dialsum.outputs import write_json

KEPT = "refs/dialsum/before"  # so that git does not collect the edits


@contextmanager
def held() -> Iterator[int]:
    """Hold the workspace, and put it back first where a kill has left it otherwise.

    Gives the descriptor of the lock: a child that inherits it holds the lock too, even when this process is killed.
    """
    folder = workspace.root() / "experiments"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "workspace.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            click.echo("waiting for another `dialsum experiments run` to leave the workspace …", err=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        restore()
        yield lock.fileno()


def put_back() -> None:
    """Put the workspace back as it was where a kill has left it otherwise: before params.yaml is read.

    A note may also be that of a process at work, which is waited for; without one there is nothing to wait for.
    """
    if _note().exists():
        with held():
            pass


@contextmanager
def remembered() -> Iterator[None]:
    """Keep the note while the block runs; the caller holds the workspace.

    Raises InputError before the block where git cannot keep the edits, and after it as `restore` does.
    """
    kept = edits("before dialsum experiments")
    if kept:
        git("update-ref", KEPT, kept)
    branch = (git("symbolic-ref", "--quiet", "HEAD") or "").strip()
    write_json(_note(), {"head": branch or None, "commit": head(), "edits": kept or None})
    try:
        yield
    finally:
        restore()


def restore() -> None:
    """Put HEAD and the edits back as the note says, if DVC did not; then the note goes.

    Raises InputError where git refuses; the note stays, and the next call tries again.
    """
    if not _note().exists():
        return
    note = json.loads(_note().read_text(encoding="utf-8"))
    if head() == note["commit"] and _left_by_dvc(note):
        found = edits("as dialsum found it")
        # Nothing is thrown away: `git stash list` shows it.
        if found and git("stash", "store", "-m", "what a killed `dvc exp run` left", found) is None:
            raise InputError(NOT_KEPT)
        done = [git("reset", "--hard", "--quiet")]
        if note["head"]:
            done.append(git("symbolic-ref", "HEAD", note["head"]))
        if note["edits"]:
            done.append(git("stash", "apply", "--index", "--quiet", note["edits"]))
        if None in done:
            safe = f" (your edits are safe: `git stash apply {note['edits']}`)" if note["edits"] else ""
            raise InputError(
                f"git: the workspace could not be put back; mend what `git status` shows, and call this again{safe}"
            )
    git("update-ref", "-d", KEPT)
    _note().unlink()


def _left_by_dvc(note: dict[str, str | None]) -> bool:
    """Whether HEAD is detached that was not, or the edits are gone."""
    detached = bool(note["head"]) and git("symbolic-ref", "--quiet", "HEAD") is None
    clean = not (git("status", "--porcelain", "--untracked-files=no") or "").strip()
    return detached or (clean and bool(note["edits"]))


def _note() -> Path:
    return workspace.root() / "experiments" / "before.json"
