"""`dialsum tokens`: how long the prompts of any dialogues are in any tokenizer, without a run.

Enters: a file or folder that `dialsum import` reads, and a folder with a tokenizer. Leaves: a table, or with --json one
object. `lengths` are tokens of whole prompts, up to and with what opens the answer; `targets` those of the summaries:

    {"rows": 100, "family": "causal", "lengths": {"mean": 272.94, "p50": 250.0, …}, "targets": null,
     "limits": {"512": {"rows_over": 4, "share": 0.04, "turns_dropped": 21, "turns_cut": 0, "headers_lost": 0}, …}, …}
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from dialsum.commands.import_ import renamed
from dialsum.errors import InputError
from dialsum.params.prompt import Format, System, Truncation

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from dialsum.corpus.dialogue import Dialogue
    from dialsum.params.model import Family
    from dialsum.prompts.encode import Row
    from dialsum.prompts.form import Form

ENDLESS = sys.maxsize


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--tokenizer", "folder", type=click.Path(path_type=Path), required=True, help="A folder that holds one.")
@click.option(
    "--format", "layout", type=click.Choice(get_args(Format)), help="As prompt.format; plain if none is named."
)
@click.option("--system", type=click.Choice(get_args(System)), help="As prompt.system; none if none is named.")
@click.option("--prompt", type=click.Path(path_type=Path), help="A run's data/prompt.json, in place of these two.")
@click.option("--limits", default="256,512,768,1024,2048", help="Tokens, with commas between them.")
@click.option("--truncation", type=click.Choice(get_args(Truncation)), default="middle", help="As tokenize.truncation.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="COLUMN=NAME",
    help="COLUMN has another name in DATA, as in --column dialogue=대화. May be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one object instead.")
def main(
    data: Path,
    folder: Path,
    layout: Format | None,
    system: System | None,
    prompt: Path | None,
    limits: str,
    truncation: Truncation,
    columns: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show how long prompts are in any tokenizer.

    And what limits on their length would cut, padding would waste and packing would fill. DATA is a file or folder as
    `dialsum import` reads it; ids and summaries may be missing. The tokenizer's folder may be that of a model in the
    hub's format, or models/base. A seq2seq tokenizer (a config.json beside it says so, as koBART's) is given the bare
    dialogue.

    \b
    Examples:
      dialsum tokens data/mine --tokenizer models/base
      dialsum tokens test.csv --tokenizer ~/qwen3 --limits 512,1024 --json
      dialsum tokens data/mine --tokenizer models/base --prompt data/prompt.json
    """
    bounds = numbers(limits)
    tokenizer, family = read_tokenizer(folder)
    form = choose_form(layout, system, prompt, family)
    found = measure(list(dialogues(data, renamed(columns))), tokenizer, family, form, bounds, truncation)
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


def choose_form(layout: Format | None, system: System | None, prompt: Path | None, family: Family) -> Form:
    """The form in a file of a run, or the one that the options name. Raises InputError if an option has no effect."""
    from dialsum.prompts.form import Form, read_form

    given = {"--format": layout, "--system": system}
    if prompt is None:
        form = Form(layout or "plain", system or "none")
        reason = "a seq2seq model reads the bare dialogue" if family == "seq2seq" else ""
        given = {"--format": layout if layout != "plain" else None, "--system": system if system != "none" else None}
    else:
        try:
            form = read_form(prompt)
        except (OSError, ValueError) as error:
            raise InputError(f"--prompt {prompt}: cannot be read ({error}); give a run's data/prompt.json") from error
        reason = f"{prompt} says it"
    for option, value in given.items():
        if value and reason:
            raise InputError(f"{option} {value}: has no effect: {reason}; leave it out")
    return form


