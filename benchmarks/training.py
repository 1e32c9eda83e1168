"""How fast our three batchings train, beside what people write themselves and LLaMA-Factory.

Enters: nothing; a Llama with random weights and realistic synthetic dialogues are made first. Leaves: a table, one line
a way to train. All learn the same rows once, with the same method, dtype and checkpointing, about as many samples a
step, on as many threads; repeats are interleaved, and the median counts. Seconds are those of all steps, at the pace of
those after the third, without imports, tokenizing and evaluation; what packing before the first step takes is not
counted either. (Of LLaMA-Factory they are its own `train_runtime`, which has the first steps in it.)

    python benchmarks/training.py                                    # ours and three plain scripts
    python benchmarks/training.py --factory ~/factory/bin/python     # LLaMA-Factory too: pip install llamafactory
    python benchmarks/training.py --growth --rows 1000               # ours alone, on so many rows, 4 and 16 times that
    python benchmarks/training.py --random llama-3.2-korean-3b       # on a GPU: QLoRA in the shape of Llama 3.2 3B

`--random` takes the shape of any Llama in catalog/, its dtype and its checkpointing, and stretches all rows alike,
until the longest has 1,224 tokens (1,024 + 200). The ceiling is what padding, w of all tokens in our padded batches,
leaves to win: 1 / (1 - w). MFU is the share of the device's peak that goes into the model: see model_flops.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import click
import llama_factory
import machine
import training_rows
from model_flops import peak_of, training_flops
from training_rows import ROOT, TINY, Plan
from training_ways import ALPHA, OURS, PLAIN, RANK, SCHEDULE, train

FACTORY = "LLaMA-Factory, grouped"
GROWTH = (1, 4, 16)
LONGEST = 1_224
SEEDS = "the seeds: 19.15 GB with Llama 3.2 3B, qlora of rank 16, micro-batch 8, at most 1,224 tokens a row"
Runs = dict[str, list[dict[str, float]]]


@click.command()
@click.option("--rows", default=600, help="Dialogues to learn from")
@click.option("--repeat", default=3, help="Train each way so often")
@click.option("--threads", default=2)
@click.option("--hidden", default=128, help="Width of the tiny model")
@click.option("--random", "name", help="Not the tiny model, but the shape of this entry of catalog/")
@click.option("--method", type=click.Choice(["lora", "qlora", "full"]), help="[default: lora, or qlora with --random]")
@click.option("--micro-batch", default=8)
@click.option("--checkpointing/--no-checkpointing", default=None, help="[default: as the entry of catalog/ says]")
@click.option("--peak-tflops", type=float, help="Of the device, dense bf16, for MFU  [default: known for some GPUs]")
@click.option("--factory", type=click.Path(exists=True, path_type=Path), help="Python of an environment that has it")
@click.option("--growth", is_flag=True, help="Seconds an epoch as the data grow, and memory")
@click.option("--run", "way", hidden=True)
@click.option("--place", type=click.Path(path_type=Path), hidden=True)
def main(
    rows: int,
    repeat: int,
    threads: int,
    hidden: int,
    name: str | None,
    method: Any,
    micro_batch: int,
    checkpointing: bool | None,
    peak_tflops: float | None,
    factory: Path | None,
    growth: bool,
    way: str | None,
    place: Path | None,
) -> None:
    """Measure supervised tokens a second, and the loss on dev that the same rows lead to."""
    if way and place:
        print(json.dumps(train(way, place)))
        return
    plan = Plan(
        model=name or TINY, hidden=None if name else hidden, method=method or ("qlora" if name else "lora"), rows=rows,
        longest=LONGEST if name else None, micro_batch=micro_batch, learning_rate=2e-4 if name else 2e-3,
        threads=threads, checkpointing=checkpointing,
    )  # fmt: skip
    click.echo(machine.describe(threads))
    if growth:
        grow(plan)
        return
    ways = (*OURS, *PLAIN, *([FACTORY] if factory else []))
    with tempfile.TemporaryDirectory(prefix="training_") as folder:
        training_rows.write(plan, Path(folder))
        found: Runs = {way: [] for way in ways}
        for _ in range(repeat):
            for way in ways:
                found[way].append(run(way, plan, Path(folder), factory))
                click.echo(f"{way}: {found[way][-1]['seconds']:.1f} s", err=True)
        report(plan, training_rows.sizes(Path(folder)), found, peak_tflops and peak_tflops * 1e12)


def report(plan: Plan, sizes: list[tuple[int, int]], found: Runs, peak: float | None) -> None:
    """The table, and below it what packing gains of what it could. `sizes`: tokens and labels of each row."""
    import torch

    if peak is None and torch.cuda.is_available():
        peak = peak_of(torch.cuda.get_device_name())
    tokens, labels = (sum(column) for column in zip(*sizes, strict=True))
    flops = training_flops(plan.entry().shape, plan.method, RANK, sizes)
    seconds = {way: median(one["seconds"] for one in runs) for way, runs in found.items()}
    best = min(spent for way, spent in seconds.items() if way not in OURS)
    click.echo(
        f"{plan.method} of {plan.model}, {len(sizes)} rows, {tokens:,} tokens, at most {max(sizes)[0]:,} a row, "
        f"{labels:,} with a label; {plan.micro_batch} rows a step"
    )
    click.echo(
        f"{'':<26}{'labels/s':>10}{'x padded':>10}{'x best peer':>13}{'padding':>9}{'peak MiB':>10}{'MFU':>7}"
        f"{'dev loss':>10}{'steps':>7}"
    )
    for way, runs in found.items():
        one = runs[0]
        padding = f"{waste(one, tokens):.1%}" if "computed_tokens" in one else "-"
        memory = f"{one['peak_mib']:,.0f}" if "peak_mib" in one else "-"
        share = f"{flops / seconds[way] / peak:.1%}" if peak else "-"
        click.echo(
            f"{('ours, ' if way in OURS else '') + way:<26}{labels / seconds[way]:>10,.0f}"
            f"{seconds['Trainer, padded'] / seconds[way]:>10.2f}{best / seconds[way]:>13.2f}{padding:>9}{memory:>10}"
            f"{share:>7}{one['eval_loss']:>10.4f}{one['steps']:>7.0f}"
        )
    compare(seconds)
    gain, ceiling = seconds["padded"] / seconds["packed"], 1 / (1 - waste(found["padded"][0], tokens))
    click.echo(
        f"packed is {gain:.2f} x our padded; the padding of that allows {ceiling:.2f} x: {gain / ceiling:.0%} of the "
        "ceiling"
    )
    if plan.model != TINY:
        click.echo(f"peak memory of {SEEDS}")


def compare(seconds: dict[str, float]) -> None:
    """How many times as fast each of ours is as each of the others."""
    others = [way for way in seconds if way not in OURS]
    click.echo(f"\n{'times as fast as':<26}" + "".join(f"{way:>26}" for way in others))
    for way in OURS:
        click.echo(f"{'ours, ' + way:<26}" + "".join(f"{seconds[other] / seconds[way]:>26.2f}" for other in others))


def waste(one: dict[str, float], tokens: int) -> float:
    """The share of padding in what the model read, of which `tokens` were none."""
    return 1 - tokens / one["computed_tokens"]


def grow(plan: Plan) -> None:
    """A line each size: an epoch of length-grouped batches; then how far the largest is from linear."""
    paces, peaks = [], []
    click.echo(f"{'rows':>8}{'seconds':>10}{'ms a row':>10}{'peak MiB':>10}")
    for rows in (times * plan.rows for times in GROWTH):
        with tempfile.TemporaryDirectory(prefix="training_") as folder:
            training_rows.write(replace(plan, rows=rows), Path(folder))
            one = run("length_grouped", plan, Path(folder), None)
        paces.append(1000 * one["seconds"] / rows)
        peaks.append(one["peak_mib"])
        click.echo(f"{rows:>8,}{one['seconds']:>10.1f}{paces[-1]:>10.2f}{peaks[-1]:>10,.0f}")
    click.echo(
        f"a row costs {min(paces) / paces[0] - 1:+.1%} to {max(paces) / paces[0] - 1:+.1%} against the fewest rows "
        f"(linear within 15 %: {'yes' if within(paces, 0.15) else 'no'}); "
        f"memory {max(peaks) / peaks[0] - 1:+.1%} at most"
    )


def within(values: list[float], share: float) -> bool:
    """Whether none is further from the first than this share of it."""
    return all(abs(value / values[0] - 1) <= share for value in values)


def run(way: str, plan: Plan, place: Path, factory: Path | None) -> dict[str, float]:
    """One training in a process of its own."""
    if factory and way == FACTORY:
        limits = {"PATH": os.environ["PATH"], "HOME": str(place), "OMP_NUM_THREADS": str(plan.threads)}
        return llama_factory.learn(place, limits, factory, factory_settings(plan))
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": str(plan.threads)}
    program = [sys.executable, __file__, "--run", way, "--place", str(place)]
    done = subprocess.run(program, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    outcome: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return outcome


def factory_settings(plan: Plan) -> dict[str, Any]:
    """What all ways share, in its words."""
    import torch

    entry, cuda = plan.entry(), torch.cuda.is_available()
    four_bits = {"quantization_bit": 4, "quantization_method": "bnb", "double_quantization": True}
    return {
        **SCHEDULE, "finetuning_type": "full" if plan.method == "full" else "lora", "lora_rank": RANK,
        "lora_alpha": ALPHA, "lora_target": ",".join(entry.lora_targets), "learning_rate": plan.learning_rate,
        "per_device_train_batch_size": plan.micro_batch, "per_device_eval_batch_size": plan.micro_batch,
        "disable_gradient_checkpointing": not entry.gradient_checkpointing, "use_cpu": not cuda,
        "bf16": cuda and entry.dtype == "bfloat16", "fp16": cuda and entry.dtype == "float16",
        **(four_bits if plan.method == "qlora" else {}),
    }  # fmt: skip


if __name__ == "__main__":
    main()
