"""Which version of `dialsum` is the champion: decided by its scores, or by hand.

Enters: a version that `registry.add` made, the scores of its dev rows (its run's scores/dev.csv), section `registry`.
Leaves: aliases, and tags of the version.

    champion           the best on the dev data now in use: those of the version that was registered last
    champion-0123abcd  the best on the dev data whose md5 begins so; scores on different dev data do not compare
    challenger         the version that was registered last, if it was let in and is not the champion

    verdict            champion | challenger | failed | fold, when it was registered
    reason             rouge_mean 70.2000 against 70.1288 of version 3, higher in 61.2 % of …; 95 % are needed
    former_champion    3: whom it replaced, and whom `rollback` gives back
    promoted_by_hand   2025-01-02 03:04:05 UTC

There is one champion at any time, once there was one; with one exception: on dev data without any version that passed
the gates there is none, because a champion of other data must not be served in its place.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from dialsum.errors import InputError
from dialsum.measures.significance import RESAMPLES, superiority
from dialsum.params.registry import Registry
from dialsum.records import interrupted, store, tracking
from dialsum.records.interrupted import FORMER, MOVED
from dialsum.records.registry import CHAMPION, FOLD, by_alias, find, line_alias

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CHALLENGER = "challenger"
ROW_SCORES = "scores/dev.csv"  # of the run's files


@dataclass(frozen=True)
class Verdict:
    """What a version is from its registration on, and why; `failed` is one that did not pass a gate, `fold` one of
    data.fold, scored on rows of its own: no alias moves for it.
    """

    role: Literal["champion", "challenger", "failed", "fold"]
    reason: str


def settle(client: MlflowClient, version: ModelVersion, rules: Registry) -> Verdict:
    """Judge a new version, finish its run and move the aliases.

    The champion's alias moves last, in one write: whoever loads `champion` meanwhile gets a version of a finished run.
    """
    with store.lock("registry"):
        interrupted.undo_killed(client)
        if FOLD in version.tags:
            verdict = Verdict("fold", f"data.fold={version.tags[FOLD]}: scored on rows of its own")
            _tag(client, version, {"verdict": verdict.role, "reason": verdict.reason})
            tracking.finish(client, str(version.run_id))
            return verdict
        champion = by_alias(client, CHAMPION)
        line = line_alias(version.tags["dev_md5"])
        best = _best(client, version, (champion, by_alias(client, line)), rules.metric)
        verdict = judge(client, version, best, rules)
        former = best or champion
        if verdict.role == "champion" and former:
            _tag(client, version, {FORMER: str(former.version)})
        winner = version if verdict.role == "champion" else best
        moves = {CHALLENGER: version if verdict.role == "challenger" else None, **_seating(champion, winner, line)}
        before = client.get_registered_model(store.MODEL).aliases
        moved = interrupted.note_moves(before, moves)
        _tag(client, version, {"verdict": verdict.role, "reason": verdict.reason, MOVED: moved})
        tracking.finish(client, str(version.run_id))
        _move(client, moves)
        return verdict


def judge(client: MlflowClient, new: ModelVersion, best: ModelVersion | None, rules: Registry) -> Verdict:
    """What a new version is, beside the `best` so far on the same dev data."""
    if fault := _failed_gate(new.tags, rules):
        return Verdict("failed", fault)
    if best is None:
        return Verdict("champion", "the first on these dev data")
    if new.tags["tokens"] != best.tags["tokens"]:
        tokens = f"measured in {new.tags['tokens']}, version {best.version} in {best.tags['tokens']}"
        return Verdict("challenger", f"{tokens}: they do not compare")
    before, after = (_row_scores(client, one, rules.metric) for one in (best, new))
    if not after or before.keys() != after.keys():
        lost = f"the run of version {best.version} has no {ROW_SCORES} of the same rows to compare with"
        return Verdict("challenger", f"{lost}; `dialsum registry promote` decides by hand")
    share = superiority(list(before.values()), [after[name] for name in before])
    return Verdict(
        "champion" if share >= rules.confidence else "challenger",
        f"{rules.metric} {fmean(after.values()):.4f} against {fmean(before.values()):.4f} of version {best.version}, "
        f"higher in {share:.1%} of {RESAMPLES} resamples of the {len(after)} dev rows; {rules.confidence:.1%} needed",
    )


def promote(client: MlflowClient, number: str) -> ModelVersion | None:
    """Make a version the champion by hand. Gives the champion before it. Raises InputError for one that cannot be."""
    with store.lock("registry"):
        interrupted.undo_killed(client)
        version = _require(client, number)
        former = by_alias(client, CHAMPION)
        if former and former.version == version.version:
            raise InputError(f"{_place(number)}: is the champion already")
        if version.tags.get("verdict") == "failed":
            remedy = "change that gate in params.yaml and run `dvc repro`, which registers the model again"
            raise InputError(f"{_place(number)}: {version.tags['reason']}; {remedy}")
        if former:
            _tag(client, version, {FORMER: str(former.version)})
        elif FORMER in version.tags:
            client.delete_model_version_tag(store.MODEL, version.version, FORMER)
        _tag(client, version, {"promoted_by_hand": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"})
        challenger = by_alias(client, CHALLENGER)
        if challenger and challenger.version == version.version:
            _point(client, CHALLENGER, None)
        _move(client, _seating(former, version, line_alias(version.tags["dev_md5"])))
        return former


def rollback(client: MlflowClient) -> tuple[ModelVersion, ModelVersion]:
    """Give the champion's place back to whom it replaced; again, to the one before. Gives the version that left and
    the champion now. Raises InputError if there is none to go back to.
    """
    with store.lock("registry"):
        interrupted.undo_killed(client)
        champion = by_alias(client, CHAMPION)
        if champion is None:
            raise InputError(f"{store.uri()}: no version of {store.MODEL} is the champion; {_CHOOSE}")
        if FORMER not in champion.tags:
            raise InputError(f"{_place(str(champion.version))}: replaced no other champion; {_CHOOSE}")
        former = _require(client, champion.tags[FORMER])
        if former.tags["dev_md5"] != champion.tags["dev_md5"]:
            raise InputError(f"{_place(str(former.version))}: was scored on other dev data; {_CHOOSE}")
        _move(client, _seating(champion, former, line_alias(former.tags["dev_md5"])))
        client.delete_model_version_tag(store.MODEL, champion.version, FORMER)
        return champion, former


_CHOOSE = "name the version that should be: `dialsum registry promote VERSION` (`dialsum registry list` shows them)"


def _failed_gate(tags: Mapping[str, str], rules: Registry) -> str | None:
    """The first gate that a version does not pass. What was not measured is not judged."""
    scores = {name.removeprefix("score."): float(value) for name, value in tags.items() if name.startswith("score.")}
    score, foreign, stopped = (scores.get(name) for name in (rules.metric, "foreign_rate", "stop_rate"))
    if score is not None and score < rules.min_score:
        return f"{rules.metric} {score:.4f} is below registry.min_score {rules.min_score:g}"
    if foreign is not None and foreign > rules.max_foreign_rate:
        return f"foreign_rate {foreign:.4f} is above registry.max_foreign_rate {rules.max_foreign_rate:g}"
    if stopped is not None and stopped < rules.min_stop_rate:
        return f"stop_rate {stopped:.4f} is below registry.min_stop_rate {rules.min_stop_rate:g}"
    return None


def _row_scores(client: MlflowClient, version: ModelVersion, metric: str) -> dict[str, float]:
    """The score of each dev row by its id; empty if the run has lost them."""
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory() as scratch:
        try:
            path = Path(client.download_artifacts(str(version.run_id), ROW_SCORES, scratch))
            with path.open(encoding="utf-8", newline="") as file:
                return {row["id"]: float(row[metric]) for row in csv.DictReader(file)}
        except (MlflowException, OSError, KeyError):
            return {}


def _best(
    client: MlflowClient, new: ModelVersion, seated: Sequence[ModelVersion | None], metric: str
) -> ModelVersion | None:
    """The version that a new one must beat: the first of the `seated` that counts.

    Where none does, as after the champion was deleted in MLflow's pages, it is the best of those that are left.
    """
    if best := next((one for one in seated if one and _counts(client, one, new)), None):
        return best
    left = [
        one
        for one in client.search_model_versions(f"name = '{store.MODEL}'")
        if one.tags.get("verdict") in ("champion", CHALLENGER) and _counts(client, one, new)
    ]

    def rank(one: ModelVersion) -> tuple[bool, float]:
        return one.tags["tokens"] == new.tags["tokens"], float(one.tags[f"score.{metric}"])

    return max(left, key=rank, default=None)


def _counts(client: MlflowClient, standing: ModelVersion, new: ModelVersion) -> bool:
    """Whether a version can be compared with: scored on the same data, by a run that came to its end."""
    return standing.tags.get("dev_md5") == new.tags["dev_md5"] and _is_whole(client, standing)


def _is_whole(client: MlflowClient, version: ModelVersion) -> bool:
    """Whether a version's run came to its end. One that was deleted for good had."""
    from mlflow.exceptions import MlflowException

    try:
        return bool(client.get_run(str(version.run_id)).info.status == "FINISHED")
    except MlflowException:
        return True


