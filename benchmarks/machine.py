"""What a figure was measured on: the line that stands above each table,

such as "Intel(R) Xeon(R) CPU @ 2.20GHz, 2 cores, 2 threads; Python 3.11.9, torch 2.13.0, transformers 5.23.0, …".
"""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path


def describe(threads: int) -> str:
    """Processor, or GPU where there is one, and the versions that matter."""
    import torch

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else processor()
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "trl", "peft"))
    return f"{device}, {os.cpu_count()} cores, {threads} threads; Python {platform.python_version()}, {packages}"


def processor() -> str:
    """As Linux names it; elsewhere its architecture."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
