"""A process that registers: python registering.py, in a folder that DVC_ROOT names.

Each line of its input is a version to register, `{"scores": [50.0, 60.0, 70.0], "dev": "aaaaaaaa11"}`; for each it
prints the verdict, `{"version": 3, "role": "challenger"}`. Its models are whole but for their weights.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from mlflow import MlflowClient

from dialsum.params.registry import Registry
from dialsum.params.strict import load, read_yaml
from dialsum.records import champions, interrupted, registry, store, tracking

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "prompt": {"format": "plain", "system": "none", "topic": "never"},
    **{name: read_yaml(ROOT / "tests/params.yaml")[name] for name in ("generation", "serving")},
}


def register(client: MlflowClient, scores: list[float], dev: str, scratch: Path) -> dict[str, Any]:
    """A registration as the stage does it, of a model with nothing in its folders."""
    for name in ("base", "trained", "scores"):
        (scratch / name).mkdir(parents=True, exist_ok=True)
    (scratch / "base/base.json").write_text("{}")
    (scratch / "trained/trained.json").write_text("{}")
    lines = [f"dev_{row},{score}" for row, score in enumerate(scores)]
    (scratch / "scores/dev.csv").write_text("\n".join(["id,rouge_mean", *lines]))
    tags = registry.score_tags({"rouge_mean": sum(scores) / len(scores)}, dev, "mecab")
    with interrupted.registration(client) as token:
        record = tracking.Record({"seed": "1"}, {}, {interrupted.TAG: token}, "a run")
        with tracking.recording(client, record) as run_id:
            tracking.log_files(client, run_id, {"scores": [scratch / "scores"]})
            folders = {name: scratch / name for name in ("base", "trained")}
            version = registry.add(client, run_id, folders, SETTINGS, tags)
            verdict = champions.settle(client, version, load(ROOT / "tests/params.yaml", "registry", Registry))
    return {"version": int(version.version), "role": verdict.role}


if __name__ == "__main__":
    connected = store.connect()
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(register(connected, **json.loads(line), scratch=Path(sys.argv[1]))), flush=True)
