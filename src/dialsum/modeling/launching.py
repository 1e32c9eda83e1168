"""Start a stage in several processes.

Enters: how many, and accelerate's own configuration if there is one, which the user writes by `accelerate config`:

    distributed_type: FSDP
    fsdp_config: {fsdp_version: 2, fsdp_auto_wrap_policy: TRANSFORMER_BASED_WRAP, fsdp_reshard_after_forward: true}

It says on which machines, and whether each process holds the whole model (MULTI_GPU) or a part of it (FSDP). Leaves:
the same command, run that many times by `accelerate launch`; without a configuration on the GPUs of this machine, each
with the whole model. On CPU accelerate starts one process only, so torch's launcher does it there; the processes talk
by gloo.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from dialsum.errors import InputError
from dialsum.modeling.processes import LAUNCHED
from dialsum.params.model import Family
from dialsum.params.training import Training


def launch(training: Training, family: Family, command: list[str]) -> None:
    """Run `python -m COMMAND` in `training.processes` processes. Exits with their status if it is not 0: they said why.

    Raises InputError if training cannot run as accelerate's configuration says.
    """
    import torch

    count = str(training.processes)
    environment = {**os.environ, LAUNCHED: str(os.getpid())}
    if torch.cuda.is_available():
        configured = configuration()
        if configured:
            check_configuration(configured, training, family)
        elif reason := _too_few_gpus(training, 1):
            raise InputError(reason)
        # The catalog's dtype says in which precision products are made (modeling/arguments), not the configuration.
        several = [*([] if configured else ["--multi_gpu"]), "--num_processes", count, "--mixed_precision", "no"]
        launcher = ["accelerate.commands.launch", *several, "--module"]
    else:
        launcher = ["torch.distributed.run", "--standalone", "--nproc_per_node", count, "-m"]
        environment["ACCELERATE_USE_CPU"] = "true"
    done = subprocess.run([sys.executable, "-m", *launcher, *command], env=environment, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def configuration() -> Path | None:
    """The file that `accelerate config` writes; None if there is none."""
    from accelerate.commands.config import config_args

    path = Path(config_args.default_config_file)
    return path if path.is_file() else None


def check_configuration(path: Path, training: Training, family: Family) -> None:
    """Raise InputError unless this training can run as accelerate's configuration at `path` says."""
    from accelerate.commands.config.config_args import load_config_from_file

    try:
        found = load_config_from_file(str(path))
    except ValueError as error:
        raise InputError(f"{path}: {str(error).splitlines()[0]}; write it anew by `accelerate config`") from error
    if reason := _senseless(found, path, training, family):
        raise InputError(reason)


def _senseless(found: Any, path: Path, training: Training, family: Family) -> str | None:
    """The key that does not fit, why, and the remedy."""
    if found.distributed_type not in ("MULTI_GPU", "FSDP"):
        return (
            f"{path}: distributed_type: {found.distributed_type.value}: several processes train as MULTI_GPU or FSDP; "
            "choose one by `accelerate config`, or remove the file"
        )
    if training.processes % found.num_machines:
        return (
            f"params.yaml: training.processes: {training.processes}: should be a multiple of num_machines "
            f"({found.num_machines}) in {path}"
        )
    if reason := _too_few_gpus(training, found.num_machines):
        return reason
    if found.distributed_type == "MULTI_GPU":
        return None
    options = {key.removeprefix("fsdp_"): value for key, value in found.fsdp_config.items()}
    if int(options.get("version", 1)) != 2:
        return f"{path}: fsdp_config: fsdp_version: should be 2; choose it by `accelerate config`"
    if options.get("activation_checkpointing"):
        return (
            f"{path}: fsdp_config: fsdp_activation_checkpointing: training.gradient_checkpointing says it; set it to "
            "false here"
        )
    remedy = f", or distributed_type MULTI_GPU in {path}"
    if family == "seq2seq":
        return (
            "params.yaml: model.name: FSDP cannot share out a seq2seq model, whose encoder and decoder have one "
            f"embedding; choose a causal model{remedy}"
        )
    if training.method == "qlora":
        return f"params.yaml: training.method: qlora: FSDP does not share out weights of 4 bits; choose lora{remedy}"
    if training.batching == "packed":
        return (
            "params.yaml: training.batching: packed: that samples do not see each other is proved on a whole model, "
            f"which under FSDP no GPU holds; choose length_grouped{remedy}"
        )
    return None


def _too_few_gpus(training: Training, machines: int) -> str | None:
    """Why so many processes, shared out evenly among machines like this one, cannot have a GPU each."""
    import torch

    gpus = torch.cuda.device_count()
    if training.processes <= machines * gpus:
        return None
    among = "this machine has" if machines == 1 else f"{machines} machines like this one have"
    return (
        f"params.yaml: training.processes: {training.processes}: each process takes a GPU, and {among} "
        f"{machines * gpus}; choose no more, or show more of them by CUDA_VISIBLE_DEVICES"
    )
