"""`dialsum experiments run screening`: five models of five architectures in local folders, as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from architectures import CAUSAL, ENDS, save_causal
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from dialsum.modeling.catalog import Entry
    from tests.end_to_end.conftest import Repository

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
ARCHITECTURES = {
    "llama": "LlamaForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "bart": "BartForConditionalGeneration",
    "t5": "T5ForConditionalGeneration",
}
HEADINGS = ["experiment", "state", "ROUGE-1", "ROUGE-2", "ROUGE-L", "mean", "facts", "s/epoch", "s/dialogue"]


@pytest.fixture(scope="session")
def models(
    tmp_path_factory: pytest.TempPathFactory,
    bart_folder: Path,
    t5_folder: Path,
    small_entry: Entry,
    seq2seq_entry: Entry,
) -> dict[str, tuple[Path, Entry]]:
    """By name: the folder with the weights, and what the catalog says of the model."""
    found = {"bart": (bart_folder, seq2seq_entry), "t5": (t5_folder, seq2seq_entry)}
    for name in CAUSAL:
        entry = replace(small_entry, chat_tokens=CAUSAL[name][0][:-1], end_tokens=[ENDS[name]], scratch=None)
        found[name] = (save_causal(name, tmp_path_factory.mktemp(name)), entry)
    return {name: (folder, replace(entry, architecture=ARCHITECTURES[name])) for name, (folder, entry) in found.items()}


@pytest.fixture
def screening(fresh: Repository, tmp_path: Path, models: dict[str, tuple[Path, Entry]]) -> Iterator[Repository]:
    """A clone whose catalog has the five models, and whose set `screening` names these."""
    repository = fresh.copy(tmp_path / "repository")
    for name, (_, entry) in models.items():
        (repository.path / "catalog" / f"{name}.yaml").write_text(json.dumps(asdict(entry)), encoding="utf-8")
    yaml, path = YAML(), repository.path / "experiments.yaml"
    content = yaml.load(path)
    words = {name: [f"model.name={name}", f"model.path={folder}"] for name, (folder, _) in models.items()}
    content["sets"]["screening"]["experiments"] = words
    yaml.dump(content, path)
    repository.set({"generation.max_new_tokens": 16})
    repository.commit("five models on this disk")
    yield repository
    repository.dvc("queue", "stop", "--kill")


def measured(repository: Repository) -> dict[str, dict[str, Any]]:
    """What `dvc exp show` knows of each experiment: the content of metrics/*.json."""
    rows = json.loads(repository.dvc("exp", "show", "--json"))
    found = [revision for row in rows for one in row["experiments"] or [] for revision in one["revs"]]
    return {
        one["name"]: {Path(name).stem: file["data"] for name, file in one["data"]["metrics"].items()} for one in found
    }


def test_five_architectures_in_one_table(screening: Repository, models: dict[str, tuple[Path, Entry]]) -> None:
    titles = {f"screening--{name}" for name in models}
    screening.run("dialsum", "experiments", "run", "screening", patience=1500)
    figures = measured(screening)
    assert figures.keys() == titles
    assert all(figures[title]["train"] == {"method": "none", "steps": 0} for title in titles)

    head, *lines = screening.run("dialsum", "experiments", "show", "screening").splitlines()
    assert re.split(r" {2,}", head.strip()) == HEADINGS
    rows = {title: cells for title, *cells in (line.split() for line in lines)}
    assert rows.keys() == titles
    scores = [float(cells[4]) for cells in rows.values()]
    assert scores == sorted(scores, reverse=True)
    for title, cells in rows.items():
        rouge, speed = figures[title]["rouge"], figures[title]["generation_speed"]["dialogues_per_second"]
        wanted = [*(rouge[name] for name in ("rouge1", "rouge2", "rougeL", "rouge_mean", "fact_recall"))]
        assert cells == ["done", *(f"{value:.2f}" for value in wanted), f"{1 / speed:.3f}"]

    # MLflow has the same models, each with its own architecture, and a second call runs nothing.
    kinds = {run.data.tags["dvc.exp_name"]: run.data.tags["arch"] for run in screening.runs()}
    assert kinds == {f"screening--{name}": name for name in models}
    screening.run("dialsum", "experiments", "run", "screening")
    assert len(screening.runs()) == len(models)
