from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from huggingface_hub import constants

from dialsum import workspace
from dialsum.commands import cache
from dialsum.modeling.pin import Pin, write_pin
from dialsum.records import store

ROOT = Path(__file__).parents[2]
QWEN, LLAMA, KOBART = "Qwen/Qwen3-4B-Instruct-2507", "Bllossom/llama-3.2-Korean-Bllossom-3B", "gogamza/kobart-base-v2"
OLD, NEW = "0" * 40, "1" * 40


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with three models of the catalog, one in two revisions, a model of others, and a data set."""
    folder = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    add(folder, "models", QWEN, OLD, 5_000_000)
    add(folder, "models", QWEN, NEW, 6_000_000)
    add(folder, "models", LLAMA, "2" * 40, 30_000_000)
    add(folder, "models", KOBART, "3" * 40, 20_000_000)
    add(folder, "models", "team/other", "4" * 40, 1000)
    add(folder, "datasets", LLAMA, "5" * 40, 1000)
    return folder


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "catalog").symlink_to(ROOT / "catalog")
    (tmp_path / "params.yaml").write_bytes((ROOT / "tests" / "params.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def add(folder: Path, kind: str, name: str, revision: str, size: int) -> None:
    """A revision with one file, as the hub's library lays them out."""
    repository = folder / f"{kind}--{name.replace('/', '--')}"
    snapshot, blob = repository / "snapshots" / revision, repository / "blobs" / f"blob{revision}"
    snapshot.mkdir(parents=True)
    blob.parent.mkdir(exist_ok=True)
    blob.write_bytes(b"0" * size)
    (snapshot / "model.safetensors").symlink_to(f"../../blobs/{blob.name}")


def left(folder: Path) -> set[tuple[str, str]]:
    """Repositories and revisions that are still there, by the first letter of a revision."""
    return {(path.parts[-3], path.name[0]) for path in folder.glob("*/snapshots/*")}


def choose(repository: Path, name: str) -> None:
    text = (repository / "params.yaml").read_text(encoding="utf-8")
    assert text.count("name: tiny-llama") == 1
    (repository / "params.yaml").write_text(text.replace("name: tiny-llama", f"name: {name}"), encoding="utf-8")


def pin(repository: Path, location: str, revision: str) -> None:
    (repository / "models" / "base").mkdir(parents=True)
    content = Pin("mine", "hub", location, revision, "causal", "float16", ["<|im_end|>"], {})
    write_pin(repository / "models" / "base", content)


def prune(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(cache.main, ["prune", *arguments], input=answer, catch_exceptions=False)


OTHERS = {("models--team--other", "4"), ("datasets--Bllossom--llama-3.2-Korean-Bllossom-3B", "5")}
QWENS = "models--Qwen--Qwen3-4B-Instruct-2507"


def test_all_models_of_the_catalog_go_where_none_is_needed(hub: Path) -> None:
    result = prune("--yes")
    assert result.output.splitlines() == [
        f"    0.03 GB  {LLAMA} at 22222222",
        f"    0.02 GB  {KOBART} at 33333333",
        f"    0.01 GB  {QWEN} at 11111111",
        f"    0.01 GB  {QWEN} at 00000000",
        "0.06 GB are free again",
    ]
    assert left(hub) == OTHERS


def test_the_model_of_params_yaml_stays_in_all_revisions(hub: Path, repository: Path) -> None:
    choose(repository, "qwen3-4b")
    prune("--yes")
    assert left(hub) == OTHERS | {(QWENS, "0"), (QWENS, "1")}


def test_the_pinned_revision_stays(hub: Path, repository: Path) -> None:
    pin(repository, QWEN, NEW)
    prune("--yes")
    assert left(hub) == OTHERS | {(QWENS, "1")}
    assert not (hub / QWENS / "blobs" / f"blob{OLD}").exists()
    assert (hub / QWENS / "snapshots" / NEW / "model.safetensors").stat().st_size == 6_000_000


def test_the_base_of_the_champion_stays(
    hub: Path, repository: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(repository))
    for name in (*store.ENVIRONMENT, "MLFLOW_TRACKING_URI", "_MLFLOW_SERVER_ARTIFACT_ROOT"):
        monkeypatch.setenv(name, "")
    prune()  # without a store: it makes none
    assert not (repository / "mlflow.db").exists()
    shutil.copy(empty_database, repository / "mlflow.db")
    client = store.connect()
    client.create_registered_model(store.MODEL)
    for revision, alias in ((OLD, "champion"), (NEW, None)):
        run = client.create_run(store.experiment(client, store.EXPERIMENT)).info
        client.log_param(run.run_id, "base.location", QWEN)
        client.log_param(run.run_id, "base.revision", revision)
        version = client.create_model_version(store.MODEL, run.artifact_uri, run_id=run.run_id)
        if alias:
            client.set_registered_model_alias(store.MODEL, alias, version.version)
    prune("--yes")
    assert left(hub) == OTHERS | {(QWENS, "0")}


def test_it_asks_and_no_deletes_nothing(hub: Path) -> None:
    before = left(hub)
    result = prune(answer="n\n")
    assert f"Delete them from {hub}, and free 0.06 GB? [y/N]: n\nnothing is deleted\n" in result.output
    assert left(hub) == before


def test_it_asks_and_yes_deletes(hub: Path) -> None:
    assert "0.06 GB are free again" in prune(answer="y\n").output
    assert left(hub) == OTHERS


def test_with_nothing_to_free_it_does_not_ask(hub: Path) -> None:
    prune("--yes")
    result = prune()
    assert result.output == f"{hub}: holds no model of the catalog that can go\n"


def test_without_a_cache_there_is_nothing_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "none"))
    assert "holds no model of the catalog" in prune().output
    assert not (tmp_path / "none").exists()


@pytest.fixture
def works(repository: Path) -> Path:
    """Two unfinished works, and a study, which is no work of a stage."""
    folder = repository / ".dialsum"
    for name, content in (("train/aa", 20_000_000), ("generate/bb", 10_000_000), ("studies/cc", 10_000_000)):
        (folder / name).mkdir(parents=True)
        (folder / name / "file").write_bytes(b"0" * content)
    return folder


def unfinished(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(cache.main, ["unfinished", *arguments], input=answer, catch_exceptions=False)


def test_unfinished_work_is_listed_and_deleted(works: Path) -> None:
    lines = unfinished(answer="y\n").output.splitlines()
    assert [line[:17] for line in lines[:2]] == ["    0.01 GB  gene", "    0.02 GB  trai"]
    assert lines[2:] == [f"Delete them from {works}, and free 0.03 GB? [y/N]: y", "0.03 GB are free again"]
    assert not (works / "train" / "aa").exists()
    assert not (works / "generate" / "bb").exists()
    assert (works / "studies" / "cc" / "file").stat().st_size == 10_000_000


def test_unfinished_work_stays_if_you_say_no(works: Path) -> None:
    assert "nothing is deleted" in unfinished(answer="n\n").output
    assert (works / "train" / "aa" / "file").exists()


def test_unfinished_work_that_a_process_is_at_stays(works: Path) -> None:
    with workspace.unfinished("train", "aa"):
        assert "(aa)" not in unfinished("--yes").output
        assert (works / "train" / "aa" / "file").exists()
    assert unfinished().output == f"{works}: holds no unfinished work that nobody is at\n"
