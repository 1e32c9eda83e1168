"""What is served is what the pipeline writes, to the letter: greedily and by beams, through MLflow's server code."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from mlflow.pyfunc import scoring_server

from dialsum.corpus.cleaning import to_dialogue
from dialsum.corpus.synthetic import generate
from dialsum.modeling.decoding import load_summarizer, summarize
from dialsum.params.cleaning import Cleaning
from dialsum.params.generation import Generation
from dialsum.params.prompt import Tokenize
from dialsum.params.serving import Serving
from dialsum.params.strict import parse, read_yaml
from dialsum.prompts.form import Form
from dialsum.records import serving

PARAMS = read_yaml(Path(__file__).parents[1] / "params.yaml")
SHORT = {"max_new_tokens": 40, "threads": 1}
ROWS = 64  # of one request


class Loaded:
    """What MLflow makes of a version."""

    metadata = SimpleNamespace()

    def __init__(self, model: serving.DialogueSummaries) -> None:
        self.model = model

    def predict(self, data: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        return self.model.predict(None, data, params)  # type: ignore[arg-type]


def served(model: serving.DialogueSummaries, dialogues: list[str]) -> list[str]:
    texts: list[str] = []
    for start in range(0, len(dialogues), ROWS):
        body = json.dumps({"dataframe_records": [{"dialogue": text} for text in dialogues[start : start + ROWS]]})
        answer = scoring_server.invocations(body, "application/json", Loaded(model), None)
        assert answer.status == 200
        texts += [row["summary"] for row in json.loads(answer.response)["predictions"]]
    return texts


@pytest.mark.parametrize("rows", [12, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize("beams", [1, 4])
def test_batched_single_and_served_are_the_same(beams: int, rows: int, small_base: Path, strong_adapter: Path) -> None:
    summarizer = load_summarizer(
        small_base,
        strong_adapter,
        Form(format="plain", system="none", topic="never"),
        parse(Tokenize, PARAMS["tokenize"], "tokenize"),
        parse(Generation, {**PARAMS["generation"], **SHORT, "num_beams": beams}, "generation"),
        None,
    )
    if beams > 1:
        # Random weights hold all tokens for about as likely: beams lie 1e-4 apart, and in float32 rounding, which is
        # another one for another padding, chose between them in 1 of 200 dialogues. A trained model is surer.
        summarizer.model.double()
    model = serving.DialogueSummaries()
    cleaning = parse(Cleaning, PARAMS["cleaning"], "cleaning")
    model.start(summarizer, cleaning, parse(Serving, PARAMS["serving"], "serving"))

    texts = [row.dialogue for row in generate("dev", rows, 6)]
    dialogues = [to_dialogue(str(place), text, cleaning) for place, text in enumerate(texts)]
    batched = [item.text for item in summarize(summarizer, dialogues)]
    assert len(set(batched)) > rows / 2  # or the comparison would prove nothing
    assert [summarize(summarizer, [dialogue])[0].text for dialogue in dialogues] == batched
    assert served(model, texts) == batched