def read_tokenizer(folder: Path) -> tuple[PreTrainedTokenizerBase, Family]:
    """The tokenizer in a folder, and the family of its model; causal where nothing there says what the model is."""
    from dialsum.modeling.loading import load_tokenizer, open_tokenizer
    from dialsum.modeling.pin import PIN, read_pin

    if not folder.is_dir():
        raise InputError(f"--tokenizer {folder}: no such folder; give one with tokenizer.json, as models/base")
    if (folder / PIN).is_file():
        return load_tokenizer(folder), read_pin(folder).family
    config = folder / "config.json"
    seq2seq = config.is_file() and json.loads(config.read_text(encoding="utf-8")).get("is_encoder_decoder")
    family: Family = "seq2seq" if seq2seq else "causal"
    try:
        return open_tokenizer(folder, family), family
    except Exception as error:  # the library for tokenizers raises no narrower one
        raise InputError(
            f"--tokenizer {folder}: holds no tokenizer that can be read, but {', '.join(names(folder)) or 'nothing'}; "
            "it needs tokenizer.json, or vocab.json with merges.txt, beside tokenizer_config.json"
        ) from error


def names(folder: Path) -> list[str]:
    """The names of what lies in a folder, in order."""
    return sorted(path.name for path in folder.iterdir())


def dialogues(data: Path, names: Mapping[str, str]) -> Iterator[Dialogue]:
    """The dialogues of a file or folder, cleaned as the pipeline does by default; `names` of columns as `renamed` says.

    Raises InputError if a file cannot be read, or a column of `names` is in none.
    """
    from dialsum.corpus.cleaning import ALL, to_dialogue
    from dialsum.corpus.dialogue import SPLITS
    from dialsum.corpus.encodings import find_encoding
    from dialsum.corpus.formats import REFERENCES
    from dialsum.corpus.guessing import refuse_what_cannot_be_imported
    from dialsum.importing import sources

    files = sources.find(data, None if data.is_dir() else SPLITS[0])
    missing = set(names)
    for path in files.values():
        refuse_what_cannot_be_imported(path)
        # As no split: nothing but the dialogue is needed; other columns are read where they are there.
        source = sources.Source(path, "", find_encoding(path, None), sources.names_taken(names))
        for number, row in enumerate(sources.read(source), start=1):
            missing -= row.keys()
            summaries = [row[name] for name in REFERENCES if row.get(name, "").strip()]
            yield to_dialogue(row.get("fname", str(number)), row["dialogue"], ALL, row.get("topic"), summaries)
    for column in missing:
        raise InputError(f"--column {column}={names[column]}: there is no column {names[column]}; correct the name")


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
    from dialsum.prompts.encode import encode_rows
    from dialsum.prompts.render import template_system

    def encode(dialogue: Dialogue, limit: int) -> Row:
        """With the first summary, as stage tokenize would encode it."""
        return encode_rows(tokenizer, family, dialogue, form, (limit, ENDLESS), truncation)[0]

    if not given:
        raise InputError("DATA: has no dialogues; there is nothing to count")
    whole: list[Row] = []
    cut: dict[int, list[Row] | None] = {limit: [] for limit in limits}
    for dialogue in tqdm(given, desc="tokens", unit="row", disable=None, mininterval=1):
        row = encode(dialogue, ENDLESS)
        whole.append(row)
        for limit, rows in cut.items():
            if rows is None:
                continue
            try:
                fits = row.source.whole <= limit
                rows.append(row if fits else encode(dialogue, limit))
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
        "control_tokens": statistics.control_tokens(whole),
        "template_system": template_system(tokenizer, form) if family == "causal" else "",
        "limits": {limit: {**over[limit], **(lost[limit] or {"no_room": True})} for limit in over},
        "padding_share": statistics.padding_share(whole, family),
        "packing": statistics.packing(whole) if family == "causal" else None,
    }


def show(found: dict[str, Any]) -> None:
    """Print the object as tables."""
    click.echo(f"{found['rows']} rows, {found['family']}; {found['supervised_tokens']} supervised tokens")
    if found["control_tokens"]:
        click.echo(f"{found['control_tokens']} rows spell a control token; a blank in it makes it text")
    if found["template_system"]:
        click.echo(f"the chat template writes a system text of its own: {found['template_system']!r}")
    click.echo()
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
