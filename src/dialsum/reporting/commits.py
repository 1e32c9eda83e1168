"""Records of experiments as DVC keeps them: a commit each, and files in DVC's cache.

Enters: the name of an experiment, or any commit with results. Leaves: its Record. Metrics and curves lie in git;
the scores of rows, the dialogues and the values in force in the cache, or in a remote from which DVC fetches them.
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ruamel.yaml import YAML

from dialsum.errors import InputError
from dialsum.experiments import finished, progress, repository
from dialsum.experiments.repository import git
from dialsum.experiments.sets import Experiment
from dialsum.reporting.record import Record, check, in_words, read_answers, read_code, read_curve

SCORES, DEV = "data/scores/dev.csv", "data/prepared/dev.jsonl"
TRAINED, BASE = "models/trained/trained.json", "models/base/base.json"
LOST = "no scores of rows, in DVC's cache or a remote: it is not compared row by row"


def find(name: str) -> str:
    """The commit of an experiment (the newest of that name), or of what git knows by the name. Raises InputError."""
    commits = list(finished.experiments().get(name, {}).values())
    if commits:
        return max(commits, key=lambda commit: (_when(commit), commit))
    commit = git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if commit is None or name.startswith("-"):
        raise InputError(f"{name}: is no experiment and no commit; `dvc exp list --all-commits` names the experiments")
    return commit.strip()


def of_experiment(one: Experiment) -> tuple[str | None, str]:
    """The commit of an experiment as it would be made now, else the newest of its name and how it was made; or None."""
    known = finished.experiments()
    commit = progress.commit_of(one, known, repository.head())
    if commit is not None or one.title not in known:
        return commit, ""
    commit = find(one.title)
    return commit, f"made otherwise than it would be now: {'; '.join(finished.differences(commit, one)[:3])}"


def read(name: str, commit: str, note: str = "") -> Record:
    """The record of a commit. Raises InputError if it has no scores."""
    figures = finished.figures(commit)
    check(name, figures)
    values = _flat(YAML(typ="safe").load(git("show", f"{commit}:params.yaml") or "{}"))
    cached, lacking = _cached(commit)
    if TRAINED in cached and BASE in cached:
        pin = json.loads(cached[BASE])
        values |= json.loads(cached[TRAINED])["in_force"]
        values |= {"base.location": pin["location"], "base.revision": pin["revision"]}
    answers = read_answers(io.StringIO(cached.get(SCORES, ""), newline=""))
    return Record(
        name=name,
        source=commit,
        when=_when(commit),
        params=in_words(values),
        figures=figures,
        curve=read_curve(io.StringIO(git("show", f"{commit}:plots/training.csv") or "", newline="")),
        answers=answers,
        dialogues=_dialogues(cached) if answers else {},
        code=read_code(git("show", f"{commit}:dvc.lock") or ""),
        note="; ".join(part for part in (note, "" if answers else LOST, lacking) if part),
    )


def _when(commit: str) -> datetime:
    stamp = git("show", "--no-patch", "--format=%cI", commit) or ""
    return datetime.fromisoformat(stamp.strip()).astimezone(UTC)


def _cached(commit: str) -> tuple[dict[str, str], str]:
    """Those of the files that DVC can get; and what it lacks to ask its remote for the others, "" for nothing."""
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc_data.index import DataIndexDirError

    files = DVCFileSystem(rev=commit)
    found, lacking = {}, ""
    for path in (SCORES, DEV, TRAINED, BASE):
        try:
            found[path] = files.read_bytes(path).decode("utf-8")
        except (OSError, DvcException, DataIndexDirError):
            continue
        except ImportError as error:  # a plugin such as dvc-s3, where the cache alone does not have the file
            lacking = str(error)
    return found, lacking


def _dialogues(cached: dict[str, str]) -> dict[str, str]:
    """Those that `register` shows too, by id."""
    from dialsum.records import examples

    if SCORES not in cached or DEV not in cached:
        return {}
    with TemporaryDirectory() as folder:
        scores, dev = Path(folder, "scores.csv"), Path(folder, "dev.jsonl")
        for path, text in ((scores, cached[SCORES]), (dev, cached[DEV])):
            path.write_bytes(text.encode("utf-8"))
        table = examples.spread(scores, dev)
    return dict(zip(table["id"], table["dialogue"], strict=True))


def _flat(content: dict[str, Any]) -> dict[str, Any]:
    from dialsum.records.tracking import flatten

    return flatten(content)
