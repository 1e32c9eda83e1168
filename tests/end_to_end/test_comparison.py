"""Four experiments of a set, queued and run two at a time: what is left of them, and how they look in MLflow's page.

The pictures of docs/images are taken by the last test, of a repository where `phases-tiny` has run:

    DIALSUM_PICTURES_OF=/path/to/it python -m pytest -m slow tests/end_to_end/test_comparison.py -k page
"""

from __future__ import annotations

import json
import os
import re
import socket
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from browser import browsing
from PIL import Image
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Repository

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
ROOT = Path(__file__).parents[2]
WIDTH, HEIGHT = 1800, 900  # of the pictures: a narrower page has columns out of sight, which it does not draw
PHASES = {
    "phase-0": ["training.method=none"],
    "phase-1": ["training.batching=padded"],
    "phase-2": ["training.batching=length_grouped", "training.learning_rate=2e-2"],
    "phase-3": ["training.batching=packed", "training.learning_rate=2e-2"],
}


@pytest.fixture(scope="module")
def phases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """They have run, each with code of its own, on a machine that had no store yet."""
    if shown := os.environ.get("DIALSUM_PICTURES_OF"):
        return type(request.getfixturevalue("fresh"))(Path(shown))
    finished: Repository = request.getfixturevalue("finished")
    repository = finished.copy(tmp_path_factory.mktemp("phases") / "repository")
    for name in ("mlflow.db", "mlartifacts"):
        repository.run("rm", "-r", name)
    module, source = "src/dialsum/records/labels.py", '"dialsum.stages.register"'
    for name, overrides in PHASES.items():
        repository.replace(module, source, f'"the code of {name}"')
        changed = [word for override in overrides for word in ("-S", override)]
        repository.dvc("exp", "run", "--queue", "--name", f"phases--{name}", *changed)
        repository.run("git", "checkout", module)

    states: list[str] = []

    def ended() -> bool:
        shown = repository.dvc("queue", "status").splitlines()
        states[:] = [word for line in shown for word in ("Success", "Failed") if word in line.split()]
        return len(states) == len(PHASES)

    # The workers are started as `dvc`: here the environment must be activated.
    programs = f"{repository.path}/.venv/bin:{os.environ['PATH']}"
    try:
        # `run` would wait for the workers, which hold on to what they were started with.
        with repository.started("dvc", "queue", "start", "-j", "2", PATH=programs):
            repository.wait_until(ended, seconds_between=2, patience=1200)
    finally:
        repository.dvc("queue", "stop", "--kill")
    logs = "\n".join(repository.dvc("queue", "logs", f"phases--{name}") for name in PHASES)
    assert states == ["Success"] * len(PHASES), logs
    return repository


def by_phase(repository: Repository) -> dict[str, Any]:
    runs = {run.data.tags.get("dvc.exp_name", "").rpartition("--")[2]: run for run in repository.runs()}
    return {name: runs[name] for name in PHASES}


def test_each_of_four_left_one_complete_run(phases: Repository) -> None:
    runs = phases.runs()
    assert [run.info.status for run in runs] == ["FINISHED"] * 4
    head = phases.run("git", "rev-parse", "HEAD").strip()
    stages = YAML(typ="safe").load(phases.path / "dvc.lock")["stages"].values()
    locked = {out["path"]: out["md5"] for stage in stages for out in stage["outs"]}
    for name, run in by_phase(phases).items():
        tags = run.data.tags
        assert (tags["dvc.exp_name"], tags["set"], tags["dvc.baseline"]) == (f"phases--{name}", "phases", head)
        assert tags["mlflow.source.name"] == f"the code of {name}"
        assert (tags["model-type"], tags["arch"], tags["float"]) == ("causal_lm", "llama", "fp32")
        assert tags["md5.tokenized"] == locked["data/tokenized"]
        # All were trained otherwise than in the workspace, and none like another.
        assert tags["md5.model"] != locked["models/trained"]
    assert len({run.data.tags["md5.model"] for run in runs}) == 4

    # The same names of metrics and curves, so that they compare; the one without training has no curves.
    trained = [run for name, run in by_phase(phases).items() if name != "phase-0"]
    assert {frozenset(run.data.metrics) for run in trained} == {frozenset(trained[0].data.metrics)}
    assert {"train_loss", "eval_loss", "learning_rate", "grad_norm", "tokens_per_second"} <= trained[
        0
    ].data.metrics.keys()
    assert {frozenset(run.data.params) for run in runs} == {frozenset(runs[0].data.params)}
    differing = {key for key in runs[0].data.params if len({run.data.params[key] for run in runs}) > 1}
    assert differing == {"training.method", "training.batching", "training.learning_rate"}


