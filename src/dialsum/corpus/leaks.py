"""Rows that say the same, or nearly: what a model has learnt by heart it must not be examined in.

Enters: clean dialogues of the three splits, one at a time. Leaves: pairs of rows, with their ids, as CSV:

    kind,split,id,other_split,other_id,similarity
    exact,train,train_17,dev,dev_3,1.00
    near,train,train_40,test,test_8,0.86

`exact`: the same characters in the same order; speakers, the borders of turns, blanks and letter case do not count. So
a copy with other names for its speakers is one. `near`: at least THRESHOLD of the runs of three letters that either of
the two dialogues has are in both (the Jaccard similarity); punctuation does not count. It is estimated by MinHash, with
a standard error of at most 0.04. Dialogues without any text are in no pair.

The report is linear in the rows: in each split a row is paired with one other row alone, its first exact copy there and
the most similar of its near ones. A thousand copies of a text are 999 pairs, and every row that has a copy is in one.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash
from tqdm import tqdm

from dialsum.corpus.dialogue import SPLITS, Dialogue
from dialsum.errors import InputError
from dialsum.outputs import replacing

Kind = Literal["exact", "near"]

# Tried on 350 real dialogues of the competition. Copies with 5 % of their words replaced have 0.76 or more, with two
# turns exchanged 0.82; of those with three words replaced, with other names, or with all turns shuffled, 98 % or more
# are found; unrelated ones have 0.36 at most. Of the default synthetic corpus, made from templates, 2 % are in a pair.
THRESHOLD = 0.65
_SLOTS = 128
_ENOUGH = math.ceil(THRESHOLD * _SLOTS)
_SEED = 42
# Two rows are compared if all slots of a band agree: with 25 bands of 5 that holds for 95 % of the pairs of similarity
# s = 0.65, 99 % of those of 0.7, 99.9 % of those of 0.75 (1 - (1 - s^5)^25; Mining of Massive Datasets, section 3.4.2).
_BANDS, _BAND_SLOTS = 25, 5
_MULTIPLIERS = np.array(
    [0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93, 0xC2B2AE3D27D4EB4F], np.uint64
)
# In a band a row is compared with so many that follow it, not with all: rows from templates agree there by the
# thousand. They are sorted by the next band, so that those most alike stand together.
_NEIGHBOURS = 8
_BATCH = 256  # rows a call of the library
_CHUNK = 8192  # pairs a comparison: 2 × 4 MiB of signatures
_PUNCTUATION = re.compile(r"[\W_]+")
_SHOWN = 5  # pairs that a refusal spells out


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows that say the same. `split` is not after `other_split` in SPLITS; `similarity` is 1 for exact copies."""

    kind: Kind
    split: str
    id: str
    other_split: str
    other_id: str
    similarity: float


class Leaks:
    """All dialogues so far, as a digest and a MinHash signature each: some 620 bytes a row, and no texts."""

    def __init__(self) -> None:
        """No rows yet."""
        self._ids: list[str] = []
        # Bytes grow in place; arrays joined at the end would need the memory twice.
        self._splits = bytearray()
        self._digests = bytearray()
        self._signatures = bytearray()
        self._waiting: list[NDArray[np.uint64]] = []

    def add(self, split: str, dialogue: Dialogue) -> None:
        """Take in a clean dialogue. Of equal ones in a split the first added is the one that others are paired with."""
        said = "".join("".join(turn.text for turn in dialogue.turns).split()).casefold()
        if not said:
            return
        self._ids.append(dialogue.id)
        self._splits.append(SPLITS.index(split))
        self._digests += blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        self._waiting.append(_trigrams(_PUNCTUATION.sub("", said) or said))
        if len(self._waiting) == _BATCH:
            self._sign()

    def pairs(self) -> list[Pair]:
        """Exact pairs, then near ones, each in the order of splits and rows.

        The same rows in the same order give the same pairs, on any machine and with any number of threads.
        Of exact copies only the first in each split has near ones. Near pairs may be missed close to the threshold
        (see _BANDS); and where hundreds of rows are alike, a row may be paired with another than the most similar, or
        be missed if in no band one of its near copies is among the rows that it is compared with (see _NEIGHBOURS).
        """
        if not self._ids:
            return []
        self._sign()
        splits = np.frombuffer(self._splits, np.uint8)
        firsts = _first_copies(np.frombuffer(self._digests, "S16"), splits)
        signatures = np.frombuffer(self._signatures, np.uint32).reshape(-1, _SLOTS)
        near, agreeing = _most_similar(signatures, splits, firsts)
        return [
            *self._named("exact", firsts, np.full_like(firsts, _SLOTS)),
            *self._named("near", near, agreeing),
        ]

    def _sign(self) -> None:
        if self._waiting:
            matrix = RMinHash.digest_matrix_from_token_hash_sets(self._waiting, num_perm=_SLOTS, seed=_SEED)
            self._signatures += np.array(matrix.to_rows(), np.uint32).tobytes()
            self._waiting.clear()

    def _named(self, kind: Kind, partners: NDArray[np.int64], agreeing: NDArray[np.int64]) -> Iterator[Pair]:
        """Each pair of a row and its partner once, sorted."""
        rows, columns = np.nonzero((partners >= 0) & (partners != np.arange(len(partners))[:, None]))
        others, slots = partners[rows, columns], agreeing[rows, columns]
        splits = np.frombuffer(self._splits, np.uint8)
        place = np.empty(len(splits), np.int64)
        place[np.argsort(splits, kind="stable")] = np.arange(len(splits))
        swap = place[rows] > place[others]
        ones, others = np.where(swap, others, rows), np.where(swap, rows, others)
        _, kept = np.unique(place[ones] * len(splits) + place[others], return_index=True)
        for one, other, count in zip(ones[kept].tolist(), others[kept].tolist(), slots[kept].tolist(), strict=True):
            yield Pair(
                kind,
                SPLITS[splits[one]],
                self._ids[one],
                SPLITS[splits[other]],
                self._ids[other],
                round(count / _SLOTS, 2),
            )


