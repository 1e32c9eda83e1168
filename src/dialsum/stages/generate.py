"""Stage generate: a summary for each dialogue of dev and test.

In: data/prepared, data/prompt.json, models/base, models/trained, the catalog's entry. Out:
data/predictions/{dev,test}.jsonl; data/samples/{dev,test}.jsonl, which hold each id `generation.num_samples` times, the
summary of data/predictions first; metrics/generation.json; and metrics/generation_speed.json, which alone holds what
differs between two equal runs. The train split is read for `generation.length_by_source` alone. A killed run goes on
with the batch it was at.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dialsum.corpus.dialogue import Dialogue, read_jsonl
from dialsum.corpus.prediction import Prediction, write_predictions
from dialsum.outputs import replacing, write_json
from dialsum.params.generation import Generation
from dialsum.params.prompt import Tokenize
from dialsum.params.strict import load

if TYPE_CHECKING:
    from dialsum.modeling.catalog import Entry
    from dialsum.modeling.decoding import Answer, Room, Summarizer

FOLDER = click.Path(path_type=Path)


@click.command()
@click.option("--prepared", type=FOLDER, required=True)
@click.option("--prompt", type=FOLDER, required=True)
@click.option("--base", type=FOLDER, required=True)
@click.option("--trained", type=FOLDER, required=True)
@click.option("--entry", type=FOLDER, required=True)
@click.option("--predictions", type=FOLDER, required=True)
@click.option("--samples", type=FOLDER, required=True)
@click.option("--metrics", type=FOLDER, required=True)
@click.option("--speed", type=FOLDER, required=True)
def main(
    prepared: Path,
    prompt: Path,
    base: Path,
    trained: Path,
    entry: Path,
    predictions: Path,
    samples: Path,
    metrics: Path,
    speed: Path,
) -> None:
    """Summarize both splits."""
    from dialsum.modeling.bounds import fit_bounds
    from dialsum.modeling.catalog import read_entry
    from dialsum.modeling.decoding import Room, load_summarizer
    from dialsum.modeling.loading import load_tokenizer, read_trained
    from dialsum.prompts.form import read_form
    from dialsum.workspace import fingerprint, unfinished

    form = read_form(prompt)
    limits = load(Path("params.yaml"), "tokenize", Tokenize)
    generation = load(Path("params.yaml"), "generation", Generation)
    check_room(read_entry(entry), read_trained(trained), limits, generation)
    bounds = None
    if generation.length_by_source:
        train = read_jsonl(prepared / "train.jsonl")
        bounds = fit_bounds(load_tokenizer(base), train, generation.length_bins, generation.length_quantile)
    summarizer = load_summarizer(base, trained, form, limits, generation, bounds)
    sources = {split: prepared / f"{split}.jsonl" for split in ("dev", "test")}
    name = fingerprint([*sources.values(), base, trained], [form, limits, generation, bounds])
    start, room, rows = time.perf_counter(), Room(generation.batch_size), 0
    figures: dict[str, Any] = {"length_bounds": None if bounds is None else asdict(bounds)}
    with unfinished("generate", name) as folder:
        for split, source in sources.items():
            found = predict(summarizer, read_jsonl(source), room, folder / f"{split}.jsonl", split)
            firsts = [answer for answer in found if answer.sample == 0]
            for target, answers in ((predictions, firsts), (samples, found)):
                with replacing(target / f"{split}.jsonl") as part:
                    write_predictions(part, [answer.prediction for answer in answers])
            figures[split] = describe(firsts, generation)
            rows += len(firsts)
        seconds = time.perf_counter() - start
        write_json(metrics, figures)
        pace = {"seconds": round(seconds, 1), "dialogues_per_second": round(rows / seconds, 2)}
        write_json(speed, {**pace, "batch_size": room.rows})


def check_room(entry: Entry, trained: dict[str, Any], limits: Tokenize, generation: Generation) -> None:
    """Raise InputError if the GPU cannot hold the model with a batch of the longest prompts."""
    from dialsum.modeling.gpu import check_generation
    from dialsum.modeling.memory import Work

    rank = trained["in_force"]["training.lora.r"]
    work = Work(generation.batch_size, limits.max_source_tokens, generation.max_new_tokens, rank, checkpointing=False)
    check_generation(entry, trained["method"], work, generation.num_beams)


def predict(summarizer: Summarizer, dialogues: list[Dialogue], room: Room, done: Path, split: str) -> list[Answer]:
    """All answers in the dialogues' order; those in the file `done` are not written again."""
    from tqdm import tqdm

    from dialsum.modeling.decoding import batches, decode, every_sample

    found = _complete_lines(done)
    wanted = every_sample(dialogues, summarizer.generation)
    written = {(answer.row, answer.sample) for answer in found}
    rest = [pair for pair in wanted if pair not in written]
    with (
        done.open("a", encoding="utf-8") as file,
        tqdm(desc=f"generate {split}", total=len(wanted), unit="row", disable=None, mininterval=1) as bar,
    ):
        bar.update(len(found))
        for answers in decode(batches(summarizer, dialogues, rest), room):
            file.write(json.dumps([asdict(answer) for answer in answers], ensure_ascii=False) + "\n")
            file.flush()
            found += answers
            bar.update(len(answers))
    return sorted(found, key=lambda answer: (answer.row, answer.sample))


def _complete_lines(done: Path) -> list[Answer]:
    """The answers of the batches that were written whole; a line that a kill cut short is taken off the file."""
    from dialsum.modeling.decoding import Answer

    if not done.exists():
        return []
    whole = [line for line in done.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    done.write_bytes(b"".join(whole))
    return [
        Answer(item["row"], item["sample"], Prediction(**item["prediction"]), item["notes"])
        for line in whole
        for item in json.loads(line)
    ]


def describe(answers: list[Answer], generation: Generation) -> dict[str, Any]:
    """Rows, share of summaries that ended before `max_new_tokens`, empty ones, mean length, and what rules did to them.

    `mended` counts the rows that each switch of `postprocess` touched, `length_bound` those that reached their bound.
    """
    from dialsum.modeling.decoding import BOUNDED

    rows, predictions = len(answers), [answer.prediction for answer in answers]
    notes = Counter(note for answer in answers for note in answer.notes)
    return {
        "rows": rows,
        "stop_rate": round(sum(item.finished for item in predictions) / rows, 4),
        "empty": sum(not item.text for item in predictions),
        "mean_chars": round(sum(len(item.text) for item in predictions) / rows, 2),
        "length_bound": notes[BOUNDED],
        "mended": {name: notes[name] for name in asdict(generation.postprocess)},
    }
