"""Run one stage: `python -m dialsum.stages train --tokenized data/tokenized …`, as dvc.yaml does.

All of params.yaml is checked first, whichever stage comes: a wrong value of the last stage must not show after the
hours of the first. That is why the sections are cheap to import, and why a stage imports torch only inside its `main`.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import warnings
from pathlib import Path

import click

from dialsum.errors import InputError
from dialsum.params import sections

# No stage reports to anybody, and none asks a hub for news of a library.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def main() -> None:
    """Check params.yaml, then run the stage that the first argument names."""
    name, arguments = sys.argv[1], sys.argv[2:]
    _quiet()
    try:
        sections.check(Path("params.yaml"))
        stage = importlib.import_module(f"dialsum.stages.{name}")
        stage.main(arguments, prog_name=f"dialsum.stages {name}", standalone_mode=False)
    except (InputError, click.ClickException) as error:
        message = error.format_message() if isinstance(error, click.ClickException) else str(error)
        sys.exit(f"error: {message}")


def _quiet() -> None:
    """Keep libraries' notes to their developers off the screen; what concerns the user is said by the stages."""
    warnings.simplefilter("ignore", FutureWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.filterwarnings("ignore", "'pin_memory' argument is set as true but no accelerator", UserWarning)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it looks for optional kernels on import
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


if __name__ == "__main__":
    main()
