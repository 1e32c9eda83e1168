"""All of ROUGE for a system at once, row by row, each metric under its full name.

Enters: predictions and the references of each. Leaves: columns in percent, one value a row:

    {"rouge1.official.mecab": [76.2, 50.0, …], …, "rouge_sum.strict.mecab": [210.4, …]}
"""

from __future__ import annotations

from collections.abc import Sequence

from dialsum.measures.rouge import VARIANTS, Over, columns, named, score_rows, scorer
from dialsum.measures.units import Unit

# The competition's score: by it rows are sorted and a verdict is given.
FINAL = "rouge_mean"


def all_columns(
    predictions: Sequence[str], references: Sequence[Sequence[str]], units: Sequence[Unit], label: str
) -> dict[str, list[float]]:
    """Each metric of both variants over each unit; `label` stands at the progress bars.

    A row's score is the mean over its references. Where a row has several, `….best` has the best over them too.
    """
    ways: tuple[Over, ...] = ("mean", "best") if any(len(texts) > 1 for texts in references) else ("mean",)
    found: dict[str, list[float]] = {}
    for unit in units:
        for variant in VARIANTS:
            pair = scorer(variant, unit)
            for over in ways:
                rows = score_rows(predictions, references, pair, over, f"{label} {variant} {unit}")
                suffix = ".best" if over == "best" else ""
                found |= {named(name, variant, unit) + suffix: values for name, values in columns(rows).items()}
    return found
