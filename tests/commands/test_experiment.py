from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from mlflow.projects.utils import load_project

from dialsum.commands.experiment import arguments
from dialsum.errors import InputError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ("", []),
        ("training.learning_rate=2e-5", ["-S", "training.learning_rate=2e-5"]),
        ("training.seed=1  model.name=qwen3", ["-S", "training.seed=1", "-S", "model.name=qwen3"]),
        ("'training.lora.targets=[q_proj, v_proj]'", ["-S", "training.lora.targets=[q_proj, v_proj]"]),
        ('data.dir="data/내 자료"', ["-S", "data.dir=data/내 자료"]),
    ],
)
def test_each_override_becomes_an_option(overrides: str, expected: list[str]) -> None:
    assert arguments(overrides) == expected


@pytest.mark.parametrize("overrides", ["--queue", "training.seed", "=1", "-S a=1", "--pull=x", "a=1 ; touch b", "a='1"])
def test_what_is_no_override_is_refused(overrides: str) -> None:
    with pytest.raises(InputError, match="key=value"):
        arguments(overrides)


@pytest.mark.parametrize("overrides", ["a=1 'b=[x, y]'", '; rm -rf "$HOME" `id`', "a=${PATH}'"])
def test_mlflow_run_passes_overrides_as_one_word(overrides: str) -> None:
    project = load_project(str(ROOT))
    command = project.get_entry_point("experiment").compute_command({"overrides": overrides}, None)
    *_, entry, word = shlex.split(command)
    assert (entry, word) == ("experiment", overrides)
    assert project.get_entry_point("main").compute_command({}, None).endswith("dvc repro")
    assert Path(project.env_config_path).name == "python_env.yaml"
