"""Read a split of a data set from JSON: a list of records, or one record a line.

Enters: the NIKL everyday-conversation task (https://kli.korean.go.kr/benchmark), or flat records:

    {"id": "nikluge-2024-…-train-000001", "input": {"subject_keyword": ["인사"], "conversation": [
     {"speaker": "SD2000001", "utterance": "안녕하세요."}, {"speaker": "SD2000002", "utterance": "네."}]},
     "output": "두 화자가 인사했습니다."}
    {"fname": "train_0", "dialogue": "#Person1#: 안녕.\\n#Person2#: 네.", "summary": ["첫째", "둘째"], "topic": "인사"}

Leaves: texts by column, `{"fname": "nikluge-…", "dialogue": "SD2000001: 안녕하세요.\\nSD2000002: 네.", "topic": …}`.
A record that is none of these raises an InputError with its number and its line. One record at a time is held.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from dialsum.corpus.cleaning import ALL, LABEL, clean
from dialsum.corpus.encodings import open_text
from dialsum.corpus.formats import KNOWN, REFERENCES, REQUIRED, shown
from dialsum.errors import InputError

NEEDED = {**REQUIRED, "": ("dialogue",)}  # columns by split; of dialogues that belong to none, and are but counted
_NIKL_KEYS = {"id", "input", "output"}
_INPUT_KEYS = {"conversation", "subject_keyword"}
_LINES = replace(ALL, untagged_lines=False)
_OPENING = re.compile(r"[ \t\r\n]*\[[ \t\r\n]*(?P<end>\][ \t\r\n]*)?")
_BETWEEN = re.compile(r"[ \t\r\n]*(?:,[ \t\r\n]*|(?P<end>\][ \t\r\n]*))")
_BLOCK = 1 << 20  # characters read at once
_LONGEST = 1 << 26  # characters of a record: what has not ended by then is broken, and the rest need not be read
_KINDS = {str: "text", list: "a list", dict: "an object", bool: "true or false", int: "a number", float: "a number"}


class _RecordError(Exception):
    """What is wrong with a record; the place is added where it is known."""


def read_json(path: Path, encoding: str, split: str, taken: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The records of a JSON file, as texts by column; what has no column of ours keeps its own name, without its text.

    `taken` maps a flat record's keys to our columns. Raises InputError at the first record that cannot be read.
    """
    first = None
    for where, record in _records(path, encoding):
        try:
            if not isinstance(record, dict):
                raise _RecordError(f"should be an object, as {{…}}, but is {_kind(record)}")
            nikl = "input" in record and "input" not in taken
            first = nikl if first is None else first
            if nikl != first:
                raise _RecordError(
                    f"is {'NIKL' if nikl else 'flat'}, the first record is {'NIKL' if first else 'flat'}; "
                    "put one form into one file"
                )
            yield _nikl(record, split, taken) if nikl else _flat(record, split, taken)
        except _RecordError as fault:
            raise InputError(f"{where}: {fault}") from None


def _nikl(record: dict[str, Any], split: str, taken: Mapping[str, str]) -> dict[str, str]:
    if any(name != column for name, column in taken.items()):
        raise _RecordError("is NIKL, whose keys have fixed names; leave --column out")
    inside = _value(record, "input", dict)
    turns = _value(inside, "conversation", list, "input.")
    texts = {"fname": _text(record, "id"), "dialogue": "\n".join(map(_line, range(1, len(turns) + 1), turns))}
    if "subject_keyword" in inside:
        texts["topic"] = _joined(inside, "subject_keyword", "input.")
    if "output" in record or "summary" in NEEDED[split]:
        texts |= _references(record, "output")
    unused = [*(record.keys() - _NIKL_KEYS), *(f"input.{name}" for name in inside.keys() - _INPUT_KEYS)]
    return texts | dict.fromkeys(unused, "")


