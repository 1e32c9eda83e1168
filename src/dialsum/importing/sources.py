"""Read a data set as it was found, in any of the forms that people have it in.

Enters: a CSV or tab-separated file in UTF-8, CP949 or UTF-16, with columns of any name, or JSON (see `json_sources`):

    ,id,대화,summary
    0,train_0,"#Person1#: 예약하고 싶어요.
    #Person2#: 네, 성함이요?",#Person1#은 예약을 원한다.

Leaves: the canonical form of `data.dir`, which `formats` reads: CSV in UTF-8, LF after each row, known columns only.
Texts are carried over as they stand. What cannot be read as a whole raises an InputError.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialsum.corpus.dialogue import SPLITS
from dialsum.corpus.encodings import open_text
from dialsum.corpus.formats import KNOWN, REQUIRED, numbered, shown
from dialsum.errors import InputError
from dialsum.importing.json_sources import NEEDED, read_json

COLUMNS = ("fname", "dialogue", "summary", "topic", "summary2", "summary3", "facts")  # in the order of the file written
TABLES = (".csv", ".tsv", ".txt")  # Excel's "Unicode text" is tab-separated and named .txt
JSONS = (".json", ".jsonl")

_INDEX = re.compile(r"\d*")  # what pandas writes into the column without a name
# Words of a file's name that tell its split: train.csv, validation.csv, nikluge-2024-일상 대화 요약-train.json.
_SPLIT_WORDS = {**{split: split for split in SPLITS}, "validation": "dev", "valid": "dev", "val": "dev"}
_SPLIT_WORD = re.compile(rf"(?<![a-z])(?:{'|'.join(_SPLIT_WORDS)})(?![a-z])")


@dataclass(frozen=True)
class Source:
    """A file, the split that it is ("": none), its encoding, and which of its columns (keys) becomes which of ours."""

    path: Path
    split: str
    encoding: str
    taken: Mapping[str, str]


@dataclass(frozen=True)
class Survey:
    """What a source holds: its rows, the columns that are there (ours by our name), and those with any text."""

    rows: int
    present: frozenset[str]
    filled: frozenset[str]

    def columns(self, split: str) -> list[str]:
        """The columns to write: those that the split must have, and others that have something in them."""
        return [name for name in COLUMNS if name in self.filled or name in REQUIRED[split]]

    def unused(self) -> list[str]:
        """The columns that have no place in the canonical form."""
        return sorted(self.present - set(KNOWN))


def find(source: Path, split: str | None) -> dict[str, Path]:
    """The file of each split, in the order of SPLITS: `source` itself, or the files of the folder `source`.

    A file is the split that its name says, or `split`. Raises InputError for two files of one split, and for none.
    """
    if not source.is_dir():
        if not source.is_file():
            raise InputError(f"{source}: no such file or folder")
        if source.suffix.lower() not in (*TABLES, *JSONS):
            known = ", ".join((*TABLES, *JSONS))
            raise InputError(f"{source}: should be one of {known}; save a spreadsheet as `CSV UTF-8`")
        words = _split_words(source)
        if not split and len(words) != 1:
            raise InputError(
                f"{source}: its name says {' and '.join(words) or 'none'} of train, dev and test; say which it is, as "
                "in --split train"
            )
        return {split or words[0]: source}
    if split:
        raise InputError(f"--split {split}: is for one file, but {source} is a folder; name a file in it")
    found: dict[str, Path] = {}
    for path in sorted(source.iterdir()):
        words = _split_words(path)
        if path.name.startswith(".") or path.suffix.lower() not in (*TABLES, *JSONS) or len(words) != 1:
            continue
        if words[0] in found:
            raise InputError(
                f"{source}: {found[words[0]].name} and {path.name} both say {words[0]}; move one away, or import each "
                "file by its name"
            )
        found[words[0]] = path
    if not found:
        raise InputError(
            f"{source}: has no file such as train.csv, dev.json or test.jsonl; name them so, or import each file by "
            "its name, with --split"
        )
    return {name: found[name] for name in SPLITS if name in found}


def passed_over(source: Path, files: Mapping[str, Path]) -> list[str]:
    """The names of files in the folder `source` that look like data, or like a split, and are not in `files`."""
    if not source.is_dir():
        return []
    names = (path.name for path in source.iterdir() if path.suffix.lower() in (*TABLES, *JSONS) or _split_words(path))
    return sorted(set(names) - {path.name for path in files.values()})


def names_taken(renamed: Mapping[str, str]) -> dict[str, str]:
    """Our column by the source's name, from `{"dialogue": "대화"}`; what is not renamed has our own name.

    A name that was given to one column is no longer taken for another.
    """
    taken = {}
    for column in KNOWN:
        name = renamed.get(column, column)
        if column in renamed or name not in renamed.values():
            taken[name] = column
    return taken


def read(source: Source) -> Iterator[dict[str, str]]:
    """The rows of a source, as texts by our columns; a column of no use to us keeps its own name."""
    if source.path.suffix.lower() in JSONS:
        return read_json(source.path, source.encoding, source.split, source.taken)
    return _read_table(source)


def survey(path: Path, rows: Iterable[dict[str, str]]) -> Survey:
    """Read all rows once, holding none. Raises InputError if one cannot be read, or if there is none."""
    count = 0
    present: set[str] = set()
    filled: set[str] = set()
    for row in rows:
        count += 1
        present |= row.keys()
        filled |= {name for name in row.keys() - filled if row[name].strip()}
    if not count:
        raise InputError(f"{path}: has no rows; there is nothing to import")
    return Survey(count, frozenset(present), frozenset(filled))


def write(path: Path, columns: list[str], rows: Iterable[dict[str, str]]) -> int:
    """Write rows in the canonical form. Returns how many."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        plain: Any = csv.writer(file, lineterminator="\n")
        # Python 3.11 does not quote a carriage return by itself, and then reads a new row there.
        quoted: Any = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        plain.writerow(columns)
        for row in rows:
            count += 1
            cells = [row.get(name, "") for name in columns]
            (quoted if any("\r" in cell for cell in cells) else plain).writerow(cells)
    return count


