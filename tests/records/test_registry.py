from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from dialsum.errors import InputError
from dialsum.records import registry, store, tracking


def test_no_model_no_champion(client: MlflowClient) -> None:
    assert registry.by_alias(client, "champion") is None
    assert registry.find(client, "1") is None


def test_a_pickle_is_refused(client: MlflowClient, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "base"
    folder.mkdir(parents=True)
    (folder / "pytorch_model.bin").touch()
    with tracking.recording(client, tracking.Record({}, {}, {}, "run")) as run_id:
        with pytest.raises(InputError, match=r"pytorch_model\.bin: only safetensors"):
            registry.add(client, run_id, {"base": folder}, {}, {})
        tracking.finish(client, run_id)
    assert client.search_model_versions(f"name = '{store.MODEL}'") == []


def test_requirements_are_exact_and_installable() -> None:
    pins = dict(pin.split("==") for pin in registry.requirements())
    assert {"torch", "transformers", "peft", "mlflow"} <= pins.keys()
    assert not any("+" in version for version in pins.values())


def test_score_tags_hold_what_compares() -> None:
    scores = {"rows": 3, "rouge_mean": 51.25, "stop_rate": 1.0, "foreign_rate": 0.5, "baselines": {}}
    assert registry.score_tags(scores, "aaaaaaaa11", "mecab") == {
        "dev_md5": "aaaaaaaa11",
        "tokens": "mecab",
        "score.rouge_mean": "51.25",
        "score.stop_rate": "1.0",
        "score.foreign_rate": "0.5",
    }


def test_a_request_may_hold_topics_where_prompts_name_them() -> None:
    import pandas as pd
    from mlflow.models.utils import _enforce_schema

    def taken(with_topic: bool, **columns: list[str]) -> list[str]:
        inputs = registry._signature(with_topic, {"max_new_tokens": 200, "num_beams": 1}).inputs
        return list(_enforce_schema(pd.DataFrame(columns), inputs).columns)

    assert taken(False, dialogue=["가"], topic=["나"]) == ["dialogue"]
    assert taken(True, dialogue=["가"], topic=["나"]) == ["dialogue", "topic"]
    assert taken(True, dialogue=["가"]) == ["dialogue"]