def _line(number: int, turn: object) -> str:
    """A turn as it stands in a dialogue, on one line whatever it holds: `SD2000001: 안녕하세요.`"""
    try:
        if not isinstance(turn, dict):
            raise _RecordError(f"should be an object, as {{…}}, but is {_kind(turn)}")
        speaker, utterance = _text(turn, "speaker"), _text(turn, "utterance")
        if not LABEL.fullmatch(speaker):
            raise _RecordError(
                f"key speaker: {shown(speaker)}: is no label that a turn can begin with; write it as SD2000001 or "
                "#Person1#, in the summary too"
            )
    except _RecordError as fault:
        raise _RecordError(f"input.conversation, turn {number}: {fault}") from None
    return _on_one_line(f"{speaker}: {utterance}")


def _on_one_line(turn: str) -> str:
    """A turn as it stands; cleaned and joined if cleaning sees several lines in it, of which one may look like a turn.

    Line breaks may be written out or be entities: `\\n`, `<br>`, `&lt;br&gt;`, `&#10;`.
    """
    cleaned = clean(turn, _LINES)
    return cleaned.replace("\n", " ") if "\n" in cleaned or len(turn.splitlines()) > 1 else turn.rstrip("\r\n")


def _flat(record: dict[str, Any], split: str, taken: Mapping[str, str]) -> dict[str, str]:
    names = {column: name for name, column in taken.items() if name in record}
    for column in NEEDED[split]:
        if column not in names:
            found = ", ".join(record)
            raise _RecordError(
                f"key {column}: is missing; add it, or name the key that holds it, as in --column {column}=NAME "
                f"(found: {found})"
            )
    texts = dict.fromkeys((name for name in record if name not in taken and name not in KNOWN), "")
    for column, name in names.items():
        match column:
            case "summary":
                texts |= _references(record, name)
            case "topic":
                texts["topic"] = _joined(record, name)
            case "facts" if isinstance(record[name], list):
                texts["facts"] = _encodable(json.dumps(record[name], ensure_ascii=False), name)
            case "fname" | "dialogue":
                texts[column] = _text(record, name)
            case _:
                if column in texts:
                    raise _RecordError(f"key {name}: is also in the list of summaries; keep one of the two")
                texts[column] = "" if record[name] is None else _text(record, name)
    return texts


def _references(holder: dict[str, Any], key: str) -> dict[str, str]:
    """One summary, or a list of them, by column. None at all is a blank one, which `validate` tells of."""
    if holder.get(key) is None and key in holder:
        return {"summary": ""}
    texts = _text_or_list(holder, key)
    if len(texts) > len(REFERENCES):
        raise _RecordError(
            f"key {key}: holds {len(texts)} summaries; at most {len(REFERENCES)} have a place, remove some"
        )
    return {"summary": "", **dict(zip(REFERENCES, texts, strict=False))}


def _joined(holder: dict[str, Any], key: str, prefix: str = "") -> str:
    """A topic: a text, a list of texts, or null for none."""
    return "" if holder[key] is None else ", ".join(_text_or_list(holder, key, prefix))


def _text_or_list(holder: dict[str, Any], key: str, prefix: str = "") -> list[str]:
    if not isinstance(holder.get(key), list):
        return [_text(holder, key, prefix)]
    for item in holder[key]:
        if not isinstance(item, str):
            raise _RecordError(
                f"key {prefix}{key}: should be a list of texts, but holds {_kind(item)}; put it in quotes"
            )
    return [_encodable(item, f"{prefix}{key}") for item in holder[key]]


def _text(holder: dict[str, Any], key: str, prefix: str = "") -> str:
    return _encodable(_value(holder, key, str, prefix), f"{prefix}{key}")


