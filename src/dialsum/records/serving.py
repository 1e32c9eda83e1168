"""The model as MLflow serves it.

Enters: `{"dataframe_records": [{"dialogue": "#Person1#: 안녕하세요.\\n#Person2#: 네."}]}`, parsed by MLflow's server. A
record has a `topic` too where the model was trained on prompts that name it; `"params": {"num_beams": 4}` beside the
records asks for other values than those the version was evaluated with.
Leaves: `{"predictions": [{"summary": "…"}]}`, by the same cleaning, prompt and decoding as in the pipeline. Requests
that come at about the same time are decoded together, which changes no answer.

MLflow keeps this very file with the model and runs it when the model is loaded (`set_model` below), with the package
`dialsum` as it was on the day of the registration beside it: a version goes on answering as it did.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from mlflow.environment_variables import MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.protos.databricks_pb2 import (
    DEADLINE_EXCEEDED,
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    RESOURCE_EXHAUSTED,
)
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from dialsum.records.hosts import guard
from dialsum.records.microbatches import FullError, MicroBatches
from dialsum.records.threads import SERVED, widen

if TYPE_CHECKING:
    from dialsum.corpus.dialogue import Dialogue
    from dialsum.modeling.decoding import Summarizer
    from dialsum.params.cleaning import Cleaning
    from dialsum.params.generation import Generation
    from dialsum.params.serving import Serving

INPUT = "dialogue"
TOPIC = "topic"
OUTPUT = "summary"
MAX_TOPIC = 200  # characters; topics of the competition's data have up to 30

logger = logging.getLogger(__name__)


class Refusal(MlflowException):
    """An answer that is no summary: status, code and one short sentence.

    MLflow's server writes the request's data into the message of whatever a model raises, so the JSON is made from
    the sentence as it was given, and holds neither the dialogue nor a stack trace.
    """

    def __init__(self, reason: str, error_code: int = INVALID_PARAMETER_VALUE) -> None:
        """`error_code`: one of MLflow's, which decides the HTTP status."""
        super().__init__(reason, error_code=error_code)
        self.reason = reason

    def serialize_as_json(self) -> str:
        """The body of the HTTP response."""
        return json.dumps({"error_code": self.error_code, "message": self.reason})


@dataclass(frozen=True)
class Choice:
    """What a request may choose; dialogues of the same choice are decoded together."""

    max_new_tokens: int
    num_beams: int


class DialogueSummaries(PythonModel):
    """Summarizes one dialogue a row. Requests come in several threads; one thread decodes for all."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load weights, tokenizer and the values that were in force when the version was registered."""
        from dialsum.modeling.bounds import LengthBounds
        from dialsum.modeling.decoding import load_summarizer
        from dialsum.params.cleaning import Cleaning
        from dialsum.params.generation import Generation
        from dialsum.params.prompt import Tokenize
        from dialsum.params.serving import Serving
        from dialsum.params.strict import parse
        from dialsum.prompts.form import Form

        files = {name: Path(path) for name, path in context.artifacts.items()}
        settings = json.loads(files["settings"].read_text(encoding="utf-8"))
        bounds = settings["length_bounds"]
        generation = parse(Generation, settings["generation"], "settings: generation")
        serving = parse(Serving, settings["serving"], "settings: serving")
        summarizer = load_summarizer(
            files["base"],
            files["trained"],
            parse(Form, settings["prompt"], "settings: prompt"),
            parse(Tokenize, settings["tokenize"], "settings: tokenize"),
            replace(generation, batch_size=serving.batch_rows),
            bounds and LengthBounds(**bounds),
        )
        self.start(summarizer, parse(Cleaning, settings["cleaning"], "settings: cleaning"), serving)
        widen(serving.max_waiting + serving.batch_rows + 8)  # the last to say that no more may wait
        guard()

    def start(self, summarizer: Summarizer, cleaning: Cleaning, limits: Serving) -> None:
        """Be ready for requests."""
        self.cleaning, self.limits, self.generation = cleaning, limits, summarizer.generation
        self.needs_topic = summarizer.form.topic == "always"

        def work(choice: Choice, dialogues: list[Dialogue]) -> list[str]:
            from dialsum.modeling.decoding import summarize

            chosen = replace(summarizer, generation=replace(summarizer.generation, **asdict(choice)))
            return [prediction.text for prediction in summarize(chosen, dialogues)]

        self.together = MicroBatches(work, limits.batch_rows, limits.batch_wait_ms / 1000, limits.max_waiting)

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """The column `summary`, one row a dialogue, in order. Raises Refusal for what it will not or cannot answer."""
        # All that a request can be refused for is seen here, before it waits: later it would spoil the batch of others.
        texts = check(model_input, self.limits.max_rows, self.limits.max_chars)
        subjects = topics(model_input, self.needs_topic)
        choice = choose(params or {}, self.generation, self.limits)
        seconds = patience()
        try:
            dialogues = self._dialogues(texts, subjects)
            return pd.DataFrame({OUTPUT: self.together.ask(dialogues, choice, seconds)})
        except FullError as error:
            raise Refusal("too many dialogues are waiting; try again later", RESOURCE_EXHAUSTED) from error
        except TimeoutError as error:
            raise Refusal(f"no answer within {seconds:g} seconds; try again later", DEADLINE_EXCEEDED) from error
        except Exception as error:  # memory that ran out too, though it is an InputError for whoever runs the pipeline
            logger.exception("a request of %d dialogues failed", len(texts))
            raise Refusal("the model failed on this request; the server's log says why", INTERNAL_ERROR) from error

    def _dialogues(self, texts: list[str], subjects: list[str | None]) -> list[Dialogue]:
        from dialsum.corpus.cleaning import to_dialogue

        return [
            to_dialogue(str(row), text, self.cleaning, topic)
            for row, (text, topic) in enumerate(zip(texts, subjects, strict=True))
        ]


