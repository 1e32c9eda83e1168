"""Stage tokenize: training rows as token ids, and how long they are.

In: data/prepared/*.jsonl, models/base (its tokenizer and family). Out: data/tokenized (a `datasets` folder with train
and dev, rows `{"id", "input_ids", "labels", "length"}`, the length in tokens of source and target together),
metrics/tokens.json, plots/token_lengths.csv. A dialogue with several references gives one row for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dialsum.corpus.dialogue import SPLITS, Dialogue, read_jsonl
from dialsum.outputs import replacing, write_json
from dialsum.params.prompt import Prompt, Tokenize
from dialsum.params.strict import load

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from dialsum.params.model import Family
    from dialsum.prompts.encode import Source, Target


@click.command()
@click.option("--prepared", type=click.Path(path_type=Path), required=True)
@click.option("--base", type=click.Path(path_type=Path), required=True)
@click.option("--tokenized", type=click.Path(path_type=Path), required=True)
@click.option("--metrics", type=click.Path(path_type=Path), required=True)
@click.option("--lengths", type=click.Path(path_type=Path), required=True)
def main(prepared: Path, base: Path, tokenized: Path, metrics: Path, lengths: Path) -> None:
    """Encode every split; keep the rows of those with references."""
    from datasets import DatasetDict, disable_progress_bars

    from dialsum.modeling.loading import load_tokenizer
    from dialsum.modeling.pin import read_pin
    from dialsum.prompts.statistics import length_table, split_statistics

    prompt = load(Path("params.yaml"), "prompt", Prompt)
    limits = load(Path("params.yaml"), "tokenize", Tokenize)
    tokenizer, family = load_tokenizer(base), read_pin(base).family
    encoded = {
        split: encode_split(tokenizer, family, read_jsonl(prepared / f"{split}.jsonl"), prompt, limits, split)
        for split in SPLITS
    }
    rows = {split: as_dataset(family, encoded[split]) for split in ("train", "dev")}
    disable_progress_bars()  # saving takes no time
    with replacing(tokenized) as part:
        DatasetDict(rows).save_to_disk(part)
    write_json(metrics, {split: split_statistics(encoded[split]) for split in SPLITS})
    with replacing(lengths) as part:
        length_table(encoded).to_csv(part, index=False)


def encode_split(
    tokenizer: PreTrainedTokenizerBase,
    family: Family,
    dialogues: Sequence[Dialogue],
    prompt: Prompt,
    limits: Tokenize,
    split: str,
) -> list[tuple[str, Source, Target | None]]:
    """Id, source and target of each row; the target is None where there is no reference."""
    from tqdm import tqdm

    from dialsum.prompts.encode import encode_source, encode_target

    rows: list[tuple[str, Source, Target | None]] = []
    for dialogue in tqdm(dialogues, desc=f"tokenize {split}", unit="row", disable=None, mininterval=1):
        source = encode_source(tokenizer, family, dialogue, prompt, limits.max_source_tokens)
        if not dialogue.references:
            rows.append((dialogue.id, source, None))
        for text in dialogue.references:
            rows.append((dialogue.id, source, encode_target(tokenizer, text, limits.max_target_tokens)))
    return rows


def as_dataset(family: Family, rows: Sequence[tuple[str, Source, Target | None]]) -> Any:
    """Training rows as a Dataset; its fingerprint is fixed, since a random one would change the folder's hash."""
    from datasets import Dataset

    from dialsum.prompts.encode import join

    dataset = Dataset.from_list(
        [
            {"id": name, **join(family, source, target), "length": len(source.ids) + len(target.ids)}
            for name, source, target in rows
            if target is not None
        ]
    )
    dataset._fingerprint = "0" * 16
    return dataset
