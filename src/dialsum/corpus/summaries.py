"""Files of summaries from anywhere, row by row: predictions of this or another program, and references.

Enters: a CSV file (UTF-8 or CP949) or one with a JSON object a line. A row has its id as `fname` or `id`, and its text
as `summary` or `text`; further references are `summary2`, `summary3`, or a list `references`:

    fname,summary                                        {"id": "dev_0", "text": "…", "finished": true}
    dev_0,#Person1#은 예약을 원한다.                         {"id": "dev_0", "references": ["…", "…"], "turns": […], …}

Leaves: a `Table` of all rows, with every cell as it was, and files of the same form.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TextIO

from dialsum.corpus import matching
from dialsum.corpus.encodings import find_encoding, open_text
from dialsum.corpus.formats import REFERENCES, numbered
from dialsum.corpus.listing import listed
from dialsum.corpus.matching import SHOWN
from dialsum.errors import InputError

Cells = Mapping[str, Any]

_IDS = ("fname", "id")
_TEXTS = ("summary", "text")
_LIST = "references"
_HALF = re.compile("[\ud800-\udfff]")  # JSON can hold one half of a pair; no file could be written with it


@dataclass(frozen=True)
class Row:
    """One row: its id, its text or references, and all its cells."""

    id: str
    texts: tuple[str, ...]
    cells: Cells


@dataclass(frozen=True)
class Table:
    """A file: its form, the column its texts are in, its columns (for CSV alone) and rows in their order."""

    path: Path
    form: Literal["csv", "jsonl"]
    text: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def ids(self) -> list[str]:
        """The id of each row."""
        return [row.id for row in self.rows]

    def texts(self) -> dict[str, tuple[str, ...]]:
        """The texts of each id; of rows with one id, those of the last."""
        return {row.id: row.texts for row in self.rows}


def read_predictions(path: Path) -> Table:
    """One text a row, which may be empty. Raises InputError if the file cannot be read or a row has no id or text."""
    table = _read(path, _TEXTS)
    rows = (replace(row, texts=(_string(path, row.id, table.text, row.cells[table.text]),)) for row in table.rows)
    return replace(table, rows=tuple(rows))


def read_references(path: Path) -> Table:
    """One or several references a row. Raises InputError as `read_predictions`, or if a row has no reference."""
    table = _read(path, (_LIST, *_TEXTS))
    rows = tuple(replace(row, texts=tuple(_references(path, table.text, row))) for row in table.rows)
    if without := [row.id for row in rows if not row.texts]:
        raise InputError(f"{path}: {table.text}: is empty in {listed(without, SHOWN)}; give each row a reference")
    return replace(table, rows=rows)


def refuse_mismatch(given: Table, wanted: Table) -> None:
    """Raise InputError, with the ids, unless `given` has each id of `wanted` exactly once, and no other."""
    refuse_doubled(wanted)
    remedy = "give files of the same dialogues, each once"
    matching.refuse_mismatch(given.ids(), given.path, wanted.ids(), wanted.path, remedy)


def refuse_doubled(table: Table) -> None:
    """Raise InputError, with the ids, if one occurs twice."""
    if doubled := [name for name, times in Counter(table.ids()).items() if times > 1]:
        raise InputError(f"{table.path}: ids: more than once: {listed(doubled, SHOWN)}; give each row an id of its own")


def write(path: Path, like: Table, rows: Iterable[Cells]) -> None:
    """Write rows in the form of another file, UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as file:
        write_to(file, like, rows)


def write_to(file: TextIO, like: Table, rows: Iterable[Cells]) -> None:
    """The same into an open file; a cell that a row lacks stays empty in CSV."""
    if like.form == "jsonl":
        file.writelines(json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows)
        return
    writer = csv.DictWriter(file, like.columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _read(path: Path, texts: Sequence[str]) -> Table:
    form = path.suffix.lower().lstrip(".")
    if form not in ("csv", "jsonl"):
        raise InputError(f"{path}: is neither .csv nor .jsonl; give a file of one of these forms")
    try:
        found = list(_csv_rows(path) if form == "csv" else _json_rows(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if not found:
        raise InputError(f"{path}: has no row; give one a summary")
    first = found[0][1]
    key = next((name for name in _IDS if name in first), None)
    text = next((name for name in texts if name in first), None)
    if key is None or text is None:
        wanted, choices = ("id", _IDS) if key is None else ("text", texts)
        raise InputError(
            f"{path}: has no column for the {wanted}; name it {' or '.join(choices)} (columns: {', '.join(first)})"
        )
    rows = []
    for place, cells in found:
        for name in (key, text):
            if name not in cells:
                raise InputError(f"{path}: {place}: {name}: is missing; the first row has it, so give it to each")
        rows.append(Row(_identifier(cells[key], f"{path}: {place}: {key}"), (), cells))
    return Table(path, "csv" if form == "csv" else "jsonl", text, tuple(first), tuple(rows))


def _identifier(value: Any, where: str) -> str:
    """An id as text; JSON may hold a number. Anything else, as null, would be an id that other rows have too."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InputError(f"{where}: should be text or a whole number, got {json.dumps(value):.40}; give each row an id")
    if not str(value).strip():
        raise InputError(f"{where}: is empty; give each row an id")
    return str(value).strip()


def _csv_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    columns: list[str] | None = None
    with open_text(path, find_encoding(path, None)) as file:
        for number, cells in numbered(path, file):
            if not cells:
                continue
            if columns is None:
                columns = cells
                if doubled := [name for name, times in Counter(columns).items() if times > 1]:
                    raise InputError(f"{path}: columns: more than once: {', '.join(doubled)}; name each differently")
            elif len(cells) != len(columns):
                raise InputError(
                    f"{path}: row {number}: has {len(cells)} cells where the header names {len(columns)} columns; "
                    'put a cell that holds commas in "quotes"'
                )
            else:
                yield f"row {number}", dict(zip(columns, cells, strict=True))


def _json_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with open_text(path, find_encoding(path, None)) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                cells = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise InputError(f"{path}: line {number}: is no JSON ({error}); give one object a line") from error
            if not isinstance(cells, dict):
                raise InputError(f"{path}: line {number}: is no JSON object; give one object a line")
            yield f"line {number}", cells


def _references(path: Path, column: str, row: Row) -> list[str]:
    if column == _LIST:
        given = row.cells[_LIST]
        if not isinstance(given, list):
            raise InputError(f"{path}: {row.id}: {_LIST}: should be a list of texts, got {given!r:.40}")
    else:
        more = [name for name in REFERENCES[1:] if row.cells.get(name) is not None]
        given = [row.cells[name] for name in (column, *more)]
    return [text for text in (_string(path, row.id, column, one) for one in given) if text.strip()]


def _string(path: Path, identifier: str, column: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f"{path}: {identifier}: {column}: should be text, got {value!r:.40}")
    if found := _HALF.search(value):
        raise InputError(
            f"{path}: {identifier}: {column}: has half a character, U+{ord(found[0]):04X}; write the whole one"
        )
    return value
