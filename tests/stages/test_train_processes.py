"""`training.processes: 2` through the stage itself, as dvc.yaml calls it: one model, the same as one process makes, and
nothing that goes on by itself after a kill.
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
import torch
from click.testing import CliRunner
from ruamel.yaml import YAML
from safetensors.torch import load_file

from dialsum.corpus.cleaning import ALL, to_dialogue
from dialsum.corpus.dialogue import write_jsonl
from dialsum.corpus.synthetic import generate
from dialsum.modeling.catalog import Entry
from dialsum.stages import tokenize, train

ROOT = Path(__file__).parents[2]
# Both hold 8 samples a step.
TRAINING = {"epochs": 2.0, "micro_batch": 2, "accumulation": 4, "threads": 1, "save_steps": 2, "learning_rate": 1e-3}


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


def choose(folder: Path, processes: int, **values: object) -> list[str]:
    """Write the values into params.yaml; the stage's arguments."""
    params = YAML(typ="safe").load(folder / "params.yaml")
    params["training"] |= {**TRAINING, "processes": processes, **values}
    YAML().dump(params, folder / "params.yaml")
    return (
        "--tokenized tokenized --base base --entry catalog/tiny-llama.yaml --speed speed.json "
        f"--trained trained{processes} --metrics {processes}.json --curves {processes}.csv --pace pace.csv"
    ).split()


def start(folder: Path, arguments: list[str]) -> subprocess.Popen[str]:
    """The stage as dvc.yaml calls it."""
    return subprocess.Popen(
        [sys.executable, "-m", "dialsum.stages", "train", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def end(stage: subprocess.Popen[str]) -> None:
    said, _ = stage.communicate(timeout=300)
    assert stage.returncode == 0, said[-3000:]


def test_two_processes_make_the_model_of_one(folder: Path) -> None:
    CliRunner().invoke(train.main, choose(folder, 1), catch_exceptions=False, standalone_mode=False)
    end(start(folder, choose(folder, 2)))
    one, two = (json.loads((folder / f"{processes}.json").read_text()) for processes in (1, 2))

    # 21 rows by 8: three steps an epoch, of which the last holds five samples, on two processes three and two.
    assert (one["steps"], two["steps"]) == (6, 6)
    assert two["epoch_loss"] == pytest.approx(one["epoch_loss"], rel=1e-3)
    # One of the two sees a few of the 21 rows of dev twice, so that both have as many batches.
    assert two["eval_loss"] == pytest.approx(one["eval_loss"], rel=5e-3)
    assert two["max_grad_norm"] == pytest.approx(one["max_grad_norm"], rel=1e-3)
    weights = [load_file(folder / f"trained{number}" / "adapter_model.safetensors") for number in (1, 2)]
    assert weights[0].keys() == weights[1].keys()
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, rtol=1e-2, atol=1e-4)
    in_force = json.loads((folder / "trained2" / "trained.json").read_text())["in_force"]
    assert (in_force["training.processes"], in_force["effective_batch"]) == (2, 8)


def test_a_kill_of_the_stage_alone_leaves_no_process_behind(folder: Path) -> None:
    arguments = choose(folder, 2, epochs=2000.0)
    stage = start(folder, arguments)
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
