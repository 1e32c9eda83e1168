"""The default run, in full: what it promises of its model, and that it can be made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Repository

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]
PATIENCE = 3600


def test_the_default_model_earns_its_place_and_is_made_again_to_the_same_bits(full: Repository) -> None:
    full.run("dvc", "repro", patience=PATIENCE)
    full.commit("first run")
    adapter = full.json("metrics/rouge.json")
    assert adapter["fact_recall_seen"] >= 0.80
    assert adapter["fact_recall_unseen"] >= 0.50
    assert adapter["stop_rate"] >= 0.99
    assert adapter["foreign_rate"] == 0
    for name, baseline in adapter["baselines"].items():
        assert adapter["rouge_mean"] > baseline["rouge_mean"], name
        assert adapter["fact_recall"] > baseline["fact_recall"], name

    hashes = full.hashes()
    full.run("dvc", "repro", "--force", patience=PATIENCE)
    assert full.hashes() == hashes
    changed = set(full.run("git", "diff", "--name-only").split())
    assert changed == {"dvc.lock", "metrics/train_speed.json", "metrics/generation_speed.json"}

    full.dvc("exp", "run", "-S", "training.method=none")
    base = full.json("metrics/rouge.json")
    for measure in ("rouge1", "rouge2", "rougeL", "fact_recall"):
        assert adapter[measure] > base[measure], measure
