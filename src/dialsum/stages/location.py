"""Whether `data.dir` can be the user's data: a folder of three files that no stage writes.

Enters: `data.dir`, and the outputs in dvc.yaml. Leaves: nothing, or an InputError that says what is expected.
"""

from __future__ import annotations

from pathlib import Path

from dialsum.corpus.dialogue import SPLITS
from dialsum.errors import InputError
from dialsum.params.data import Data
from dialsum.params.strict import read_yaml


def check_location(data: Data, pipeline: Path, synthetic: Path) -> None:
    """Raise InputError if `data.dir` is not the folder `synthetic`, and is not a folder of the user's own either."""
    chosen = Path(data.dir)
    if chosen.resolve() == synthetic.resolve():
        return
    key = f"params.yaml: data.dir: {data.dir}"
    out = written_by_pipeline(chosen, pipeline)
    if out:
        raise InputError(
            f"{key}: the pipeline itself writes {out}; expected is {synthetic}, or a folder of your own such as "
            "data/mine that holds train.csv, dev.csv and test.csv"
        )
    missing = [f"{split}.csv" for split in SPLITS if not (chosen / f"{split}.csv").is_file()]
    if missing:
        raise InputError(f"{key}: has no {', '.join(missing)}; {_remedy(chosen)}")


def written_by_pipeline(folder: Path, pipeline: Path) -> Path | None:
    """The first output of dvc.yaml that is `folder`, or lies in it, above it or beside it; None if none does."""
    place = folder.resolve()  # `data/mine/../prepared` and links are what they lead to
    for out in written(pipeline):
        # A stage with several files in a folder of their own, as data/prepared, replaces that folder as a whole.
        own = out.parent if len(out.parts) > 2 else out
        if out.resolve().is_relative_to(place) or place.is_relative_to(own.resolve()):
            return out
    return None


def written(pipeline: Path) -> list[Path]:
    """What the stages of dvc.yaml write; an output may be a path, or a path with options."""
    outputs = [
        next(iter(out)) if isinstance(out, dict) else out
        for stage in read_yaml(pipeline)["stages"].values()
        for kind in ("outs", "metrics", "plots")
        for out in stage.get(kind, [])
    ]
    return [Path(out) for out in outputs]


def _remedy(chosen: Path) -> str:
    if Path(f"{chosen}.dvc").is_file():
        return f"DVC knows them: fetch them with `dvc pull {chosen}.dvc` or `dvc checkout {chosen}.dvc`"
    return (
        "put them there; where an experiment runs in a copy (--temp, --queue) it sees only files that git or DVC "
        f"tracks: `dvc add {chosen}`"
    )
