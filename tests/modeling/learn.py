"""A training in a process of its own, for tests that kill it: python learn.py FOLDER BASE.

FOLDER holds training.json and rows/; it gets best.safetensors and log.json, and trained/, as stage train saves it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from datasets import load_from_disk

from dialsum.modeling.adapter import prepare
from dialsum.modeling.best import save, weights
from dialsum.modeling.loading import end_ids, load_base, load_tokenizer
from dialsum.modeling.processes import is_first
from dialsum.modeling.trainers import Lesson
from dialsum.modeling.training import train
from dialsum.params.strict import parse
from dialsum.params.training import Training


def main(folder: Path, base: Path) -> None:
    """Train, or go on; the first eight rows are the dev set."""
    training = parse(Training, json.loads((folder / "training.json").read_text()), "training")
    rows = load_from_disk(str(folder / "rows"))
    tokenizer = load_tokenizer(base)
    lesson = Lesson(rows, rows.select(range(8)), tokenizer, end_ids(tokenizer, base))
    method = training.method
    tuned = train(lambda: prepare(load_base(base, method), training), lesson, training, folder / "work", [])
    save(tuned.model, folder, tuned.best_step)
    if is_first():
        weights(folder, tuned.best_step).rename(folder / "best.safetensors")
        tuned.model.save_pretrained(folder / "trained", state_dict=tuned.weights)
        (folder / "log.json").write_text(json.dumps(tuned.log))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
