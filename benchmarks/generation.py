"""How fast summaries are written: our decoding beside one dialogue at a time, and beside batches in the file's order.

Enters: a model that the pipeline has trained (models/ of the repository, or other folders), and realistic synthetic
dialogues, whose lengths differ as those of real ones do. Leaves: a table, one line a way. All go through the same rules
to the same texts, which is checked; repeats are interleaved, and the median counts. Without the loading of the model.

    python benchmarks/generation.py                          # greedy
    python benchmarks/generation.py --beams 4
    python benchmarks/generation.py --peer-batch 64          # the peer's batches of another size, as on a GPU
    python benchmarks/generation.py --foreign                # what the rule about foreign letters costs
"""

from __future__ import annotations

import random
import statistics
import string
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dialsum.corpus.dialogue import Dialogue
    from dialsum.modeling.decoding import Summarizer
    from dialsum.modeling.vocabulary import Foreign

ROOT = Path(__file__).parents[1]
FOLDER = click.Path(path_type=Path)
VOCABULARY, FOREIGN = 128_256, 100_000  # those of Llama 3, about
STEPS = 64  # tokens of each summary, where the rule is measured


@click.command()
@click.option("--rows", default=256, help="Dialogues")
@click.option("--repeat", default=3, help="Run each way so often")
@click.option("--threads", default=2)
@click.option("--beams", default=1)
@click.option("--batch-size", default=32)
@click.option("--peer-batch", default=None, type=int, help="Rows of the batches in the file's order; ours, if not said")
@click.option("--base", type=FOLDER, default=ROOT / "models" / "base")
@click.option("--trained", type=FOLDER, default=ROOT / "models" / "trained")
@click.option("--foreign", is_flag=True, help="Measure the rule about foreign letters instead")
def main(
    rows: int,
    repeat: int,
    threads: int,
    beams: int,
    batch_size: int,
    peer_batch: int | None,
    base: Path,
    trained: Path,
    foreign: bool,
) -> None:
    """Measure dialogues a second."""
    import torch

    torch.set_num_threads(threads)
    if foreign:
        measure_rule(batch_size, repeat)
        return
    summarizer = load(base, trained, threads, beams, batch_size)
    dialogues = make_dialogues(rows)
    ways: dict[str, Callable[[], list[str]]] = {
        "ours": lambda: ours(summarizer, dialogues),
        "file's order": lambda: in_order(summarizer, dialogues, peer_batch or batch_size),
        "one by one": lambda: in_order(summarizer, dialogues, 1),
    }
    seconds, texts = race(ways, repeat)
    click.echo(f"{'':<14}{'dialogues/s':>12}{'ours is x':>11}{'other texts':>13}")
    for way, spent in seconds.items():
        others = sum(one != our for one, our in zip(texts[way], texts["ours"], strict=True))
        click.echo(f"{way:<14}{rows / spent:>12.2f}{spent / seconds['ours']:>11.2f}{others:>13}")


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


def load(base: Path, trained: Path, threads: int, beams: int, batch_size: int) -> Summarizer:
    """The model, with the values that the repository comes with but for these."""
    from dialsum.modeling.decoding import load_summarizer
    from dialsum.params.generation import Generation
    from dialsum.params.prompt import Tokenize
    from dialsum.params.strict import load as load_section
    from dialsum.prompts.form import Form

    params = ROOT / "tests" / "params.yaml"
    generation = load_section(params, "generation", Generation)
    chosen = replace(generation, threads=threads, num_beams=beams, batch_size=batch_size)
    form, limits = Form(format="plain", system="none"), load_section(params, "tokenize", Tokenize)
    return load_summarizer(base, trained, form, limits, chosen)


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


def measure_rule(rows: int, repeat: int) -> None:
    """Seconds of `generate` for one batch with the rule and without, at a vocabulary of 128,256.

    Both write the same tokens, with labels and numbers as often as summaries have them: the rule looks twice there.
    """
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, LogitsProcessorList

    from dialsum.modeling.foreign import ForeignBlock, homes

    torch.manual_seed(1)
    shape = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=128, intermediate_size=384, num_hidden_layers=3, num_attention_heads=4,
        tie_word_embeddings=True,
    )  # fmt: skip
    model: Any = LlamaForCausalLM(shape).eval()
    tokens, script = made_vocabulary()
    texts = [dialogue.text() for dialogue in make_dialogues(rows)]
    prompt = torch.randint(100, 20_000, (rows, 300))
    config = GenerationConfig(max_new_tokens=STEPS, do_sample=False, eos_token_id=None, pad_token_id=0)

    def say(with_rule: bool) -> list[list[int]]:
        rules = LogitsProcessorList()
        if with_rule:
            rules.append(ForeignBlock(tokens, homes(texts, "block_unless_in_dialogue"), prompt.shape[1]))
        rules.append(lambda ids, scores: scores.index_fill_(1, script[ids.shape[1] - prompt.shape[1]], 1e4))
        with torch.inference_mode():
            said: list[list[int]] = model.generate(
                prompt, attention_mask=torch.ones_like(prompt), generation_config=config, logits_processor=rules
            )[:, prompt.shape[1] :].tolist()
        return said

    say(True)  # the first call of all is slower
    seconds, made = race({"without": lambda: say(False), "with": lambda: say(True)}, repeat)
    assert made["with"] == made["without"], "the rule has changed what is said"
    more = 100 * (seconds["with"] / seconds["without"] - 1)
    click.echo(f"{rows} rows, {STEPS} tokens, a vocabulary of {VOCABULARY:,}, {FOREIGN:,} of it foreign")
    click.echo(f"without the rule {seconds['without']:.3f} s, with it {seconds['with']:.3f} s: {more:+.1f} %")


def made_vocabulary() -> tuple[Foreign, Any]:
    """Foreign tokens as a tokenizer has them, and what is to be said: `#Person1#` and a number among Hangul."""
    import torch

    from dialsum.modeling.vocabulary import sort_tokens

    chance = random.Random(1)
    letters = string.ascii_lowercase
    short = [*letters, *(one + other for one in letters for other in letters), "person"]
    longer = ("".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(FOREIGN - len(short)))
    others = ["가"] * (VOCABULARY - FOREIGN)
    others[10:20] = string.digits
    others[30] = "#"
    texts = [*others, *short, *longer]
    sign, person = 30, texts.index("person")
    sentence = [*range(200, 206), sign, person, 11, sign, *range(206, 210), 12, 13, *range(210, 216)]
    script = torch.tensor([sentence[step % len(sentence)] for step in range(STEPS)])[:, None]
    return sort_tokens([text.encode() for text in texts], []), script


if __name__ == "__main__":
    main()
