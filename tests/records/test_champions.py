from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from dialsum.errors import InputError
from dialsum.params.registry import Registry
from dialsum.records import champions, registry, store, tracking

MINE, SYNTHETIC = "aaaaaaaa11", "bbbbbbbb22"
RULES = Registry(
    metric="rouge_mean",
    confidence=0.95,
    min_score=0.0,
    max_foreign_rate=0.03,
    min_stop_rate=0.9,
)
FIRST = champions.Verdict("champion", "the first on these dev data")

MakeVersion = Callable[..., ModelVersion]
Register = Callable[..., champions.Verdict]


@pytest.fixture
def register(client: MlflowClient, make_version: MakeVersion) -> Register:
    """Register a version that has this score in each of three rows, or these scores of rows."""

    def register(scores: float | list[float], rules: Registry = RULES, **details: Any) -> champions.Verdict:
        rows = scores if isinstance(scores, list) else [scores] * 3
        return champions.settle(client, make_version(rows, **details), rules)

    return register


def aliases(client: MlflowClient) -> dict[str, int]:
    return {name: int(number) for name, number in client.get_registered_model(store.MODEL).aliases.items()}


def tags(client: MlflowClient, number: int) -> dict[str, str]:
    return dict(client.get_model_version(store.MODEL, str(number)).tags)


def test_a_challenger_must_be_better_beyond_chance(client: MlflowClient, register: Register) -> None:
    assert register([50.0, 60.0, 70.0, 80.0]) == FIRST
    # Better in one row of four, which 0.75 ** 4 = 32 % of the resamples miss.
    verdict = register([50.0, 60.0, 70.0, 81.0])
    assert verdict.role == "challenger"
    assert verdict.reason == (
        "rouge_mean 65.2500 against 65.0000 of version 1, higher in 68.5% of 10000 resamples of the 4 dev rows; "
        "95.0% needed"
    )
    assert aliases(client) == {"champion": 1, "champion-bbbbbbbb": 1, "challenger": 2}
    assert tags(client, 2)["verdict"] == "challenger"
    assert tags(client, 2)["reason"] == verdict.reason

    verdict = register([51.0, 61.0, 71.0, 81.0])
    assert verdict.reason.startswith("rouge_mean 66.0000 against 65.0000 of version 1, higher in 100.0% of 10000")
    assert aliases(client) == {"champion": 3, "champion-bbbbbbbb": 3}
    assert tags(client, 3)["former_champion"] == "1"


def test_the_confidence_that_is_needed_is_chosen(register: Register) -> None:
    register([50.0, 60.0, 70.0, 80.0])
    assert register([50.0, 60.0, 70.0, 81.0], replace(RULES, confidence=0.6)).role == "champion"


def test_the_same_scores_are_not_better(client: MlflowClient, register: Register) -> None:
    register(60.0)
    assert ", higher in 0.0% of" in register(60.0).reason
    assert aliases(client)["champion"] == 1


def test_other_rows_under_one_md5_do_not_compare(register: Register) -> None:
    register(60.0)
    assert register([70.0] * 4) == champions.Verdict(
        "challenger",
        "the run of version 1 has no scores/dev.csv of the same rows to compare with; "
        "`dialsum registry promote` decides by hand",
    )


def test_a_fold_moves_no_alias(client: MlflowClient, register: Register, make_version: MakeVersion) -> None:
    register(60.0)
    number = make_version([90.0] * 3, dev=MINE, stop_rate=0.5).version
    client.set_model_version_tag(store.MODEL, number, registry.FOLD, "2")
    fold = client.get_model_version(store.MODEL, number)
    assert champions.settle(client, fold, RULES) == champions.Verdict("fold", "data.fold=2: scored on rows of its own")
    assert aliases(client) == {"champion": 1, registry.line_alias(SYNTHETIC): 1}
    assert client.get_run(fold.run_id).info.status == "FINISHED"


