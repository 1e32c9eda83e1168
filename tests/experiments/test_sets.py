"""experiments.yaml: what the repository holds is sound, and what a user may get wrong is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dialsum.errors import InputError
from dialsum.experiments import sets

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default values and the catalog; experiments.yaml is for the test to write."""
    monkeypatch.chdir(tmp_path)
    Path("catalog").symlink_to(ROOT / "catalog")
    shutil.copy(ROOT / "tests" / "params.yaml", "params.yaml")


def written(experiments: str, rest: str = "") -> sets.Set:
    """The only set of a file with these experiments."""
    Path("experiments.yaml").write_text(f"sets:\n  mine:\n    describe: d\n    experiments: {experiments}\n{rest}")
    return sets.read_sets()["mine"]


def fault(chosen: sets.Set, model: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        sets.plan("mine", chosen, model)
    return str(caught.value)


@pytest.mark.parametrize("name", sets.read_sets(ROOT / "experiments.yaml"))
def test_the_repositorys_own_sets_are_sound(name: str) -> None:
    chosen = sets.read_sets(ROOT / "experiments.yaml")[name]
    assert [one.name for one in sets.plan(name, chosen)] == list(chosen.experiments)


def test_screening_has_every_model_of_the_catalog() -> None:
    chosen = sets.read_sets(ROOT / "experiments.yaml")["screening"]
    models = {path.stem for path in (ROOT / "catalog").glob("*.yaml")} - {"llama-3.2-korean-3b-fp16"}  # the same, twice
    assert {one.model for one in sets.plan("screening", chosen)} == models
    assert {one.params["training"]["method"] for one in sets.plan("screening", chosen)} == {"none"}


def test_the_phases_have_the_values_of_the_plan() -> None:
    found = {}
    for one in sets.plan("phases", sets.read_sets(ROOT / "experiments.yaml")["phases"]):
        training, prompt = one.params["training"], one.params["prompt"]
        batch = training["micro_batch"] * training["accumulation"]
        found[one.name] = (
            training["learning_rate"],
            training["scheduler"],
            training["weight_decay"],
            batch,
            prompt["system"],
            prompt["format"],
            training["trainer"],
            training["batching"],
        )
    assert found == {
        "phase-0": (1e-4, "constant", 0.0, 32, "strict", "plain", "trainer", "padded"),
        "phase-1": (2e-5, "cosine", 0.1, 64, "simple", "plain", "trainer", "padded"),
        "phase-2": (2e-5, "cosine", 0.1, 64, "simple", "structured", "trainer", "padded"),
        "phase-3-unpacked": (2e-5, "cosine", 0.1, 64, "simple", "structured", "sft", "padded"),
        "phase-3": (2e-5, "cosine", 0.1, 64, "simple", "structured", "sft", "packed"),
    }


def test_an_override_means_what_it_means_to_dvc() -> None:
    chosen = written(
        "{a: [training.learning_rate=2e-5, 'training.lora.targets=[q_proj, v_proj]', training.micro_batch=null]}"
    )
    (one,) = sets.plan("mine", chosen)
    assert one.title == "mine--a"
    training = one.params["training"]
    assert (training["learning_rate"], training["lora"]["targets"], training["micro_batch"]) == (
        2e-5,
        ["q_proj", "v_proj"],
        None,
    )
    assert "learning_rate: null" in Path("params.yaml").read_text(), "only a copy is written to"


def test_an_experiments_own_override_wins_over_the_common_one() -> None:
    chosen = written("{a: [training.seed=2], b: []}", "    common: [training.seed=1, training.epochs=1.0]\n")
    a, b = sets.plan("mine", chosen)
    assert a.overrides == ("training.seed=2", "training.epochs=1.0")
    assert b.overrides == ("training.seed=1", "training.epochs=1.0")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.learning_rte=1e-4", "params.yaml has no training.learning_rte; correct its spelling"),
        ("training.seed", "should be key=value, as training.seed=1"),
        ("training=1", "training is a section; name one of its keys"),
        ("training.learning_rate=fast", "training.learning_rate: input should be a valid number, got 'fast'"),
        ("model.name=tiny", "model.name: there is no catalog/tiny.yaml; expected is one of"),
        ("'training.seed=1,2'", "has several values; name an experiment for each"),
        ("limits.disk_gb=1.0", "is of this machine, and no result depends on it; change it in params.yaml"),
        (
            "'prompt.prefix=요약: '",
            "'prompt.prefix=요약: ': cannot be read; if it is a text, put it in quotes: \"prompt.prefix='요약: '\"",
        ),
        ("training.save_steps=7, training.logging_steps=2", "save_steps (7) should be a multiple of logging_steps (2)"),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_queued(override: str, message: str) -> None:
    chosen = written(f"{{good: [training.seed=1], a: [{override}]}}")
    said = fault(chosen)
    assert said.startswith("experiments.yaml: sets.mine.experiments.a: ")
    assert message in said


def test_all_that_is_wrong_is_said_at_once() -> None:
    said = fault(written("{a: [training.sed=1], b: [data.dirr=x]}"))
    assert [line.split(": ")[1] for line in said.splitlines()] == [
        "sets.mine.experiments.a",
        "sets.mine.experiments.b",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("set: {}", "should hold sets by name under the key sets, and may hold searches under searches; it holds set"),
        ("sets: {A B: {describe: d, experiments: {x: []}}}", "sets.A B: should be a name"),
        ("sets: {a: {describe: d, experiments: {}}}", "sets.a.experiments: "),
        ("sets: {a: {experiments: {x: []}}}", "sets.a.describe: this key is missing"),
        ("sets: {a: {describe: d, experiment: {x: []}}}", "sets.a.experiment: unknown key"),
        ("sets: {a: {describe: d, experiments: {'x y': []}}}", "sets.a.experiments.x y: should be a name of a-z"),
        ("sets: {a: {describe: d, experiments: {A: []}}}", "sets.a.experiments.A: should be a name of a-z"),
        (
            "sets: {a: {describe: d, experiments: {x.lock: []}}}",
            "sets.a.experiments.x.lock: should be a name of a-z and 0-9, with single dots, hyphens and underscores "
            "between them, and not end in .lock, which git refuses",
        ),
        ("sets: {a: {describe: d, experiments: {x: [3]}}}", "sets.a.experiments.x.0: input should be a valid string"),
        (
            "sets: {a: {describe: d, experiments: {x: []}, gates: {y: {criteria: [a.b < 1], otherwise: o}}}}",
            "sets.a.gates.y: no experiment of this set; expected is one of x",
        ),
        (
            "sets: {a: {describe: d, experiments: {x: []}, gates: {x: {criteria: [rouge1 high], otherwise: o}}}}",
            "sets.a.gates.x: 'rouge1 high': should be as",
        ),
        (
            "sets: {a: {describe: d, experiments: {x: []}, "
            "gates: {x: {criteria: [rouge.rouge1 kept z], otherwise: o}}}}",
            "sets.a.gates.x: 'rouge.rouge1 kept z': there is no experiment 'z' in this set",
        ),
        (
            "sets: {a: {describe: d, experiments: {x: [], y: []}, "
            "gates: {x: {criteria: [rouge.rouge1 kept y], otherwise: o}}}}",
            "sets.a.gates.x: 'rouge.rouge1 kept y': 'y' should stand before 'x' in this set",
        ),
        (
            "sets: {a: {describe: d, experiments: {x: []}, gates: {x: {criteria: [a.b < 0.5 * x], otherwise: o}}}}",
            "sets.a.gates.x: 'a.b < 0.5 * x': 'x' should stand before 'x' in this set",
        ),
    ],
)
def test_a_file_of_another_form_is_refused(text: str, message: str) -> None:
    Path("experiments.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        sets.read_sets()
    assert str(caught.value).startswith("experiments.yaml: ")
    assert message in str(caught.value)


def test_a_model_takes_the_place_of_that_of_the_set() -> None:
    chosen = written("{a: [training.seed=1]}", "    common: [model.name=tiny-llama]\n")
    (one,) = sets.plan("mine", chosen, "tiny-bart")
    assert (one.title, one.model) == ("mine@tiny-bart--a", "tiny-bart")
    assert one.overrides == ("model.name=tiny-bart", "training.seed=1")


def test_a_model_picks_experiments_that_name_theirs() -> None:
    chosen = written("{a: [model.name=tiny-llama], b: [model.name=tiny-bart]}")
    assert [one.title for one in sets.plan("mine", chosen, "tiny-bart")] == ["mine--b"]
    assert "no experiment has model.name=kot5" in fault(chosen, "kot5")


def test_a_set_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(InputError, match=r"experiments.yaml: sets: there is no 'phases-4'; expected is one of mine"):
        sets.choose({"mine": written("{a: []}")}, "phases-4")


def test_a_search_is_no_set_and_says_what_shows_it() -> None:
    written("{a: []}", "searches: {rates: {}}\n")
    with pytest.raises(InputError, match=r"^experiments.yaml: rates is a search, no set: `dialsum tune rates` runs it"):
        sets.choose(sets.read_sets(), "rates")
    with pytest.raises(InputError) as caught:
        sets.choose(sets.read_sets(), "rates@tiny-bart")
    assert "`dialsum tune rates --model tiny-bart` runs it" in str(caught.value)
    assert "`dialsum report --experiments rates@tiny-bart--trial-00 rates@tiny-bart--trial-01` " in str(caught.value)


def test_a_model_that_is_not_there_is_said_once() -> None:
    said = fault(written("{a: [], b: []}"), "tiny")
    assert said.startswith("--model: there is no catalog/tiny.yaml; expected is one of kobart, ")
    assert said.count("tiny-llama") == 1


def test_a_file_without_a_set_says_so() -> None:
    Path("experiments.yaml").write_text("sets: {}\n")
    with pytest.raises(InputError, match=r"sets: there is no 'x'; there is none yet$"):
        sets.choose(sets.read_sets(), "x")
