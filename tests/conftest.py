"""What tests share: a tokenizer and a base model made in seconds, and dialogues of tests/data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dialsum.modeling.catalog import Entry, Lesson, read_entry

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).parent / "data"


@pytest.fixture(autouse=True)
def _no_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests must not write to the store of a repository they happen to be started from."""
    for name in ("DVC_ROOT", "DVC_EXP_NAME", "DVC_EXP_BASELINE_REV", "MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def small_entry() -> Entry:
    """tiny-llama, smaller yet: its base takes seconds."""
    entry = read_entry(ROOT / "catalog" / "tiny-llama.yaml")
    assert entry.scratch is not None
    scratch = replace(
        entry.scratch,
        vocab_size=600,
        hidden_size=64,
        intermediate_size=128,
        rows=200,
        practice=Lesson(steps=10, batch=8),
        reading=Lesson(steps=20, batch=8),
        threads=1,
    )
    return replace(entry, scratch=scratch, micro_batch=4)


@pytest.fixture(scope="session")
def small_base(small_entry: Entry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the base stage makes it: a Llama of two layers, trained for thirty steps."""
    from dialsum.modeling.bases import make_scratch

    folder = tmp_path_factory.mktemp("base")
    assert small_entry.scratch is not None
    make_scratch(small_entry.scratch, "tiny-llama", small_entry, folder)
    return folder
