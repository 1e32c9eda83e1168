"""Stage `validate`: what can be used of the three splits, and what cannot, with reasons.

Enters: train.csv, dev.csv, test.csv of a data set. Leaves: `data/valid/<split>.jsonl` with the rows kept, in the order
of the file; `data/rejected/<split>.csv` with the rows set aside, as they stood, their row number and reasons; counts.
A fault of a whole file, or too many rows set aside, raises an InputError. A test row is never set aside, because the
submission needs every one: its faults are counted as warnings.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from dialsum.corpus import formats
from dialsum.corpus.dialogue import SPLITS
from dialsum.errors import InputError
from dialsum.outputs import replacing, write_json
from dialsum.params import strict
from dialsum.params.validation import Validation

Faults = dict[int, dict[str, str]]  # what `expectations.row_faults` gives: by place in the table, reason and text


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder of train.csv, dev.csv, test.csv")
@click.option("--valid", required=True, type=click.Path(path_type=Path))
@click.option("--rejected", required=True, type=click.Path(path_type=Path))
@click.option("--metrics", required=True, type=click.Path(path_type=Path))
def main(data: Path, valid: Path, rejected: Path, metrics: Path) -> None:
    """Check each split, keep the sound rows and set the others aside."""
    from dialsum.corpus.expectations import REASONS, row_faults

    limits = strict.load(Path("params.yaml"), "validation", Validation)
    tables = read_splits(data)
    faults = {split: row_faults(tables[split], split, limits) for split in tqdm(SPLITS, desc="validate", disable=None)}

    counts = {split: count(split, tables[split], faults[split], REASONS) for split in SPLITS}
    with replacing(rejected) as folder:
        folder.mkdir()
        for split in SPLITS:
            write_rejected(folder / f"{split}.csv", tables[split], {} if split == "test" else faults[split])
    refuse_too_many(counts, tables, rejected, limits)
    with replacing(valid) as folder:
        folder.mkdir()
        for split in SPLITS:
            kept = keep(split, tables[split], faults[split])
            assert len(kept) == counts[split]["kept"], f"{split}: rows in must be rows kept and rows rejected"
            formats.write_rows(folder / f"{split}.jsonl", kept)
    write_json(metrics, counts)
    warn(tables["test"], faults["test"])


def read_splits(data: Path) -> dict[str, formats.Table]:
    """The three splits of a folder. Raises one InputError with the faults of all files."""
    from dialsum.corpus.expectations import file_faults

    if not data.is_dir():
        raise InputError(
            f"{data}: no such folder; put train.csv, dev.csv and test.csv there, or choose another data.dir in "
            "params.yaml (a copy that `dvc exp run --temp` or `--queue` works in has only what `dvc add` or git tracks)"
        )
    tables: dict[str, formats.Table] = {}
    faults: list[str] = []
    for split in SPLITS:
        try:
            tables[split] = formats.read_table(data / f"{split}.csv")
        except InputError as error:
            faults.append(str(error))
        else:
            faults.extend(file_faults(tables[split], split))
    if faults:
        raise InputError("\n".join(faults))
    return tables


def count(split: str, table: formats.Table, faults: Faults, names: tuple[str, ...]) -> dict[str, Any]:
    """Rows in, kept and rejected, and how many rows each reason touches; rows in = kept + rejected."""
    rejected = 0 if split == "test" else len(faults)
    return {
        "rows": len(table.rows),
        "kept": len(table.rows) - rejected,
        "rejected": rejected,
        "warnings" if split == "test" else "reasons": {
            name: sum(name in reasons for reasons in faults.values()) for name in names
        },
    }


def keep(split: str, table: formats.Table, faults: Faults) -> list[formats.Row]:
    """The rows without faults, in order; all rows of the test split."""
    rows = formats.rows_of(table, split)
    return rows if split == "test" else [row for place, row in enumerate(rows) if place not in faults]


def write_rejected(path: Path, table: formats.Table, faults: Faults) -> None:
    """The rows set aside as CSV: row number in the file, cells as they stood, reasons. The header alone if none is."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["row", *table.columns, "reasons"])
        for place, reasons in faults.items():
            writer.writerow([table.numbers[place], *table.rows[place], "; ".join(reasons.values())])


def refuse_too_many(
    counts: dict[str, dict[str, Any]], tables: dict[str, formats.Table], rejected: Path, limits: Validation
) -> None:
    """Raise an InputError if a split loses more than the share allowed, or all of its rows."""
    messages = []
    for split, counted in counts.items():
        share = counted["rejected"] / counted["rows"]
        if share > limits.max_rejected_fraction or counted["kept"] == 0:
            reasons = ", ".join(f"{name} {rows}" for name, rows in counted["reasons"].items() if rows)
            messages.append(
                f"{tables[split].path}: {counted['rejected']} of {counted['rows']} rows cannot be used ({reasons}), "
                f"but validation.max_rejected_fraction in params.yaml is {limits.max_rejected_fraction:g}; "
                f"mend the rows that {rejected / split}.csv lists, or raise the bound if some rows stay"
            )
    if messages:
        raise InputError("\n".join(messages))


def warn(table: formats.Table, faults: Faults) -> None:
    """Say on stderr which test rows are kept in spite of a fault."""
    warnings = [
        f"{table.path}: row {table.numbers[place]}: {'; '.join(reasons.values())}; kept, as the submission needs it"
        for place, reasons in faults.items()
    ]
    for warning in formats.shortened(warnings, table.path):
        click.echo(f"warning: {warning}", err=True)
