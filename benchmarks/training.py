"""How fast our three batchings train, beside what people write themselves and LLaMA-Factory.

Enters: nothing; a tiny Llama with random weights and realistic synthetic dialogues are made first. Leaves: a table, one
line a way to train. All learn the same rows once, with LoRA of the same size, in float32, about as many samples a step,
on as many threads; repeats are interleaved, and the median counts. Seconds are from the first step's begin to the last
one's end, without imports, tokenizing and evaluation; what packing before the first step takes is not counted either.

    python benchmarks/training.py                                    # ours and three plain scripts
    python benchmarks/training.py --factory ~/factory/bin/python     # LLaMA-Factory too: pip install llamafactory
    python benchmarks/training.py --growth                           # ours alone, on 1,000, 4,000 and 16,000 rows
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import llama_factory

ROOT = Path(__file__).parents[1]
OURS = ("padded", "length_grouped", "packed")
PLAIN = ("Trainer, padded", "Trainer, group_by_length", "SFTTrainer, bfd")
FACTORY = "LLaMA-Factory, grouped"
SIZES = (1_000, 4_000, 16_000)
SAMPLES, LEARNING_RATE, RANK, ALPHA = 8, 2e-3, 16, 32
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@click.command()
@click.option("--rows", default=600, help="Dialogues to learn from")
@click.option("--repeat", default=3, help="Train each way so often")
@click.option("--threads", default=2)
@click.option("--hidden", default=128, help="Width of the model")
@click.option("--factory", type=click.Path(exists=True, path_type=Path), help="Python of an environment that has it")
@click.option("--growth", is_flag=True, help="Seconds an epoch as the data grow, and memory")
@click.option("--run", "way", hidden=True)
@click.option("--place", type=click.Path(path_type=Path), hidden=True)
def main(
    rows: int,
    repeat: int,
    threads: int,
    hidden: int,
    factory: Path | None,
    growth: bool,
    way: str | None,
    place: Path | None,
) -> None:
    """Measure supervised tokens a second, and the loss on dev that the same rows lead to."""
    if way and place:
        print(json.dumps(train(way, place, threads)))
        return
    if growth:
        grow(threads, hidden)
        return
    ways = (*OURS, *PLAIN, *([FACTORY] if factory else []))
    with tempfile.TemporaryDirectory(prefix="training_") as name:
        make(Path(name), rows, hidden)
        found: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
        for _ in range(repeat):
            for way in ways:
                found[way].append(run(way, Path(name), threads, factory))
                click.echo(f"{way}: {found[way][-1]['seconds']:.1f} s", err=True)
    report(found)


def report(found: dict[str, list[dict[str, float]]]) -> None:
    """The table."""
    speeds = {
        way: statistics.median(one["supervised_tokens"] / one["seconds"] for one in runs) for way, runs in found.items()
    }
    slowest, peers = speeds["Trainer, padded"], [speeds[way] for way in speeds if way not in OURS]
    click.echo(f"{'':<26}{'supervised tokens/s':>20}{'x padded':>10}{'x best peer':>13}{'dev loss':>10}{'steps':>7}")
    for way, runs in found.items():
        one = runs[0]
        click.echo(
            f"{('ours, ' if way in OURS else '') + way:<26}{speeds[way]:>20,.0f}{speeds[way] / slowest:>10.2f}"
            f"{speeds[way] / max(peers):>13.2f}{one['eval_loss']:>10.4f}{one['steps']:>7.0f}"
        )


def grow(threads: int, hidden: int) -> None:
    """A line each size: an epoch of length-grouped batches."""
    click.echo(f"{'rows':>8}{'seconds':>10}{'ms a row':>10}{'peak MiB':>10}")
    for rows in SIZES:
        with tempfile.TemporaryDirectory(prefix="training_") as name:
            make(Path(name), rows, hidden)
            one = run("length_grouped", Path(name), threads, None)
        milliseconds = 1000 * one["seconds"] / rows
        click.echo(f"{rows:>8,}{one['seconds']:>10.1f}{milliseconds:>10.2f}{one['peak_mib']:>10,.0f}")


def make(place: Path, rows: int, hidden: int) -> None:
    """In `place`: a model folder `base`, tokenized rows `tokenized`, and the same rows as JSON for others."""
    from datasets import DatasetDict

    from dialsum.corpus.cleaning import ALL, to_dialogue
    from dialsum.corpus.synthetic.realistic.rows import row
    from dialsum.modeling.bases import make_scratch
    from dialsum.modeling.catalog import Lesson, read_entry
    from dialsum.modeling.loading import load_tokenizer
    from dialsum.params.prompt import Tokenize
    from dialsum.prompts.form import Form
    from dialsum.stages.tokenize import as_dataset, encode_split

    entry = read_entry(ROOT / "catalog" / "tiny-llama.yaml")
    assert entry.scratch is not None
    once = Lesson(steps=1, batch=1)
    shape = replace(
        entry.scratch, practice=once, reading=once, rows=2000, hidden_size=hidden, heads=hidden // 32,
        intermediate_size=3 * hidden, layers=3,
    )  # fmt: skip
    base = place / "base"
    base.mkdir()
    make_scratch(shape, "tiny-llama", entry, base)
    tokenizer = load_tokenizer(base)
    forms = [Form(format="plain", system="none")]
    limits = Tokenize(max_source_tokens=1024, max_target_tokens=200, truncation="tail")
    splits = {}
    for split, number in (("train", rows), ("dev", 100)):
        made = [row(split, place_of, 7) for place_of in range(number)]
        dialogues = [to_dialogue(one.fname, one.dialogue, ALL, None, [one.summary]) for one in made]
        splits[split] = as_dataset("causal", encode_split(tokenizer, "causal", dialogues, forms, limits, split))
    DatasetDict(splits).save_to_disk(place / "tokenized")


def run(way: str, place: Path, threads: int, factory: Path | None) -> dict[str, float]:
    """One training in a process of its own."""
    if factory and way == FACTORY:
        shared = {
            "lora_rank": RANK, "lora_alpha": ALPHA, "lora_target": ",".join(TARGETS), "learning_rate": LEARNING_RATE,
            "per_device_train_batch_size": SAMPLES, "per_device_eval_batch_size": SAMPLES, "num_train_epochs": 1.0,
            "lr_scheduler_type": "cosine", "warmup_steps": 0.1, "max_grad_norm": 1.2, "logging_steps": 10, "seed": 42,
        }  # fmt: skip
        limits = {"PATH": os.environ["PATH"], "HOME": str(place), "OMP_NUM_THREADS": str(threads)}
        return {
            "supervised_tokens": supervised_tokens(place),
            **llama_factory.learn(place, limits, factory, shared),
        }
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": str(threads)}
    program = [sys.executable, __file__, "--run", way, "--place", str(place), "--threads", str(threads)]
    done = subprocess.run(program, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    outcome: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return outcome


def train(way: str, place: Path, threads: int) -> dict[str, float]:
    """Train once, and measure."""
    import torch
    from datasets import load_from_disk
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        """From the begin of the first step to the end of the last."""

        begin = end = 0.0

        def on_train_begin(self, *_: Any, **__: Any) -> None:
            self.begin = time.perf_counter()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            self.end = time.perf_counter()

    torch.set_num_threads(threads)
    splits = load_from_disk(str(place / "tokenized"))
    clock = Clock()
    with tempfile.TemporaryDirectory() as work:
        learn = learn_ours if way in OURS else learn_plain
        loss, steps = learn(way, place, splits, clock, Path(work), threads)
    return {
        "seconds": clock.end - clock.begin,
        "supervised_tokens": supervised_tokens(place),
        "eval_loss": loss,
        "steps": steps,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,  # KiB on Linux
    }


def learn_ours(way: str, place: Path, splits: Any, clock: Any, work: Path, threads: int) -> tuple[float, int]:
    """As stage train does."""
    from dialsum.modeling.adapter import prepare
    from dialsum.modeling.catalog import read_entry
    from dialsum.modeling.choice import in_force
    from dialsum.modeling.isolation import fastest_isolating
    from dialsum.modeling.loading import end_ids, load_base, load_tokenizer
    from dialsum.modeling.trainers import Lesson
    from dialsum.modeling.training import train
    from dialsum.params.strict import load
    from dialsum.params.training import Training

    chosen = replace(
        load(ROOT / "tests" / "params.yaml", "training", Training), batching=way, learning_rate=LEARNING_RATE,
        micro_batch=SAMPLES, epochs=1.0, threads=threads, save_steps=10_000, scheduler="cosine", logging_steps=10,
    )  # fmt: skip
    entry = read_entry(ROOT / "catalog" / "tiny-llama.yaml")
    training = in_force(chosen, entry)
    attention = fastest_isolating(entry.dtype) if way == "packed" else None
    tokenizer, base = load_tokenizer(place / "base"), place / "base"
    lesson = Lesson(splits["train"], splits["dev"], tokenizer, end_ids(tokenizer, base))
    tuned = train(lambda: prepare(load_base(base, "lora", attention), training), lesson, training, work, [clock])
    return next(row["eval_loss"] for row in reversed(tuned.log) if "eval_loss" in row), tuned.steps


def learn_plain(way: str, place: Path, splits: Any, clock: Any, work: Path, threads: int) -> tuple[float, int]:  # noqa: ARG001
    """As the libraries' own examples do."""
    from peft import LoraConfig, get_peft_model
    from transformers import (
        AutoModelForCausalLM,
        AutoTokenizer,
        DataCollatorForSeq2Seq,
        Trainer,
        TrainingArguments,
        set_seed,
    )
    from trl import SFTConfig, SFTTrainer

    set_seed(42)
    tokenizer = AutoTokenizer.from_pretrained(place / "base")
    tokenizer.padding_side = "right"
    model = AutoModelForCausalLM.from_pretrained(place / "base")
    lora = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=TARGETS, task_type="CAUSAL_LM")
    common: dict[str, Any] = {
        "output_dir": str(work), "learning_rate": LEARNING_RATE, "num_train_epochs": 1, "lr_scheduler_type": "cosine",
        "warmup_steps": 0.1, "max_grad_norm": 1.2, "logging_steps": 10, "save_strategy": "no", "report_to": [],
        "use_cpu": not __import__("torch").cuda.is_available(), "disable_tqdm": True, "seed": 42, "bf16": False,
        "dataloader_pin_memory": False,
    }  # fmt: skip
    rows = {split: splits[split].select_columns(["input_ids", "labels"]) for split in ("train", "dev")}
    if way == "SFTTrainer, bfd":
        longest = max(splits["train"]["length"])
        # Rows of the longest sample hold several: as many rows a step as make about the same number of samples.
        packed = max(1, round(SAMPLES * statistics.fmean(splits["train"]["length"]) / longest))
        arguments = SFTConfig(
            **common, per_device_train_batch_size=packed, per_device_eval_batch_size=SAMPLES, packing=True,
            eval_packing=False, max_length=longest, gradient_checkpointing=False,
        )  # fmt: skip
        trainer: Any = SFTTrainer(
            model=model, args=arguments, train_dataset=rows["train"], eval_dataset=rows["dev"],
            processing_class=tokenizer, peft_config=lora, callbacks=[clock],
        )  # fmt: skip
    else:
        grouped = {"train_sampling_strategy": "group_by_length"} if way.endswith("length") else {}
        plain = TrainingArguments(
            **common, **grouped, per_device_train_batch_size=SAMPLES, per_device_eval_batch_size=SAMPLES
        )
        trainer = Trainer(
            model=get_peft_model(model, lora), args=plain, train_dataset=rows["train"], eval_dataset=rows["dev"],
            data_collator=DataCollatorForSeq2Seq(tokenizer), callbacks=[clock],
        )  # fmt: skip
    trainer.train()
    return float(trainer.evaluate()["eval_loss"]), int(trainer.state.global_step)


def supervised_tokens(place: Path) -> int:
    """Tokens that have a label."""
    from datasets import load_from_disk

    labels = load_from_disk(str(place / "tokenized"))["train"]["labels"]
    return sum(label != -100 for row in labels for label in row)


if __name__ == "__main__":
    main()
