"""What experiments read besides values: the code, the catalog's entry, and folders of the user's own.

A copy, in which DVC runs an experiment, has of them only what git or DVC tracks.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from dialsum.errors import InputError
from dialsum.experiments.repository import git
from dialsum.experiments.sets import Experiment
from dialsum.params.strict import read_yaml
from dialsum.stages.location import written, written_by_pipeline

PIPELINE = Path("dvc.yaml")
NOT_TRACKED = "is not tracked, and the copy that the experiment runs in would lack it"


def code(pipeline: Path = PIPELINE) -> list[str]:
    """dvc.yaml, and the deps in it that no stage writes."""
    stages = read_yaml(pipeline)["stages"].values()
    deps = {dep for stage in stages for dep in stage.get("deps", []) if "$" not in dep}
    outs = {out.as_posix() for out in written(pipeline)}
    return sorted({*(deps - outs), PIPELINE.as_posix()})


def read_by_stages(experiment: Experiment, pipeline: Path = PIPELINE) -> list[str]:
    """Files and folders of git that decide about the result."""
    folders = [experiment.params["data"]["dir"], experiment.params["model"]["path"]]
    return sorted({*code(pipeline), experiment.entry, *(place for one in folders if one for place in _in_git(one))})


def check_inputs(experiments: Iterable[Experiment], pipeline: Path = PIPELINE) -> None:
    """Raise InputError that lists what experiments are to read, and will not find."""
    if faults := [f"{one.title}: {fault}" for one in experiments for fault in _faults(one, pipeline)]:
        raise InputError("\n".join(faults))


def _faults(one: Experiment, pipeline: Path) -> Iterator[str]:
    data, path = one.params["data"]["dir"], one.params["model"]["path"]
    if written_by_pipeline(Path(data), pipeline) is None and (fault := _fault_of_data(data)):
        yield f"data.dir={data}: {fault}"
    if path is not None and not Path(path).is_dir():
        yield f"model.path={path}: there is no such folder"
    if not _tracked(one.entry):
        yield f"{one.entry}: {NOT_TRACKED}: `git add {one.entry}`"


def _fault_of_data(folder: str) -> str | None:
    if not Path(folder).is_absolute() and _tracked(*_in_git(folder)):
        return None
    if not Path(folder).is_dir():
        return "there is no such folder, and DVC knows none"
    return None if Path(folder).is_absolute() else f"{NOT_TRACKED}: `dvc add {folder}`, then `git add {folder}.dvc`"


def _tracked(*places: str) -> bool:
    """Whether git knows a file there, be it only added."""
    return bool(places) and bool(git("ls-files", "--", *places))


def _in_git(folder: str) -> list[str]:
    """Where git may have a folder: as it is, or as the note that `dvc add` left beside it or beside one above it."""
    place = Path(os.path.relpath(folder))
    if ".." in place.parts or not place.parts:
        return []
    return [place.as_posix(), *(f"{one.as_posix()}.dvc" for one in (place, *place.parents[:-1]))]