def _encodable(text: str, key: str) -> str:
    r"""The text itself. JSON can spell half of a character, as `"\ud83d"`, which no UTF-8 file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _RecordError(f"key {key}: holds half a character, \\u{ord(text[error.start]):x}; remove it") from None
    return text


def _value(holder: dict[str, Any], key: str, kind: type, prefix: str = "") -> Any:
    """The value of a key. Raises _RecordError if it is missing, or of another kind."""
    if key not in holder:
        raise _RecordError(f"key {prefix}{key}: is missing; add it (found: {', '.join(holder)})")
    value = holder[key]
    if not isinstance(value, kind):
        remedy = "; give it one" if value is None else ""
        if kind is str and isinstance(value, int | float):
            remedy = "; put it in quotes"
        raise _RecordError(f"key {prefix}{key}: should be {_KINDS[kind]}, but is {_kind(value)}{remedy}")
    return value


def _kind(value: object) -> str:
    return "null" if value is None else _KINDS[type(value)]


def _records(path: Path, encoding: str) -> Iterator[tuple[str, Any]]:
    """Each record with its place, `train.json: record 2 (line 31)`."""
    with open_text(path, encoding) as file:
        while (head := file.read(_BLOCK)) and not head.strip():
            pass
    listed = head.lstrip().startswith("[")
    number = 0
    try:
        with open_text(path, encoding) as file:
            for number, (line, record) in enumerate(_elements(file) if listed else _lines(file), start=1):
                yield f"{path}: record {number} (line {line})", record
    except _JsonError as error:
        raise InputError(f"{path}: record {number + 1} (line {error.line}): {error}") from None


class _JsonError(Exception):
    """Text that is no JSON, or not as it should be, and its line."""

    def __init__(self, line: int, reason: Exception) -> None:
        if isinstance(reason, _RecordError):
            super().__init__(str(reason))
        else:
            said = reason.msg if isinstance(reason, json.JSONDecodeError) else str(reason)
            super().__init__(f"is not valid JSON ({said}); a file is a list, [{{…}}, {{…}}], or has one {{…}} a line")
        self.line = line


def _lines(file: TextIO) -> Iterator[tuple[int, Any]]:
    """Records that stand one a line, each with its line."""
    decoder = json.JSONDecoder(object_pairs_hook=_unique)
    for line, text in enumerate(file, start=1):
        if text.strip():
            try:
                record = decoder.decode(text)
            except (_RecordError, ValueError, RecursionError) as error:
                raise _JsonError(line, error) from None
            yield line, record


def _elements(file: TextIO) -> Iterator[tuple[int, Any]]:
    """The records of a list, each with the line that it starts in.

    `json.load` would hold all of them. Here `text` holds what was read and not yet given; `place` is where to go on in
    it, `line` the line of `place`. What does not parse may only need its rest to be read first.
    """
    decoder = json.JSONDecoder(object_pairs_hook=_unique)
    text, place, line, separator = "", 0, 1, _OPENING
    ended = False  # nothing more will be read
    while True:
        try:
            found = separator.match(text, place)
            if found is None or (found.end() == len(text) and not ended):
                raise json.JSONDecodeError("Expecting ',' or ']'", text, place)
            start = found.end()
            if found["end"]:
                if start < len(text):
                    raise json.JSONDecodeError("Extra data", text, start)
                return
            record, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            if ended:
                raise _JsonError(line + text.count("\n", place, error.pos), error) from None
            more = file.read(max(_BLOCK, len(text) - place)) if len(text) - place < _LONGEST else ""
            text, place, ended = text[place:] + more, 0, not more
        except (_RecordError, ValueError, RecursionError) as error:
            raise _JsonError(line + text.count("\n", place, start), error) from None
        else:
            line += text.count("\n", place, start)
            yield line, record
            line += text.count("\n", start, end)
            place, separator = end, _BETWEEN


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once: of two values `json` would keep the last, and lose the first silently."""
    record = dict(pairs)
    if len(record) < len(pairs):
        (key, times), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise _RecordError(f"key {key}: stands {times} times in one object; keep one")
    return record