def counts(pairs: Sequence[Pair]) -> dict[str, dict[str, dict[str, int]]]:
    """For metrics: by kind and pair of splits, as `train_dev`, the pairs and how many rows of each split are in one."""
    counted = {
        kind: {f"{one}_{two}": {"pairs": 0, one: 0, two: 0} for one, two in combinations_with_replacement(SPLITS, 2)}
        for kind in get_args(Kind)
    }
    seen = set()
    for pair in pairs:
        cell = counted[pair.kind][f"{pair.split}_{pair.other_split}"]
        cell["pairs"] += 1
        for row in ((pair.split, pair.id), (pair.other_split, pair.other_id)):
            place = (pair.kind, pair.split, pair.other_split, row)
            cell[row[0]] += place not in seen
            seen.add(place)
    return counted


def write_csv(path: Path, pairs: Sequence[Pair]) -> None:
    """Write one pair a row; the header alone if there is none."""
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("kind", "split", "id", "other_split", "other_id", "similarity"))
        writer.writerows(
            (pair.kind, pair.split, pair.id, pair.other_split, pair.other_id, f"{pair.similarity:.2f}")
            for pair in pairs
        )


def refuse(pairs: Sequence[Pair], path: Path, allow: bool) -> None:
    """Raise an InputError if train holds a dialogue of dev or test, unless the user allows it (`data.allow_leaks`).

    `path`: the file that `write_csv` wrote, which lists them all.
    """
    leaking = [pair for pair in pairs if pair.kind == "exact" and pair.split == "train" != pair.other_split]
    if not leaking or allow:
        return
    rows = len({pair.id for pair in leaking})
    shown = ", ".join(f"{pair.id} = {pair.other_id} of {pair.other_split}" for pair in leaking[:_SHOWN])
    more = f" and {len(leaking) - _SHOWN} more pairs" if len(leaking) > _SHOWN else ""
    raise InputError(
        f"{path}: train.csv has {rows} {'row' if rows == 1 else 'rows'} with a dialogue of dev.csv or test.csv "
        f"({shown}{more}), so that scores would reward learning by heart; remove from train.csv the rows that "
        "this file pairs as exact with dev or test, or keep them with -S data.allow_leaks=true"
    )


def _trigrams(text: str) -> NDArray[np.uint64]:
    """The runs of three characters, one for each character of the text: code points of 21 bits each, so they are exact.

    Three letters of Korean are about a word; longer runs would miss more of the copies in which words were replaced.
    """
    points = np.frombuffer(f"{text}\0\0".encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    return points[:-2] << np.uint64(42) | points[1:-1] << np.uint64(21) | points[2:]


def _first_copies(digests: NDArray[np.bytes_], splits: NDArray[np.uint8]) -> NDArray[np.int64]:
    """For each row and split, the first row of that split with the same digest, the row itself too; -1: none has it."""
    kinds, texts = np.unique(digests, return_inverse=True)
    firsts = np.full((len(kinds), len(SPLITS)), len(digests))
    np.minimum.at(firsts, (texts, splits), np.arange(len(digests)))
    firsts[firsts == len(digests)] = -1
    return firsts[texts]


def _most_similar(
    signatures: NDArray[np.uint32], splits: NDArray[np.uint8], firsts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each row and split, the near copy in that split with most slots in common (-1: none), and that number."""
    rows = np.flatnonzero(firsts[np.arange(len(splits)), splits] == np.arange(len(splits)))
    # What is best in one number: more slots in common first, then the earlier row.
    best = np.zeros((len(splits), len(SPLITS)), np.int64)
    low = (1 << 32) - 1
    for ones, others in _candidates(signatures, rows):
        agreeing = np.count_nonzero(signatures[ones] == signatures[others], axis=1)
        near = (agreeing >= _ENOUGH) & (firsts[ones] != firsts[others]).any(axis=1)
        ones, others, agreeing = ones[near], others[near], agreeing[near] << 32
        np.maximum.at(best, (ones, splits[others]), agreeing | (low - others))
        np.maximum.at(best, (others, splits[ones]), agreeing | (low - ones))
    return np.where(best > 0, low - (best & low), -1), best >> 32


def _candidates(
    signatures: NDArray[np.uint32], rows: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs of rows that agree in a band and stand near to each other in it; a pair may come once a band."""
    following = _band_keys(signatures, rows, 0)
    for band in tqdm(range(_BANDS), desc="near copies", unit=" bands", disable=None):
        keys, following = following, _band_keys(signatures, rows, (band + 1) % _BANDS)
        order = np.lexsort((following, keys))
        ordered, keys = rows[order], keys[order]
        for step in range(1, _NEIGHBOURS + 1):
            places = np.flatnonzero(keys[step:] == keys[:-step])
            for start in range(0, len(places), _CHUNK):
                chunk = places[start : start + _CHUNK]
                yield ordered[chunk], ordered[chunk + step]


def _band_keys(signatures: NDArray[np.uint32], rows: NDArray[np.int64], band: int) -> NDArray[np.uint64]:
    """One number for the slots of a band. Two bands that differ may share it: the comparison that follows tells."""
    slots = signatures[rows, band * _BAND_SLOTS : (band + 1) * _BAND_SLOTS]
    keys: NDArray[np.uint64] = (slots * _MULTIPLIERS).sum(axis=1, dtype=np.uint64)
    return keys
