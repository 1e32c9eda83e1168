"""`dialsum export`: a registered version as one model in the hub's format.

Enters: a version (the champion, if none is named). Leaves: a new folder, with the adapter's weights added to the
base's, which was loaded again and said the same as the adapter:

    $ dialsum export --merged shared/dialsum-merged
    shared/dialsum-merged: float32, 16 of 16 summaries are those of the adapter; use it by `-S model.path=…`
"""

from __future__ import annotations

from pathlib import Path

import click

from dialsum.commands.options import refuse_existing
from dialsum.corpus.dialogue import Dialogue
from dialsum.errors import InputError
from dialsum.outputs import creating

REMEDY = "choose another folder: --merged"
ROWS, SEED = 16, 11  # synthetic dialogues that both summarize


@click.command()
@click.option(
    "--merged", type=click.Path(path_type=Path), required=True, help="The folder to write; it must not exist."
)
@click.option("--model", metavar="VERSION|ALIAS|FOLDER", help="Which model.  [default: the champion]")
def main(merged: Path, model: str | None) -> None:
    """Write a model's merged weights in the hub's format.

    The folder has safetensors, tokenizer and generation config. It is written only if the model in it, loaded again,
    says the same as the adapter: to the letter in float32; in halves, which round, to three summaries in four.
    """
    from dialsum.modeling.merging import compare, merge
    from dialsum.modeling.pin import read_pin
    from dialsum.params.generation import Generation
    from dialsum.params.prompt import Tokenize
    from dialsum.params.strict import parse
    from dialsum.prompts.form import Form
    from dialsum.records import versions

    refuse_existing(merged, REMEDY)
    folder = versions.locate(model)
    settings = versions.read_settings(folder)
    where = str(folder / versions.SETTINGS)
    form = parse(Form, settings["prompt"], f"{where}: prompt")
    limits = parse(Tokenize, settings["tokenize"], f"{where}: tokenize")
    generation = parse(Generation, settings["generation"], f"{where}: generation")
    base, trained = versions.artifact(folder, "base"), versions.artifact(folder, "trained")
    click.echo(f"merging {read_pin(base).name} and its adapter", err=True)
    try:
        with creating(merged) as part:
            merge(base, trained, generation, part)
            click.echo(f"comparing {ROWS} summaries", err=True)
            found = compare(base, trained, part, (form, limits, generation), dialogues(form.topic != "never"))
            if not found.passes():
                raise InputError(
                    f"{merged}: {found.different} of {found.rows} summaries are not those of the adapter, so it is not "
                    "written; check the versions of peft and transformers against requirements.lock"
                )
            refuse_existing(merged, REMEDY)  # again, as it may have taken minutes
    except OSError as error:
        raise InputError(f"{merged}: cannot be written: {error.strerror or error}; choose another folder") from error
    same, dtype = found.rows - found.different, str(found.dtype).removeprefix("torch.")
    click.echo(
        f"{merged}: {dtype}, {same} of {found.rows} summaries are those of the adapter; "
        f"use it by `-S model.path={merged}`"
    )


def dialogues(with_topic: bool) -> list[Dialogue]:
    """The dialogues to compare with, in which nothing is secret."""
    from dialsum.corpus.cleaning import ALL, to_dialogue
    from dialsum.corpus.synthetic import generate

    rows = generate("dev", ROWS, SEED)
    return [to_dialogue(row.fname, row.dialogue, ALL, row.topic if with_topic else None) for row in rows]
