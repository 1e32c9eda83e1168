"""How fast summaries are written: our decoding beside one dialogue at a time, beside batches in the file's order, and
beside what a user of transformers writes.

Enters: a model that the pipeline has trained (models/ of the repository, or other folders), a model folder in the hub's
format, or random weights in a shape of catalog/; and realistic synthetic dialogues, whose lengths differ as those of
real ones do. Leaves: a table, one line a way. Repeats are interleaved, and the median counts, without the loading of
the model. The first three ways go through the same rules (foreign letters, repeats, mending) to the same texts. The
plain way knows no rules; beside it stands ours without them. Texts that differ from ours are counted: on a CPU in
float32 there should be none, in bfloat16 on a GPU batches of other sizes round otherwise.

    python benchmarks/generation.py                          # greedy
    python benchmarks/generation.py --beams 4
    python benchmarks/generation.py --random llama-3.2-korean-3b    # on a GPU, in its dtype
    python benchmarks/generation.py --model ~/Qwen3-4B       # as it is, in bfloat16 on a GPU

Random weights never end a summary: each has `--tokens` tokens.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import machine

if TYPE_CHECKING:
    from dialsum.corpus.dialogue import Dialogue
    from dialsum.modeling.decoding import Summarizer

ROOT = Path(__file__).parents[1]
FOLDER = click.Path(path_type=Path)


@click.command()
@click.option("--rows", default=256, help="Dialogues")
@click.option("--repeat", default=3, help="Run each way so often")
@click.option("--threads", default=2)
@click.option("--beams", default=1)
@click.option("--tokens", default=200, help="Most tokens of a summary")
@click.option("--batch-size", default=32)
@click.option("--plain-batch", type=int, help="Batches of the plain way  [default: as ours, but 64 on a GPU]")
@click.option("--base", type=FOLDER, default=ROOT / "models" / "base")
@click.option("--trained", type=FOLDER, default=ROOT / "models" / "trained")
@click.option("--model", type=FOLDER, help="In place of both, a model folder in the hub's format, asked as it is")
@click.option("--random", "name", help="In place of both, random weights in the shape of this entry of catalog/")
def main(
    rows: int,
    repeat: int,
    threads: int,
    beams: int,
    tokens: int,
    batch_size: int,
    plain_batch: int | None,
    base: Path,
    trained: Path,
    model: Path | None,
    name: str | None,
) -> None:
    """Measure dialogues a second."""
    import torch

    torch.set_num_threads(threads)
    click.echo(machine.describe(threads))
    values: dict[str, int] = {
        "threads": threads, "num_beams": beams, "max_new_tokens": tokens, "batch_size": batch_size
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="generation_") as folder:
        if model or name:
            base, trained = make_folders(Path(folder), model, name)
        summarizer = load(base, trained, values)
    compare(summarizer, make_dialogues(rows), plain_batch or (64 if torch.cuda.is_available() else batch_size), repeat)


def compare(summarizer: Summarizer, dialogues: list[Dialogue], plain_batch: int, repeat: int) -> None:
    """The table."""
    size, bare = summarizer.generation.batch_size, without_rules(summarizer)
    ways: dict[str, tuple[str, Callable[[], list[str]]]] = {  # and the one that it is compared with
        "ours": ("ours", lambda: ours(summarizer, dialogues)),
        f"file's order, {size}": ("ours", lambda: in_order(summarizer, dialogues, size)),
        "one by one": ("ours", lambda: in_order(summarizer, dialogues, 1)),
        "ours, no rules": ("ours, no rules", lambda: ours(bare, dialogues)),
        f"plain generate, {plain_batch}": ("ours, no rules", lambda: plain(bare, dialogues, plain_batch)),
    }
    ours(summarizer, dialogues[:2])  # the first call of all is slower
    seconds, texts = race({way: run for way, (_, run) in ways.items()}, repeat)
    generation = summarizer.generation
    click.echo(
        f"{len(dialogues)} dialogues, {summarizer.model.dtype}, batches of {size}, beams: {generation.num_beams}, at "
        f"most {generation.max_new_tokens} tokens, {len(set(texts['ours']))} different texts"
    )
    click.echo(f"{'':<20}{'dialogues/s':>12}{'ours is x':>11}{'other texts':>13}")
    for way, (own, _) in ways.items():
        others = sum(one != our for one, our in zip(texts[way], texts[own], strict=True))
        click.echo(f"{way:<20}{len(dialogues) / seconds[way]:>12.2f}{seconds[way] / seconds[own]:>11.2f}{others:>13}")


def race(ways: dict[str, Callable[[], Any]], repeat: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Median seconds of each way, and what it made."""
    spent: dict[str, list[float]] = {way: [] for way in ways}
    made = {}
    for _ in range(repeat):
        for way, run in ways.items():
            start = time.perf_counter()
            made[way] = run()
            spent[way].append(time.perf_counter() - start)
    return {way: statistics.median(times) for way, times in spent.items()}, made