def test_what_the_copies_made_is_kept_in_the_repository(phases: Repository) -> None:
    runs, client = phases.runs(), phases.client()
    versions = client.search_model_versions("name = 'dialsum'")
    assert {version.run_id for version in versions} == {run.info.run_id for run in runs}
    aliases = set(client.get_registered_model("dialsum").aliases) - {"challenger"}
    assert len(aliases) == 2  # champion, and that of the dev data
    # The best is champion, or was not better in half of the resamples.
    scores = {run.info.run_id: run.data.metrics["rouge.rouge_mean"] for run in runs}
    (best,) = (version for version in versions if scores[version.run_id] == max(scores.values()))
    assert best.version == phases.champion().version or best.tags["verdict"] == "challenger"
    for name, run in by_phase(phases).items():
        assert Path(run.info.artifact_uri.removeprefix("file://")).is_dir()
        (output,) = run.outputs.model_outputs
        model = phases.path / "mlartifacts" / "models" / output.model_id / "artifacts"
        assert (model / "artifacts/trained/adapter_model.safetensors").is_file() == (name != "phase-0")
        assert run.info.run_name in (model / "MODEL_CARD.md").read_text(encoding="utf-8")
    lives = phases.runs("dialsum-live")
    assert [run.info.status for run in lives] == ["FINISHED"] * 3
    assert {run.data.params["training.batching"] for run in lives} == {"padded", "length_grouped", "packed"}
    # The workspace is as it was.
    assert YAML(typ="safe").load(phases.path / "params.yaml")["training"]["batching"] == "length_grouped"


def test_dvc_shows_the_same_experiments(phases: Repository) -> None:
    rows = json.loads(phases.dvc("exp", "show", "--json"))
    found = {
        revision["name"]: revision["data"]
        for row in rows
        for one in row["experiments"] or []
        for revision in one["revs"]
    }
    assert found.keys() == {f"phases--{name}" for name in PHASES}
    for name, run in by_phase(phases).items():
        rouge = found[f"phases--{name}"]["metrics"]["metrics/rouge.json"]["data"]
        assert rouge["rouge_mean"] == run.data.metrics["rouge.rouge_mean"]


def answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.chromium
def test_the_page_compares_them_without_network(phases: Repository, chromium: str, tmp_path: Path) -> None:
    images = ROOT / "docs" / "images" if "DIALSUM_PICTURES_OF" in os.environ else tmp_path
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    runs = by_phase(phases)
    # The environment's own `dialsum` may be that of another folder.
    command = ["python", "-m", "dialsum.cli", "ui", "--port", str(port)]
    with phases.started(*command, PYTHONPATH=str(phases.path / "src")) as server:
        phases.wait_until(lambda: answers(port) or server.poll() is not None, seconds_between=1)
        assert server.poll() is None, phases.log()
        (link,) = re.findall(r"runs side by side: (\S+)", phases.log())
        with browsing(chromium, WIDTH, HEIGHT) as page:
            page.open(link)
            page.wait_for("Group: phases", "MLflow Assistant")  # or phases-tiny
            page.click('[aria-label="Close"]')  # it wants a model of its own, and takes the columns' room
            text = page.wait_for(*PHASES)
            # The score of each, beside what was chosen for it.
            assert all(str(run.data.metrics["rouge.rouge_mean"]) in text for run in runs.values())
            assert {"rouge.rouge_mean", "training.batching"} <= set(text.splitlines())
            assert {run.data.params["training.batching"] for run in runs.values()} <= set(text.splitlines())
            page.resize(WIDTH, HEIGHT * 2 // 3)
            page.picture(images / "mlflow-runs.png")
            page.resize(WIDTH, HEIGHT)

            chosen = json.dumps([run.info.run_id for run in runs.values()])
            server_address = f"http://127.0.0.1:{port}/"
            experiment = runs["phase-0"].info.experiment_id
            places = f"runs={quote(chosen)}&experiments={quote(json.dumps([experiment]))}"
            page.open(f"{server_address}#/compare-runs?{places}")
            page.wait_for("Comparing 4 Runs", "Show diff only", "tokenize.max_source_tokens")
            page.click("label", "Show diff only")
            values = {key: {run.data.params[key] for run in runs.values()} for key in runs["phase-0"].data.params}
            differing = [key for key, found in values.items() if len(found) > 1]
            assert "training.batching" in differing
            lines = ["\t".join([key, *(run.data.params[key] for run in runs.values())]) for key in differing]
            text = page.wait_for(*lines)
            assert "tokenize.max_source_tokens" not in text
            page.picture(images / "mlflow-compare.png", around="training.batching")

            last = runs["phase-3"].info
            page.open(f"{server_address}#/experiments/{experiment}/runs/{last.run_id}/artifacts/predictions.json")
            text = page.wait_for("View as table", "reference", "prediction", "dev_0")
            kept = Path(last.artifact_uri.removeprefix("file://"), "predictions.json").read_text(encoding="utf-8")
            table = json.loads(kept)  # {"columns": […], "data": [[…], …]}
            row = dict(zip(table["columns"], table["data"][0], strict=True))
            assert (row["id"] in text, row["prediction"] in text, row["reference"] in text) == (True, True, True)
            page.picture(images / "mlflow-predictions.png")

            outside = [
                address for address in page.requested if not address.startswith((server_address, "data:", "blob:"))
            ]
            assert (outside, page.errors) == ([], [])
    for name in ("runs", "compare", "predictions"):
        with Image.open(images / f"mlflow-{name}.png") as picture:
            assert picture.width == WIDTH
