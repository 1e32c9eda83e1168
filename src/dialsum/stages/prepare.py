"""Stage `prepare`: from texts to dialogues.

Enters: `data/valid/<split>.jsonl`. Leaves: `data/prepared/<split>.jsonl`, one `Dialogue` a line, the same ids in the
same order; what each split is made of (`corpus.statistics`) as figures and plots; and the rows that say the same
(`corpus.leaks`). One row is held at a time, but where `data.fold` splits train and dev anew (`corpus.folds`): then
figures, plots and pairs are those of the splits as they came.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click
from tqdm import tqdm

from dialsum.corpus import cleaning, formats, statistics
from dialsum.corpus.dialogue import SPLITS, Dialogue, parse_facts, write_jsonl
from dialsum.corpus.folds import resplit
from dialsum.corpus.leaks import Leaks, Pair, counts, refuse, write_csv
from dialsum.outputs import replacing, write_json
from dialsum.params.cleaning import Cleaning
from dialsum.params.data import Data
from dialsum.params.strict import load

PLACE = click.Path(path_type=Path)


@click.command()
@click.option("--valid", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--prepared", required=True, type=PLACE)
@click.option("--metrics", required=True, type=PLACE)
@click.option("--characters", required=True, type=PLACE, help="Histogram of the dialogues' lengths, as CSV")
@click.option("--turns", required=True, type=PLACE, help="Histogram of the numbers of turns, as CSV")
@click.option("--topics", required=True, type=PLACE, help="The most frequent topics, as CSV")
@click.option("--copies", required=True, type=PLACE, help="The pairs of dialogues that say the same, as CSV")
@click.option("--leaks", required=True, type=PLACE, help="How many such pairs there are")
def main(
    valid: Path, prepared: Path, metrics: Path, characters: Path, turns: Path, topics: Path, copies: Path, leaks: Path
) -> None:
    """Clean each split, split it into turns, measure it, and look for dialogues that occur twice."""
    data = load(Path("params.yaml"), "data", Data)
    switches = load(Path("params.yaml"), "cleaning", Cleaning)
    tallies = {split: statistics.Tally() for split in SPLITS}
    found = Leaks()
    with replacing(prepared) as folder:
        folder.mkdir()
        for split in SPLITS:
            source, target = valid / f"{split}.jsonl", folder / f"{split}.jsonl"
            rows = count_lines(source)
            texts = tqdm(formats.read_rows(source), f"prepare {split}", rows, unit=" rows", disable=None, mininterval=1)
            write_jsonl(target, dialogues(texts, switches, split, tallies[split], found))
            assert rows == tallies[split].rows == count_lines(target), f"{split}: rows in must be rows out"
        pairs = found.pairs()
        write_csv(copies, pairs)
        refuse(pairs, copies, data.allow_leaks)
        if data.fold is not None:
            resplit(folder, pairs, data.fold, data.folds)
    tell(pairs, copies)
    write_json(leaks, counts(pairs))
    steps = cleaning.chosen(switches)
    write_json(metrics, {split: statistics.figures(tallies[split], steps) for split in SPLITS})
    write_table(characters, "characters", statistics.histogram({name: one.characters for name, one in tallies.items()}))
    write_table(turns, "turns", statistics.histogram({name: one.turns for name, one in tallies.items()}))
    write_table(topics, "topic", statistics.topic_table(tallies))


def dialogues(
    rows: Iterable[formats.Row], switches: Cleaning, split: str, tally: statistics.Tally, found: Leaks
) -> Iterator[Dialogue]:
    """The dialogue of each row, its text and references cleaned and all else as it is.

    Each is counted in `tally` and taken to `found`.
    """
    for row in rows:
        dialogue = cleaning.to_dialogue(
            row.id, row.dialogue, switches, row.topic, row.summaries, parse_facts(row.facts), tally.cleaned
        )
        statistics.count(tally, dialogue)
        found.add(split, dialogue)
        yield dialogue


def tell(pairs: Sequence[Pair], copies: Path) -> None:
    """Say in a line how many dialogues occur twice."""
    if pairs:
        across = len({(pair.other_split, pair.other_id) for pair in pairs if pair.split == "train" != pair.other_split})
        exact = sum(pair.kind == "exact" for pair in pairs)
        click.echo(
            f"copies: {exact} exact and {len(pairs) - exact} near pairs of dialogues, {across} dialogues of dev and "
            f"test with one in train; {copies} lists them"
        )


def count_lines(path: Path) -> int:
    """The lines of a file, without holding more than one."""
    with path.open("rb") as file:
        return sum(1 for _ in file)


def write_table(path: Path, first: str, rows: Sequence[Sequence[object]]) -> None:
    """`rows` as CSV: the column `first`, and one column a split."""
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([first, *SPLITS])
        writer.writerows(rows)
