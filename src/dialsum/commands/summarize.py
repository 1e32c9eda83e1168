"""`dialsum summarize`: summaries of a file's dialogues, by a registered version, without a server.

Enters: a table (CSV, TSV, JSON, JSON lines, in the columns or keys of the competition or of NIKL), or the plain text of
one dialogue; `-` reads either from standard input. Leaves: the summaries, as the server would give them:

    $ printf '#Person1#: 커피 두 잔 주세요.\\n#Person2#: 네.\\n' | dialsum summarize -
    #Person1#은 커피 두 잔을 주문합니다.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from dialsum.commands.import_ import renamed
from dialsum.commands.options import refuse_existing
from dialsum.errors import InputError
from dialsum.outputs import creating

STDIN, STANDARD_INPUT = Path("-"), "standard input"
ONE_TEXT = "dialogue"  # the id of a dialogue that came as plain text
TABLES = (".csv", ".tsv", ".json", ".jsonl")
FORMS = (".csv", ".jsonl")
# How an object or a list of them begins, sound or not; a dialogue may begin with `[음악]`.
JSON = re.compile(rb"(\xef\xbb\xbf)?\s*(\{|\[\s*\{|\[\s*\])\s*(\"|\}|$)")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--model", metavar="VERSION|ALIAS|FOLDER", help="Which model summarizes.  [default: the champion]")
@click.option("--column", "columns", multiple=True, metavar="COLUMN=NAME", help="As of `dialsum import`.")
@click.option("--out", type=click.Path(path_type=Path), help="Write a .csv or .jsonl; it must not exist yet.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line: id, text.")
def main(file: Path, model: str | None, columns: tuple[str, ...], out: Path | None, as_json: bool) -> None:
    """Summarize the dialogues of FILE (- for standard input).

    FILE is a table (.csv, .tsv, .json, .jsonl) with the columns fname and dialogue, or any other name with the plain
    text of one dialogue, a turn a line. Cleaning, prompt and decoding are those that the version was trained with. A
    model in MLflow's format brings its code along, which runs: name no FOLDER that you do not trust.

    \b
    Examples:
      dialsum summarize talk.txt
      dialsum summarize data/mine/test.csv --out summaries.csv
      dialsum summarize - --json < rows.jsonl
    """
    from dialsum.records import versions

    if out is not None:
        refuse_output(out)
    rows = read_rows(file, renamed(columns))
    folder = versions.locate(model)
    settings = versions.read_settings(folder)
    limits = settings["serving"]
    place = STANDARD_INPUT if file == STDIN else str(file)
    refuse_rows(place, rows, limits["max_chars"], settings["prompt"]["topic"])
    texts = summarize(place, folder, rows, min(limits["max_rows"], limits["batch_rows"]))
    if out is not None:
        write(out, rows, texts)
        click.echo(f"{out}: {len(rows)} summaries")
        return
    for row, text in zip(rows, texts, strict=True):
        if as_json:
            click.echo(json.dumps({"id": row["fname"], "text": text}, ensure_ascii=False))
        else:
            click.echo(
                text if row["fname"] == ONE_TEXT and len(rows) == 1 else f"{row['fname']}\t{' '.join(text.split())}"
            )


def read_rows(file: Path, columns: dict[str, str]) -> list[dict[str, str]]:
    """The dialogues: `fname`, `dialogue`, and `topic` where there is one. Raises InputError if there is none."""
    from dialsum.corpus.encodings import find_encoding
    from dialsum.importing.sources import Source, names_taken, read

    if file == STDIN:
        with tempfile.TemporaryDirectory() as folder:
            path = _standard_input(Path(folder), columns)
            try:
                return read_rows(path, columns)
            except InputError as error:
                raise InputError(str(error).replace(str(path), STANDARD_INPUT)) from error
    if not file.is_file():
        raise InputError(f"{file}: no such file; give a file, or - for standard input")
    encoding = find_encoding(file, None)
    if file.suffix.lower() not in TABLES:
        return [{"fname": ONE_TEXT, "dialogue": file.read_text(encoding=encoding).removeprefix("\ufeff")}]
    wanted = ("fname", "dialogue", "topic")
    found = read(Source(file, "test", encoding, names_taken(columns)))
    rows = [{name: row[name] for name in wanted if name in row} for row in found]
    if not rows:
        raise InputError(f"{file}: has no rows; there is nothing to summarize")
    return rows


def _standard_input(folder: Path, columns: dict[str, str]) -> Path:
    """A file with what stands in standard input, whose name says what it seems to be."""
    content = sys.stdin.buffer.read()
    first = content.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0].strip()
    header = columns.get("dialogue", "dialogue").encode()
    suffix = ".txt"
    if JSON.match(content):
        suffix = ".jsonl"
    elif header in first.replace(b'"', b"").replace(b"\t", b",").split(b","):
        suffix = ".csv"
    path = folder / f"stdin{suffix}"
    path.write_bytes(content)
    return path


def refuse_rows(place: str, rows: Sequence[dict[str, str]], most: int, named: str) -> None:
    """Raise InputError if a dialogue says nothing, has more characters than the version takes, or lacks its topic.

    `named`: whether the version's prompts name the topic: never, optional, always.
    """
    from dialsum.corpus.cleaning import said
    from dialsum.records.serving import MAX_TOPIC

    for row in rows:
        name, topic = row["fname"], row.get("topic", "")
        if not said(row["dialogue"]):
            raise InputError(f"{place}: {name}: the dialogue is empty; remove it, or give it a text")
        if len(row["dialogue"]) > most:
            raise InputError(
                f"{place}: {name}: has {len(row['dialogue'])} characters, and the version takes {most} "
                "(serving.max_chars); shorten it"
            )
        if named == "always" and not topic.strip():
            raise InputError(f"{place}: {name}: has no topic, and the version was trained with one each; give it one")
        if named != "never" and len(topic) > MAX_TOPIC:
            raise InputError(f"{place}: {name}: its topic has {len(topic)} characters; at most {MAX_TOPIC} are taken")


def summarize(place: str, folder: Path, rows: Sequence[dict[str, str]], size: int) -> list[str]:
    """The summary of each row, in order; `size` of about one length at a time."""
    from tqdm import tqdm

    order = sorted(range(len(rows)), key=lambda row: len(rows[row]["dialogue"]), reverse=True)
    texts: dict[int, str] = {}
    with answering(folder) as ask, tqdm(desc="summarize", total=len(rows), unit="row", disable=None) as bar:
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            records = [{name: cell for name, cell in rows[row].items() if name != "fname"} for row in batch]
            answer = ask(records)
            if "refusal" in answer:
                raise InputError(f"{place}: {_named(answer['refusal'], [rows[row]['fname'] for row in batch])}")
            texts.update(zip(batch, answer["summaries"], strict=True))
            bar.update(len(batch))
    return [texts[row] for row in range(len(rows))]


def _named(refusal: str, names: Sequence[str]) -> str:
    """What a version says of one of the rows that it was asked together, which it knows by their numbers alone."""
    return re.sub(r"^row (\d+)(?=:)", lambda found: names[int(found[1])], refusal)


@contextmanager
def answering(folder: Path) -> Iterator[Any]:
    """A function that gives the version's answer to a list of records; its process ends with the block."""
    from dialsum.commands.serve import server_environment
    from dialsum.records import reach

    reach.connect()
    script = Path(__file__).parents[1] / "records" / "answering.py"
    command = [sys.executable, "-P", "-W", "ignore", str(script), str(folder)]
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            command, env=server_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        )
        assert child.stdin is not None
        assert child.stdout is not None
        questions, answers = child.stdin, child.stdout

        def ask(records: list[dict[str, str]]) -> Any:
            questions.write(json.dumps(records).encode() + b"\n")
            questions.flush()
            return _line(answers, log)

        try:
            _line(answers, log)  # it is ready
            yield ask
        finally:
            child.kill()
            child.wait()


