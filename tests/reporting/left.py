"""What the stages of a small experiment leave, without any model: python left.py, in the folder of its params.yaml.

Twenty rows, which score 50 to 69 with seed 0. With each seed more, three of four score 2 more, the others 1 less: the
mean goes up by 1.25, in 15 rows, and down in 5.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROWS = 20
GAIN = 1.25  # of the mean, for each seed more
METRIC = ("rouge1", "rouge2", "rougeL", "rouge_mean")


def score(row: int, seed: int) -> float:
    return 50.0 + row + (2 * seed if row % 4 else -seed)


def dialogue(row: int) -> dict[str, Any]:
    turns = [{"speaker": "#Person1#", "text": f"{row}번 자리로 갈까요?"}, {"speaker": "#Person2#", "text": "네 | <b>"}]
    return {"id": f"dev_{row}", "turns": turns, "topic": "자리", "references": [f"{row}번 자리로 간다."], "facts": []}


def leave(folder: Path, seed: int, batching: str = "padded") -> None:
    """Write the files that a report reads."""
    mean = sum(score(row, seed) for row in range(ROWS)) / ROWS
    interval = {"low": mean - 2.5, "high": mean + 2.25}
    steps = 4 * (1 + seed)
    figures: dict[str, Any] = {
        "rouge": {
            "rows": ROWS,
            **dict.fromkeys(METRIC, mean),
            "rouge_sum": 3 * mean,
            "fact_recall": 0.5 + seed / 100,
            "foreign_rate": 0.0213,
            "stop_rate": 0.9875,
            "intervals": dict.fromkeys(METRIC, interval),
            "baselines": {
                "lead_1": {**dict.fromkeys(METRIC, 12.25), "fact_recall": 0.1},
                "lead_3": {**dict.fromkeys(METRIC, 27.5), "fact_recall": 0.3125},
                "reference": {**dict.fromkeys(METRIC, 99.0), "fact_recall": 1.0},
            },
        },
        "train": {
            "method": "lora",
            "steps": steps,
            "epochs": 2.0,
            "padding_share": 0.3812 if batching == "padded" else 0.0123,
            "epoch_loss": [0.5 + seed, 0.25 + seed],
            "max_grad_norm": 1.4321 + seed,
            "grad_norm_spikes": seed,
        },
        "train_speed": {
            "seconds": 80.0 + seed,
            "seconds_per_epoch": 40.0 if batching == "padded" else 28.5,
            "tokens_per_second": 18130 + seed,
            "resumed_from_step": 0,
            "peak_memory_mib": 1823,
        },
        "generation": {"length_bounds": None},
        "generation_speed": {"seconds": 2.0, "dialogues_per_second": 12.34},
        "data": {split: {"rows": ROWS} for split in ("train", "dev", "test")},
    }
    for name, content in figures.items():
        _write(folder / "metrics" / f"{name}.json", json.dumps(content))
    lines = ["step,epoch,loss,eval_loss,eval_rouge_sum,learning_rate,grad_norm"]
    lines += [f"{step},{2 * step / steps},{1 / step},{0.5 if step == steps else ''},,0.005,{1.5 + seed / step}"
              for step in range(1, steps + 1)]  # fmt: skip
    _write(folder / "plots" / "training.csv", "\n".join(lines) + "\n")
    _write(folder / "data/prepared/dev.jsonl", "".join(json.dumps(dialogue(row)) + "\n" for row in range(ROWS)))
    in_force = {"training.learning_rate": 0.005, "training.batching": batching, "training.seed": seed}
    trained = {"method": "lora", "in_force": {**in_force, "training.lora.targets": ["q", "v"], "effective_batch": 8}}
    _write(folder / "models/trained/trained.json", json.dumps(trained))
    pin = {"name": "tiny-llama", "source": "scratch", "location": None, "revision": None, "family": "causal"}
    base = {**pin, "dtype": "float32", "end_tokens": ["</s>"], "files": {}}
    _write(folder / "models/base/base.json", json.dumps(base))
    _write_scores(folder / "data/scores/dev.csv", seed)


def _write_scores(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        names = ["id", "topic", *METRIC, "facts_found", "facts_total", "prediction", "reference"]
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        for row in range(ROWS):
            texts = {"prediction": f"모델 {seed}: {row}번 | <i>", "reference": dialogue(row)["references"][0]}
            facts = {"topic": "자리", "facts_found": 1, "facts_total": 2}
            writer.writerow({"id": f"dev_{row}", **dict.fromkeys(METRIC, score(row, seed)), **facts, **texts})


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    training = YAML(typ="safe").load(Path("params.yaml"))["training"]
    leave(Path(), training["seed"], training["batching"])
