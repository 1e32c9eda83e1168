"""`dialsum models`: the catalog as a table, with the GPU memory that each method needs.

Enters: catalog/, and of params.yaml the bounds of section `tokenize` and the adapter's rank. Leaves: a table, or with
--json a list of objects:

    [{"name": "qwen3-4b", "hub": "Qwen/Qwen3-4B-Instruct-2507", …, "memory": {"qlora": {"bytes": 9663676416,
      "fits_24_gb": true}, …}}, …]
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dialsum.commands.options import console
from dialsum.modeling.catalog import Entry, read_catalog
from dialsum.modeling.memory import CARD, GIB, Work, estimate
from dialsum.params.prompt import Tokenize
from dialsum.params.strict import load
from dialsum.params.training import Method, Training
from dialsum.records.labels import in_short

if TYPE_CHECKING:
    from rich.table import Table

CATALOG, PARAMS = Path("catalog"), Path("params.yaml")
METHODS: tuple[Method, ...] = ("none", "qlora", "lora", "full")
KEYS = ("hub", "revision", "family", "architecture", "parameters", "dtype", "learning_rate", "micro_batch", "licence")
WIDTH = 160  # of the tables where no terminal says how wide it is


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects instead, with memory in bytes.")
def main(as_json: bool) -> None:
    """Show the base models and the GPU memory that each needs.

    One row a file of catalog/, smallest model first. Choose one for a run by its name:

        dvc exp run -S model.name=qwen3-4b -S training.method=qlora

    size: parameters. rate: learning rate. batch: micro-batch, in rows. none, qlora, lora and full: the choices of
    training.method (none asks the model as it is), and the GPU memory in GiB that each needs. It is estimated, not
    measured, for the model's own micro-batch of the longest rows that tokenize.max_source_tokens and max_target_tokens
    let through. A figure with ! does not fit a GPU of 24 GB; a smaller training.micro_batch, or
    training.gradient_checkpointing=true, may make it fit.
    """
    entries = read_catalog(CATALOG)
    needs = {name: memory_needed(entry) for name, entry in entries.items()}
    if as_json:
        print(json.dumps([_object(name, entries[name], needs[name]) for name in entries], ensure_ascii=False, indent=2))
        return
    screen = console(WIDTH)
    screen.print(_figures(entries, needs))
    screen.print("none to full: GPU memory in GiB, estimated; ! does not fit 24 GB\n")
    width = max(map(len, entries))
    for name, entry in entries.items():
        click.echo(f"{name:{width}} {entry.family:8} {entry.hub or 'no hub'}; {entry.licence}")


def memory_needed(entry: Entry) -> dict[Method, float]:
    """Bytes that each method needs at the entry's micro-batch; row lengths and rank are those of params.yaml."""
    limits = load(PARAMS, "tokenize", Tokenize)
    rank = load(PARAMS, "training", Training).lora.r
    source, target = limits.max_source_tokens, limits.max_target_tokens
    work = Work(entry.micro_batch, source, target, rank, entry.gradient_checkpointing)
    return {method: estimate(entry, method, work).total for method in METHODS}


def _figures(entries: dict[str, Entry], needs: dict[str, dict[Method, float]]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("name", no_wrap=True)
    table.add_column("size", justify="right")
    table.add_column("dtype", no_wrap=True)
    for heading in ("rate", "batch", *METHODS):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, entry in entries.items():
        memory = [f"{need / GIB:.1f}{' ' if need <= CARD else '!'}" for need in needs[name].values()]
        rates = [f"{entry.learning_rate:g}", str(entry.micro_batch)]
        table.add_row(name, in_short(entry.parameters), entry.dtype, *rates, *memory)
    return table


def _object(name: str, entry: Entry, need: dict[Method, float]) -> dict[str, Any]:
    memory = {method: {"bytes": round(size), "fits_24_gb": size <= CARD} for method, size in need.items()}
    return {"name": name, **{key: getattr(entry, key) for key in KEYS}, "memory": memory}