def make_folders(folder: Path, model: Path | None, name: str | None) -> tuple[Path, Path]:
    """`base` and `trained` of a model that nobody has tuned: the folder `model`, or else the shape `name`."""
    from random_base import make_base
    from transformers import AutoConfig, AutoTokenizer

    from dialsum.modeling.bases import take_folder
    from dialsum.modeling.catalog import read_entry

    base, trained = folder / "base", folder / "trained"
    base.mkdir()
    trained.mkdir()
    (trained / "trained.json").write_text('{"method": "none", "in_force": {}}', encoding="utf-8")
    entry = read_entry(ROOT / "catalog" / f"{name or 'tiny-llama'}.yaml")
    if model is None:
        make_base(base, entry.shape, entry.dtype)
        return base, trained
    given: Any = AutoTokenizer.from_pretrained(model)
    seq2seq = AutoConfig.from_pretrained(model).is_encoder_decoder
    own: dict[str, Any] = {"family": "seq2seq" if seq2seq else "causal", "end_tokens": [given.eos_token]}
    take_folder(model, "given", replace(entry, dtype="bfloat16", chat_tokens=[], scratch=None, **own), base)
    return base, trained


def load(base: Path, trained: Path, values: dict[str, int]) -> Summarizer:
    """The model, with the values that the repository comes with but for these."""
    from dialsum.modeling.decoding import load_summarizer
    from dialsum.params.generation import Generation
    from dialsum.params.prompt import Tokenize
    from dialsum.params.strict import load as load_section
    from dialsum.prompts.form import Form

    params = ROOT / "tests" / "params.yaml"
    generation: Any = replace(load_section(params, "generation", Generation), **values)  # type: ignore[arg-type]
    form, limits = Form(format="plain", system="none"), load_section(params, "tokenize", Tokenize)
    return load_summarizer(base, trained, form, limits, generation)


def without_rules(summarizer: Summarizer) -> Summarizer:
    """The same model, free to say what it likes."""
    off: Any = dict.fromkeys(asdict(summarizer.generation.postprocess), False)
    postprocess = replace(summarizer.generation.postprocess, **off)
    free = replace(
        summarizer.generation,
        repetition_penalty=1.0,
        no_repeat_ngram_size=0,
        foreign_tokens="allow",
        postprocess=postprocess,
    )
    return replace(summarizer, generation=free, foreign=None)


def make_dialogues(rows: int) -> list[Dialogue]:
    """Dialogues of 400 characters on average, with a long tail."""
    from dialsum.corpus.cleaning import ALL, to_dialogue
    from dialsum.corpus.synthetic.realistic.rows import row

    made = [row("dev", place, 7) for place in range(rows)]
    return [to_dialogue(one.fname, one.dialogue, ALL) for one in made]


def ours(summarizer: Summarizer, dialogues: list[Dialogue]) -> list[str]:
    """As stage generate and the server do."""
    from dialsum.modeling.decoding import summarize

    return [item.text for item in summarize(summarizer, dialogues)]


def in_order(summarizer: Summarizer, dialogues: list[Dialogue], size: int) -> list[str]:
    """`size` dialogues as they come in one `generate`, then the next, by the rules that ours go by too."""
    from dialsum.modeling.decoding import batches

    alike = replace(summarizer, generation=replace(summarizer.generation, batch_size=size))
    found = {}
    for start in range(0, len(dialogues), size):
        (batch,) = batches(alike, dialogues[start : start + size])
        answers, _ = batch.predict()
        found.update({start + answer.row: answer.prediction.text for answer in answers})
    return [found[row] for row in range(len(dialogues))]


def plain(summarizer: Summarizer, dialogues: list[Dialogue], size: int) -> list[str]:
    """What a user of transformers writes: prompts, batches in the file's order, the tokenizer's padding, `generate`."""
    import torch

    from dialsum.prompts.render import render

    model, tokenizer, generation = summarizer.model, summarizer.tokenizer, summarizer.generation
    causal, texts = summarizer.family == "causal", []
    for start in range(0, len(dialogues), size):
        chosen = dialogues[start : start + size]
        prompts = [render(tokenizer, one, summarizer.form) if causal else one.text() for one in chosen]
        inputs: Any = tokenizer(
            prompts, padding=True, add_special_tokens=not causal, return_token_type_ids=False, return_tensors="pt"
        ).to(model.device)
        with torch.inference_mode():
            ids = model.generate(
                **inputs, max_new_tokens=generation.max_new_tokens, num_beams=generation.num_beams, do_sample=False,
                eos_token_id=summarizer.end, pad_token_id=tokenizer.pad_token_id,
                decoder_start_token_id=getattr(model.config, "decoder_start_token_id", None),
            )  # fmt: skip
        said = ids[:, inputs["input_ids"].shape[1] :] if causal else ids
        texts += tokenizer.batch_decode(said, skip_special_tokens=True)
    return [str(text).strip() for text in texts]


if __name__ == "__main__":
    main()
