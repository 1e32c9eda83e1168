"""Stage tokenize: training rows as token ids, and how long they are.

In: data/prepared/*.jsonl, models/base (its tokenizer and family). Out: data/tokenized (a `datasets` folder with train
and dev, rows `{"id", "input_ids", "labels", "length"}`, the length in tokens of source and target together),
data/prompt.json (`prompts.form`: how generation and the server must ask), metrics/tokens.json, plots/token_lengths.csv.
A dialogue with several references gives one row for each, a training dialogue one for each form it is asked in.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dialsum.corpus.dialogue import SPLITS, Dialogue, read_jsonl
from dialsum.errors import InputError
from dialsum.outputs import replacing, write_json
from dialsum.params.prompt import Prompt, Tokenize, without_effect
from dialsum.params.strict import load

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from dialsum.params.model import Family
    from dialsum.prompts.encode import Row
    from dialsum.prompts.form import Form


@click.command()
@click.option("--prepared", type=click.Path(path_type=Path), required=True)
@click.option("--base", type=click.Path(path_type=Path), required=True)
@click.option("--tokenized", type=click.Path(path_type=Path), required=True)
@click.option("--prompt", type=click.Path(path_type=Path), required=True)
@click.option("--metrics", type=click.Path(path_type=Path), required=True)
@click.option("--lengths", type=click.Path(path_type=Path), required=True)
def main(prepared: Path, base: Path, tokenized: Path, prompt: Path, metrics: Path, lengths: Path) -> None:
    """Encode every split; keep the rows of those with references."""
    from datasets import DatasetDict, disable_progress_bars

    from dialsum.modeling.loading import load_tokenizer
    from dialsum.modeling.pin import read_pin
    from dialsum.prompts.form import write_form
    from dialsum.prompts.render import template_system
    from dialsum.prompts.settling import settle, training_dialogues, training_forms
    from dialsum.prompts.statistics import length_table, split_statistics

    chosen = load(Path("params.yaml"), "prompt", Prompt)
    limits = load(Path("params.yaml"), "tokenize", Tokenize)
    tokenizer, family = load_tokenizer(base), read_pin(base).family
    splits = {split: read_jsonl(prepared / f"{split}.jsonl") for split in SPLITS}
    if faults := without_effect(chosen, family):  # models/base may be older than the entry that was checked
        raise InputError("\n".join(f"params.yaml: prompt.{fault}" for fault in faults))
    form = settle(chosen, limits, splits, lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"]))
    if family == "causal" and (own := template_system(tokenizer, form)):
        click.echo(f"prompt.system: none: the model's chat template writes a system text of its own: {own!r}")
    splits["train"] = training_dialogues(chosen, splits["train"])
    forms = {split: training_forms(chosen, form) if split == "train" else [form] for split in SPLITS}
    encoded = {
        split: encode_split(tokenizer, family, dialogues, forms[split], limits, split)
        for split, dialogues in splits.items()
    }
    rows = {split: as_dataset(family, encoded[split]) for split in ("train", "dev")}
    disable_progress_bars()  # saving takes no time
    with replacing(tokenized) as part:
        DatasetDict(rows).save_to_disk(part)
    write_form(prompt, form)
    write_json(metrics, {split: split_statistics(encoded[split], family) for split in SPLITS})
    with replacing(lengths) as part:
        length_table(encoded).to_csv(part, index=False)


def encode_split(
    tokenizer: PreTrainedTokenizerBase,
    family: Family,
    dialogues: Sequence[Dialogue],
    forms: Sequence[Form],
    limits: Tokenize,
    split: str,
) -> list[Row]:
    """The rows of a split: for each dialogue and form one a reference; the target is None where there is none."""
    from tqdm import tqdm

    from dialsum.prompts.encode import encode_rows

    bounds = (limits.max_source_tokens, limits.max_target_tokens)
    rows: list[Row] = []
    for dialogue in tqdm(dialogues, desc=f"tokenize {split}", unit="row", disable=None, mininterval=1):
        for form in forms:
            rows += encode_rows(tokenizer, family, dialogue, form, bounds, limits.truncation)
    return rows


def as_dataset(family: Family, rows: Sequence[Row]) -> Any:
    """Training rows as a Dataset; its fingerprint is fixed, since a random one would change the folder's hash."""
    from datasets import Dataset

    from dialsum.prompts.encode import join

    dataset = Dataset.from_list(
        [
            {"id": row.id, **join(family, row.source, row.target), "length": len(row.source.ids) + len(row.target.ids)}
            for row in rows
            if row.target is not None
        ]
    )
    dataset._fingerprint = "0" * 16
    return dataset
