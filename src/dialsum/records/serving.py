"""The model as MLflow serves it.

Enters: `{"dataframe_records": [{"dialogue": "#Person1#: 안녕하세요.\\n#Person2#: 네."}]}`, parsed by MLflow's server. A
record has a `topic` too where the model was trained on prompts that name it.
Leaves: `{"predictions": [{"summary": "…"}]}`, by the same cleaning, prompt and decoding as in the pipeline.

MLflow keeps this very file with the model and runs it when the model is loaded (`set_model` below), with the package
`dialsum` as it was on the day of the registration beside it: a version goes on answering as it did.
"""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, INVALID_PARAMETER_VALUE
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from dialsum.errors import InputError

if TYPE_CHECKING:
    from dialsum.modeling.decoding import Summarizer

INPUT = "dialogue"
TOPIC = "topic"
OUTPUT = "summary"

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


class DialogueSummaries(PythonModel):
    """Summarizes one dialogue a row. Requests come in several threads; the model takes one at a time."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load weights, tokenizer and the values that were in force when the version was registered."""
        from dialsum.modeling.bounds import LengthBounds
        from dialsum.modeling.decoding import load_summarizer
        from dialsum.params.cleaning import Cleaning
        from dialsum.params.generation import Generation
        from dialsum.params.prompt import Tokenize
        from dialsum.params.registry import Registry
        from dialsum.params.strict import parse
        from dialsum.prompts.form import Form

        files = {name: Path(path) for name, path in context.artifacts.items()}
        settings = json.loads(files["settings"].read_text(encoding="utf-8"))
        self.limits = parse(Registry, settings["registry"], "settings: registry")
        self.cleaning = parse(Cleaning, settings["cleaning"], "settings: cleaning")
        self.lock = threading.Lock()
        bounds = settings["length_bounds"]
        self.summarizer: Summarizer = load_summarizer(
            files["base"],
            files["trained"],
            parse(Form, settings["prompt"], "settings: prompt"),
            parse(Tokenize, settings["tokenize"], "settings: tokenize"),
            parse(Generation, settings["generation"], "settings: generation"),
            bounds and LengthBounds(**bounds),
        )

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> pd.DataFrame:
        """The column `summary`, one row a dialogue, in order. Raises Refusal for what it will not or cannot answer."""
        texts = check(model_input, self.limits.max_rows, self.limits.max_chars)
        try:
            with self.lock:
                return pd.DataFrame({OUTPUT: self._summarize(texts, topics(model_input))})
        except InputError as error:
            raise Refusal(str(error)) from error
        except Exception as error:
            logger.exception("a request of %d dialogues failed", len(texts))
            raise Refusal("the model failed on this request; the server's log says why", INTERNAL_ERROR) from error

    def _summarize(self, texts: list[str], subjects: list[str | None]) -> list[str]:
        from dialsum.corpus.cleaning import to_dialogue
        from dialsum.modeling.decoding import summarize

        dialogues = [
            to_dialogue(str(row), text, self.cleaning, topic)
            for row, (text, topic) in enumerate(zip(texts, subjects, strict=True))
        ]
        return [prediction.text for prediction in summarize(self.summarizer, dialogues)]


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


def topics(request: pd.DataFrame) -> list[str | None]:
    """The topics of a request's dialogues, None where it has none."""
    cells = request[TOPIC] if TOPIC in request else [None] * len(request)
    return [cell if isinstance(cell, str) and cell.strip() else None for cell in cells]


set_model(DialogueSummaries())
