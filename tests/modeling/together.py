"""Trainings in several processes, which are started once for all of them: torchrun … together.py BASE FOLDER…

Each FOLDER is as for learn.py, and may hold environment.json with what accelerate's launcher would tell the processes.
Each is learned twice: what the first time gave lies in once/, the second time goes on as after a kill in the last step,
while the checkpoint of step 6 was being written, and gives again/.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

from accelerate.state import AcceleratorState, DistributedType, PartialState

from dialsum.modeling.processes import is_first, wait_for_all

OUTS = ("best.safetensors", "log.json", "trained")


def main(base: Path, folders: list[Path]) -> None:
    learn = _learn()
    for folder in folders:
        told = folder / "environment.json"
        os.environ.update(json.loads(told.read_text()) if told.exists() else {})
        for time in ("once", "again"):
            learn.main(folder, base)
            if is_first():
                (folder / time).mkdir()
                for out in OUTS:
                    (folder / out).rename(folder / time / out)
                (folder / "work/checkpoint-6/complete").unlink()
            wait_for_all()


def _learn() -> Any:
    """The script beside this one; the tests are no package."""
    specification = importlib.util.spec_from_file_location("learn", Path(__file__).with_name("learn.py"))
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def allow_fsdp_on_cpu() -> None:
    """accelerate (1.15) takes FSDP's settings only from processes on GPUs; torch shares a model out on CPU too."""
    start = AcceleratorState.__init__

    def started(self: Any, *given: Any, fsdp_plugin: Any = None, **options: Any) -> None:
        start(self, *given, fsdp_plugin=fsdp_plugin, **options)
        if fsdp_plugin is not None and self.distributed_type == DistributedType.MULTI_CPU:
            self.fsdp_plugin = fsdp_plugin
            self.distributed_type = PartialState._shared_state["distributed_type"] = DistributedType.FSDP

    AcceleratorState.__init__ = started


if __name__ == "__main__":
    allow_fsdp_on_cpu()
    main(Path(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]])
