"""params.yaml as a whole: what the repository holds is sound, and what a user may get wrong is named."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from dialsum.corpus.cleaning import ALL
from dialsum.errors import InputError
from dialsum.params import sections
from dialsum.params.cleaning import Cleaning
from dialsum.params.strict import load, read_yaml
from dialsum.params.training import Training

ROOT = Path(__file__).parents[2]
DEFAULTS = ROOT / "tests" / "params.yaml"


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The values that the repository came with, to spoil: those of its own file now may be the user's."""
    monkeypatch.chdir(tmp_path)
    Path("catalog").symlink_to(ROOT / "catalog")
    path = Path("params.yaml")
    shutil.copy(DEFAULTS, path)
    return path


def spoil(path: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert count == 1, f"{pattern} stands {count} times in params.yaml"
    path.write_text(text, encoding="utf-8")


def faults(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        sections.check(path)
    return str(caught.value).splitlines()


def test_the_repositorys_own_file_is_sound(params: Path) -> None:
    sections.check(params)
    assert list(read_yaml(params)) == list(sections.SECTIONS)


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        (
            r"^  learning_rate: null",
            "  learning_rate: fast",
            "params.yaml: training.learning_rate: input should be a valid number, got 'fast'",
        ),
        (
            r"^  learning_rate: null",
            "  learning_rate: -2e-5",
            "params.yaml: training.learning_rate: input should be greater than 0, got -2e-05",
        ),
        (
            r"^  learning_rate: null",
            "  learnin_rate: 2e-5\n  learning_rate: null",
            "params.yaml: training.learnin_rate: unknown key; remove it, or correct its spelling",
        ),
        (
            r"^  learning_rate: null.*\n",
            "",
            "params.yaml: training.learning_rate: this key is missing; every value is chosen in this file",
        ),
        (
            r"^    alpha: 32",
            "    aplha: 32\n    alpha: 32",
            "params.yaml: training.lora.aplha: unknown key; remove it, or correct its spelling",
        ),
        (
            r"^  method: lora\b",
            "  method: adapter",
            "params.yaml: training.method: input should be 'none', 'lora', 'qlora' or 'full', got 'adapter'",
        ),
        (
            r"^  warmup_ratio: \S+",
            "  warmup_ratio: 1.0",
            "params.yaml: training.warmup_ratio: input should be less than 1, got 1.0",
        ),
        (
            r"^  epochs: \S+",
            "  epochs: 0",
            "params.yaml: training.epochs: input should be greater than 0, got 0",
        ),
        (
            r"^  processes: 1",
            "  processes: 2",
            "params.yaml: training: accumulation (1) should be a multiple of processes (2), which share it: raise it, "
            "and lower micro_batch by as much, so that the effective batch stays the same",
        ),
        (
            r"^  seed: 42\n  lora:",
            "  seed: -1\n  lora:",
            "params.yaml: training.seed: input should be greater than or equal to 0, got -1",
        ),
        (
            r"^  max_source_tokens: \S+",
            "  max_source_tokens: 63",
            "params.yaml: tokenize.max_source_tokens: input should be greater than or equal to 64, got 63",
        ),
        (
            r"^  instruction: 1",
            "  instruction: 6",
            "params.yaml: prompt.instruction: input should be less than or equal to 5, got 6",
        ),
        (
            r"^  instruction: 1(.*)\n  augment_instructions: false",
            r"  instruction: 2\1\n  augment_instructions: true",
            "params.yaml: prompt: augment_instructions trains on all five instructions and evaluates on the first: set "
            "instruction to 1, not 2, or augment_instructions to false",
        ),
        (
            r"^  topic: never",
            "  topic: always",
            "params.yaml: prompt.topic: input should be 'never', 'when_all_splits_have_it' or 'dropout', got 'always'",
        ),
        (
            r"^  topic: never",
            "  topic: dropout",
            "params.yaml: prompt: topic is for format structured, which alone has a place for it, and format is plain; "
            "set format to structured, or topic to never",
        ),
        (
            r'^  prefix: ""',
            '  prefix: "요약: "',
            'params.yaml: prompt.prefix: "요약: ": has no effect: a causal model is asked in the words of prompt.format'
            '; set it to ""',
        ),
        (
            r"^  topic_dropout: \S+",
            "  topic_dropout: 1.0",
            "params.yaml: prompt.topic_dropout: input should be less than 1, got 1.0",
        ),
        (
            r"^  truncation: middle",
            "  truncation: left",
            "params.yaml: tokenize.truncation: input should be 'tail', 'head' or 'middle', got 'left'",
        ),
        (
            r"^  num_beams: \S+",
            "  num_beams: 0",
            "params.yaml: generation.num_beams: input should be greater than 0, got 0",
        ),
        (
            r"^  length_penalty: \S+",
            "  length_penalty: 2.0",
            "params.yaml: generation: length_penalty compares beams, and num_beams is 1; set num_beams to 4, or "
            "length_penalty to 1.0",
        ),
        (
            r"^  early_stopping: \S+",
            "  early_stopping: true",
            "params.yaml: generation: early_stopping compares beams, and num_beams is 1; set num_beams to 4, or "
            "early_stopping to false",
        ),
        (
            r"^  temperature: \S+",
            "  temperature: 0.7",
            "params.yaml: generation: temperature is for sampling, and do_sample is false; set it to true, or "
            "temperature to 1.0",
        ),
        (
            r"^  num_samples: \S+",
            "  num_samples: 5",
            "params.yaml: generation: num_samples is for sampling, and do_sample is false; set it to true, or "
            "num_samples to 1",
        ),
        (
            r"^  num_beams: 1( .*\n(?:.*\n){2})  do_sample: false",
            r"  num_beams: 4\1  do_sample: true",
            "params.yaml: generation: do_sample (true) draws, num_beams above 1 searches; set do_sample to false or "
            "num_beams to 1",
        ),
        (
            r"^  min_new_tokens: \S+",
            "  min_new_tokens: 200",
            "params.yaml: generation: min_new_tokens (200) should be less than max_new_tokens (200): else no "
            "summary can end",
        ),
        (
            r"^  top_p: \S+",
            "  top_p: 1.5",
            "params.yaml: generation.top_p: input should be less than or equal to 1, got 1.5",
        ),
        (
            r"^    open_labels: \S+",
            "    open_labels: 1",
            "params.yaml: generation.postprocess.open_labels: input should be a valid boolean, got 1",
        ),
        (
            r"^  max_rejected_fraction: \S+",
            "  max_rejected_fraction: 5",
            "params.yaml: validation.max_rejected_fraction: input should be less than or equal to 1, got 5",
        ),
        (
            r"^  breaks: \S+",
            "  breaks: yes",
            "params.yaml: cleaning.breaks: input should be a valid boolean, got 'yes'",
        ),
        (
            r"^  spaces: .*\n",
            "",
            "params.yaml: cleaning.spaces: this key is missing; every value is chosen in this file",
        ),
        (
            r"^  train_rows: \S+",
            "  train_rows: 3,000",
            "params.yaml: synthesis.train_rows: input should be a valid integer, got '3,000'",
        ),
        (r"^  dir: data/synthetic ", "  dir: 7 ", "params.yaml: data.dir: input should be a valid string, got 7"),
        (
            r"^evaluation:",
            "scoring:",
            "params.yaml: evaluation: this section is missing\n"
            "params.yaml: scoring: unknown section; remove it, or correct its spelling",
        ),
        (
            "^  max_waiting: 256",
            "  max_waiting: 63",
            "params.yaml: serving: max_waiting (63) is less than max_rows (64): a request of that size would always be "
            "refused",
        ),
    ],
)
def test_a_fault_is_one_line_that_names_file_key_and_what_is_expected(
    params: Path, pattern: str, replacement: str, message: str
) -> None:
    spoil(params, pattern, replacement)
    assert faults(params) == message.splitlines()


