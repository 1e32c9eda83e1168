"""What a run is labelled with: its tags, by which MLflow's page groups and filters.

Enter: the catalog's entry, the method of training, the environment that DVC sets, git and dvc.lock. Leave: tags such as

    {"model-type": "causal_lm", "training": "lora", "size": "0.81M", "arch": "llama", "float": "fp32",
     "set": "phases", "phase": "phase-2", "dvc.exp_name": "phases--phase-2", "dvc.baseline": "e70fc20…",
     "git.commit": "e70fc20…", "git.dirty": "false", "md5.data.train": "9b28…", "md5.tokenized": "03ea….dir"}

What cannot be known, as the commit outside of a git repository, has no tag.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from dialsum.modeling.catalog import Entry
from dialsum.params.strict import read_yaml
from dialsum.params.training import Method

# What the pipeline itself rewrites does not make a commit dirty; its code, params and catalog do.
WRITTEN_BY_STAGES = ("dvc.lock", "metrics", "plots", "data", "models")
FAMILIES = {"causal": "causal_lm", "seq2seq": "encoder_decoder"}
TRAININGS: dict[Method, str] = {
    "none": "zero-shot", "lora": "lora", "qlora": "qlora-4bit", "full": "full-finetune",
}  # fmt: skip
FLOATS = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}
SET_ENDS = "--"  # in an experiment's name; DVC allows no slash there
PHASE = re.compile(r"phase-\d+(?:\.\d+)?")
TRIAL = re.compile(r"trial-(\d+)")

# Tag, stage in dvc.lock, its list, how the path ends. The first three are the user's own files, the dependencies of
# the first stage that reads them.
HASHED = (
    ("md5.data.train", "validate", "deps", "/train.csv"),
    ("md5.data.dev", "validate", "deps", "/dev.csv"),
    ("md5.data.test", "validate", "deps", "/test.csv"),
    ("md5.tokenized", "tokenize", "outs", "data/tokenized"),
    ("md5.base", "base", "outs", "models/base"),
    ("md5.model", "train", "outs", "models/trained"),
)


def of_model(entry: Entry, method: Method) -> dict[str, str]:
    """What the model is and how it was trained."""
    return {
        "model-type": FAMILIES[entry.family],
        "training": TRAININGS[method],
        "size": in_short(entry.parameters),
        "arch": entry.architecture.partition("For")[0].lower(),
        "float": FLOATS[entry.dtype],
    }


def in_short(parameters: float) -> str:
    """3.21e9 as 3.21B, 810000 as 0.81M."""
    return f"{parameters / 1e9:.3g}B" if parameters >= 1e9 else f"{parameters / 1e6:.3g}M"


def of_experiment(name: str) -> dict[str, str]:
    """`set` and `phase`, where the experiment's name has them: `phases--phase-2` has both, `phase-2` a phase alone.

    A trial of a search, `rates--trial-07`, has `set`, `study` (the same) and `trial`.
    """
    before, ends, own = name.rpartition(SET_ENDS)
    if not (ends and before):
        before = ""
    found, trial = PHASE.match(own), TRIAL.fullmatch(own)
    return {
        **({"set": before} if before else {}),
        **({"phase": found[0]} if found else {}),
        **({"study": before, "trial": str(int(trial[1]))} if before and trial else {}),
    }


def of_caller() -> dict[str, str]:
    """Who asked: `dvc exp run` names the experiment, `dvc repro` does not; `mlflow run` has a run of its own."""
    names = {"DVC_EXP_NAME": "dvc.exp_name", "DVC_EXP_BASELINE_REV": "dvc.baseline", "MLFLOW_RUN_ID": "project_run"}
    asked = {tag: os.environ[variable] for variable, tag in names.items() if os.environ.get(variable)}
    return {**asked, **of_experiment(asked.get("dvc.exp_name", "")), "mlflow.source.name": "dialsum.stages.register"}


def of_commit() -> dict[str, str]:
    """The commit, and whether the files that people write differ from it. Nothing outside a git repository."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return {}
    excluded = [f":(exclude){path}" for path in WRITTEN_BY_STAGES]
    # People write the .dvc files there by `dvc add`; without them the data cannot be brought back.
    status = ("status", "--porcelain", "--untracked-files=all", "--")
    changed = _git(*status, ".", *excluded) or _git(*status, "*.dvc")
    return {"mlflow.source.git.commit": commit, "git.commit": commit, "git.dirty": str(bool(changed)).lower()}


def of_files(lock: Path) -> dict[str, str]:
    """The md5 of data, tokenized data and models as dvc.lock has them; `dvc checkout` brings them back by it."""
    return dict(_hashes(lock)) if lock.exists() else {}


def _hashes(lock: Path) -> Iterator[tuple[str, str]]:
    stages = read_yaml(lock).get("stages", {})
    for tag, stage, kind, end in HASHED:
        for item in stages.get(stage, {}).get(kind, []):
            if f"/{item['path']}".endswith(end) and "md5" in item:
                yield tag, item["md5"]


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
