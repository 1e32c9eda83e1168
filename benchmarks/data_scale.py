"""How long validate and prepare take, and how much memory, as the data grow.

Enters: sizes of the train split; dev and test have 499 rows each. Leaves: a table, such as

         rows  stage      seconds    rows/s  peak MiB
       13,455  validate       8.2     1,647       342
       13,455  prepare        4.3     3,164        70

Each stage runs as `dvc repro` runs it: its command in dvc.yaml, a process of its own, its imports and the search for
copies included. The rows are of the `realistic` profile; making them is not timed.

    python benchmarks/data_scale.py                      # 12,457, 100,000 and 1,000,000 rows
    python benchmarks/data_scale.py --rows 12457
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import click

from dialsum.params.strict import read_yaml

ROOT = Path(__file__).parents[1]
STAGES = ("validate", "prepare")
HELD_OUT = 499
FOLDER = "data/realistic"


@click.command()
@click.option("--rows", multiple=True, type=int, default=(12_457, 100_000, 1_000_000), help="Train rows; may repeat")
@click.option("--repeat", default=1, help="Measure each size so often, and keep the median")
@click.option("--seed", default=42)
def main(rows: tuple[int, ...], repeat: int, seed: int) -> None:
    """Measure validate and prepare on synthetic data of several sizes."""
    click.echo(f"{'rows':>12}  {'stage':<9}{'seconds':>9}{'rows/s':>10}{'peak MiB':>10}")
    totals = {size: measure(size, repeat, seed) for size in rows}
    for (small, few), (large, many) in pairwise(totals.items()):
        click.echo(f"{large / small:.1f} times the rows take {many / few:.1f} times the seconds")


def measure(size: int, repeat: int, seed: int) -> float:
    """Seconds of all stages together on `size` train rows; each stage is told of on screen."""
    rows = size + 2 * HELD_OUT
    total = 0.0
    with tempfile.TemporaryDirectory(prefix="data_scale_") as place:
        folder = Path(place)
        shutil.copy(ROOT / "tests" / "params.yaml", folder / "params.yaml")
        shutil.copytree(ROOT / "catalog", folder / "catalog")
        make(folder, size, seed)
        for stage in STAGES:
            runs = sorted(run(stage, folder) for _ in range(repeat))
            seconds, peak = runs[len(runs) // 2]
            total += seconds
            click.echo(f"{rows:>12,}  {stage:<9}{seconds:>9.1f}{rows / seconds:>10,.0f}{peak:>10,.0f}")
    return total


def make(folder: Path, size: int, seed: int) -> None:
    """The three splits in `folder`/data/realistic, by the command that users have."""
    held_out = ["--dev-rows", str(HELD_OUT), "--test-rows", str(HELD_OUT)]
    options = ["--profile", "realistic", "--rows", str(size), *held_out, "--seed", str(seed), "--out", FOLDER]
    program = [sys.executable, "-m", "dialsum.cli", "synthesize", *options]
    subprocess.run(program, cwd=folder, env=environment(), stdout=subprocess.DEVNULL, check=True)


def run(stage: str, folder: Path) -> tuple[float, float]:
    """Wall seconds and peak resident memory (MiB) of one process of a stage."""
    command = read_yaml(ROOT / "dvc.yaml")["stages"][stage]["cmd"]
    program = [sys.executable, "-m", "dialsum.stages"]
    arguments = [part.replace("${data.dir}", FOLDER) for part in shlex.split(command.replace("${stage}", ""))]
    start = time.perf_counter()
    process = subprocess.Popen([*program, *arguments], cwd=folder, env=environment(), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise click.ClickException(f"{stage} ended with {process.returncode}")
    return seconds, usage.ru_maxrss / 1024  # KiB on Linux


def environment() -> dict[str, str]:
    """This one's, with the source of this repository."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "src")}


if __name__ == "__main__":
    main()