@pytest.mark.parametrize("name", ["../params", "/etc/passwd", "a/b", "", ".hidden", "x y"])
def test_a_models_name_is_the_name_of_a_file_in_catalog(params: Path, name: str) -> None:
    spoil(params, r"^  name: tiny-llama", f'  name: "{name}"')
    (fault,) = faults(params)
    assert fault.startswith("params.yaml: model.name: ")


def test_a_model_that_the_catalog_lacks_is_refused_with_those_it_has(params: Path) -> None:
    spoil(params, r"^  name: tiny-llama", "  name: nosuch")
    (fault,) = faults(params)
    assert fault.startswith("params.yaml: model.name: there is no catalog/nosuch.yaml; expected is one of kobart, ")
    assert fault.endswith(", tiny-llama")


def test_a_seq2seq_model_heeds_the_prefix_alone(params: Path) -> None:
    spoil(params, r"^  name: tiny-llama", "  name: tiny-bart")
    spoil(params, r'^  prefix: ""', '  prefix: "summarize: "')
    sections.check(params)
    spoil(params, r"^  format: plain", "  format: structured")
    spoil(params, r"^  system: none", "  system: strict")
    spoil(params, r"^  augment_instructions: false", "  augment_instructions: true")
    spoil(params, r"^  topic: never", "  topic: dropout")
    spoil(params, r"^  shots: 0", "  shots: 2")
    reason = "has no effect: a seq2seq model reads the bare dialogue, after prompt.prefix; set it to"
    assert faults(params) == [
        f"params.yaml: prompt.augment_instructions: true: {reason} false",
        f"params.yaml: prompt.format: structured: {reason} plain",
        f"params.yaml: prompt.shots: 2: {reason} 0",
        f"params.yaml: prompt.system: strict: {reason} none",
        f"params.yaml: prompt.topic: dropout: {reason} never",
    ]


