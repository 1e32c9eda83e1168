"""Stage generate with a tiny causal model: samples, bounds, and going on after a kill."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from dialsum.corpus.cleaning import ALL, to_dialogue
from dialsum.corpus.dialogue import Dialogue, write_jsonl
from dialsum.corpus.prediction import read_predictions
from dialsum.corpus.synthetic import generate as make_rows
from dialsum.modeling.bounds import fit_bounds
from dialsum.modeling.catalog import Entry
from dialsum.modeling.decoding import Batch
from dialsum.modeling.loading import load_tokenizer
from dialsum.prompts.form import Form, write_form
from dialsum.stages import generate

PARAMS = Path(__file__).parents[1] / "params.yaml"


def dialogues(split: str) -> list[Dialogue]:
    return [to_dialogue(row.fname, row.dialogue, ALL, None, [row.summary]) for row in make_rows(split, 7, 3)]


@pytest.fixture(autouse=True)
def repository(small_base: Path, small_entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the stages before leave."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    shutil.copytree(small_base, "base")
    Path("entry.yaml").write_text(json.dumps(asdict(small_entry)))
    Path("trained").mkdir()
    Path("trained/trained.json").write_text('{"method": "none", "in_force": {"training.lora.r": 16}}')
    for split in ("train", "dev", "test"):
        Path("prepared").mkdir(exist_ok=True)
        write_jsonl(Path("prepared") / f"{split}.jsonl", dialogues(split))
    write_form(Path("prompt.json"), Form(format="plain", system="none"))
    choose()
    return tmp_path


def choose(**values: Any) -> None:
    params = YAML(typ="safe").load(PARAMS)
    params["generation"] |= {"max_new_tokens": 12, "batch_size": 2, "threads": 1, **values}
    YAML().dump(params, Path("params.yaml"))


def run() -> Any:
    command = (
        "--prepared prepared --prompt prompt.json --base base --trained trained --entry entry.yaml "
        "--predictions said --samples samples --metrics said.json --speed speed.json"
    )
    CliRunner().invoke(generate.main, command.split(), catch_exceptions=False, standalone_mode=False)
    return json.loads(Path("said.json").read_text())


def test_one_summary_a_dialogue_is_its_only_sample() -> None:
    figures = run()
    assert figures["length_bounds"] is None
    assert figures["dev"]["rows"] == 7
    assert set(figures["dev"]["mended"]) == {
        "role_headers", "summary_headers", "broken_characters", "open_labels", "repeated_sentences"
    }  # fmt: skip
    for split in ("dev", "test"):
        assert Path(f"samples/{split}.jsonl").read_bytes() == Path(f"said/{split}.jsonl").read_bytes()
    assert json.loads(Path("speed.json").read_text())["batch_size"] == 2


def test_samples_stand_together_and_the_first_is_the_prediction() -> None:
    choose(do_sample=True, num_samples=3)
    run()
    samples = read_predictions(Path("samples/dev.jsonl"))
    assert [item.id for item in samples] == [dialogue.id for dialogue in dialogues("dev") for _ in range(3)]
    assert samples[::3] == read_predictions(Path("said/dev.jsonl"))
    assert len({item.text for item in samples}) > 7


def test_bounds_are_those_of_the_train_split() -> None:
    choose(length_by_source=True, length_bins=2, length_quantile=0.5)
    bounds = fit_bounds(load_tokenizer(Path("base")), dialogues("train"), 2, 0.5)
    assert run()["length_bounds"] == asdict(bounds)


@pytest.mark.parametrize("half_a_line", [b"", b'[{"row": 3, "sam'])
def test_a_killed_run_goes_on(half_a_line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(do_sample=True, num_samples=2)
    run()
    expected = {path: path.read_bytes() for folder in ("said", "samples") for path in Path(folder).iterdir()}
    predict = Batch.predict
    done: list[list[int]] = []

    def killed(batch: Batch, patient: bool = True) -> Any:
        if len(done) == 3:
            raise MemoryError
        done.append(batch.rows)
        return predict(batch, patient)

    shutil.rmtree("said")
    monkeypatch.setattr(Batch, "predict", killed)
    with pytest.raises(MemoryError):
        run()
    assert not Path("said").exists()
    (written,) = Path(".dialsum/generate").glob("*/dev.jsonl")
    assert written.read_bytes().count(b"\n") == 3
    with written.open("ab") as file:
        file.write(half_a_line)

    again: list[list[int]] = []

    def watched(batch: Batch, patient: bool = True) -> Any:
        again.append(batch.rows)
        return predict(batch, patient)

    monkeypatch.setattr(Batch, "predict", watched)
    run()
    assert len(again) == 7 - 3 + 7  # batches of two of 14 summaries in each split
    assert {path: path.read_bytes() for path in expected} == expected