@pytest.mark.parametrize(
    ("rates", "reason"),
    [
        ({"foreign_rate": 0.04}, "foreign_rate 0.0400 is above registry.max_foreign_rate 0.03"),
        ({"stop_rate": 0.5}, "stop_rate 0.5000 is below registry.min_stop_rate 0.9"),
        ({"rouge_mean": 9.0}, "rouge_mean 9.0000 is below registry.min_score 10"),
    ],
)
def test_who_fails_a_gate_is_never_the_champion(
    client: MlflowClient, register: Register, rates: dict[str, float], reason: str
) -> None:
    rules = replace(RULES, min_score=10.0)
    assert register(90.0, rules, **rates) == champions.Verdict("failed", reason)
    assert aliases(client) == {}
    assert register(60.0, rules) == FIRST
    assert register(90.0, rules, **rates) == champions.Verdict("failed", reason)
    assert aliases(client) == {"champion": 2, "champion-bbbbbbbb": 2}
    assert (tags(client, 3)["verdict"], tags(client, 3)["reason"]) == ("failed", reason)
    with pytest.raises(InputError, match=rf"version 3 of dialsum: {reason}; change that gate in params\.yaml"):
        champions.promote(client, "3")


def test_other_dev_data_start_a_line_of_their_own(client: MlflowClient, register: Register) -> None:
    register(90.0, dev=SYNTHETIC)
    assert register(20.0, dev=MINE) == FIRST  # on the user's own data, though its number is lower
    assert aliases(client) == {"champion": 2, "champion-aaaaaaaa": 2, "champion-bbbbbbbb": 1}
    assert register(19.0, dev=MINE).role == "challenger"
    assert register(21.0, dev=MINE).role == "champion"
    assert aliases(client) == {"champion": 4, "champion-aaaaaaaa": 4, "champion-bbbbbbbb": 1}


def test_back_on_earlier_dev_data_the_line_goes_on(client: MlflowClient, register: Register) -> None:
    register(90.0, dev=SYNTHETIC)
    register(20.0, dev=MINE)
    assert register(80.0, dev=SYNTHETIC).reason.startswith("rouge_mean 80.0000 against 90.0000 of version 1")
    # The champion is the best on the dev data now in use: version 1 again, and the line of the others is kept.
    assert aliases(client) == {"champion": 1, "champion-aaaaaaaa": 2, "champion-bbbbbbbb": 1, "challenger": 3}
    assert register(95.0, dev=SYNTHETIC).role == "champion"
    assert aliases(client) == {"champion": 4, "champion-aaaaaaaa": 2, "champion-bbbbbbbb": 4}
    assert tags(client, 4)["former_champion"] == "1"


def test_no_champion_of_other_data_stands_in_for_one_that_failed(client: MlflowClient, register: Register) -> None:
    register(90.0, dev=SYNTHETIC)
    assert register(20.0, dev=MINE, stop_rate=0.0).role == "failed"
    assert aliases(client) == {"champion-bbbbbbbb": 1}
    assert register(20.0, dev=MINE) == FIRST
    assert aliases(client) == {"champion": 3, "champion-aaaaaaaa": 3, "champion-bbbbbbbb": 1}


def test_scores_in_other_tokens_do_not_compare(client: MlflowClient, register: Register) -> None:
    register(60.0)
    reason = "measured in char, version 1 in mecab: they do not compare"
    assert register(75.0, tokens="char") == champions.Verdict("challenger", reason)
    assert aliases(client)["champion"] == 1


def test_a_champion_set_by_hand_is_the_one_to_beat(client: MlflowClient, register: Register) -> None:
    register(60.0)
    register(70.0)
    client.set_registered_model_alias(store.MODEL, "champion", "1")  # in MLflow's pages
    assert register(65.0).role == "champion"
    assert aliases(client)["champion"] == 3


