"""`dialsum tokens`: how long the prompts of any dialogues are in any tokenizer, without a run.

Enters: a file or folder that `dialsum import` reads, and a folder with a tokenizer. Leaves: a table, or with --json one
object. `lengths` are tokens of whole prompts, up to and with what opens the answer; `targets` those of the summaries:

    {"rows": 100, "family": "causal", "lengths": {"mean": 272.94, "p50": 250.0, …}, "targets": null,
     "limits": {"512": {"rows_over": 4, "share": 0.04, "turns_dropped": 21, "turns_cut": 0, "headers_lost": 0}, …}, …}
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from dialsum.errors import InputError
from dialsum.params.prompt import Format, System, Truncation

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from dialsum.corpus.dialogue import Dialogue
    from dialsum.params.model import Family
    from dialsum.prompts.form import Form
    from dialsum.prompts.statistics import Row

ENDLESS = sys.maxsize


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--tokenizer", "folder", type=click.Path(path_type=Path), required=True, help="A folder that holds one.")
@click.option("--format", "layout", type=click.Choice(get_args(Format)), default="plain", help="As prompt.format.")
@click.option("--system", type=click.Choice(get_args(System)), default="none", help="As prompt.system.")
@click.option("--limits", default="256,512,768,1024,2048", help="Tokens, with commas between them.")
@click.option("--truncation", type=click.Choice(get_args(Truncation)), default="middle", help="As tokenize.truncation.")
@click.option("--json", "as_json", is_flag=True, help="Print one object instead.")
def main(
    data: Path, folder: Path, layout: Format, system: System, limits: str, truncation: Truncation, as_json: bool
) -> None:
    """Show how long prompts are in any tokenizer.

    And what limits on their length would cut, padding would waste and packing would fill. DATA is a file or folder as
    `dialsum import` reads it; summaries may be missing. The tokenizer's folder may be that of a model in the hub's
    format, or models/base. A seq2seq tokenizer (a config.json beside it says so, as koBART's) is given the bare
    dialogue.

    \b
    Examples:
      dialsum tokens data/mine --tokenizer models/base
      dialsum tokens test.csv --tokenizer ~/qwen3 --limits 512,1024 --json
    """
    from dialsum.prompts.form import Form

    bounds = numbers(limits)
    tokenizer, family = read_tokenizer(folder)
    found = measure(list(dialogues(data)), tokenizer, family, Form(layout, system), bounds, truncation)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        show(found)


def numbers(text: str) -> list[int]:
    """`512,1024` as [512, 1024]. Raises InputError for what is no list of positive numbers."""
    try:
        found = [int(word) for word in text.split(",")]
    except ValueError:
        found = []
    if not found or min(found) < 1:
        raise InputError(f"--limits {text}: should be numbers of tokens with commas between them, as 512,1024")
    return found


def read_tokenizer(folder: Path) -> tuple[PreTrainedTokenizerBase, Family]:
    """The tokenizer in a folder, and the family of its model; causal where nothing there says what the model is."""
    from transformers import AutoTokenizer

    from dialsum.modeling.pin import PIN, read_pin

    if not folder.is_dir():
        raise InputError(f"--tokenizer {folder}: no such folder; give one with tokenizer.json, as models/base")
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # the library for tokenizers raises no narrower one
        raise InputError(
            f"--tokenizer {folder}: holds no tokenizer that can be read, but {', '.join(names(folder)) or 'nothing'}; "
            "it needs tokenizer.json, or vocab.json with merges.txt, beside tokenizer_config.json"
        ) from error
    if (folder / PIN).is_file():
        return tokenizer, read_pin(folder).family
    config = folder / "config.json"
    seq2seq = config.is_file() and json.loads(config.read_text(encoding="utf-8")).get("is_encoder_decoder")
    return tokenizer, "seq2seq" if seq2seq else "causal"


def names(folder: Path) -> list[str]:
    """The names of what lies in a folder, in order."""
    return sorted(path.name for path in folder.iterdir())


def dialogues(data: Path) -> Iterator[Dialogue]:
    """The dialogues of a file or folder, cleaned as the pipeline does by default."""
    from dialsum.corpus.cleaning import ALL, to_dialogue
    from dialsum.corpus.dialogue import SPLITS
    from dialsum.corpus.encodings import find_encoding
    from dialsum.corpus.formats import REFERENCES
    from dialsum.corpus.guessing import refuse_what_cannot_be_imported
    from dialsum.importing import sources

    files = sources.find(data, None if data.is_dir() else SPLITS[0])
    for path in files.values():
        refuse_what_cannot_be_imported(path)
        # As a test split, since that alone may be without summaries; those that are there are read all the same.
        source = sources.Source(path, "test", find_encoding(path, None), sources.names_taken({}))
        for row in sources.read(source):
            summaries = [row[name] for name in REFERENCES if row.get(name, "").strip()]
            yield to_dialogue(row["fname"], row["dialogue"], ALL, row.get("topic"), summaries)


def measure(
    given: Sequence[Dialogue],
    tokenizer: PreTrainedTokenizerBase,
    family: Family,
    form: Form,
    limits: Sequence[int],
    truncation: Truncation,
) -> dict[str, Any]:
    """The object of --json. A dialogue counts with its first summary. Raises InputError if there is no dialogue."""
    from tqdm import tqdm

    from dialsum.prompts import statistics

    if not given:
        raise InputError("DATA: has no dialogues; there is nothing to count")
    whole: list[Row] = []
    cut: dict[int, list[Row] | None] = {limit: [] for limit in limits}
    for dialogue in tqdm(given, desc="tokens", unit="row", disable=None, mininterval=1):
        row = encode(tokenizer, family, dialogue, form, ENDLESS, truncation)
        whole.append(row)
        for limit, rows in cut.items():
            if rows is None:
                continue
            try:
                fits = row.source.whole <= limit
                rows.append(row if fits else encode(tokenizer, family, dialogue, form, limit, truncation))
            except InputError:  # not even an empty dialogue fits
                cut[limit] = None
    lengths = [row.source.whole for row in whole]
    over = statistics.over(lengths, list(cut))
    lost = {str(limit): None if rows is None else statistics.what_was_cut(rows) for limit, rows in cut.items()}
    targets = [row.target for row in whole if row.target]
    return {
        "rows": len(whole),
        "family": family,
        "lengths": statistics.lengths(lengths),
        "targets": statistics.lengths([len(target.ids) for target in targets]),
        "supervised_tokens": sum(len(target.ids) for target in targets),
        "limits": {limit: {**over[limit], **(lost[limit] or {"no_room": True})} for limit in over},
        "padding_share": statistics.padding_share(whole, family),
        "packing": statistics.packing(whole) if family == "causal" else None,
    }


def encode(
    tokenizer: PreTrainedTokenizerBase,
    family: Family,
    dialogue: Dialogue,
    form: Form,
    limit: int,
    truncation: Truncation,
) -> Row:
    """A dialogue with its first summary, as stage tokenize would encode them."""
    from dialsum.prompts.encode import encode_source, encode_target, header_lost
    from dialsum.prompts.statistics import Row

    source = encode_source(tokenizer, family, dialogue, form, limit, truncation)
    lost = header_lost(tokenizer, family, dialogue, form, source)
    target = encode_target(tokenizer, dialogue.references[0], ENDLESS) if dialogue.references else None
    return Row(dialogue.id, source, target, lost)


def show(found: dict[str, Any]) -> None:
    """Print the object as tables."""
    click.echo(f"{found['rows']} rows, {found['family']}; {found['supervised_tokens']} supervised tokens\n")
    click.echo(f"{'tokens':12}{'mean':>9}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}")
    for name, key in (("prompts", "lengths"), ("summaries", "targets")):
        if found[key]:
            click.echo(f"{name:12}" + "".join(f"{found[key][figure]:9g}" for figure in found[key]))
    columns = ("rows_over", "share", "rows_truncated", "turns_dropped", "turns_cut", "headers_lost")
    click.echo("\n" + f"{'limit':12}" + "".join(f"{name:>16}" for name in columns))
    for limit, figures in found["limits"].items():
        click.echo(f"{limit:12}" + "".join(f"{figures.get(name, 'no room'):>16}" for name in columns))
    click.echo("\n" + f"{'batch':12}{'padding, random':>24}{'length-grouped':>24}")
    for size, shares in found["padding_share"].items():
        click.echo(f"{size:12}{shares['random']:24.2%}{shares['length_grouped']:24.2%}")
    if found["packing"]:
        click.echo("\n" + f"{'packed to':12}{'rows':>9}{'density':>9}{'left out':>9}")
        for width, row in found["packing"].items():
            click.echo(f"{width:12}{row['rows']:9}{row['density']:9.2%}{row['left_out']:9}")