def _require(client: MlflowClient, number: str) -> ModelVersion:
    """The version of that number. Raises InputError if it is not there, or not a whole one of this pipeline."""
    version = find(client, number)
    if version is None:
        raise InputError(f"{_place(number)}: is not there; `dialsum registry list` shows which are")
    if "dev_md5" not in version.tags:
        raise InputError(f"{_place(number)}: was not registered by `dvc repro`: it has no scores")
    if not _is_whole(client, version):
        raise InputError(f"{_place(number)}: its run did not come to its end; run `dvc repro`")
    return version


def _seating(champion: ModelVersion | None, winner: ModelVersion | None, line: str) -> dict[str, ModelVersion | None]:
    """Where aliases point when a version becomes the champion of its line and of all (None: nobody of all).

    The champion until now keeps the alias of its own line, if that is another one.
    """
    moves: dict[str, ModelVersion | None] = {}
    if champion and "dev_md5" in champion.tags and line_alias(champion.tags["dev_md5"]) != line:
        moves[line_alias(champion.tags["dev_md5"])] = champion
    if winner:
        moves[line] = winner
    return {**moves, CHAMPION: winner}


def _move(client: MlflowClient, moves: Mapping[str, ModelVersion | None]) -> None:
    for alias, version in moves.items():
        _point(client, alias, version)


def _point(client: MlflowClient, alias: str, version: ModelVersion | None) -> None:
    if version:
        client.set_registered_model_alias(store.MODEL, alias, version.version)
    else:
        client.delete_registered_model_alias(store.MODEL, alias)


def _tag(client: MlflowClient, version: ModelVersion, tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        client.set_model_version_tag(store.MODEL, version.version, key, value)


def _place(number: str) -> str:
    return f"{store.uri()}: version {number} of {store.MODEL}"
