from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from dialsum.errors import InputError
from dialsum.records import registry, store, tracking

MINE, SYNTHETIC = "aaaaaaaa11", "bbbbbbbb22"


def new_version(
    client: MlflowClient, score: float, dev: str = SYNTHETIC, tokens: str = "mecab", name: str = "a run"
) -> ModelVersion:
    """A version whose run is still open, as `add` leaves it, without the weights."""
    run = client.create_run(store.experiment(client, store.EXPERIMENT), run_name=name)
    with store.lock("registry"):
        registry._ensure_registered(client)
        tags = registry.score_tags({"rouge_mean": score, "rouge1": score, "rows": 3}, dev, tokens)
        return client.create_model_version(store.MODEL, run.info.artifact_uri, run_id=run.info.run_id, tags=tags)


def register(client: MlflowClient, score: float, dev: str = SYNTHETIC, tokens: str = "mecab") -> registry.Verdict:
    return registry.promote(client, new_version(client, score, dev, tokens), "rouge_mean")


def alias(client: MlflowClient, name: str = "champion") -> str | None:
    found = registry.by_alias(client, name)
    return str(found.version) if found else None


def test_no_model_no_champion(client: MlflowClient) -> None:
    assert alias(client) is None


def test_only_a_strictly_better_score_moves_the_champion(client: MlflowClient) -> None:
    assert register(client, 60.0) == registry.Verdict(True, "the first on these dev data")
    assert register(client, 60.0) == registry.Verdict(False, "rouge_mean 60.0000 against the champion's 60.0000")
    assert alias(client) == "1"
    assert register(client, 60.01).champion
    assert alias(client) == "3"
    assert client.get_model_version(store.MODEL, "2").tags["verdict"].startswith("rouge_mean 60.0000 against")


def test_other_dev_data_start_a_line_of_their_own(client: MlflowClient) -> None:
    register(client, 90.0, SYNTHETIC)
    assert register(client, 20.0, MINE).champion  # the first on the user's own data, though its number is lower
    assert (alias(client), alias(client, "champion-bbbbbbbb")) == ("2", "1")
    assert not register(client, 19.0, MINE).champion
    assert register(client, 21.0, MINE).champion
    assert alias(client) == "4"


def test_back_on_earlier_dev_data_the_line_goes_on(client: MlflowClient) -> None:
    register(client, 90.0, SYNTHETIC)
    register(client, 20.0, MINE)
    verdict = register(client, 80.0, SYNTHETIC)
    assert verdict == registry.Verdict(False, "rouge_mean 80.0000 against the champion's 90.0000")
    # The champion is the best on the dev data now in use: version 1 again, and the line of the others is kept.
    assert (alias(client), alias(client, "champion-aaaaaaaa")) == ("1", "2")
    assert register(client, 95.0, SYNTHETIC).champion
    assert alias(client) == "4"


def test_scores_in_other_tokens_do_not_compare(client: MlflowClient) -> None:
    register(client, 60.0)
    verdict = register(client, 75.0, tokens="char")
    assert verdict == registry.Verdict(False, "measured in char, the champion in mecab: they do not compare")
    assert alias(client) == "1"


def test_a_champion_set_by_hand_is_the_one_to_beat(client: MlflowClient) -> None:
    register(client, 60.0)
    register(client, 70.0)
    client.set_registered_model_alias(store.MODEL, "champion", "1")
    assert register(client, 65.0).champion
    assert alias(client) == "3"


def test_a_run_deleted_for_good_leaves_its_version_standing(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(client, 60.0)
    champion = registry.by_alias(client, "champion")
    assert champion is not None
    monkeypatch.setattr(champion, "_run_id", "0" * 32)
    assert registry._counts(client, champion, champion)


class Killed(BaseException):
    """What no code catches, as little as kill -9."""


class Mortal:
    """A client whose process is killed before its n-th change of the store."""

    def __init__(self, client: MlflowClient, changes: int) -> None:
        self.client, self.left = client, changes

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("set_", "create_", "log_", "delete_")):
            if self.left == 0:
                raise Killed
            self.left -= 1
        return getattr(self.client, name)


@pytest.mark.parametrize("changes", range(5))
def test_killed_anywhere_the_best_complete_version_wins(client: MlflowClient, changes: int) -> None:
    register(client, 60.0)
    killed = new_version(client, 70.0)
    mortal: Any = Mortal(client, changes)
    if changes < 4:
        with pytest.raises(Killed):
            registry.promote(mortal, killed, "rouge_mean")
    else:
        registry.promote(mortal, killed, "rouge_mean")
    assert alias(client) in ("1", "2")  # at no time none

    register(client, 50.0)  # worse than both
    champion = registry.by_alias(client, "champion")
    assert champion is not None
    complete = client.get_run(str(killed.run_id)).info.status == "FINISHED"
    assert str(champion.version) == ("2" if complete else "1")
    assert client.get_run(str(champion.run_id)).info.status == "FINISHED"

    assert register(client, 80.0).champion
    assert alias(client) == "4"


def test_registered_at_once_the_best_is_the_champion(client: MlflowClient) -> None:
    scores = [61.0, 64.0, 62.0, 63.0, 60.0, 59.0, 64.0, 58.0]
    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda score: register(store.connect(), score), scores))
    versions = client.search_model_versions(f"name = '{store.MODEL}'")
    assert sorted(int(version.version) for version in versions) == list(range(1, 9))
    champion = registry.by_alias(client, "champion")
    assert champion is not None
    assert champion.tags["score.rouge_mean"] == "64.0"
    assert any(verdict.champion for verdict in verdicts)


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
    tags = registry.score_tags({"rows": 3, "rouge_mean": 51.25, "baselines": {}}, MINE, "mecab")
    assert tags == {"dev_md5": MINE, "tokens": "mecab", "score.rouge_mean": json.dumps(51.25)}


def test_a_request_may_hold_topics_where_prompts_name_them() -> None:
    import pandas as pd
    from mlflow.models.utils import _enforce_schema

    def taken(with_topic: bool, **columns: list[str]) -> list[str]:
        inputs = registry._signature(with_topic, {"max_new_tokens": 200, "num_beams": 1}).inputs
        return list(_enforce_schema(pd.DataFrame(columns), inputs).columns)

    assert taken(False, dialogue=["가"], topic=["나"]) == ["dialogue"]
    assert taken(True, dialogue=["가"], topic=["나"]) == ["dialogue", "topic"]
    assert taken(True, dialogue=["가"]) == ["dialogue"]
