"""Stage `validate`: what can be used of the three splits, and what cannot, with reasons.

Enters: train.csv, dev.csv, test.csv of a data set. Leaves: `data/valid/<split>.jsonl` with the rows kept, in the order
of the file; `data/rejected/<split>.csv` with the rows set aside, as they stood, their row number and reasons; counts,
and a page that shows them with examples.

A fault of a whole file, or too many rows set aside, raises an InputError. A test row is never set aside, because the
submission needs every one: its faults are counted as warnings. Files of any length pass through some 100 MB of memory.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from dialsum.corpus import formats
from dialsum.corpus.dialogue import SPLITS
from dialsum.corpus.sample import refuse_unlike_sample
from dialsum.errors import InputError
from dialsum.outputs import replacing, write_json
from dialsum.params import strict
from dialsum.params.validation import Validation
from dialsum.validation.tally import Finding, Tally


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder of train.csv, dev.csv, test.csv")
@click.option("--valid", required=True, type=click.Path(path_type=Path), help="Folder for the rows kept")
@click.option("--rejected", required=True, type=click.Path(path_type=Path), help="Folder for the rows set aside")
@click.option("--report", required=True, type=click.Path(path_type=Path), help="HTML page that shows what was found")
@click.option("--metrics", required=True, type=click.Path(path_type=Path), help="JSON file for the counts")
def main(data: Path, valid: Path, rejected: Path, report: Path, metrics: Path) -> None:
    """Check each split, keep the sound rows and set the others aside."""
    from dialsum.validation.page import render

    limits = strict.load(Path("params.yaml"), "validation", Validation)
    indexes = survey_all(data)
    # Here, where nothing has been trained yet, and not only when the submission is written.
    refuse_unlike_sample(data, indexes["test"].ids)
    with replacing(valid) as sound:
        sound.mkdir()
        with replacing(rejected) as faulty:
            faulty.mkdir()
            tallies = divide_all(indexes, limits, sound, faulty)
        refusals = too_many(tallies, indexes, rejected, report, limits)
        with replacing(report) as part:
            part.write_text(render(indexes, tallies, limits, refusals), encoding="utf-8")
        if refusals:
            raise InputError("\n".join(refusals))
    write_json(metrics, {split: counted(split, tally) for split, tally in tallies.items()})
    tell(tallies, indexes, rejected, report)


def survey_all(data: Path) -> dict[str, formats.Index]:
    """The index of each split's file in a folder. Raises one InputError with the faults of all files."""
    from dialsum.validation.judging import survey

    if not data.is_dir():
        raise InputError(
            f"{data}: no such folder; put train.csv, dev.csv and test.csv there, or choose another data.dir in "
            "params.yaml (a copy that `dvc exp run --temp` or `--queue` works in has only what `dvc add` or git tracks)"
        )
    indexes: dict[str, formats.Index] = {}
    faults: list[str] = []
    for split in SPLITS:
        try:
            indexes[split] = survey(data / f"{split}.csv", split)
        except InputError as error:
            faults.append(str(error))
    if faults:
        raise InputError("\n".join(faults))
    return indexes


def divide_all(indexes: Mapping[str, formats.Index], limits: Validation, sound: Path, faulty: Path) -> dict[str, Tally]:
    """Write the rows kept and the rows set aside of all splits, and count them."""
    rows = sum(len(index.ids) for index in indexes.values())
    with tqdm(total=rows, desc="validate", unit=" rows", disable=None) as bar:
        return {
            split: divide(split, index, limits, sound / f"{split}.jsonl", faulty / f"{split}.csv", bar)
            for split, index in indexes.items()
        }


