"""What a file that should be CSV in UTF-8 is instead, as far as it can be told, and what its owner can do.

Enters: a path, such as of a file that Excel in Korea saved as `CSV`, or of a workbook that was only renamed.
Leaves: nothing, or an InputError of one line: `train.csv: is not CSV but an Excel workbook; save it as `CSV UTF-8``.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from dialsum.corpus.encodings import undecodable_line
from dialsum.errors import InputError

_SAVE = "save it as `CSV UTF-8`"
_UNPACK = "unpack it and put the CSV file here"
_CONVERT = "turn it into CSV with `dialsum import SOURCE DEST`"
_CONVERT_OR_SAVE = f"convert it with `dialsum import SOURCE DEST`, or {_SAVE}"

# The bytes that files of a kind begin with: https://en.wikipedia.org/wiki/List_of_file_signatures
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\0", "an xz archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACK),
    (b"Rar!\x1a\x07", "a rar archive", _UNPACK),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a file of old Microsoft Office (.xls)", f"open it and {_SAVE}"),
    (b"PAR1", "a Parquet file", "write it as CSV"),
    (b"%PDF-", "a PDF", "take the CSV file itself"),
    (b"version https://git-lfs", "a pointer of git LFS", "fetch the file itself with `git lfs pull`"),
    # UTF-32 first: its mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "text in UTF-32", _SAVE),
    (codecs.BOM_UTF32_BE, "text in UTF-32", _SAVE),
    (codecs.BOM_UTF16_LE, "text in UTF-16", _CONVERT_OR_SAVE),
    (codecs.BOM_UTF16_BE, "text in UTF-16", _CONVERT_OR_SAVE),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_HTML = re.compile(rb"\s*<(!doctype html|html|\?xml)\b", re.IGNORECASE)
_JSON = re.compile(rb'\s*[\[{]\s*["\[{\]}]')
_HANGUL = re.compile("[가-힣]+")
_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")
_SEPARATORS = {b";": "semicolons", b"\t": "tabs", b"|": "bars"}

_HEAD = 1 << 16  # bytes that are looked at
_BLOCK = 1 << 20


def refuse_what_is_no_csv(path: Path) -> None:
    """Raise InputError if there is no such file, or if its first bytes show that it is something else than CSV."""
    if not path.is_file():
        raise InputError(f"{path}: {_no_file(path)}")
    head = _head(path)
    if found := next(_kinds(head), None):
        kind, remedy = found
        raise InputError(f"{path}: is not CSV but {kind}; {remedy}")
    line = _first_line(head)
    if b"\0" in line:
        raise InputError(f"{path}: row 1: holds NUL bytes, so the file is damaged or no text; write it anew")
    for separator, name in _SEPARATORS.items():
        cells = {cell.strip(b' "') for cell in line.removeprefix(codecs.BOM_UTF8).split(separator)}
        if {b"fname", b"dialogue"} <= cells:
            raise InputError(f"{path}: row 1: has {name} between its cells; {_SAVE}, with commas between the cells")


def refuse_what_cannot_be_imported(path: Path) -> None:
    """Raise InputError if the first bytes of a file show that it holds neither a table nor JSON in a known encoding."""
    for kind, remedy in _kinds(_head(path)):
        if remedy not in (_CONVERT, _CONVERT_OR_SAVE):
            raise InputError(f"{path}: is {kind}; {remedy}")


def undecodable(path: Path) -> str:
    """Why a file that is not UTF-8 is not, with the first line that shows it: a message for an InputError."""
    line = undecodable_line(path, "utf-8", errors="surrogatepass")
    place = f"{path}: line {line}: is not UTF-8 text"
    if _is_cp949(path):
        return f"{place} but seems to be CP949, which Excel in Korea saves as plain `CSV`; {_CONVERT_OR_SAVE}"
    return f"{place}; {_SAVE}"


def _no_file(path: Path) -> str:
    if path.is_dir():
        return "is a folder; a file of this name is needed"
    if path.is_symlink() and not path.exists():
        return f"is a link to {path.readlink()}, which is not there; mend the link, or put the file itself here"
    if path.exists():
        return "is a device, pipe or socket; a file of this name is needed"
    for name in (path.name.upper(), path.name.capitalize(), f"{path.stem}.CSV", f"{path.name}.csv", f"{path.name}.txt"):
        if path.with_name(name).exists():
            return f"no such file, but {name}; rename that"
    return "no such file; a data set is a folder with train.csv, dev.csv and test.csv"


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def _kinds(head: bytes) -> Iterator[tuple[str, str]]:
    """What a file that begins so is instead of CSV, and the remedy; the surest first."""
    for signature, kind, remedy in _SIGNATURES:
        if head.startswith(signature):
            yield kind, remedy
    if head.startswith(_ZIP):
        if b"[Content_Types].xml" in head or b"xl/" in head:
            yield "an Excel workbook", f"open it and {_SAVE}"
        yield "a zip archive", _UNPACK
    if _HTML.match(head):
        yield "a page in HTML or XML", "perhaps a log-in or an error was downloaded; take the CSV file itself"
    if _JSON.match(head.removeprefix(codecs.BOM_UTF8)):
        yield "JSON", _CONVERT
    line = _first_line(head)
    if b"\0" in line and (not any(line[::2]) or not any(line[1::2])) and any(line):
        name = "utf-16-le" if any(line[::2]) else "utf-16-be"
        yield "text in UTF-16", f"convert it with `dialsum import SOURCE DEST --encoding {name}`, or {_SAVE}"


def _first_line(head: bytes) -> bytes:
    return head.split(b"\n", 1)[0]


def _is_cp949(path: Path) -> bool:
    """Whether the whole file can be read as CP949 and is then Korean: more Hangul than other letters beyond ASCII."""
    decoder = codecs.getincrementaldecoder("cp949")()
    hangul = foreign = 0
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                text = decoder.decode(block)
                hangul += sum(map(len, _HANGUL.findall(text)))
                foreign += sum(map(len, _BEYOND_ASCII.findall(text)))
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return 2 * hangul > foreign
