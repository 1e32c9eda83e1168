"""How long the official ROUGE takes, by the `rouge` package and by `dialsum.measures.rouge`.

Enters: a number of pairs. Leaves: a table, such as

    12,457 pairs, 42 and 42 morphemes on average, greatest difference 0e+00
                            seconds   pairs/s
    rouge package             42.40       294
    dialsum                    2.96     4,204   14.3 times as fast
    dialsum with Mecab        13.76       905

The first two lines are of ready morphemes; both are repeated in turn, in one process on one core, and the median is
shown. The last starts from texts that nobody has taken apart yet. References are summaries of the `realistic`
profile; in a prediction some words are those of another summary.

    python benchmarks/rouge_scores.py
    python benchmarks/rouge_scores.py --rows 500 --repeat 5
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from random import Random
from statistics import fmean, median
from typing import Any

import click
from rouge import Rouge
from tqdm import tqdm

from dialsum.corpus.synthetic.realistic.rows import row
from dialsum.measures.rouge import official
from dialsum.measures.units import units

CHANGED = 0.4  # share of words


@click.command()
@click.option("--rows", default=12_457, show_default=True, help="Pairs of a prediction and a reference")
@click.option("--repeat", default=3, show_default=True, help="Measure each so often, in turn, and show the median")
@click.option("--seed", default=42, show_default=True)
def main(rows: int, repeat: int, seed: int) -> None:
    """Measure the official ROUGE on synthetic summaries."""
    texts = make(rows, seed)
    units("", "mecab", whole_tags=False)  # load the dictionary
    cold, ready = timed(lambda: [score_cold(pair) for pair in texts])
    joined = [[" ".join(morphemes) for morphemes in side] for side in zip(*ready, strict=True)]

    package_seconds, our_seconds = [], []
    for _ in tqdm(range(repeat), desc="measure", disable=None):
        seconds, theirs = timed(lambda: Rouge().get_scores(*joined))
        package_seconds.append(seconds)
        seconds, ours = timed(lambda: [official(*pair) for pair in ready])
        our_seconds.append(seconds)

    difference = max(
        abs(getattr(our, name) - their[long]["f"])
        for our, their in zip(ours, theirs, strict=True)
        for name, long in (("r1", "rouge-1"), ("r2", "rouge-2"), ("rL", "rouge-l"))
    )
    sizes = " and ".join(f"{fmean(map(len, side)):.0f}" for side in zip(*ready, strict=True))
    click.echo(f"{rows:,} pairs, {sizes} morphemes on average, greatest difference {difference:.0e}")
    click.echo(f"{'':22}{'seconds':>9}{'pairs/s':>10}")
    package, own = median(package_seconds), median(our_seconds)
    say("rouge package", package, rows)
    say("dialsum", own, rows, f"   {package / own:.1f} times as fast")
    say("dialsum with Mecab", cold, rows)


def make(rows: int, seed: int) -> list[tuple[str, str]]:
    """Pairs of a prediction and a reference."""
    numbers = tqdm(range(rows), desc="make", unit=" rows", disable=None)
    references = [row("train", number, seed).summary for number in numbers]
    rng = Random(seed)
    return [(changed(reference, rng.choice(references), rng), reference) for reference in references]


def changed(text: str, other: str, rng: Random) -> str:
    """The text with a share of its words from the other."""
    foreign = other.split()
    return " ".join(rng.choice(foreign) if rng.random() < CHANGED else word for word in text.split())


def score_cold(pair: Sequence[str]) -> tuple[list[str], list[str]]:
    """Score two texts, and return their morphemes."""
    prediction, reference = (units(text, "mecab", whole_tags=False) for text in pair)
    official(prediction, reference)
    return prediction, reference


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that it takes, and what comes of it."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def say(name: str, seconds: float, rows: int, more: str = "") -> None:
    """A line of the table."""
    click.echo(f"{name:22}{seconds:>9.2f}{rows / seconds:>10,.0f}{more}")


if __name__ == "__main__":
    main()