def _line(answers: IO[bytes], log: IO[bytes]) -> Any:
    """The next answer. Raises RuntimeError with what the process said if it has ended."""
    line = answers.readline()
    if not line:
        log.seek(0)
        raise RuntimeError(f"the model's process ended:\n{log.read().decode(errors='replace')}")
    return json.loads(line)


def refuse_output(out: Path) -> None:
    """Raise InputError if there is anything of that name, or it is of no form that can be written."""
    refuse_existing(out)
    if out.suffix.lower() not in FORMS:
        raise InputError(f"{out}: should end in {' or '.join(FORMS)}; choose another name: --out")


def write(out: Path, rows: Sequence[dict[str, str]], texts: Sequence[str]) -> None:
    """Write `fname,summary`, or a line `{"id": …, "text": …}` a row.

    Raises InputError if it cannot be written, or if something of that name has come up meanwhile.
    """
    pairs = [(row["fname"], text) for row, text in zip(rows, texts, strict=True)]
    try:
        with creating(out) as part:
            with part.open("w", encoding="utf-8", newline="") as file:
                if out.suffix.lower() == ".csv":
                    csv.writer(file, lineterminator="\n").writerows([("fname", "summary"), *pairs])
                else:
                    file.writelines(
                        json.dumps({"id": name, "text": text}, ensure_ascii=False) + "\n" for name, text in pairs
                    )
            refuse_existing(out)  # again, as the summarizing may have taken hours
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}; choose another file: --out") from error
