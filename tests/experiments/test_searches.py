"""Searches of experiments.yaml: what the repository holds is sound, and what a user may get wrong is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from dialsum.errors import InputError
from dialsum.experiments import searches

ROOT = Path(__file__).parents[2]
GOOD = "{training.learning_rate: {low: 1e-3, high: 2e-2, log: true}, training.lora.r: {choices: [8, 16]}}"


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default values, the catalog and the stages; experiments.yaml is for the test to write."""
    monkeypatch.chdir(tmp_path)
    Path("catalog").symlink_to(ROOT / "catalog")
    shutil.copy(ROOT / "tests" / "params.yaml", "params.yaml")
    shutil.copy(ROOT / "dvc.yaml", "dvc.yaml")


def write(ranges: str = GOOD, rest: str = "", metric: str = "rouge.rouge_mean") -> None:
    Path("experiments.yaml").write_text(
        "sets: {}\nsearches:\n  mine:\n    describe: d\n    trials: 3\n"
        f"    metric: {metric}\n    ranges: {ranges}\n{rest}"
    )


def written(ranges: str = GOOD, rest: str = "", metric: str = "rouge.rouge_mean") -> searches.Search:
    write(ranges, rest, metric)
    return searches.read_searches()["mine"]


@pytest.mark.parametrize("name", searches.read_searches(ROOT / "experiments.yaml"))
def test_the_repositorys_own_searches_are_sound(name: str) -> None:
    searches.check(name, searches.read_searches(ROOT / "experiments.yaml")[name])


def test_a_range_is_of_whole_numbers_if_both_ends_are() -> None:
    chosen = written("{training.seed: {low: 1, high: 9}, training.dropout: {low: 0, high: 0.5}}")
    assert [one.whole for one in chosen.ranges.values()] == [True, False]
    assert chosen.direction == "maximize"


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ("{}", "ranges: dictionary should have at least 1 item"),
        ("{a.b: {low: 1}}", "ranges.a.b: should be {low: 1e-3, high: 2e-2}, "),
        ("{a.b: {low: 1, high: 2, choices: [1]}}", "ranges.a.b: should be {low: 1e-3"),
        ("{a.b: {choices: [1, 2], log: true}}", "ranges.a.b: choices should be a list of values, without"),
        ("{a.b: {choices: []}}", "ranges.a.b: choices should be a list of values, without"),
        ("{a.b: {choices: [1, 1]}}", "ranges.a.b: choices should differ from each other"),
        ("{a.b: {choices: [[q_proj]]}}", "ranges.a.b.choices.0"),
        ("{a.b: {low: 2e-2, high: 1e-3}}", "ranges.a.b: low (0.02) should be less than high (0.001)"),
        ("{a.b: {low: 0, high: 1, log: true}}", "ranges.a.b: low (0) should be more than 0 where log is true"),
        ("{a.b: {low: 1, high: 2, step: 1}}", "ranges.a.b.step: unknown key"),
    ],
)
def test_what_is_no_range_is_refused(ranges: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        written(ranges)
    assert str(caught.value).startswith("experiments.yaml: searches.mine.")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        (
            "{training.learning_rte: {low: 0.1, high: 0.2}}",
            "'training.learning_rte=0.1': params.yaml has no training.learning_rte; correct its spelling",
        ),
        ("{training: {choices: [1]}}", "'training=1': training is a section; name one of its keys"),
        ("{training.lora.r: {low: 8.0, high: 16.5}}", "training.lora.r: input should be a valid integer, got 16.5"),
        ("{training.epochs: {choices: [1.0, many]}}", "training.epochs: input should be a valid number, got 'many'"),
        ("{model.name: {choices: [tiny-llama, tiny]}}", "model.name: there is no catalog/tiny.yaml"),
        ("{training.seed: {low: 1, high: 3}}", "training.seed: has one value by common or --model; remove one"),
    ],
)
def test_what_params_cannot_hold_is_named_before_anything_is_queued(ranges: str, message: str) -> None:
    chosen = written(ranges, "    common: [training.seed=1]\n")
    with pytest.raises(InputError) as caught:
        searches.check("mine", chosen)
    assert str(caught.value).startswith("experiments.yaml: searches.mine.ranges: ")
    assert message in str(caught.value)