def test_a_training_that_the_model_cannot_have_is_refused_before_any_work(params: Path) -> None:
    spoil(params, r"^  batching: length_grouped", "  batching: packed")
    sections.check(params)
    spoil(params, r"^  name: tiny-llama", "  name: tiny-bart")
    assert faults(params) == [
        "params.yaml: training.batching: packed: a seq2seq model cannot keep packed samples apart; choose "
        "length_grouped"
    ]
    spoil(params, r"^  epochs: \S+", "  epochs: 0")  # what is not sound by itself is not compared
    assert faults(params) == ["params.yaml: training.epochs: input should be greater than 0, got 0"]


def test_a_fault_of_the_catalogs_file_is_told_too(params: Path) -> None:
    Path("catalog").unlink()
    Path("catalog").mkdir()
    Path("catalog/tiny-llama.yaml").write_text("hub: null\n", encoding="utf-8")
    assert all(fault.startswith("catalog/tiny-llama.yaml") for fault in faults(params))


@pytest.mark.parametrize("folder", ["data/$HOME", "data/`ls`", 'data/"mine"', "data/a\\\\b", ""])
def test_a_folder_that_a_shell_would_read_otherwise_is_refused(params: Path, folder: str) -> None:
    spoil(params, r"^  dir: data/synthetic", f"  dir: '{folder}'")
    (fault,) = faults(params)
    assert fault.startswith("params.yaml: data.dir: ")


def test_all_faults_are_told_at_once_in_order(params: Path) -> None:
    spoil(params, r"^  seed: 42\n\nvalidation", "  sed: 42\n\nvalidation")
    spoil(params, r"^  batch_size: \S+", "  batch_size: many")
    assert faults(params) == [
        "params.yaml: generation.batch_size: input should be a valid integer, got 'many'",
        "params.yaml: synthesis.seed: this key is missing; every value is chosen in this file",
        "params.yaml: synthesis.sed: unknown key; remove it, or correct its spelling",
    ]


def test_what_dvc_writes_for_2e_minus_5_is_a_float(params: Path) -> None:
    spoil(params, r"^  learning_rate: null", "  learning_rate: 2e-05")
    sections.check(params)
    rate = load(params, "training", Training).learning_rate
    assert (type(rate), rate) == (float, 0.00002)


def test_the_defaults_of_the_tests_have_all_keys() -> None:
    def keys(value: object, path: str = "") -> set[str]:
        if not isinstance(value, dict):
            return {path}
        return {key for name, inner in value.items() for key in keys(inner, f"{path}.{name}")}

    assert keys(read_yaml(DEFAULTS)) == keys(read_yaml(ROOT / "params.yaml"))


def test_every_cleaning_step_is_taken_unless_a_user_says_otherwise(params: Path) -> None:
    assert load(params, "cleaning", Cleaning) == ALL
