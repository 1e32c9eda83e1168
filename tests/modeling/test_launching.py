"""accelerate's own configuration: what of it is taken, and what is refused before a process starts."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from accelerate.commands.config import config_args
from accelerate.commands.launch import _validate_launch_command, launch_command_parser

from dialsum.errors import InputError
from dialsum.modeling.launching import check_configuration, launch
from dialsum.params.training import Training

FSDP = {
    "fsdp_version": 2,
    "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
    "fsdp_reshard_after_forward": True,
    "fsdp_activation_checkpointing": False,
}


def configure(path: Path, **values: Any) -> Path:
    """A file as `accelerate config` writes it."""
    common = {
        "compute_environment": "LOCAL_MACHINE",
        "mixed_precision": "bf16",
        "num_machines": 1,
        "num_processes": 8,
        "machine_rank": 0,
        "use_cpu": False,
    }
    path.write_text(json.dumps({**common, **values}))
    return path


@pytest.fixture(autouse=True)
def _eight_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 8)


@pytest.fixture
def two(training: Training) -> Training:
    return replace(training, method="lora", batching="length_grouped", accumulation=2, processes=2)


@pytest.mark.parametrize(
    "values", [{"distributed_type": "MULTI_GPU"}, {"distributed_type": "FSDP", "fsdp_config": FSDP}]
)
def test_several_gpus_and_fsdp_are_taken(two: Training, tmp_path: Path, values: dict[str, Any]) -> None:
    check_configuration(configure(tmp_path / "accelerate.yaml", **values), two, "causal")


@pytest.mark.parametrize(
    ("values", "chosen", "family", "message"),
    [
        ({"distributed_type": "NO"}, {}, "causal", r"accelerate\.yaml: distributed_type: NO: several processes"),
        ({"distributed_type": "DEEPSPEED"}, {}, "causal", r"accelerate\.yaml: distributed_type: DEEPSPEED: several"),
        (
            {"distributed_type": "MULTI_GPU", "num_machines": 2},
            {"processes": 3, "accumulation": 3},
            "causal",
            r"^params\.yaml: training\.processes: 3: should be a multiple of num_machines \(2\) in .*accelerate\.yaml$",
        ),
        (
            {"distributed_type": "MULTI_GPU", "num_machines": 2},
            {"processes": 18, "accumulation": 18},
            "causal",
            r"^params\.yaml: training\.processes: 18: each process takes a GPU, and 2 machines like this one have 16; ",
        ),
        (
            {"distributed_type": "FSDP", "fsdp_config": {**FSDP, "fsdp_version": 1}},
            {},
            "causal",
            r"accelerate\.yaml: fsdp_config: fsdp_version: should be 2",
        ),
        (
            {"distributed_type": "FSDP", "fsdp_config": {**FSDP, "fsdp_activation_checkpointing": True}},
            {},
            "causal",
            r"accelerate\.yaml: fsdp_config: fsdp_activation_checkpointing: training\.gradient_checkpointing says it",
        ),
        ({"distributed_type": "FSDP", "fsdp_config": FSDP}, {}, "seq2seq", r"^params\.yaml: model\.name: FSDP cannot"),
        (
            {"distributed_type": "FSDP", "fsdp_config": FSDP},
            {"method": "qlora"},
            "causal",
            r"^params\.yaml: training\.method: qlora: FSDP does not share out weights of 4 bits; choose lora, or ",
        ),
        (
            {"distributed_type": "FSDP", "fsdp_config": FSDP},
            {"batching": "packed"},
            "causal",
            r"^params\.yaml: training\.batching: packed: that samples do not see each other",
        ),
        ({"distributed_type": "FSDP", "fsdp": 1}, {}, "causal", r"accelerate\.yaml: .*unknown keys"),
    ],
)
def test_what_cannot_be_trained_so_is_refused(
    two: Training, tmp_path: Path, values: dict[str, Any], chosen: dict[str, Any], family: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        check_configuration(configure(tmp_path / "accelerate.yaml", **values), replace(two, **chosen), family)


def launched(monkeypatch: pytest.MonkeyPatch, two: Training) -> Any:
    """What `accelerate launch` would make of our command on two GPUs."""
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> SimpleNamespace:
        commands.append(command)
        return SimpleNamespace(returncode=0)

    with monkeypatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: True)
        patch.setattr(subprocess, "run", run)
        launch(two, "causal", ["dialsum.stages", "train"])
    assert commands[0][:3] == [sys.executable, "-m", "accelerate.commands.launch"]
    arguments = launch_command_parser().parse_args(commands[0][3:])
    return _validate_launch_command(arguments)[0]


def test_without_a_configuration_each_gpu_holds_the_model(
    two: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_args, "default_config_file", str(tmp_path / "none.yaml"))
    monkeypatch.setattr("accelerate.commands.launch.default_config_file", str(tmp_path / "none.yaml"))
    found = launched(monkeypatch, two)
    assert (found.num_processes, found.multi_gpu, found.use_fsdp, found.num_machines) == (2, True, False, 1)
    assert (found.training_script, found.training_script_args, found.module) == ("dialsum.stages", ["train"], True)


def test_more_processes_than_gpus_are_refused(two: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_args, "default_config_file", str(tmp_path / "none.yaml"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    message = r"^params\.yaml: training\.processes: 2: each process takes a GPU, and this machine has 1; choose no more"
    with pytest.raises(InputError, match=message):
        launched(monkeypatch, two)


def test_a_configuration_says_how_and_on_which_machines(
    two: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many processes, and in which precision, params.yaml and the catalog say."""
    path = configure(
        tmp_path / "default_config.yaml", distributed_type="FSDP", fsdp_config=FSDP, num_machines=2, machine_rank=1
    )
    monkeypatch.setattr(config_args, "default_config_file", str(path))
    monkeypatch.setattr("accelerate.commands.launch.default_config_file", str(path))
    found = launched(monkeypatch, two)
    assert (found.use_fsdp, found.multi_gpu, found.fsdp_version) == (True, False, 2)
    assert (found.num_processes, found.num_machines, found.machine_rank) == (2, 2, 1)
    assert found.mixed_precision == "no"
