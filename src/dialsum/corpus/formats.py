"""Read a split of a data set from CSV, part by part, and keep its sound rows as JSON lines for the next stage.

Enters: train.csv, dev.csv, test.csv in the canonical form, UTF-8 with or without byte order mark:

    fname,dialogue,summary,topic
    train_0,"#Person1#: 예약하고 싶어요.
    #Person2#: 네, 성함이요?",#Person1#은 예약을 원한다.,진료 예약

Test rows need no summary. `summary2` and `summary3` hold further references, `facts` what a summary must say (JSON).
Leaves: an `Index` of the whole file, `Table` after `Table` of its rows, cell for cell as in the file ("007", "NaN" and
"" are texts too), and `Row` values. A file that is no such table raises an InputError, one line a fault.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from dialsum.corpus import guessing
from dialsum.errors import InputError

REFERENCES = ("summary", "summary2", "summary3")
REQUIRED = {
    "train": ("fname", "dialogue", "summary"),
    "dev": ("fname", "dialogue", "summary"),
    "test": ("fname", "dialogue"),
}
KNOWN = ("fname", "dialogue", *REFERENCES, "topic", "facts")

# What a file must be before its columns and rows can be looked at; the readers below see to it.
FORM = (
    "The file is UTF-8 text, with or without a byte order mark.",
    "It is CSV: commas between cells, quotes around a cell that holds commas, quotes or line breaks, and the names of "
    "the columns in the first row.",
    "Each row has as many cells as the first.",
)

# Control characters but tab and line ends (U+0085 is one): they are no text, but the trace of a fault on the way.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
# Half a character, which UTF-8 does not allow. Some programs write it as three bytes all the same.
SURROGATE = re.compile("[\ud800-\udfff]")

# A table holds so many rows or characters and one row more at most, so that memory stays the same for any file.
TABLE_ROWS = 20_000
TABLE_CHARACTERS = 16_000_000
# A cell may be long: its row is set aside later, with its reason. More than this is a quote that nobody closed.
_CELL_LIMIT = 100_000_000
SHOWN = 5  # faults of one kind that are spelt out
_SHOWN_CHARACTERS = 40


@dataclass(frozen=True)
class Index:
    """A whole file without its texts. `numbers[i]` is the row of `ids[i]` as a spreadsheet counts it, from 1."""

    path: Path
    columns: tuple[str, ...]
    numbers: list[int]
    ids: list[str]


@dataclass(frozen=True)
class Table:
    """Rows of a CSV file that follow each other; `numbers[i]` is the row of `rows[i]`, the header being row 1."""

    columns: tuple[str, ...]
    numbers: list[int]
    rows: list[list[str]]

    def column(self, name: str) -> list[str]:
        """The cells of one column. A column that is not there raises ValueError."""
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


def read_header(path: Path) -> list[list[str]]:
    """The first rows of a file, at most five; the very first should name the columns.

    Raises InputError if the file is missing or empty, or is not UTF-8 or CSV as far as that.
    """
    guessing.refuse_what_is_no_csv(path)
    with closing(_records(path)) as records:
        rows = [cells for _, cells in islice(records, 5)]
    if not rows:
        raise InputError(f"{path}: is empty; its first row must name the columns, such as fname,dialogue,summary,topic")
    return rows


def read_index(path: Path) -> Index:
    """Columns, row numbers and ids of a file that `read_header` took and that has a column `fname`.

    The whole file is read. Raises InputError if it is not UTF-8, if its quotes do not fit, or if its rows are not all
    as long as the first.
    """
    numbers: list[int] = []
    ids: list[str] = []
    ragged: list[tuple[int, int]] = []
    records = _records(path)
    _, columns = next(records)
    place = columns.index("fname")
    for number, cells in tqdm(records, desc=f"read {path.name}", unit=" rows", disable=None):
        if len(cells) != len(columns):
            ragged.append((number, len(cells)))
        else:
            numbers.append(number)
            ids.append(cells[place])
    if ragged:
        faults = [
            f"{path}: row {number}: has {size} cells where the header names {len(columns)} columns; "
            'put a cell that holds commas in "quotes"'
            for number, size in ragged[:SHOWN]
        ]
        raise InputError("\n".join([*faults, *and_more(path, len(ragged))]))
    return Index(path, tuple(columns), numbers, ids)


def read_tables(path: Path) -> Iterator[Table]:
    """All rows of a file that `read_index` found sound, in order, some thousands at a time."""
    records = _records(path)
    columns = tuple(next(records)[1])
    table, characters = Table(columns, [], []), 0
    for number, cells in records:
        table.numbers.append(number)
        table.rows.append(cells)
        characters += sum(map(len, cells))
        if len(table.rows) >= TABLE_ROWS or characters >= TABLE_CHARACTERS:
            yield table
            table, characters = Table(columns, [], []), 0
    if table.rows:
        yield table


def parse_facts(cell: str) -> list[dict[str, str]] | None:
    """The facts in a cell, `[{"name": "time", "value": "오후 3시"}]`; none if it is blank, None if it is malformed."""
    if not cell.strip():
        return []
    try:
        items = json.loads(cell)
        facts = [{"name": item["name"], "value": item["value"]} for item in items]
        # Joining refuses what is no text. JSON can spell characters that no text may hold.
        texts = "".join(text for fact in facts for text in fact.values())
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return facts if isinstance(items, list) and not (CONTROL.search(texts) or SURROGATE.search(texts)) else None


def rows_of(table: Table, split: str) -> list[Row]:
    """The rows of a table that has the columns of its split. Blank topics and summaries count as absent.

    Test rows carry no summaries even if the file does: nothing after this may see them. They are kept whatever they
    hold, so malformed facts count as none, and half characters (SURROGATE), which nothing can write, are left out.
    """
    cells = {name: table.column(name) if name in table.columns else [""] * len(table.rows) for name in KNOWN}
    references = () if split == "test" else REFERENCES
    if split == "test":
        cells = {name: [SURROGATE.sub("", text) for text in texts] for name, texts in cells.items()}
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


def row_line(row: Row) -> str:
    """A row as one line of JSON, with its line end."""
    return json.dumps(vars(row), ensure_ascii=False) + "\n"


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file of such lines, one at a time."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield Row(**json.loads(line))


def and_more(path: Path, faults: int) -> list[str]:
    """A line that counts the faults of one kind that come after the first few; no line if all are spelt out."""
    return [f"{path}: and {faults - SHOWN} more faults of this kind"] if faults > SHOWN else []


def shown(text: str) -> str:
    """A short text of the user's for a message of one line; quoted if it is blank, cut or not all printable."""
    if text.strip() and text.isprintable() and len(text) <= _SHOWN_CHARACTERS:
        return text
    return repr(text[:_SHOWN_CHARACTERS]) + ("…" if len(text) > _SHOWN_CHARACTERS else "")


def numbered(path: Path, file: Iterable[str], delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each row of a file opened with `newline=""`; the header is row 1.

    Raises InputError where the file is no CSV any more.
    """
    csv.field_size_limit(_CELL_LIMIT)
    number = 0
    try:
        for number, cells in enumerate(csv.reader(file, delimiter=delimiter, strict=True), start=1):
            yield number, cells
    except csv.Error as error:
        raise InputError(
            f"{path}: row {number + 1}: is not valid CSV ({error}); put a cell that holds commas, quotes or newlines "
            'in "quotes", double the quotes inside it, and close each'
        ) from error


def _records(path: Path) -> Generator[tuple[int, list[str]]]:
    """Number and cells of each row that is not blank, the header included.

    Raises InputError where the file cannot be read further.
    """
    try:
        # `surrogatepass`: half a character is a fault of its row and not of the file.
        with path.open(encoding="utf-8-sig", errors="surrogatepass", newline="") as file:
            for number, cells in numbered(path, file):
                if cells:
                    yield number, cells
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(guessing.undecodable(path)) from error
