from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from mlflow.pyfunc import scoring_server

from dialsum.corpus.cleaning import ALL
from dialsum.corpus.dialogue import Dialogue
from dialsum.corpus.prediction import Prediction
from dialsum.errors import InputError
from dialsum.records import serving

SECRET = "비밀번호는 1234"


def frame(*dialogues: Any) -> pd.DataFrame:
    return pd.DataFrame({"dialogue": list(dialogues)}, dtype=object)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> serving.DialogueSummaries:
    """The pyfunc, with a model that names the number of turns and notices two threads at once."""
    busy = threading.Lock()

    def summarize(summarizer: str, dialogues: list[Dialogue]) -> list[Prediction]:
        assert busy.acquire(blocking=False), "two requests at once"
        time.sleep(0.005)
        busy.release()
        if summarizer == "broken":
            raise RuntimeError(f"out of memory at {dialogues[0].text()}")
        return [Prediction(one.id, f"{len(one.turns)} turns: {one.turns[-1].text}", True) for one in dialogues]

    monkeypatch.setattr("dialsum.modeling.decoding.summarize", summarize)
    loaded = serving.DialogueSummaries()
    loaded.limits = SimpleNamespace(max_rows=3, max_chars=60)  # type: ignore[assignment]
    loaded.cleaning = ALL
    loaded.lock = threading.Lock()
    loaded.summarizer = "whole"  # type: ignore[assignment]
    return loaded


def predict(model: serving.DialogueSummaries, request: pd.DataFrame) -> list[str]:
    return list(model.predict(None, request, None)["summary"])


def test_one_summary_a_row_in_order_of_cleaned_dialogues(model: serving.DialogueSummaries) -> None:
    request = frame("#Person1#: 안녕하세요.\\n#Person2#: 네,<br>반가워요.", "라벨이 없는 글")
    assert predict(model, request) == ["2 turns: 네, 반가워요.", "1 turns: 라벨이 없는 글"]


def test_dialogues_are_cleaned_as_the_version_was_trained(model: serving.DialogueSummaries) -> None:
    request = frame("#Person1#: 네<br>#Person2#: ㅋㅋㅋㅋㅋ &amp; 네")
    assert predict(model, request) == ["2 turns: ㅋㅋ & 네"]
    model.cleaning = replace(ALL, repeated_letters=False, breaks=False)
    assert predict(model, request) == ["1 turns: 네<br>#Person2#: ㅋㅋㅋㅋㅋ & 네"]


def test_a_topic_goes_along_where_a_request_has_one(
    model: serving.DialogueSummaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    def summarize(_: str, dialogues: list[Dialogue]) -> list[Prediction]:
        if None in [one.topic for one in dialogues]:
            raise InputError("dialogue 1: has no topic")
        return [Prediction(one.id, str(one.topic), True) for one in dialogues]

    monkeypatch.setattr("dialsum.modeling.decoding.summarize", summarize)
    assert predict(model, frame("#Person1#: 네.", "#Person1#: 네.").assign(topic=["인사", "약속 "])) == ["인사", "약속"]
    for topics in (["인사", None], ["인사", float("nan")], ["인사", " "]):
        with pytest.raises(serving.Refusal) as caught:
            predict(model, frame("#Person1#: 네.", "#Person1#: 네.").assign(topic=topics))
        assert (caught.value.get_http_status_code(), caught.value.reason) == (400, "dialogue 1: has no topic")


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (pd.DataFrame({"text": [SECRET]}), "the column 'dialogue' is missing"),
        (frame(), "a request holds 1 to 3 dialogues, this one 0"),
        (frame(*["#Person1#: 네."] * 4), "a request holds 1 to 3 dialogues, this one 4"),
        (frame("#Person1#: 네.", None), "row 1: 'dialogue' should be a text"),
        (frame(float("nan")), "row 0: 'dialogue' should be a text"),
        (frame(12345678), "row 0: 'dialogue' should be a text"),
        (frame([SECRET]), "row 0: 'dialogue' should be a text"),
        (frame(SECRET * 10), "row 0: 100 characters; at most 60 are taken"),
        (frame(""), "row 0: 'dialogue' is empty"),
        (frame(" \n\u200b<br>\t"), "row 0: 'dialogue' is empty"),
    ],
)
def test_what_cannot_be_summarized_is_refused(
    model: serving.DialogueSummaries, request_: pd.DataFrame, reason: str
) -> None:
    with pytest.raises(serving.Refusal) as caught:
        predict(model, request_)
    assert caught.value.get_http_status_code() == 400
    assert json.loads(caught.value.serialize_as_json()) == {"error_code": "INVALID_PARAMETER_VALUE", "message": reason}


def test_a_failure_of_the_model_is_ours_and_says_nothing_of_the_dialogue(
    model: serving.DialogueSummaries, caplog: pytest.LogCaptureFixture
) -> None:
    model.summarizer = "broken"  # type: ignore[assignment]
    with pytest.raises(serving.Refusal) as caught:
        predict(model, frame(SECRET))
    assert caught.value.get_http_status_code() == 500
    assert "1234" not in caught.value.serialize_as_json()
    assert "RuntimeError" in caplog.text  # the server's own log says why
    model.summarizer = "whole"  # type: ignore[assignment]
    assert predict(model, frame("#Person1#: 네.")) == ["1 turns: 네."]  # and the lock is free again


def test_requests_at_once_take_turns_and_are_not_mixed(model: serving.DialogueSummaries) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: predict(model, frame(f"#Person1#: {number}")), range(40)))
    assert answers == [[f"1 turns: {number}"] for number in range(40)]


def test_mlflows_server_adds_neither_data_nor_trace_to_a_refusal(model: serving.DialogueSummaries) -> None:
    """scoring_server puts the request's data into the message of what a model raises; the body must not have it."""

    class Loaded:
        metadata = SimpleNamespace()

        def predict(self, data: pd.DataFrame, params: Any = None) -> pd.DataFrame:
            return model.predict(None, data, params)

    body = json.dumps({"dataframe_records": [{"dialogue": "#Person1#: 네."}, {"dialogue": SECRET * 10}]})
    with pytest.raises(serving.Refusal) as caught:
        scoring_server.invocations(body, "application/json", Loaded(), None)
    assert "1234" in caught.value.message  # so MLflow does
    expected = {"error_code": "INVALID_PARAMETER_VALUE", "message": "row 1: 100 characters; at most 60 are taken"}
    assert json.loads(caught.value.serialize_as_json()) == expected