def _split_words(path: Path) -> list[str]:
    """The splits that a file's name says, such as ["train"] for `nikluge-2024-train.json`."""
    return sorted({_SPLIT_WORDS[word] for word in _SPLIT_WORD.findall(path.stem.lower())})


def _read_table(source: Source) -> Iterator[dict[str, str]]:
    """The rows of a CSV or tab-separated file, without those in which nothing stands."""
    with open_text(source.path, source.encoding) as file:
        header_line = next((line for line in file if line.strip()), "")
    with open_text(source.path, source.encoding) as file:
        # The tie goes to the comma, as in a header of one column.
        rows = numbered(source.path, file, delimiter=max(",\t;", key=header_line.count))
        records = ((row, cells) for row, cells in rows if any(cell.strip() for cell in cells))
        _, header = next(records, (0, []))
        names = [name.strip() for name in header]
        kept = _kept(source, names)
        unnamed = [place for place, name in enumerate(names) if not name]
        for row, cells in records:
            if len(cells) != len(names):
                raise InputError(
                    f"{source.path}: row {row}: has {len(cells)} cells where the header names {len(names)} columns; "
                    'put a cell that holds commas, tabs or newlines in "quotes"'
                )
            for place in unnamed:
                if not _INDEX.fullmatch(cells[place]):
                    raise InputError(
                        f"{source.path}: row {row}, column {place + 1}: {shown(cells[place])} stands in a column that "
                        "has no name and is not the index of a table; name it in the header, or remove it"
                    )
            yield {name: cells[place] for place, name in kept}


def _kept(source: Source, names: list[str]) -> list[tuple[int, str]]:
    """The place and the key of each column that has a name, from the names in the header."""
    kept = []
    for place, name in enumerate(names):
        if name in source.taken:
            if names.count(name) > 1:
                raise InputError(f"{source.path}: column {name}: is named {names.count(name)} times; keep one")
            kept.append((place, source.taken[name]))
        elif name and name not in KNOWN:
            kept.append((place, name))
    present = {key for _, key in kept}
    for column in NEEDED[source.split]:
        if column not in present:
            found = ", ".join(filter(None, names)) or "nothing; the first row must name the columns"
            alike = next((name for name in names if name.lower() == column), "NAME")
            raise InputError(
                f"{source.path}: column {column}: is missing; name the column that holds it, as in "
                f"--column {column}={alike} (found: {found})"
            )
    return kept
