"""All that can be said of a prediction beside ROUGE, row by row and as rates.

Enters: predictions and their dialogues. Leaves: an `Inspection` each, and the means over rows. Of the prediction
`Prediction("dev_0", "Ann은 5시에 온다", True)` for a dialogue that knows neither Ann nor a five:

    Inspection(foreign=("Ann",), numbers=("5",), number_words=(), names=("Ann",), hangul_names=(), tags=(), …)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dialsum.corpus.dialogue import Dialogue
from dialsum.corpus.prediction import Prediction
from dialsum.corpus.sentences import ends
from dialsum.measures import faithfulness, form


@dataclass(frozen=True)
class Inspection:
    """What is amiss with a prediction.

    `foreign`, `numbers`, `number_words`, `names`, `hangul_names`, `tags`: what it says and its dialogue does not, see
    `measures.faithfulness`.
    `unfinished`: the model did not end it itself, or it does not end as a sentence does; an empty one is not.
    `repeating`, `repeated_4grams`, `length_ratio`: see `measures.form`.
    """

    foreign: tuple[str, ...]
    numbers: tuple[str, ...]
    number_words: tuple[str, ...]
    names: tuple[str, ...]
    hangul_names: tuple[str, ...]
    tags: tuple[str, ...]
    empty: bool
    unfinished: bool
    repeating: bool
    repeated_4grams: float
    length_ratio: float

    def faults(self) -> list[str]:
        """The names of what is amiss, those of the columns; nothing for a sound prediction."""
        return [name for name in FAULTS if getattr(self, name)]


FAULTS = (
    "foreign", "numbers", "number_words", "names", "hangul_names", "tags", "empty", "unfinished", "repeating",
)  # fmt: skip


def inspect(answer: Prediction, dialogue: Dialogue) -> Inspection:
    """What is amiss with a prediction for a dialogue that has at least one reference."""
    text, talk = answer.text, dialogue.text()
    empty = not text.strip()
    return Inspection(
        foreign=tuple(faithfulness.foreign_runs(text, talk)),
        numbers=tuple(faithfulness.unsupported_numbers(text, talk)),
        number_words=tuple(faithfulness.unsupported_number_words(text, talk)),
        names=tuple(faithfulness.unsupported_names(text, talk)),
        hangul_names=tuple(faithfulness.unsupported_hangul_names(text, talk)),
        tags=tuple(faithfulness.tag_errors(text, talk)),
        empty=empty,
        unfinished=not empty and not (answer.finished and ends(text)),
        repeating=form.loops(text),
        repeated_4grams=form.repeated_share(text),
        length_ratio=form.length_ratio(text, dialogue.references),
    )


def columns(inspections: Sequence[Inspection]) -> dict[str, list[float]]:
    """The values whose means are the rates, one a row: 1 where something is amiss, 0 where not."""
    rates = {
        "foreign_rate": "foreign",
        "number_error_rate": "numbers",
        "number_word_error_rate": "number_words",
        "name_error_rate": "names",
        "hangul_name_error_rate": "hangul_names",
        "tag_error_rate": "tags",
        "empty_rate": "empty",
        "unfinished_rate": "unfinished",
        "repetition_rate": "repeating",
    }
    values = {rate: [float(bool(getattr(one, name))) for one in inspections] for rate, name in rates.items()}
    return {
        **values,
        "repeated_4grams": [one.repeated_4grams for one in inspections],
        "length_ratio": [one.length_ratio for one in inspections],
    }
