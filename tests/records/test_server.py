"""A registered version, served by `dialsum serve` in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from dialsum.corpus.cleaning import to_dialogue
from dialsum.params.cleaning import Cleaning
from dialsum.params.generation import Generation
from dialsum.params.prompt import Tokenize
from dialsum.params.strict import parse, read_yaml
from dialsum.prompts.form import Form
from dialsum.records import registry, tracking

SOURCE = Path(registry.__file__).parents[2]
CLEANING = Cleaning(
    html_entities=True,
    invisible_characters=True,
    composed_hangul=True,
    escaped_newlines=True,
    breaks=True,
    repeated_letters=False,
    spaces=True,
    untagged_lines=True,
)
SETTINGS = {
    "cleaning": asdict(CLEANING),
    "prompt": {"format": "plain", "system": "none", "topic": "never"},
    "tokenize": {"max_source_tokens": 256, "max_target_tokens": 64, "truncation": "tail"},
    "generation": {
        **read_yaml(Path(__file__).parents[1] / "params.yaml")["generation"],
        "max_new_tokens": 16,
        "length_by_source": True,
        "foreign_tokens": "allow",
        "batch_size": 4,
        "threads": 1,
    },
    "length_bounds": {"dialogue_tokens": [30], "summary_tokens": [1, 2]},
    "serving": {
        "max_rows": 4,
        "max_chars": 500,
        "max_new_tokens": 20,
        "max_beams": 4,
        "batch_rows": 8,
        "batch_wait_ms": 5,
        "max_waiting": 40,
    },
}
DIALOGUES = [
    "#Person1#: 내일 오후 3시에 예약하고 싶어요.\\n#Person2#: 네, 성함이 어떻게 되세요?",
    "#Person1#: 택배가 아직 안 왔어요.\n#Person2#: 주소를 확인해 드릴게요.\n#Person1#: #Address#예요.",
    "#Person1#: 커피 두 잔 주세요 ㅋㅋㅋㅋㅋ<br>#Person2#: 네.",
]


@pytest.fixture
def folders(small_base: Path, tmp_path: Path) -> dict[str, Path]:
    """A base model, and a random adapter, strong enough that it says something else to each dialogue."""
    import torch
    from peft import LoraConfig, get_peft_model

    from dialsum.modeling.loading import load_base

    torch.manual_seed(1)
    config = LoraConfig(r=4, lora_alpha=32, target_modules="all-linear", init_lora_weights=False)
    trained = tmp_path / "models" / "trained"
    get_peft_model(load_base(small_base, "lora"), config).save_pretrained(trained)
    (trained / "trained.json").write_text(json.dumps({"method": "lora", "in_force": {}}))
    return {"base": small_base, "trained": trained}


def expected(folders: dict[str, Path]) -> list[str]:
    """What the pipeline's own decoding says."""
    from dialsum.modeling.bounds import LengthBounds
    from dialsum.modeling.decoding import load_summarizer, summarize

    summarizer = load_summarizer(
        folders["base"],
        folders["trained"],
        Form(**SETTINGS["prompt"]),  # type: ignore[arg-type]
        Tokenize(**SETTINGS["tokenize"]),  # type: ignore[arg-type]
        parse(Generation, SETTINGS["generation"], "generation"),
        LengthBounds(**SETTINGS["length_bounds"]),  # type: ignore[arg-type]
    )
    return [item.text for item in summarize(summarizer, [to_dialogue("", text, CLEANING) for text in DIALOGUES])]


