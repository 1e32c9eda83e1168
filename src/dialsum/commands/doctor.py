"""`dialsum doctor`: what this machine has, to read before a long run or to paste into a bug report.

Enters: the machine, the hub's cache, catalog/ and params.yaml. Leaves: lines such as

    GPU        NVIDIA GeForce RTX 3090, 23.1 of 23.7 GiB free
    fits       qwen3-4b: none, qlora, lora
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import click

from dialsum.commands import cache
from dialsum.commands.models import CATALOG, memory_needed
from dialsum.modeling.catalog import read_catalog
from dialsum.modeling.disk import GB, free_disk, hub_cache
from dialsum.modeling.gpu import gpu_memory
from dialsum.modeling.memory import GIB
from dialsum.workspace import abandoned

PACKAGES = ("torch", "transformers", "peft", "trl", "bitsandbytes", "accelerate", "datasets", "mlflow", "dvc")


@click.command()
def main() -> None:
    """Show what this machine has, and which models fit it.

    Machine, versions, free disk, the hub models in the cache, unfinished work, GPU, and for each model of catalog/ the
    choices of training.method whose estimated memory (`dialsum models`) the GPU has in all. Without a GPU, it is
    compared with the main memory, in which weights are float32: what fits there runs, but large models run far too
    slowly.
    """
    for topic, lines in (
        ("machine", _machine()),
        ("packages", _packages()),
        ("disk", _disk()),
        ("hub cache", _cache()),
        ("unfinished", _unfinished()),
        ("GPU", _gpu()),
        ("fits", _fits()),
    ):
        for number, line in enumerate(lines):
            click.echo(f"{topic if number == 0 else '':10} {line}")


def _machine() -> Iterator[str]:
    import psutil

    memory = psutil.virtual_memory()
    yield f"{platform.system()} {platform.release()}, {_processor()}, {os.cpu_count()} cores"
    yield f"memory: {memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB free"


def _processor() -> str:
    """The processor's name; `platform` knows it on Windows and macOS, Linux has it in a file."""
    names = Path("/proc/cpuinfo")
    lines = names.read_text(encoding="utf-8").splitlines() if names.exists() else []
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.processor() or platform.machine()


def _packages() -> Iterator[str]:
    yield f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in PACKAGES)


def _disk() -> Iterator[str]:
    for name, folder in (("this folder", Path()), ("hub cache", hub_cache())):
        yield f"{free_disk(folder) / GB:.1f} GB free for {name} ({folder.resolve()})"


def _cache() -> Iterator[str]:
    from dialsum.experiments import hub

    found = hub.scan()
    models = [item for item in found.repos if item.repo_type == "model"] if found else []
    if not models:
        yield "no models"
    for item in sorted(models, key=lambda item: (-item.size_on_disk, item.repo_id)):
        yield f"{item.size_on_disk / GB:.2f} GB {item.repo_id}"


def _unfinished() -> Iterator[str]:
    found = [cache.size(folder) for folder in abandoned()]
    if found:
        yield f"{sum(found) / GB:.2f} GB of {len(found)} stages that did not end: `dialsum cache unfinished`"
    else:
        yield "no work"


def _gpu() -> Iterator[str]:
    import torch

    memory = gpu_memory()
    if memory is None:
        yield "no GPU"
        return
    free, total = memory
    yield f"{torch.cuda.get_device_name()}, {free / GIB:.1f} of {total / GIB:.1f} GiB free"


def _fits() -> Iterator[str]:
    import psutil

    gpu = gpu_memory()
    have = gpu[1] if gpu else psutil.virtual_memory().total
    if gpu is None:
        yield f"(compared with the {have / GIB:.1f} GiB of main memory)"
    for name, entry in read_catalog(CATALOG).items():
        loaded = entry if gpu else replace(entry, dtype="float32")  # modeling/loading: without CUDA no halves
        methods = [method for method, need in memory_needed(loaded).items() if need <= have]
        yield f"{name}: {', '.join(methods) or 'nothing'}"
