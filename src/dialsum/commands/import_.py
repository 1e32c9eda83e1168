"""`dialsum import`: bring your own data into the form that `data.dir` holds.

Enters: a file or a folder in one of the forms that `dialsum.importing.sources` reads, such as train.csv in CP949 and
nikluge-2024-일상 대화 요약-dev.json. Leaves: train.csv and dev.csv in a folder, and how to version and use it.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

import click
from tqdm import tqdm

from dialsum.commands.options import refuse_existing
from dialsum.corpus.dialogue import SPLITS
from dialsum.corpus.encodings import find_encoding
from dialsum.corpus.formats import KNOWN
from dialsum.corpus.guessing import refuse_what_cannot_be_imported
from dialsum.errors import InputError
from dialsum.importing import sources
from dialsum.outputs import creating


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("dest", type=click.Path(path_type=Path))
@click.option("--split", type=click.Choice(SPLITS), help="What SOURCE is, if it is a file whose name does not say it.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="COLUMN=NAME",
    help="COLUMN has another name in SOURCE, as in --column dialogue=대화. May be given several times.",
)
@click.option("--encoding", help="As Python names it, such as utf-16-le. Default: found out (UTF-8, CP949, UTF-16).")
def main(source: Path, dest: Path, split: str | None, columns: tuple[str, ...], encoding: str | None) -> None:
    """Turn dialogues of another form into the files that data.dir needs.

    SOURCE is a file, or a folder with one file for each of train, dev and test; the file's name says which it is
    (train.csv, nikluge-2024-train.json, validation.csv), or --split does. DEST is a folder; it gets train.csv, dev.csv
    and test.csv. No file is ever overwritten: if one stands there already, nothing is written.

    \b
    .csv .tsv .txt  a table with commas, tabs or semicolons; columns fname, dialogue, summary
                    (not for test), and if you have them topic, summary2,
                    summary3, facts
    .json           a list of records, or one record a line:
    .jsonl            the NIKL everyday-conversation task (id, input, output),
                      or {"fname", "dialogue", "summary", "topic"}; several
                      summaries may be a list

    \b
    Examples:
      dialsum import ~/Downloads/dialogsum data/mine
      dialsum import talks.csv data/mine --split train --column fname=id --column dialogue=대화
      dialsum import nikluge-2024-train.json data/nikl
    """
    try:
        files = sources.find(source, split)
        others = sources.passed_over(source, files)
        convert(files, dest, renamed(columns), encoding)
    except OSError as error:
        raise InputError(f"{error.filename or dest}: cannot be read or written: {error.strerror}") from error
    if others:
        say(f"{source}: not taken: {', '.join(others)}")
    say(advice(dest))


def renamed(columns: Iterable[str]) -> dict[str, str]:
    """`dialogue=대화` as `{"dialogue": "대화"}`. Raises InputError for what is no such pair, or given twice."""
    pairs: dict[str, str] = {}
    for word in columns:
        column, _, name = (part.strip() for part in word.partition("="))
        if column not in KNOWN or not name:
            raise InputError(f"--column {word}: should be COLUMN=NAME, where COLUMN is one of {', '.join(KNOWN)}")
        if column in pairs or name in pairs.values():
            raise InputError(f"--column {word}: this column or this name is given already; give each once")
        pairs[column] = name
    return pairs


def convert(files: Mapping[str, Path], dest: Path, names: Mapping[str, str], encoding: str | None) -> None:
    """Read the file of each split, then write all of them; an InputError leaves DEST as it was.

    Every file is read twice: a fault in its last row is known before anything is written, and no text is held.
    """
    targets = {split: dest / f"{split}.csv" for split in files}
    refuse(targets.values())
    taken = sources.names_taken(names)
    if encoding is None:
        for path in files.values():
            refuse_what_cannot_be_imported(path)
    opened = {split: sources.Source(path, split, find_encoding(path, encoding), taken) for split, path in files.items()}
    surveys = {split: look_at(source) for split, source in opened.items()}
    for column, name in names.items():
        if not any(column in found.present for found in surveys.values()):
            unused = ", ".join(sorted({other for found in surveys.values() for other in found.unused()}))
            raise InputError(
                f"--column {column}={name}: there is no column {name}; correct the name (columns not used so far: "
                f"{unused or 'none'})"
            )
    with ExitStack() as stack:
        parts = {split: stack.enter_context(creating(target)) for split, target in targets.items()}
        for split, part in parts.items():
            found = surveys[split]
            rows = tqdm(sources.read(opened[split]), f"write {split}", found.rows, unit=" rows", disable=None)
            count = sources.write(part, found.columns(split), rows)
            assert count == found.rows, f"{files[split]}: {found.rows} rows in, but {count} rows out"
        refuse(targets.values())  # again, as the reading may have taken minutes
    for split, target in targets.items():
        say(f"{target}: {surveys[split].rows} rows ({', '.join(surveys[split].columns(split))})")


def look_at(source: sources.Source) -> sources.Survey:
    """Read a file once, and say what was found."""
    rows = tqdm(sources.read(source), f"read {source.split}", unit=" rows", disable=None)
    found = sources.survey(source.path, rows)
    unused = ", ".join(found.unused())
    say(f"{source.path}: {source.encoding.upper()}, taken as {source.split}{unused and f'; not taken: {unused}'}")
    return found


def refuse(targets: Iterable[Path]) -> None:
    """Raise InputError if a file to write is there already (a broken link counts), or if the pipeline writes it."""
    for target in targets:
        refuse_existing(target, "choose another DEST, or move it away")
    pipeline = Path("dvc.yaml")
    if pipeline.is_file():
        from dialsum.stages.location import written_by_pipeline

        for target in targets:
            out = written_by_pipeline(target.parent, pipeline)
            if out:
                raise InputError(
                    f"{target.parent}: the pipeline itself writes {out}; choose a folder such as data/mine"
                )


def advice(dest: Path) -> str:
    """What to do next, as commands to copy."""
    missing = [f"{split}.csv" for split in SPLITS if not (dest / f"{split}.csv").exists()]
    first = f"Still missing in {dest}: {' and '.join(missing)}. Then v" if missing else "V"
    ignored = shlex.quote(str(dest.parent / ".gitignore"))
    return (
        f"\n{first}ersion the folder, and use it (with -S, or as data.dir in params.yaml):\n"
        f"  dvc add {shlex.quote(str(dest))}\n"
        f"  git add {shlex.quote(f'{dest}.dvc')} {ignored}\n"
        '  git commit -m "Our dialogues"\n'
        f"  dvc exp run -S {shlex.quote(f'data.dir={dest}')}"
    )


def say(text: str) -> None:
    """Print what may hold names of files and columns that are no valid text."""
    click.echo(text.encode("utf-8", "replace").decode())