@pytest.fixture
def address(client: MlflowClient, folders: dict[str, Path], repository: Path) -> Iterator[str]:
    with tracking.recording(client, tracking.Record({}, {}, {}, "a run")) as run_id:
        tags = registry.score_tags({"rouge_mean": 1.0}, "0" * 32, "mecab")
        version = registry.add(client, run_id, folders, SETTINGS, tags)
        registry.promote(client, version, "rouge_mean")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"}  # no activated .venv
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"):
        environment.pop(name)
    log = repository / "server.log"
    with log.open("w") as output:
        command = [sys.executable, "-m", "dialsum.cli", "serve", "--port", str(port)]
        server = subprocess.Popen(
            command, cwd=repository, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait(server, f"http://127.0.0.1:{port}/ping", log)
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(log.read_text())


def post(address: str, body: bytes) -> tuple[int, Any]:
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def ask(address: str, *rows: dict[str, Any], **params: int) -> tuple[int, Any]:
    return post(address, json.dumps({"dataframe_records": rows, "params": params}).encode())


@pytest.mark.timeout(300)
def test_the_champion_answers_as_the_pipeline_does(address: str, folders: dict[str, Path]) -> None:
    summaries = expected(folders)
    assert len(set(summaries)) == len(DIALOGUES)  # or the comparison would prove nothing
    answer = {"predictions": [{"summary": text} for text in summaries]}
    assert ask(address, *({"dialogue": text} for text in DIALOGUES)) == (200, answer)

    # One by one, in parallel, with what must be refused in between.
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: ask(address, {"dialogue": DIALOGUES[number % 3]}), range(12)))
    assert answers == [(200, {"predictions": [{"summary": summaries[number % 3]}]}) for number in range(12)]

    # Many at once, more than there are processors: each gets its own, and those with other values too.
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(ask, address, {"dialogue": DIALOGUES[number % 3]}) for number in range(48)]
        shorter = pool.submit(ask, address, {"dialogue": DIALOGUES[0]}, max_new_tokens=1)
    assert [one.result() for one in asked] == [
        (200, {"predictions": [{"summary": summaries[number % 3]}]}) for number in range(48)
    ]
    assert shorter.result()[0] == 200
    assert len(shorter.result()[1]["predictions"][0]["summary"]) < len(summaries[0])

    status, body = ask(address, {"dialogue": DIALOGUES[0]}, num_beams=5)
    reason = "params: 'num_beams' should be a whole number from 1 to 4"
    assert (status, body) == (400, {"error_code": "INVALID_PARAMETER_VALUE", "message": reason})

    refusals = {
        "row 0: 'dialogue' is empty": [{"dialogue": ""}],
        "row 1: 'dialogue' should be a text": [{"dialogue": "#Person1#: 비밀"}, {"dialogue": None}],
        "row 0: 'dialogue' should be a text": [{"dialogue": 12345678}],
        "row 0: 600 characters; at most 500 are taken": [{"dialogue": "비밀번호 " * 120}],
        "a request holds 1 to 4 dialogues, this one 5": [{"dialogue": "#Person1#: 비밀"}] * 5,
    }
    for reason, rows in refusals.items():
        assert ask(address, *rows) == (400, {"error_code": "INVALID_PARAMETER_VALUE", "message": reason})

    # MLflow's own refusals, before our code is reached.
    status, body = ask(address, {"text": "#Person1#: 안녕"})
    assert (status, "missing inputs ['dialogue']" in body["message"]) == (400, True)
    assert post(address, b'{"dataframe_records": [{')[0] == 400


@pytest.mark.timeout(300)
def test_the_version_needs_nothing_but_itself(
    client: MlflowClient, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is loaded where no `dialsum` can be imported: from the code, the weights and the values it carries."""
    with tracking.recording(client, tracking.Record({}, {}, {}, "a run")) as run_id:
        tags = registry.score_tags({"rouge_mean": 1.0}, "0" * 32, "mecab")
        version = registry.add(client, run_id, folders, SETTINGS, tags)
        registry.promote(client, version, "rouge_mean")
    summaries = expected(folders)
    folders["trained"].rename(folders["trained"].with_name("gone"))
    code = (
        "import json, sys, mlflow, pandas\n"
        "sys.path = [path for path in sys.path if not path.endswith('/src')]  # an editable installation\n"
        "model = mlflow.pyfunc.load_model('models:/dialsum@champion')\n"
        "import dialsum; assert '/artifacts/code/' in dialsum.__file__, dialsum.__file__\n"
        f"print(json.dumps(list(model.predict(pandas.DataFrame({{'dialogue': {DIALOGUES!r}}}))['summary'])))\n"
    )
    monkeypatch.delenv("PYTHONPATH", raising=False)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == summaries
