"""Room for the next experiment: on the disk, and on the GPU.

Enters: section `limits`, the experiments that are still to come. Leaves: nothing, a reason why an experiment cannot run
here, or an InputError with the figures; and the hub's cache without the models that the set needs no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dialsum.errors import InputError
from dialsum.experiments import hub
from dialsum.experiments.sets import Experiment
from dialsum.modeling.catalog import read_entry
from dialsum.modeling.disk import GB, free_disk, hub_cache
from dialsum.params.limits import Limits

CATALOG = Path("catalog")


def check_disk(limits: Limits) -> None:
    """Raise InputError if there is less free than `limits.disk_gb`, here or in the hub's cache."""
    for folder in (Path.cwd(), hub_cache()):
        free = free_disk(folder) / GB
        if free < limits.disk_gb:
            raise InputError(
                f"params.yaml: limits.disk_gb: {folder} has {free:.1f} GB free, less than {limits.disk_gb:g}; free "
                "some (`dvc gc --workspace --all-experiments`, `dialsum cache prune`, `dialsum cache unfinished`) or "
                "lower the limit, and run the set again"
            )


def free_models(finished: Sequence[Experiment], coming: Sequence[Experiment]) -> list[str]:
    """Delete the hub models of finished experiments that nothing asks for any more. What was deleted, in words."""
    needed = {_hub(experiment) for experiment in coming}
    over = {_hub(experiment) for experiment in finished} - needed - {None}
    cache = hub.scan() if over else None
    if cache is None:
        return []
    found = [(repo, revision) for repo, revision in hub.find_unneeded(cache) if repo.repo_id in over]
    if found:
        cache.delete_revisions(*(revision.commit_hash for _, revision in found)).execute()
    return [
        f"{repo.repo_id} at {revision.commit_hash[:8]}: {revision.size_on_disk / GB:.2f} GB of the hub's cache are "
        "free again"
        for repo, revision in found
    ]


def too_large(experiment: Experiment) -> str | None:
    """Why the GPU, or the main memory if there is none, cannot hold the model and one row; None if it can."""
    from dialsum.modeling.gpu import gpu_memory
    from dialsum.modeling.memory import GIB, Work, estimate

    entry = read_entry(CATALOG / f"{experiment.model}.yaml")
    if entry.hub is None or experiment.params["model"]["path"] is not None:
        return None
    gpu = gpu_memory()
    have = gpu[1] if gpu else _main_memory()
    limits, training = experiment.params["tokenize"], experiment.params["training"]
    work = Work(1, limits["max_source_tokens"], limits["max_target_tokens"], training["lora"]["r"], True)
    # Without CUDA weights are float32 (modeling/loading).
    need = estimate(entry if gpu else replace(entry, dtype="float32"), training["method"], work).total
    if need <= have:
        return None
    where = "GPU memory" if gpu else "main memory (there is no GPU)"
    return f"{experiment.model} needs about {need / GIB:.1f} GiB, of {where} there are {have / GIB:.1f}"


def _hub(experiment: Experiment) -> str | None:
    """The hub's name of the model, None for a local one."""
    if experiment.params["model"]["path"] is not None:
        return None
    return read_entry(CATALOG / f"{experiment.model}.yaml").hub


def _main_memory() -> int:
    import psutil

    return int(psutil.virtual_memory().total)
