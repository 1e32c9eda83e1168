"""A registered version, served by `dialsum serve` in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.records.conftest import Server


@pytest.mark.timeout(300)
def test_the_champion_answers_as_the_pipeline_does(server: Server, summaries: dict[str, str]) -> None:
    dialogues, said = list(summaries), list(summaries.values())
    answer = {"predictions": [{"summary": text} for text in said]}
    assert server.ask(*({"dialogue": text} for text in dialogues)) == (200, answer)

    # Many at once, more than there are processors: each gets its own, and those with other values too.
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(server.ask, {"dialogue": dialogues[number % 3]}) for number in range(48)]
        shorter = pool.submit(server.ask, {"dialogue": dialogues[0]}, max_new_tokens=1)
    assert [one.result() for one in asked] == [
        (200, {"predictions": [{"summary": said[number % 3]}]}) for number in range(48)
    ]
    assert shorter.result()[0] == 200
    assert len(shorter.result()[1]["predictions"][0]["summary"]) < len(said[0])

    status, body = server.ask({"dialogue": dialogues[0]}, num_beams=5)
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
        assert server.ask(*rows) == (400, {"error_code": "INVALID_PARAMETER_VALUE", "message": reason})

    # A page whose name is made to point here gets nothing.
    status, refusal = server.post(b"{}", host="evil.example.com")
    assert (status, json.loads(refusal)["error_code"]) == (403, "PERMISSION_DENIED")
    # MLflow's own refusals, before our code is reached.
    status, body = server.ask({"text": "#Person1#: 안녕"})
    assert (status, "missing inputs ['dialogue']" in body["message"]) == (400, True)
    assert server.post(b'{"dataframe_records": [{')[0] == 400


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("champion")
def test_the_version_needs_nothing_but_itself(
    repository: Path, summaries: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is loaded where no `dialsum` can be imported, no pickle either: from what it carries."""
    (repository / "models").rename(repository / "gone")
    code = (
        "import json, sys, mlflow, pandas\n"
        "sys.path = [path for path in sys.path if not path.endswith('/src')]  # an editable installation\n"
        "model = mlflow.pyfunc.load_model('models:/dialsum@champion')\n"
        "import dialsum; assert '/artifacts/code/' in dialsum.__file__, dialsum.__file__\n"
        f"print(json.dumps(list(model.predict(pandas.DataFrame({{'dialogue': {list(summaries)!r}}}))['summary'])))\n"
    )
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == list(summaries.values())
