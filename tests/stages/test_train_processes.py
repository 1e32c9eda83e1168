"""`training.processes: 2` through the stage itself, as dvc.yaml calls it: they are launched, and none outlives a kill.

That two learn what one learns is in tests/modeling/test_processes.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from dialsum.corpus.cleaning import ALL, to_dialogue
from dialsum.corpus.dialogue import write_jsonl
from dialsum.corpus.synthetic import generate
from dialsum.modeling.catalog import Entry
from dialsum.stages import tokenize

ROOT = Path(__file__).parents[2]
# 8 samples a step.
TRAINING = {"epochs": 2.0, "micro_batch": 2, "accumulation": 4, "processes": 2, "threads": 1, "save_steps": 2}
OUTS = {
    "trained": "trained",
    "metrics": "train.json",
    "speed": "speed.json",
    "curves": "training.csv",
    "pace": "pace.csv",
}


@pytest.fixture
def folder(tmp_path: Path, small_base: Path, small_entry: Entry, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the stage reads: 21 rows of train and of dev, tokenized."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base").symlink_to(small_base)
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "tiny-llama.yaml").write_text(json.dumps(asdict(small_entry)))
    (tmp_path / "params.yaml").write_bytes((ROOT / "tests" / "params.yaml").read_bytes())
    (tmp_path / "prepared").mkdir()
    for split in ("train", "dev", "test"):
        rows = [to_dialogue(row.fname, row.dialogue, ALL, None, [row.summary]) for row in generate(split, 21, 3)]
        write_jsonl(tmp_path / "prepared" / f"{split}.jsonl", rows)
    outs = "--tokenized tokenized --prompt prompt.json --metrics tokens.json --lengths lengths.csv"
    arguments = f"--prepared prepared --base base {outs}"
    CliRunner().invoke(tokenize.main, arguments.split(), catch_exceptions=False, standalone_mode=False)
    return tmp_path


def start(folder: Path, **values: object) -> subprocess.Popen[str]:
    """The stage as dvc.yaml calls it, with these values in params.yaml."""
    params = YAML(typ="safe").load(folder / "params.yaml")
    params["training"] |= {**TRAINING, **values}
    YAML().dump(params, folder / "params.yaml")
    arguments = ["--tokenized", "tokenized", "--base", "base", "--entry", "catalog/tiny-llama.yaml"]
    arguments += [part for name, file in OUTS.items() for part in (f"--{name}", file)]
    return subprocess.Popen(
        [sys.executable, "-m", "dialsum.stages", "train", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow  # half a minute of imports; that two make one model is seen in modeling
def test_two_processes_make_one_model(folder: Path) -> None:
    stage = start(folder)
    said, _ = stage.communicate(timeout=300)
    assert stage.returncode == 0, said[-3000:]
    assert [file for file in OUTS.values() if not (folder / file).exists()] == []
    assert (folder / "trained" / "adapter_model.safetensors").is_file()
    # 21 rows by 8: three steps an epoch, of which the last holds five samples, on two processes three and two.
    assert json.loads((folder / "train.json").read_text())["steps"] == 6
    in_force = json.loads((folder / "trained" / "trained.json").read_text())["in_force"]
    assert (in_force["training.processes"], in_force["effective_batch"]) == (2, 8)


@pytest.mark.slow
def test_a_kill_of_the_stage_alone_leaves_no_process_behind(folder: Path) -> None:
    stage = start(folder, epochs=2000.0)
    until = time.monotonic() + 120
    while not list(folder.glob(".dialsum/train/*/checkpoint-*")):
        assert stage.poll() is None
        assert time.monotonic() < until
        time.sleep(0.1)
    others = psutil.Process(stage.pid).children(recursive=True)
    assert len([one for one in others if "dialsum.stages" in one.cmdline()]) >= 2
    stage.kill()
    stage.wait()
    _, alive = psutil.wait_procs(others, timeout=60)
    assert alive == []