def test_what_is_wrong_with_common_is_said_once() -> None:
    with pytest.raises(InputError) as caught:
        searches.check("mine", written(rest="    common: [training.sed=1]\n"))
    assert str(caught.value) == (
        "experiments.yaml: searches.mine.common: 'training.sed=1': params.yaml has no training.sed; correct its "
        "spelling"
    )


def test_a_metric_that_the_last_run_did_not_leave_is_named() -> None:
    searches.check("mine", written(metric="rouge.rouge_men"))  # nobody knows yet
    with pytest.raises(InputError, match=r"searches.mine.metric: nofile.x: no stage of dvc.yaml writes metrics/nofile"):
        searches.check("mine", written(metric="nofile.x"))
    Path("metrics").mkdir()
    Path("metrics/rouge.json").write_text(json.dumps({"rouge_mean": 61.5, "rouge1": 70, "by": {"x": 1}}))
    searches.check("mine", written())
    with pytest.raises(InputError) as caught:
        searches.check("mine", written(metric="rouge.rouge_men"))
    assert str(caught.value).startswith(
        "experiments.yaml: searches.mine.metric: there is no number rouge.rouge_men; expected is one of "
        "rouge.rouge_mean, rouge.rouge1"
    )
    assert searches.score_of({"rouge": {"by": {"x": 1}}}, "rouge.by.x", "here") == 1.0


def test_a_trial_is_an_experiment_with_exactly_its_values() -> None:
    chosen = written(rest="    common: [model.name=tiny-llama, training.epochs=1.0]\n")
    one = searches.experiment("mine", chosen, 7, {"training.learning_rate": 0.1 + 0.2, "training.lora.r": 8})
    assert (one.name, one.title) == ("trial-07", "mine--trial-07")
    assert one.overrides == (
        "model.name=tiny-llama",
        "training.epochs=1.0",
        "training.learning_rate=0.30000000000000004",
        "training.lora.r=8",
    )
    training = one.params["training"]
    assert (training["learning_rate"], training["lora"]["r"]) == (0.1 + 0.2, 8)


def test_a_model_takes_the_place_of_that_of_the_search() -> None:
    chosen = written(rest="    common: [model.name=tiny-llama]\n")
    one = searches.experiment("mine", chosen, 0, {"training.learning_rate": 1e-05}, "tiny-bart")
    assert (one.title, one.model) == ("mine@tiny-bart--trial-00", "tiny-bart")
    assert one.params["training"]["learning_rate"] == 1e-05


@pytest.mark.parametrize(
    "value", ["plain", "", "요약: ", "a, b", "it's", 'say "so"', "null", "true", "3", "1e-3", "[x]"]
)
def test_texts_mean_themselves_to_dvc(value: str) -> None:
    one = searches.experiment("mine", written(), 0, {"prompt.prefix": value}, "tiny-bart")
    assert one.params["prompt"]["prefix"] == value


@pytest.mark.parametrize(("value", "word"), [(None, "null"), (True, "true"), (1e-05, "1e-05"), (16, "16")])
def test_other_values_are_written_as_yaml_has_them(value: searches.Value, word: str) -> None:
    assert searches.words({"a.b": value}) == [f"a.b={word}"]


def test_names_are_those_of_no_set() -> None:
    Path("experiments.yaml").write_text(
        "sets: {mine: {describe: d, experiments: {x: []}}}\n"
        "searches: {mine: {describe: d, trials: 1, metric: a.b, ranges: {a.b: {choices: [1]}}}}"
    )
    with pytest.raises(InputError, match=r"searches.mine: a set has this name"):
        searches.read_searches()
    Path("experiments.yaml").write_text("sets: {}\nsearches: {A B: {}}")
    with pytest.raises(InputError, match=r"searches.A B: should be a name"):
        searches.read_searches()


def test_a_search_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(InputError, match=r"searches: there is no 'rats'; expected is one of mine"):
        searches.choose({"mine": written()}, "rats")
    with pytest.raises(InputError, match=r"there is no 'rats'; there is none yet"):
        searches.choose({}, "rats")
