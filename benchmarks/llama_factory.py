"""LLaMA-Factory on the rows of benchmarks/training.py, by its own command, in an environment of its own.

Enters: the folder that benchmarks/training.py made, and the Python of an environment with `llamafactory`. Leaves: what
it measured. It takes the tokenized rows as they are (its `tokenized_path`), so that the supervised tokens are the same.
Its packing keeps samples apart with flash attention alone, so what is compared is its grouping by length, the faster of
the two others. Its dev loss is its own mean over batches, which for the others is over tokens.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any


def learn(place: Path, environment: dict[str, str], python: Path, settings: dict[str, Any]) -> dict[str, float]:
    """Train once. Seconds are its own `train_runtime`: from the first step's begin to the last one's end."""
    work = place / "factory"
    tokenized = work / "tokenized"
    if not tokenized.exists():
        _write_rows(place / "tokenized", tokenized)
    given = {
        "model_name_or_path": str(place / "base"), "stage": "sft", "do_train": True, "do_eval": True,
        "template": "empty", "tokenized_path": str(tokenized), "num_train_epochs": 1.0,
        "dataset": "rows", "eval_dataset": "rows",  # it insists on names, and then reads tokenized_path
        "output_dir": str(work / "out"), "overwrite_output_dir": True, "report_to": "none", "save_strategy": "no",
        "train_sampling_strategy": "group_by_length", **settings,
    }  # fmt: skip
    # JSON is YAML; its own reader of .json fails in 0.9.5.
    (work / "settings.yaml").write_text(json.dumps(given), encoding="utf-8")
    command = [str(python), "-m", "llamafactory.cli", "train", str(work / "settings.yaml")]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(f"LLaMA-Factory failed:\n{done.stdout[-3000:]}")
    found = json.loads((work / "out" / "all_results.json").read_text(encoding="utf-8"))
    state = json.loads((work / "out" / "trainer_state.json").read_text(encoding="utf-8"))
    return {"seconds": found["train_runtime"], "eval_loss": found["eval_loss"], "steps": state["global_step"]}


def _write_rows(source: Path, target: Path) -> None:
    """Our rows with the columns that it expects."""
    from datasets import DatasetDict, load_from_disk

    splits = load_from_disk(str(source))
    named = {"train": splits["train"], "validation": splits["dev"]}

    def seen(row: dict[str, Any]) -> dict[str, Any]:
        return {"attention_mask": [1] * len(row["input_ids"]), "images": None, "videos": None, "audios": None}

    DatasetDict(
        {name: rows.select_columns(["input_ids", "labels"]).map(seen) for name, rows in named.items()}
    ).save_to_disk(target)
