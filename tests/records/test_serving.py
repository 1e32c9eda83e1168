from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from mlflow.pyfunc import scoring_server

from dialsum.corpus.cleaning import ALL
from dialsum.corpus.dialogue import Dialogue
from dialsum.corpus.prediction import Prediction
from dialsum.errors import InputError
from dialsum.params.generation import Generation
from dialsum.params.serving import Serving
from dialsum.params.strict import load
from dialsum.prompts.form import Form
from dialsum.records import serving

FORM = Form(format="structured", system="none", topic="optional")
SECRET = "비밀번호는 1234"


def frame(*dialogues: Any) -> pd.DataFrame:
    return pd.DataFrame({"dialogue": list(dialogues)}, dtype=object)


LIMITS = Serving(
    max_rows=3, max_chars=60, max_new_tokens=50, max_beams=4, batch_rows=8, batch_wait_ms=1, max_waiting=20
)
GENERATION = load(Path(__file__).parents[1] / "params.yaml", "generation", Generation)


@dataclass(frozen=True)
class Fake:
    """What a Summarizer is to the pyfunc."""

    generation: Generation = GENERATION
    fault: str = ""
    form: Form = FORM


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> serving.DialogueSummaries:
    """The pyfunc, with a model that names the number of turns and notices two threads at once."""
    busy = threading.Lock()

    def summarize(summarizer: Fake, dialogues: list[Dialogue]) -> list[Prediction]:
        assert busy.acquire(blocking=False), "two threads at once"
        time.sleep(0.005)
        busy.release()
        if summarizer.fault and any(summarizer.fault in one.text() for one in dialogues):
            raise RuntimeError(f"out of memory at {dialogues[0].text()}")
        beams = summarizer.generation.num_beams
        said = [f"{len(one.turns)} turns: {one.turns[-1].text}" + f", {beams} beams" * (beams > 1) for one in dialogues]
        return [Prediction(one.id, text, True) for one, text in zip(dialogues, said, strict=True)]

    monkeypatch.setattr("dialsum.modeling.decoding.summarize", summarize)
    return started(Fake())


def started(summarizer: Fake, limits: Serving = LIMITS) -> serving.DialogueSummaries:
    loaded = serving.DialogueSummaries()
    loaded.start(summarizer, ALL, limits)  # type: ignore[arg-type]
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
        return [Prediction(one.id, str(one.topic), True) for one in dialogues]

    monkeypatch.setattr("dialsum.modeling.decoding.summarize", summarize)
    assert predict(model, frame("#Person1#: 네.", "#Person1#: 네.").assign(topic=["인사", " "])) == ["인사", "None"]
    model = started(Fake(form=replace(FORM, topic="always")))
    assert predict(model, frame("#Person1#: 네.", "#Person1#: 네.").assign(topic=["인사", "약속 "])) == ["인사", "약속"]
    for topics in (["인사", None], ["인사", float("nan")], ["인사", " "]):
        with pytest.raises(serving.Refusal) as caught:
            predict(model, frame("#Person1#: 네.", "#Person1#: 네.").assign(topic=topics))
        reason = "row 1: 'topic' is missing; this version was trained with one in each prompt"
        assert (caught.value.get_http_status_code(), caught.value.reason) == (400, reason)
    with pytest.raises(serving.Refusal) as caught:
        predict(model, frame("#Person1#: 네.").assign(topic=["말" * 201]))
    reason = "row 0: 'topic' has 201 characters; at most 200 are taken"
    assert (caught.value.get_http_status_code(), caught.value.reason) == (400, reason)


