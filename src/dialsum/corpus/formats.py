"""Read a split of a data set from CSV, and keep its sound rows as JSON lines for the next stage.

Enters: train.csv, dev.csv, test.csv in the canonical form, UTF-8 with or without byte order mark:

    fname,dialogue,summary,topic
    train_0,"#Person1#: 예약하고 싶어요.
    #Person2#: 네, 성함이요?",#Person1#은 예약을 원한다.,진료 예약

Test rows need no summary. `summary2` and `summary3` hold further references, `facts` what a summary must say (JSON).
Leaves: a `Table` of texts, cell for cell as in the file ("007", "NaN" and "" are texts too), and `Row` values.
A file that is no such table raises an InputError, one line a fault.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from dialsum.errors import InputError

REFERENCES = ("summary", "summary2", "summary3")
REQUIRED = {
    "train": ("fname", "dialogue", "summary"),
    "dev": ("fname", "dialogue", "summary"),
    "test": ("fname", "dialogue"),
}
KNOWN = ("fname", "dialogue", *REFERENCES, "topic", "facts")

# A cell may be longer than the 131,072 characters that the csv module allows: such a row is set aside later, with its
# reason. The greatest C int, because the limit is one on some platforms.
_CELL_LIMIT = 2**31 - 1
_SHOWN = 5  # faults of one kind that are spelt out


@dataclass(frozen=True)
class Table:
    """A CSV file. `numbers[i]` is the row of `rows[i]` as a spreadsheet counts it: the header is row 1."""

    path: Path
    columns: tuple[str, ...]
    numbers: list[int]
    rows: list[list[str]]

    def column(self, name: str) -> list[str]:
        """The cells of one column, from the first data row on. A column that is not there raises ValueError."""
        place = self.columns.index(name)
        return [row[place] for row in self.rows]


@dataclass(frozen=True)
class Row:
    """A row that passed validation, its texts as they stood in the file."""

    id: str
    dialogue: str
    topic: str | None
    summaries: list[str]
    facts: list[dict[str, str]]


def read_table(path: Path) -> Table:
    """The CSV file at `path`, without its blank lines.

    Raises InputError if it is missing, not UTF-8, empty or ragged, and if its quotes do not fit.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            columns, numbers, rows = _read_records(path, file)
    except FileNotFoundError as error:
        raise InputError(
            f"{path}: no such file; a data set is a folder with train.csv, dev.csv and test.csv"
        ) from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: line {_undecodable_line(path)}: is not UTF-8 text; save the file as `CSV UTF-8`"
        ) from error
    faults = [*_header_faults(path, columns), *_ragged_faults(path, columns, numbers, rows)]
    if faults:
        raise InputError("\n".join(faults))
    return Table(path, tuple(columns), numbers, rows)


def parse_facts(cell: str) -> list[dict[str, str]] | None:
    """The facts in a cell, `[{"name": "time", "value": "오후 3시"}]`; none if it is blank, None if it is malformed."""
    if not cell.strip():
        return []
    try:
        items = json.loads(cell)
        facts = [{"name": item["name"], "value": item["value"]} for item in items]
        # Joining refuses what is no text, encoding a lone surrogate, which JSON can spell but UTF-8 cannot write.
        "".join(text for fact in facts for text in fact.values()).encode()
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return facts if isinstance(items, list) else None


def rows_of(table: Table, split: str) -> list[Row]:
    """The rows of a table that has the columns of its split. Blank topics and summaries count as absent.

    Test rows carry no summaries even if the file does: nothing after this may see them.
    """
    cells = {name: table.column(name) if name in table.columns else [""] * len(table.rows) for name in KNOWN}
    references = () if split == "test" else REFERENCES
    return [
        Row(
            id=cells["fname"][i],
            dialogue=cells["dialogue"][i],
            topic=cells["topic"][i] if cells["topic"][i].strip() else None,
            summaries=[cells[name][i] for name in references if cells[name][i].strip()],
            facts=parse_facts(cells["facts"][i]) or [],
        )
        for i in range(len(table.rows))
    ]


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write one row a line, as UTF-8."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)


def read_rows(path: Path) -> Iterator[Row]:
    """Read what `write_rows` wrote, row by row."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield Row(**json.loads(line))


def shortened(faults: list[str], path: Path) -> list[str]:
    """The first faults of one kind, and a line that counts the others."""
    if len(faults) <= _SHOWN:
        return faults
    return [*faults[:_SHOWN], f"{path}: and {len(faults) - _SHOWN} more faults of this kind"]


def _read_records(path: Path, lines: Iterable[str]) -> tuple[list[str], list[int], list[list[str]]]:
    """Header, row numbers and rows, as they stand. Raises InputError for an empty file and quotes that do not fit."""
    csv.field_size_limit(_CELL_LIMIT)
    reader = csv.reader(lines, strict=True)
    numbers: list[int] = []
    rows: list[list[str]] = []
    columns = None
    for number, cells in enumerate(_records(path, reader), start=1):
        if not cells:
            continue
        if columns is None:
            columns = cells
        else:
            numbers.append(number)
            rows.append(cells)
    if columns is None:
        raise InputError(f"{path}: is empty; its first row must name the columns, such as fname,dialogue,summary,topic")
    return columns, numbers, rows


def _records(path: Path, reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """What the reader yields; where it cannot go on, an InputError that names the row."""
    number = 0
    try:
        for cells in reader:
            number += 1
            yield cells
    except csv.Error as error:
        raise InputError(
            f"{path}: row {number + 1}: is not valid CSV ({error}); put a cell that holds commas, quotes or newlines "
            'in "quotes", and double the quotes inside it'
        ) from error


def _header_faults(path: Path, columns: list[str]) -> list[str]:
    return [
        f"{path}: column {name}: is named {columns.count(name)} times; keep one"
        for name in KNOWN
        if columns.count(name) > 1
    ]


def _ragged_faults(path: Path, columns: list[str], numbers: list[int], rows: list[list[str]]) -> list[str]:
    faults = [
        f"{path}: row {number}: has {len(cells)} cells where the header names {len(columns)} columns; "
        'put a cell that holds commas in "quotes"'
        for number, cells in zip(numbers, rows, strict=True)
        if len(cells) != len(columns)
    ]
    return shortened(faults, path)


def _undecodable_line(path: Path) -> int:
    """The first line that is not UTF-8, from 1. A newline byte is never part of another character in UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    raise AssertionError(f"{path} is UTF-8 after all")