def patience() -> float | None:
    """The seconds after which MLflow's server answers in our place; without a server there is no limit (None)."""
    return float(MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT.get()) if SERVED in os.environ else None  # type: ignore[no-untyped-call]


def check(request: pd.DataFrame, max_rows: int, max_chars: int) -> list[str]:
    """The dialogues of a request. Raises Refusal if they are too many or too long, or if one is not a text or empty."""
    from dialsum.corpus.cleaning import said

    if INPUT not in request:
        raise Refusal(f"the column {INPUT!r} is missing")
    if not 0 < len(request) <= max_rows:
        raise Refusal(f"a request holds 1 to {max_rows} dialogues, this one {len(request)}")
    texts: list[str] = []
    for row, text in enumerate(request[INPUT]):
        if not isinstance(text, str):
            raise Refusal(f"row {row}: {INPUT!r} should be a text")
        if len(text) > max_chars:
            raise Refusal(f"row {row}: {len(text)} characters; at most {max_chars} are taken")
        if not said(text):
            raise Refusal(f"row {row}: {INPUT!r} is empty")
        texts.append(text)
    return texts


def topics(request: pd.DataFrame, required: bool) -> list[str | None]:
    """The topics of a request's dialogues, None where it has none. Raises Refusal if one is too long, or is `required`
    and missing.
    """
    cells = request[TOPIC] if TOPIC in request else [None] * len(request)
    found = [cell if isinstance(cell, str) and cell.strip() else None for cell in cells]
    for row, topic in enumerate(found):
        if topic is None and required:
            raise Refusal(f"row {row}: {TOPIC!r} is missing; this version was trained with one in each prompt")
        if topic is not None and len(topic) > MAX_TOPIC:
            raise Refusal(f"row {row}: {TOPIC!r} has {len(topic)} characters; at most {MAX_TOPIC} are taken")
    return found


def choose(params: Mapping[str, Any], generation: Generation, limits: Serving) -> Choice:
    """What a request asks for, and for the rest the version's own values. Raises Refusal if it is out of bounds."""
    bounds = {"max_new_tokens": limits.max_new_tokens, "num_beams": limits.max_beams}
    chosen = {name: getattr(generation, name) for name in bounds}
    for name, most in bounds.items():
        value = params.get(name)
        if value is None:
            continue
        if type(value) is not int or not (0 < value <= most or value == chosen[name]):  # True is an int too
            raise Refusal(f"params: {name!r} should be a whole number from 1 to {most}")
        chosen[name] = value
    try:
        replace(generation, **chosen)
    except ValueError as error:  # such as beams for a version that samples
        raise Refusal(f"params: this version takes no such values: {_reason(error)}") from error
    return Choice(**chosen)


def _reason(error: ValueError) -> str:
    """The sentence of a dataclass's own check, out of what pydantic writes around it."""
    from pydantic import ValidationError

    return str(error.errors()[0]["ctx"]["error"]) if isinstance(error, ValidationError) else str(error)


set_model(DialogueSummaries())