def test_memory_that_runs_out_is_no_fault_of_the_request(
    model: serving.DialogueSummaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    def summarize(*_: Any) -> list[Prediction]:
        raise InputError("params.yaml: generation: the GPU's memory ran out with a single row")

    monkeypatch.setattr("dialsum.modeling.decoding.summarize", summarize)
    with pytest.raises(serving.Refusal) as caught:
        predict(model, frame("#Person1#: 네."))
    assert caught.value.get_http_status_code() == 500
    assert "params.yaml" not in caught.value.reason


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
        (frame("#Person1#: 네.", "#Person1#:"), "row 1: 'dialogue' is empty"),
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


@pytest.mark.usefixtures("model")
def test_a_failure_of_the_model_is_ours_and_says_nothing_of_the_dialogue(caplog: pytest.LogCaptureFixture) -> None:
    model = started(Fake(fault="1234"))
    with pytest.raises(serving.Refusal) as caught:
        predict(model, frame(SECRET))
    assert caught.value.get_http_status_code() == 500
    assert "1234" not in caught.value.serialize_as_json()
    assert "RuntimeError" in caplog.text  # the server's own log says why
    assert predict(model, frame("#Person1#: 네.")) == ["1 turns: 네."]  # and it goes on


def test_requests_at_once_are_answered_each_with_its_own(model: serving.DialogueSummaries) -> None:
    def one(number: int) -> list[str]:
        beams = 1 + number % 2
        return list(model.predict(None, frame(f"#Person1#: {number}"), {"num_beams": beams})["summary"])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(40)))
    assert answers == [[f"1 turns: {number}" + ", 2 beams" * (number % 2)] for number in range(40)]


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"num_beams": 5}, "params: 'num_beams' should be a whole number from 1 to 4"),
        ({"num_beams": 0}, "params: 'num_beams' should be a whole number from 1 to 4"),
        ({"num_beams": True, "max_new_tokens": 10}, "params: 'num_beams' should be a whole number from 1 to 4"),
        ({"max_new_tokens": 51}, "params: 'max_new_tokens' should be a whole number from 1 to 50"),
        ({"max_new_tokens": 10**30}, "params: 'max_new_tokens' should be a whole number from 1 to 50"),
        ({"max_new_tokens": "10"}, "params: 'max_new_tokens' should be a whole number from 1 to 50"),
    ],
)
def test_params_out_of_bounds_are_refused(
    model: serving.DialogueSummaries, params: dict[str, Any], reason: str
) -> None:
    with pytest.raises(serving.Refusal) as caught:
        model.predict(None, frame("#Person1#: 네."), params)
    assert (caught.value.get_http_status_code(), caught.value.reason) == (400, reason)


def test_the_versions_own_values_are_within_bounds_and_null_asks_for_them(model: serving.DialogueSummaries) -> None:
    own = {"max_new_tokens": GENERATION.max_new_tokens, "num_beams": None}
    assert GENERATION.max_new_tokens > LIMITS.max_new_tokens
    assert list(model.predict(None, frame("#Person1#: 네."), own)["summary"]) == ["1 turns: 네."]


@pytest.mark.usefixtures("model")
def test_beams_for_a_version_that_samples_are_refused() -> None:
    model = started(Fake(replace(GENERATION, do_sample=True)))
    with pytest.raises(serving.Refusal) as caught:
        model.predict(None, frame("#Person1#: 네."), {"num_beams": 2})
    assert caught.value.get_http_status_code() == 400
    assert caught.value.reason.startswith("params: this version takes no such values: do_sample (true) draws")


def test_what_finds_no_room_is_refused_at_once_and_what_waits_too_long_after_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on = threading.Event()

    def summarize(_: Fake, dialogues: list[Dialogue]) -> list[Prediction]:
        go_on.wait(30)
        return [Prediction(one.id, "fine", True) for one in dialogues]

    monkeypatch.setattr("dialsum.modeling.decoding.summarize", summarize)
    model = started(Fake(), replace(LIMITS, batch_rows=1, max_waiting=3))
    with ThreadPoolExecutor(4) as pool:
        try:
            waiting = [pool.submit(predict, model, frame("#Person1#: 네.")) for _ in range(4)]  # 1 in work, 3 waiting
            until = time.monotonic() + 10
            while len(model.together.waiting) < 3 and time.monotonic() < until:
                time.sleep(0.01)
            with pytest.raises(serving.Refusal) as caught:
                predict(model, frame("#Person1#: 네."))
            assert caught.value.get_http_status_code() == 429
            assert caught.value.reason == "too many dialogues are waiting; try again later"
        finally:
            go_on.set()
        assert [one.result() for one in waiting] == [["fine"]] * 4

        go_on.clear()
        monkeypatch.setenv("MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT", "1")
        monkeypatch.setenv("__pyfunc_model_path__", "in MLflow's server")
        try:
            with pytest.raises(serving.Refusal) as caught:
                predict(model, frame("#Person1#: 네."))
        finally:
            go_on.set()
    assert (caught.value.get_http_status_code(), caught.value.reason) == (
        504,
        "no answer within 1 seconds; try again later",
    )


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
