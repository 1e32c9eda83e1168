"""Stage `submit`: the file that the competition takes.

Enters: `data/predictions/test.jsonl`, the test dialogues that they answer, and the folder of the data, where the
competition's `sample_submission.csv` may be. Leaves: `data/submission.csv`,

    fname,summary
    test_0,#Person1#은 계좌를 만든다.

one row a dialogue, in the dialogues' order; no summary is empty or has a newline. Where there is a sample, columns, ids
and order are as it shows, or nothing is written.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import click

from dialsum.corpus.cleaning import STEPS
from dialsum.corpus.dialogue import Dialogue, read_jsonl
from dialsum.corpus.listing import listed
from dialsum.corpus.matching import refuse_mismatch
from dialsum.corpus.prediction import read_predictions
from dialsum.corpus.sample import COLUMNS, NAME, refuse_unlike_sample
from dialsum.outputs import replacing

NOTHING_SAID = "대화 내용이 없습니다."  # for a test dialogue without a word: even its cell must not be empty
_SHOWN = 5


@click.command()
@click.option("--predictions", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--test", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder that may have the sample")
@click.option("--submission", required=True, type=click.Path(path_type=Path))
def main(predictions: Path, test: Path, data: Path, submission: Path) -> None:
    """Write the submission; an empty summary gives way to the dialogue's longest turn, with a warning."""
    dialogues = read_jsonl(test)
    answers = read_predictions(predictions)
    ids = [dialogue.id for dialogue in dialogues]
    refuse_mismatch([answer.id for answer in answers], predictions, ids, test, "generate again")
    sampled = refuse_unlike_sample(data, ids)

    texts = {answer.id: one_line(answer.text) for answer in answers}
    with replacing(submission) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((dialogue.id, texts[dialogue.id] or one_line(stand_in(dialogue))) for dialogue in dialogues)
    warn(
        empty=[dialogue.id for dialogue in dialogues if not texts[dialogue.id]],
        joined=[answer.id for answer in answers if len(answer.text.strip().splitlines()) > 1],
    )
    if sampled:
        click.echo(f"{submission}: columns, ids and order are those of {data / NAME}")


def one_line(text: str) -> str:
    """The text without what is invisible, each newline turned into one blank."""
    visible = STEPS["invisible_characters"](text)
    return " ".join(line.strip() for line in visible.splitlines() if line.strip())


def stand_in(dialogue: Dialogue) -> str:
    """What is said in place of an empty summary: the longest turn, the first of equals."""
    return max((turn.text for turn in dialogue.turns), key=len) or NOTHING_SAID


def warn(empty: Sequence[str], joined: Sequence[str]) -> None:
    """Say on stderr of which dialogues the model's summary was empty, or had several lines that are one now."""
    if empty:
        message = f"{len(empty)} summaries were empty, the longest turn stands in: {listed(empty, _SHOWN)}"
        click.echo(f"warning: {message}", err=True)
    if joined:
        message = f"{len(joined)} summaries had several lines, which are one now: {listed(joined, _SHOWN)}"
        click.echo(f"warning: {message}", err=True)