def test_promote_and_rollback(client: MlflowClient, register: Register) -> None:
    for score in (60.0, 70.0, 65.0):
        register(score)
    assert aliases(client) == {"champion": 2, "champion-bbbbbbbb": 2, "challenger": 3}

    former = champions.promote(client, "3")
    assert former is not None
    assert str(former.version) == "2"
    assert aliases(client) == {"champion": 3, "champion-bbbbbbbb": 3}
    assert tags(client, 3)["former_champion"] == "2"
    assert tags(client, 3)["promoted_by_hand"].endswith("UTC")
    with pytest.raises(InputError, match=r"version 3 of dialsum: is the champion already"):
        champions.promote(client, "3")
    # Who was promoted by hand is the one to beat.
    assert register(66.0).role == "champion"

    for left, now in (("4", "3"), ("3", "2"), ("2", "1")):
        assert [str(version.version) for version in champions.rollback(client)] == [left, now]
        assert aliases(client) == {"champion": int(now), "champion-bbbbbbbb": int(now)}
    with pytest.raises(InputError, match=r"version 1 of dialsum: replaced no other champion; name the version"):
        champions.rollback(client)


def test_a_promotion_to_other_data_is_by_name_alone(client: MlflowClient, register: Register) -> None:
    register(90.0, dev=SYNTHETIC)
    register(20.0, dev=MINE)
    with pytest.raises(InputError, match=r"version 1 of dialsum: was scored on other dev data; name the version"):
        champions.rollback(client)
    champions.promote(client, "1")
    assert aliases(client) == {"champion": 1, "champion-aaaaaaaa": 2, "champion-bbbbbbbb": 1}


def test_what_cannot_be_promoted(client: MlflowClient, register: Register, make_version: MakeVersion) -> None:
    with pytest.raises(InputError, match="no version of dialsum is the champion"):
        champions.rollback(client)
    with pytest.raises(InputError, match=r"version 9 of dialsum: is not there; `dialsum registry list`"):
        champions.promote(client, "9")
    with pytest.raises(InputError, match=r"version 9{20} of dialsum: is not there"):
        champions.promote(client, "9" * 20)
    register(60.0)
    make_version([70.0])
    with pytest.raises(InputError, match=r"version 2 of dialsum: its run did not come to its end"):
        champions.promote(client, "2")
    client.create_model_version(store.MODEL, "file:///elsewhere")
    with pytest.raises(InputError, match=r"version 3 of dialsum: was not registered by `dvc repro`"):
        champions.promote(client, "3")


def test_a_version_of_an_open_run_is_not_compared_with(
    client: MlflowClient, register: Register, make_version: MakeVersion
) -> None:
    """As one killed on another machine, whose lock is not seen here."""
    register(60.0)
    other = make_version([70.0] * 3)
    for alias in ("champion", "champion-bbbbbbbb"):
        client.set_registered_model_alias(store.MODEL, alias, other.version)
    assert register(50.0).reason.startswith("rouge_mean 50.0000 against 60.0000 of version 1,")
    assert aliases(client) == {"champion": 1, "champion-bbbbbbbb": 1, "challenger": 3}
    tracking.finish(client, str(other.run_id))


def test_where_the_champion_was_deleted_the_best_that_is_left_is_to_beat(
    client: MlflowClient, register: Register
) -> None:
    register(60.0)
    register(65.0)
    register(70.0)
    register(90.0, dev=MINE)
    register(99.0, stop_rate=0.0)
    register(67.0)
    client.delete_model_version(store.MODEL, "3")  # in MLflow's pages; its aliases go with it
    assert aliases(client) == {"champion-aaaaaaaa": 4, "challenger": 6}
    assert register(66.0).reason.startswith("rouge_mean 66.0000 against 67.0000 of version 6,")
    assert aliases(client) == {"champion": 6, "champion-aaaaaaaa": 4, "champion-bbbbbbbb": 6, "challenger": 7}
    client.delete_model_version(store.MODEL, "6")
    assert register(68.0).role == "champion"
    assert tags(client, 8)["former_champion"] == "7"


def test_a_run_deleted_for_good_leaves_its_version_standing(
    client: MlflowClient, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(60.0)
    champion = registry.by_alias(client, "champion")
    assert champion is not None
    monkeypatch.setattr(champion, "_run_id", "0" * 32)
    assert champions._counts(client, champion, champion)
    assert champions._row_scores(client, champion, "rouge_mean") == {}
