"""The default run, in full: what it promises of its model, and that it can be made again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from dialsum.corpus.dialogue import read_jsonl
from dialsum.modeling.decoding import load_summarizer, summarize
from dialsum.params.cleaning import Cleaning
from dialsum.params.generation import Generation
from dialsum.params.prompt import Tokenize
from dialsum.params.serving import Serving
from dialsum.params.strict import load
from dialsum.prompts.form import read_form
from dialsum.records.serving import DialogueSummaries

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

    says_the_same_in_batches_alone_and_served(full)

    hashes = full.hashes()
    full.run("dvc", "repro", "--force", patience=PATIENCE)
    assert full.hashes() == hashes
    changed = set(full.run("git", "diff", "--name-only").split())
    assert changed == {"dvc.lock", "metrics/train_speed.json", "metrics/generation_speed.json"}

    full.dvc("exp", "run", "-S", "training.method=none")
    base = full.json("metrics/rouge.json")
    for measure in ("rouge1", "rouge2", "rougeL", "fact_recall"):
        assert adapter[measure] > base[measure], measure


def says_the_same_in_batches_alone_and_served(full: Repository) -> None:
    """200 dialogues, greedily and by four beams, in float32: a trained model is surer than rounding is coarse."""
    params = full.path / "params.yaml"
    models, limits = full.path / "models", load(params, "tokenize", Tokenize)
    written = [item["text"] for item in full.lines("data/predictions/dev.jsonl")][:200]
    dialogues = read_jsonl(full.path / "data/prepared/dev.jsonl")[:200]
    for beams in (1, 4):
        generation = replace(load(params, "generation", Generation), num_beams=beams)
        form = read_form(full.path / "data/prompt.json")
        summarizer = load_summarizer(models / "base", models / "trained", form, limits, generation, None)
        together = [item.text for item in summarize(summarizer, dialogues)]
        assert [summarize(summarizer, [dialogue])[0].text for dialogue in dialogues] == together
        server = DialogueSummaries()
        server.start(summarizer, load(params, "cleaning", Cleaning), load(params, "serving", Serving))
        requests = [
            pd.DataFrame({"dialogue": [one.text() for one in dialogues[at : at + 50]]}) for at in range(0, 200, 50)
        ]
        assert [text for request in requests for text in server.predict(None, request)["summary"]] == together
        if beams == 1:
            assert together == written
