"""What all ways of benchmarks/training.py learn from: a base model and tokenized rows, in a folder.

Enters: a Plan. Leaves: `base`, as stage base makes it, with random weights; `tokenized`, as stage tokenize makes it, of
realistic dialogues; `plan.json`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from dialsum.modeling.catalog import Entry

ROOT = Path(__file__).parents[1]
TINY, DEV_ROWS = "tiny-llama", 100


@dataclass(frozen=True)
class Plan:
    """How all ways train. `model`: an entry of catalog/, whose shape the model has; `hidden`: another width, or None.
    `checkpointing`: None is as the entry says.

    `longest`: tokens of the longest row, to which all are stretched alike; None leaves them.
    """

    model: str
    hidden: int | None
    method: Literal["lora", "qlora", "full"]
    rows: int
    longest: int | None
    micro_batch: int
    learning_rate: float
    threads: int
    checkpointing: bool | None

    def entry(self) -> Entry:
        """The catalog's, in the shape and with the checkpointing that all ways have."""
        from dialsum.modeling.catalog import read_entry

        entry = read_entry(ROOT / "catalog" / f"{self.model}.yaml")
        if self.checkpointing is not None:
            entry = replace(entry, gradient_checkpointing=self.checkpointing)
        if self.hidden is None:
            return entry
        width: dict[str, Any] = {"hidden": self.hidden, "queries": self.hidden, "key_values": self.hidden}
        return replace(entry, shape=replace(entry.shape, decoder_layers=3, intermediate=3 * self.hidden, **width))


def write(plan: Plan, place: Path) -> None:
    """All of it, into the folder `place`."""
    from datasets import DatasetDict
    from random_base import make_base

    from dialsum.corpus.cleaning import ALL, to_dialogue
    from dialsum.corpus.synthetic.realistic.rows import row
    from dialsum.modeling.loading import load_tokenizer
    from dialsum.params.prompt import Tokenize
    from dialsum.prompts.form import Form
    from dialsum.stages.tokenize import as_dataset, encode_split

    (place / "plan.json").write_text(json.dumps(asdict(plan)), encoding="utf-8")
    entry = plan.entry()
    base = place / "base"
    make_base(base, entry.shape, entry.dtype)
    tokenizer = load_tokenizer(base)
    forms = [Form(format="plain", system="none")]
    limits = Tokenize(max_source_tokens=1024, max_target_tokens=200, truncation="tail")
    splits = DatasetDict()
    for split, number in (("train", plan.rows), ("dev", min(plan.rows, DEV_ROWS))):
        made = [row(split, place_of, 7) for place_of in range(number)]  # type: ignore[arg-type]
        dialogues = [to_dialogue(one.fname, one.dialogue, ALL, None, [one.summary]) for one in made]
        splits[split] = as_dataset("causal", encode_split(tokenizer, "causal", dialogues, forms, limits, split))
    if plan.longest:
        factor = plan.longest / max(splits["train"]["length"])
        splits = splits.map(stretched, fn_kwargs={"factor": factor, "most": plan.longest})
    splits.save_to_disk(place / "tokenized")


def stretched(row: dict[str, Any], factor: float, most: int) -> dict[str, Any]:
    """A row of so many times the tokens, prompt and summary each said again and again; the last token stays last."""
    ids, targets = row["input_ids"], [label for label in row["labels"] if label != -100]
    prompt = ids[: len(ids) - len(targets)]
    target = [*_again(targets[:-1], round(len(targets) * factor) - 1), targets[-1]]
    source = _again(prompt, min(round(len(prompt) * factor), most - len(target)))
    return {
        **row,
        "input_ids": [*source, *target],
        "labels": [*[-100] * len(source), *target],
        "length": len(source) + len(target),
    }


def _again(ids: Sequence[int], length: int) -> list[int]:
    return [ids[place % len(ids)] for place in range(length)]


def read(place: Path) -> tuple[Plan, Any]:
    """The plan, and the splits."""
    from datasets import load_from_disk

    return Plan(**json.loads((place / "plan.json").read_text(encoding="utf-8"))), load_from_disk(
        str(place / "tokenized")
    )


def sizes(place: Path) -> list[tuple[int, int]]:
    """Of each row of train, its tokens and those of them that have a label."""
    train = read(place)[1]["train"]
    return [
        (len(ids), sum(label != -100 for label in labels))
        for ids, labels in zip(train["input_ids"], train["labels"], strict=True)
    ]
