from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from dialsum.commands.registry import main
from dialsum.errors import InputError
from dialsum.params.registry import Registry
from dialsum.params.strict import load
from dialsum.records import champions
from dialsum.records.trace import trace

ROOT = Path(__file__).parents[2]
RULES = load(ROOT / "tests" / "params.yaml", "registry", Registry)
LOCK = """
stages:
  validate:
    deps: [{path: data/mine/train.csv, md5: '11'}, {path: src/code.py, md5: '22'}]
  train:
    outs: [{path: models/trained, md5: 33.dir}, {path: metrics/train.json, md5: '44'}]
"""

MakeVersion = Callable[..., ModelVersion]


def git(*arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def commit(repository: Path) -> str:
    """The commit that the runs of these tests started from."""
    (repository / "params.yaml").write_text("training: {learning_rate: null, seed: 42}\n")
    (repository / "dvc.lock").write_text("stages: {}\n")
    git("init", "-q")
    git("add", "params.yaml", "dvc.lock")
    git("commit", "-qm", "first")
    return git("rev-parse", "HEAD")


@pytest.fixture
def version(client: MlflowClient, repository: Path, commit: str, make_version: MakeVersion) -> ModelVersion:
    """A version with another rate than the commit."""
    made = make_version([50.0, 60.0])
    for key, value in {"git.commit": commit, "git.dirty": "true", "dvc.exp_name": "puffy-toes"}.items():
        client.set_tag(str(made.run_id), key, value)
    folder = repository / "kept"
    folder.mkdir()
    (folder / "params.yaml").write_text("training: {learning_rate: 2e-05, seed: 42}\ndata: {dir: data/mine}\n")
    (folder / "dvc.lock").write_text(LOCK)
    client.log_artifacts(str(made.run_id), str(folder))
    champions.settle(client, made, RULES)
    return made


def test_the_whole_way_back(client: MlflowClient, repository: Path, version: ModelVersion, commit: str) -> None:
    found = trace(client, "1")
    assert list(found.facts) == ["version", "run", "git", "params beside that commit", "md5"]
    assert found.facts["version"] == {
        "number": "1",
        "aliases": "champion, champion-bbbbbbbb",
        "verdict": "champion",
        "reason": "the first on these dev data",
        "dev_md5": "bbbbbbbb22",
        "tokens": "mecab",
        "rouge_mean": "55.0",
        "foreign_rate": "0.0",
        "stop_rate": "1.0",
    }
    assert found.facts["run"]["id"] == version.run_id
    assert found.facts["git"] == {
        "commit": commit,
        "changed": "yes: params, catalog or code were not as committed",
        "not as committed": "params.yaml, dvc.lock",
        "experiment": "puffy-toes",
    }
    assert found.facts["params beside that commit"] == {
        "training.learning_rate": "null -> 2e-05",
        "data.dir": 'not there -> "data/mine"',
    }
    assert found.facts["md5"] == {"data/mine/train.csv": "11", "models/trained": "33.dir"}

    checkout, copy, restore = found.restore
    assert (checkout, restore) == (f"git checkout {commit}", "dvc checkout")
    subprocess.run(copy, shell=True, check=True, cwd=repository)
    assert (repository / "dvc.lock").read_text() == LOCK
    assert "2e-05" in (repository / "params.yaml").read_text()


def test_the_dvc_file_of_ones_own_data_comes_back(
    client: MlflowClient, repository: Path, version: ModelVersion
) -> None:
    (repository / "data").mkdir()
    (repository / "mine.dvc").write_text("outs: [{md5: 11.dir, path: mine}]\n")
    client.log_param(str(version.run_id), "data.dir", "data/mine")
    client.log_artifact(str(version.run_id), str(repository / "mine.dvc"), "data")
    _, *copies, _ = trace(client, "1").restore
    for copy in copies:
        subprocess.run(copy, shell=True, check=True, cwd=repository)
    assert (repository / "data/mine.dvc").read_text() == "outs: [{md5: 11.dir, path: mine}]\n"
    assert (repository / "dvc.lock").read_text() == LOCK


def test_an_edited_catalog_entry_and_pipeline_come_back(
    client: MlflowClient, repository: Path, version: ModelVersion
) -> None:
    files = {"catalog/tiny-llama.yaml": "hidden: {}\n", "dvc.yaml": "stages: {{}}  # {}\n"}
    (repository / "catalog").mkdir()
    for name, text in files.items():
        (repository / name).write_text(text.format(128))
    git("add", *files)
    git("commit", "-qm", "a model")
    run_id = str(version.run_id)
    client.set_tag(run_id, "git.commit", git("rev-parse", "HEAD"))
    client.log_param(run_id, "model.name", "tiny-llama")
    for name, text in files.items():
        (repository / name).write_text(text.format(256))
        client.log_artifact(run_id, str(repository / name), Path(name).parent.as_posix().removeprefix("."))
    git("checkout", "-q", "--", ".")
    found = trace(client, "1")
    assert found.facts["git"]["not as committed"] == "params.yaml, dvc.yaml, dvc.lock, catalog/tiny-llama.yaml"
    _, *copies, _ = found.restore
    for copy in copies:
        subprocess.run(copy, shell=True, check=True, cwd=repository)
    for name, text in files.items():
        assert (repository / name).read_text() == text.format(256)


def test_what_git_has_is_not_copied(client: MlflowClient, repository: Path, version: ModelVersion) -> None:
    for name in ("params.yaml", "dvc.lock"):
        (repository / name).write_text((repository / "kept" / name).read_text())
    git("commit", "-qam", "its results")
    later = git("rev-parse", "HEAD")
    client.set_tag(str(version.run_id), "git.commit", later)
    found = trace(client, "1")
    assert "params beside that commit" not in found.facts
    assert found.restore == (f"git checkout {later}", "dvc checkout")


def test_a_commit_that_is_not_here(client: MlflowClient, version: ModelVersion) -> None:
    client.set_tag(str(version.run_id), "git.commit", "0" * 40)
    found = trace(client, "1")
    assert found.facts["git"]["commit"] == f"{'0' * 40}, which this repository does not have: git fetch"


def test_no_version_and_no_run(client: MlflowClient, version: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"there is no version 9 of dialsum; see `dialsum registry list`"):
        trace(client, "9")
    huge = "9" * 20  # more than a database takes
    with pytest.raises(InputError, match=rf"there is no version {huge} of dialsum; see `dialsum registry list`"):
        trace(client, huge)
    monkeypatch.setattr(version, "_run_id", "0" * 32)
    monkeypatch.setattr("dialsum.records.trace.find", lambda *_: version)
    with pytest.raises(InputError, match=r"the run 0{32} of version 1 is gone"):
        trace(client, "1")


def call(*arguments: str) -> str:
    return CliRunner().invoke(main, arguments, catch_exceptions=False, standalone_mode=False).output


def test_the_commands_say_what_they_show_and_do(
    client: MlflowClient, version: ModelVersion, make_version: MakeVersion
) -> None:
    champions.settle(client, make_version([40.0, 60.0], name="another run"), RULES)
    make_version([1.0, 1.0], name="at work")
    lines = [line.split() for line in call("list").splitlines()]
    assert lines == [
        ["version", "alias", "verdict", "rouge_mean", "foreign", "stop", "dev", "data", "run"],
        ["3", "1.0", "0.0", "1.0", "bbbbbbbb", "at", "work", "(RUNNING)"],
        ["2", "challenger", "challenger", "50.0", "0.0", "1.0", "bbbbbbbb", "another", "run"],
        ["1", "champion", "champion", "55.0", "0.0", "1.0", "bbbbbbbb", "a", "run"],
        ["champion-bbbbbbbb"],
    ]
    loaded = "a running server goes on with what it has loaded\n"
    assert call("promote", "2") == f"version 2 of dialsum is now the champion, before it version 1; {loaded}"
    assert call("rollback") == f"version 1 of dialsum is the champion again, in place of 2; {loaded}"
    shown = call("trace", str(version.version))
    assert "  training.learning_rate  null -> 2e-05" in shown
    assert "\nto restore it (commit or stash your edits first: it overwrites files such as params.yaml)\n" in shown
    assert shown.splitlines()[-1] == "  dvc checkout"


@pytest.mark.usefixtures("client")
def test_a_list_of_nothing() -> None:
    assert call("list").endswith("mlflow.db: no version of dialsum yet; `make repro` registers one\n")
