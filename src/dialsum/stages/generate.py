"""Stage generate: a summary for each dialogue of dev and test.

In: data/prepared, data/prompt.json, models/base, models/trained, the catalog's entry. Out:
data/predictions/{dev,test}.jsonl, metrics/generation.json, and metrics/generation_speed.json, which alone holds what
differs between two equal runs. A killed run goes on with the batch it was at.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dialsum.corpus.dialogue import read_jsonl
from dialsum.corpus.prediction import Prediction, write_predictions
from dialsum.outputs import replacing, write_json
from dialsum.params.generation import Generation
from dialsum.params.prompt import Tokenize
from dialsum.params.strict import load

if TYPE_CHECKING:
    from dialsum.modeling.catalog import Entry
    from dialsum.modeling.decoding import Batch

FOLDER = click.Path(path_type=Path)


@click.command()
@click.option("--prepared", type=FOLDER, required=True)
@click.option("--prompt", type=FOLDER, required=True)
@click.option("--base", type=FOLDER, required=True)
@click.option("--trained", type=FOLDER, required=True)
@click.option("--entry", type=FOLDER, required=True)
@click.option("--predictions", type=FOLDER, required=True)
@click.option("--metrics", type=FOLDER, required=True)
@click.option("--speed", type=FOLDER, required=True)
def main(
    prepared: Path,
    prompt: Path,
    base: Path,
    trained: Path,
    entry: Path,
    predictions: Path,
    metrics: Path,
    speed: Path,
) -> None:
    """Summarize both splits."""
    from dialsum.modeling.catalog import read_entry
    from dialsum.modeling.decoding import batches, load_summarizer
    from dialsum.modeling.loading import read_trained
    from dialsum.prompts.form import read_form
    from dialsum.workspace import fingerprint, unfinished

    form = read_form(prompt)
    limits = load(Path("params.yaml"), "tokenize", Tokenize)
    generation = load(Path("params.yaml"), "generation", Generation)
    check_room(read_entry(entry), read_trained(trained), limits, generation)
    summarizer = load_summarizer(base, trained, form, limits, generation)
    sources = {split: prepared / f"{split}.jsonl" for split in ("dev", "test")}
    name = fingerprint([*sources.values(), base, trained], [form, limits, generation])
    start, figures, rows = time.perf_counter(), {}, 0
    with unfinished("generate", name) as folder:
        for split, source in sources.items():
            found = predict(list(batches(summarizer, read_jsonl(source))), folder / f"{split}.jsonl", split)
            with replacing(predictions / f"{split}.jsonl") as part:
                write_predictions(part, found)
            figures[split] = describe(found)
            rows += len(found)
        seconds = time.perf_counter() - start
        write_json(metrics, figures)
        write_json(speed, {"seconds": round(seconds, 1), "dialogues_per_second": round(rows / seconds, 2)})


def check_room(entry: Entry, trained: dict[str, Any], limits: Tokenize, generation: Generation) -> None:
    """Raise InputError if the GPU cannot hold the model with a batch of the longest prompts."""
    from dialsum.modeling.gpu import check_generation
    from dialsum.modeling.memory import Work

    rows = generation.batch_size * generation.num_beams
    rank = trained["in_force"]["training.lora.r"]
    work = Work(rows, limits.max_source_tokens, generation.max_new_tokens, rank, checkpointing=False)
    check_generation(entry, trained["method"], work)


def predict(work: list[Batch], done: Path, split: str) -> list[Prediction]:
    """The predictions of all batches in the dialogues' order; those in the file `done` are not decoded again."""
    from tqdm import tqdm

    lines = _complete_lines(done)
    total = sum(len(batch.rows) for batch in work)
    with (
        done.open("a", encoding="utf-8") as file,
        tqdm(desc=f"generate {split}", total=total, unit="row", disable=None, mininterval=1) as bar,
    ):
        for batch in work[len(lines) :]:
            found = [[row, item.id, item.text, item.finished] for row, item in batch.predict()]
            file.write(json.dumps(found, ensure_ascii=False) + "\n")
            file.flush()
            lines.append(found)
            bar.update(sum(map(len, lines)) - bar.n)
    rows = sorted((row for line in lines for row in line), key=lambda row: row[0])
    return [Prediction(name, text, finished) for _, name, text, finished in rows]


def _complete_lines(done: Path) -> list[Any]:
    """The batches that were written whole; a line that a kill cut short is taken off the file."""
    if not done.exists():
        return []
    whole = [line for line in done.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    done.write_bytes(b"".join(whole))
    return [json.loads(line) for line in whole]


def describe(predictions: list[Prediction]) -> dict[str, Any]:
    """Rows, share of summaries that the model ended itself, empty ones, mean length in characters."""
    rows = len(predictions)
    return {
        "rows": rows,
        "stop_rate": round(sum(item.finished for item in predictions) / rows, 4),
        "empty": sum(not item.text for item in predictions),
        "mean_chars": round(sum(len(item.text) for item in predictions) / rows, 2),
    }