def divide(split: str, index: formats.Index, limits: Validation, sound: Path, faulty: Path, bar: Any) -> Tally:
    """Write each row of a split to one of two files, and count it.

    A row set aside stands there with its row number in the file, its cells as they stood, the names of its
    faults, and what is said of them.
    """
    from dialsum.validation.expectations import row_suite
    from dialsum.validation.judging import judge
    from dialsum.validation.measuring import measure

    suite = row_suite(split, index.columns, limits)
    tally = Tally()
    kept = 0
    with (
        sound.open("w", encoding="utf-8", newline="\n") as keeping,
        faulty.open("w", encoding="utf-8", errors="surrogatepass", newline="") as rejecting,
    ):
        # With this line end, and no other, the writer puts quotes around a cell that holds any.
        writer = csv.writer(rejecting, lineterminator="\r\n")
        writer.writerow(["row", *index.columns, "faults", "reasons"])
        for table in formats.read_tables(index.path):
            measures = measure(table, split, limits)
            findings = judge(measures, suite)
            faults = {} if split == "test" else _faults(findings)
            findings.update(faults)  # of a row set aside, warnings are of no interest
            rows = [row for place, row in enumerate(formats.rows_of(table, split)) if place not in faults]
            keeping.writelines(map(formats.row_line, rows))
            for place, found in faults.items():
                names = " ".join(dict.fromkeys(finding.name for finding in found))
                reasons = "; ".join(finding.text for finding in found)
                writer.writerow([table.numbers[place], *table.rows[place], names, reasons])
            tally.add(table, measures, findings, list(faults))
            kept += len(rows)
            bar.update(len(table.rows))
    assert len(index.ids) == kept + tally.rejected, f"{split}: rows in must be rows kept and rows rejected"
    return tally


def _faults(findings: Mapping[int, Sequence[Finding]]) -> dict[int, list[Finding]]:
    """The findings for which rows are set aside, without warnings."""
    from dialsum.validation.expectations import REASONS

    faults = {place: [finding for finding in found if finding.name in REASONS] for place, found in findings.items()}
    return {place: found for place, found in faults.items() if found}


def too_many(
    tallies: Mapping[str, Tally], indexes: Mapping[str, formats.Index], rejected: Path, report: Path, limits: Validation
) -> list[str]:
    """A message for each split that loses more than the share allowed, or all of its rows."""
    from dialsum.validation.expectations import REASONS

    messages = []
    for split, tally in tallies.items():
        if tally.rejected / tally.rows > limits.max_rejected_fraction or tally.kept == 0:
            reasons = ", ".join(f"{name} {tally.counts[name]}" for name in REASONS if tally.counts[name])
            messages.append(
                f"{indexes[split].path}: {tally.rejected} of {tally.rows} rows cannot be used ({reasons}), "
                f"but validation.max_rejected_fraction in params.yaml is {limits.max_rejected_fraction:g}; "
                f"mend the rows that {rejected / split}.csv lists ({report} shows examples), or raise the bound if "
                "some rows stay"
            )
    return messages


def counted(split: str, tally: Tally) -> dict[str, Any]:
    """Rows in, kept and rejected, and how many rows each reason and each warning touches; in = kept + rejected.

    For the test split, of which no row is set aside, reasons are warnings too.
    """
    from dialsum.validation.expectations import REASONS, WARNINGS

    rows = {"rows": tally.rows, "kept": tally.kept, "rejected": tally.rejected}
    if split == "test":
        return {**rows, "warnings": {name: tally.counts[name] for name in (*REASONS, *WARNINGS)}}
    return {
        **rows,
        "reasons": {name: tally.counts[name] for name in REASONS},
        "warnings": {name: tally.counts[name] for name in WARNINGS},
    }


def tell(tallies: Mapping[str, Tally], indexes: Mapping[str, formats.Index], rejected: Path, report: Path) -> None:
    """Say on stderr which rows are set aside, and which test rows are kept in spite of a fault."""
    from dialsum.validation.expectations import REASONS

    for split, tally in tallies.items():
        if tally.rejected:
            click.echo(
                f"warning: {indexes[split].path}: {tally.rejected} of {tally.rows} rows are set aside in "
                f"{rejected / split}.csv; {report} shows why",
                err=True,
            )
    path, tally = indexes["test"].path, tallies["test"]
    for name in REASONS:
        for example in tally.examples[name]:
            place = f"{path}: row {example.number}"
            click.echo(f"warning: {place}: {example.text}; kept, as the submission needs it", err=True)
        for more in formats.and_more(path, tally.counts[name]):
            click.echo(f"warning: {more}; see {report}", err=True)
