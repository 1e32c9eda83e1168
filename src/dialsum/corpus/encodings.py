"""Text files whose encoding nobody wrote down.

Enters: train.csv as Excel saves it in Korea. Leaves: the name of its encoding, `cp949`, and its text.

Nothing is guessed from a sample: an encoding counts only if every byte of the file is sound in it. UTF-8 goes first,
because Korean text in CP949 is hardly ever sound UTF-8.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from dialsum.errors import InputError

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_UNMARKED = ("utf-8", "cp949")
_BLOCK = 1 << 20  # bytes


def find_encoding(path: Path, named: str | None) -> str:
    """The encoding of a whole file: `named` if that is given, else that of its byte order mark, UTF-8 or CP949.

    Raises InputError if the file is not sound in it, naming the first line (from 1) that is not.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if named:
        candidates: tuple[str, ...] = (_known(named),)
    else:
        candidates = next(((name,) for mark, name in _MARKS.items() if head.startswith(mark)), _UNMARKED)
    faults = []
    for name in candidates:
        line = undecodable_line(path, name)
        if line is None:
            return name
        faults.append(f"line {line} is not {name.upper()}")
    raise InputError(
        f"{path}: {', and '.join(faults)}; save the file as UTF-8, or name its encoding, as in --encoding utf-16-le"
    )


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[TextIO]:
    """The file as text, after its byte order mark if it has one, with its line endings as they are."""
    with path.open(encoding=encoding, newline="") as file:
        if file.read(1) != "\ufeff":
            file.seek(0)
        yield file


def undecodable_line(path: Path, encoding: str, errors: str = "strict") -> int | None:
    """The first line that is not sound in an encoding, from 1; None if all are. `errors` as Python names it."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    line = 1
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            try:
                line += decoder.decode(block, final=not block).count("\n")
            except UnicodeDecodeError as error:
                # Its positions count from bytes left over from the block before, which begin a character, not a line.
                left_over = len(error.object) - len(block)
                return line + decoder.decode(block[: max(0, error.start - left_over)]).count("\n")
            except UnicodeError:  # UTF-16 was named, and there is no byte order mark
                return line
            if not block:
                return None


def _known(name: str) -> str:
    try:
        "".encode(name)
    except (LookupError, UnicodeError) as error:  # `undefined` is an encoding that can do nothing
        raise InputError(f"--encoding {name}: is no encoding known to Python; try utf-8, cp949 or utf-16") from error
    return name.lower()
