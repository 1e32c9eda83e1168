"""Stage synthesize: fill data/synthetic with dialogues in the competition's format.

In: params. Out: train.csv, dev.csv and test.csv, as `corpus.synthetic.table` writes them.
It is the first stage, so it also refuses a `data.dir` that cannot work, before DVC looks for files in it.
"""

from __future__ import annotations

from pathlib import Path

import click

from dialsum.corpus.synthetic import Split, generate
from dialsum.corpus.synthetic.table import write_table
from dialsum.outputs import replacing
from dialsum.params.data import Data, Synthesis
from dialsum.params.strict import load
from dialsum.stages.location import check_location


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(out: Path) -> None:
    """Write the three splits."""
    params = load(Path("params.yaml"), "synthesis", Synthesis)
    check_location(load(Path("params.yaml"), "data", Data), Path("dvc.yaml"), synthetic=out)
    counts: dict[Split, int] = {"train": params.train_rows, "dev": params.dev_rows, "test": params.test_rows}
    for split, rows in counts.items():
        with replacing(out / f"{split}.csv") as part:
            write_table(part, split, generate(split, rows, params.seed))
