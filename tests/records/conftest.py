"""A store of its own for each test, without the seconds that MLflow takes to make its tables; versions and servers."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from dialsum.corpus.cleaning import to_dialogue
from dialsum.params.cleaning import Cleaning
from dialsum.params.generation import Generation
from dialsum.params.prompt import Tokenize
from dialsum.params.strict import parse, read_yaml
from dialsum.prompts.form import Form
from dialsum.records import registry, store, tracking

SYNTHETIC = "bbbbbbbb22"  # md5 of dev data
SOURCE = Path(store.__file__).parents[2]
STARTED = 120  # seconds for what takes a few on a machine that has nothing else to do
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
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository that DVC says it runs in."""
    _enter(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def client(repository: Path, empty_database: Path) -> MlflowClient:
    shutil.copy(empty_database, repository / "mlflow.db")
    return store.connect()


MakeVersion = Callable[..., ModelVersion]


@pytest.fixture
def make_version(client: MlflowClient, tmp_path: Path) -> MakeVersion:
    """Make a version as `registry.add` leaves it, without the weights: its run is open and holds the scores of rows."""

    def make(
        scores: Sequence[float], dev: str = SYNTHETIC, tokens: str = "mecab", name: str = "a run", **rates: float
    ) -> ModelVersion:
        run = client.create_run(store.experiment(client, store.EXPERIMENT), run_name=name)
        lines = [f"dev_{row},{score}" for row, score in enumerate(scores)]
        (tmp_path / "dev.csv").write_text("\n".join(["id,rouge_mean", *lines]))
        client.log_artifact(run.info.run_id, str(tmp_path / "dev.csv"), "scores")
        means = {"rouge_mean": sum(scores) / len(scores), "foreign_rate": 0.0, "stop_rate": 1.0, **rates}
        tags = registry.score_tags(means, dev, tokens)
        with store.lock("registry"):
            registry._ensure_registered(client)
            return client.create_model_version(store.MODEL, run.info.artifact_uri, run_id=run.info.run_id, tags=tags)

    return make


@pytest.fixture(scope="session")
def folders(small_base: Path, strong_adapter: Path) -> dict[str, Path]:
    """A base model and an adapter: no test writes to them."""
    return {"base": small_base, "trained": strong_adapter}


@pytest.fixture(scope="session")
def summaries(folders: dict[str, Path]) -> dict[str, str]:
    """What the pipeline's own decoding says to each of DIALOGUES."""
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
    said = summarize(summarizer, [to_dialogue("", text, CLEANING) for text in DIALOGUES])
    found = dict(zip(DIALOGUES, [item.text for item in said], strict=True))
    assert len(set(found.values())) == len(DIALOGUES)  # or no comparison would prove anything
    return found


@pytest.fixture
def champion(client: MlflowClient, folders: dict[str, Path], tmp_path: Path) -> ModelVersion:
    """The model of `folders`, registered with SETTINGS from copies in models/."""
    copies = {name: tmp_path / "models" / name for name in folders}
    for name, folder in folders.items():
        shutil.copytree(folder, copies[name])
    return _registered(client, copies)


@pytest.fixture(scope="module")
def shared(
    empty_database: Path, folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, ModelVersion]:
    """The same in a repository that the tests of a file share, and do not write to."""
    repository = tmp_path_factory.mktemp("shared")
    shutil.copy(empty_database, repository / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        _enter(repository, patch)
        return repository, _registered(store.connect(), folders)


@pytest.fixture
def shared_champion(shared: tuple[Path, ModelVersion], monkeypatch: pytest.MonkeyPatch) -> ModelVersion:
    """That of `shared`, in whose repository the test runs."""
    repository, version = shared
    _enter(repository, monkeypatch)
    return version


def _enter(repository: Path, patch: pytest.MonkeyPatch) -> None:
    """What connect() puts into the environment goes away again with the patch."""
    patch.setenv("DVC_ROOT", str(repository))
    for name in (*store.ENVIRONMENT, "MLFLOW_TRACKING_URI", "_MLFLOW_SERVER_ARTIFACT_ROOT"):
        patch.setenv(name, "")
    patch.chdir(repository)


def _registered(client: MlflowClient, folders: dict[str, Path]) -> ModelVersion:
    with tracking.recording(client, tracking.Record({}, {}, {}, "a run")) as run_id:
        tags = registry.score_tags({"rouge_mean": 1.0}, "0" * 32, "mecab")
        version = registry.add(client, run_id, folders, SETTINGS, tags)
        client.set_registered_model_alias(store.MODEL, registry.CHAMPION, version.version)
        tracking.finish(client, run_id)
    return version


class Server:
    """`dialsum serve` on a port of its own, in a process group of its own."""

    def __init__(self, repository: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.repository, self.log = repository, repository / "server.log"
        self.usual = 0.0  # seconds that its first start took

    def start(self, within: float = STARTED) -> float:
        """Start, and wait until it is ready, at most so many seconds. Gives how many it took."""
        begun = time.monotonic()
        environment = {**os.environ, "PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"}  # no activated .venv
        for name in ("MLFLOW_TRACKING_URI", "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"):
            environment.pop(name)
        command = [sys.executable, "-m", "dialsum.cli", "serve", "--port", str(self.port)]
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                command, cwd=self.repository, env=environment, stdout=output, stderr=output, start_new_session=True
            )
        while time.monotonic() < begun + within and self.process.poll() is None:
            with suppress(OSError):
                if self.get("/ping") == 200:
                    return time.monotonic() - begun
            time.sleep(0.2)
        pytest.fail(self.log.read_text())

    def kill(self) -> None:
        """Kill all of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.request("GET", path)
        return connection.getresponse().status

    def post(
        self, body: bytes, content_type: str | None = "application/json", host: str = "localhost"
    ) -> tuple[int, bytes]:
        """Status and body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Host": host, **({"Content-Type": content_type} if content_type else {})}
        connection.request("POST", "/invocations", body, headers)
        response = connection.getresponse()
        return response.status, response.read()

    def ask(self, *rows: dict[str, Any], **params: int) -> tuple[int, Any]:
        """Status and content of the answer to these records."""
        status, body = self.post(json.dumps({"dataframe_records": rows, "params": params}).encode())
        return status, json.loads(body)


@pytest.fixture
def server(champion: ModelVersion, repository: Path) -> Iterator[Server]:  # noqa: ARG001
    """A server of the champion that is ready."""
    server = Server(repository)
    try:
        server.usual = server.start()
        yield server
    finally:
        server.kill()
