"""Several models that err in different rows: the consensus scores more than each of them, by the real score."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from dialsum.commands import ensemble
from dialsum.corpus.synthetic.realistic.rows import row
from dialsum.measures.rouge import means, score_rows, scorer

MODELS, WRONG = 5, 0.4  # each model's share of words that are another summary's


def noisy(reference: str, other: str, chance: Random) -> str:
    """The reference with words of another summary in place of some of its own."""
    return " ".join(chance.choice(other.split()) if chance.random() < WRONG else word for word in reference.split())


def write(path: Path, texts: dict[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([("fname", "summary"), *texts.items()])


def read(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {line["fname"]: line["summary"] for line in csv.DictReader(file)}


def final(predictions: dict[str, str], references: dict[str, str]) -> float:
    """The competition's score, of any order of rows."""
    pairs = [(predictions[name], (text,)) for name, text in references.items()]
    texts, gold = zip(*pairs, strict=True)
    return means(score_rows(texts, gold, scorer("official", "mecab")))["rouge_mean"]


@pytest.mark.parametrize("rows", [40, pytest.param(499, marks=pytest.mark.slow)])
def test_the_consensus_scores_more_than_each_model(rows: int, tmp_path: Path) -> None:
    references = {f"dev_{number}": row("dev", number, 7).summary for number in range(rows)}
    all_texts = list(references.values())
    candidates: list[dict[str, str]] = []
    for model in range(MODELS):
        chance = Random(model)
        texts = {name: noisy(text, chance.choice(all_texts), chance) for name, text in references.items()}
        names = list(texts)
        chance.shuffle(names)  # files need not have one order
        candidates.append({name: texts[name] for name in names})
        write(tmp_path / f"{model}.csv", candidates[-1])

    files = [str(tmp_path / f"{model}.csv") for model in range(MODELS)]
    done = CliRunner().invoke(ensemble.main, [*files, "--out", str(tmp_path / "joined.csv")], catch_exceptions=False)
    assert done.output.count("\n") == 1

    joined = read(tmp_path / "joined.csv")
    assert list(joined) == list(candidates[0])  # ids and order of the first file
    assert all(joined[name] in {texts[name] for texts in candidates} for name in references)  # taken whole
    single = [final(texts, references) for texts in candidates]
    assert final(joined, references) > max(single) + 1
