"""The git repository that experiments start from."""

from __future__ import annotations

import subprocess

from dialsum.errors import InputError

NOT_KEPT = (
    "git: what is not committed cannot be kept, so nothing was touched; mend what `git stash create` complains of, "
    "such as unmerged files or a full disk"
)


def git(*arguments: str) -> str | None:
    """What a git command prints; None where it fails."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, encoding="utf-8")
    return done.stdout if done.returncode == 0 else None


def head() -> str:
    """The commit that experiments start from. Raises InputError outside a repository with a commit."""
    commit = git("rev-parse", "HEAD")
    if commit is None:
        raise InputError("git: there is no commit here; call this in the repository, after `git commit`")
    return commit.strip()


def tree() -> str:
    """A commit of the working tree as it is: HEAD, or one with the edits. Raises InputError as `edits` does."""
    return edits("the working tree") or head()


def edits(message: str) -> str:
    """What is not committed as a commit that no branch has; "" where there is nothing.

    Raises InputError where git cannot make one: to take that for nothing would cost the user the edits.
    """
    made = git("stash", "create", message)
    if made is None:
        raise InputError(NOT_KEPT)
    return made.strip()
