"""The competition's `sample_submission.csv`, which shows what a submission must look like.

Enters: a folder of data, where the file may be, and the ids of a submission in order. Leaves: nothing, or an InputError
that says what differs:

    data/mine/sample_submission.csv: order: row 2 is test_1, the submission has test_0 there; sort test.csv alike
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from dialsum.corpus import formats
from dialsum.corpus.listing import listed
from dialsum.errors import InputError

NAME = "sample_submission.csv"
COLUMNS = ("fname", "summary")


def refuse_unlike_sample(folder: Path, ids: Sequence[str]) -> bool:
    """Whether the folder has a sample. Raises InputError unless columns, ids and their order are as it shows.

    `ids`, each once, are those of the submission. Cells of the sample but its ids are not looked at.
    """
    path = folder / NAME
    if not path.is_file():
        return False
    first = tuple(formats.read_header(path)[0])
    if first != COLUMNS:
        raise InputError(
            f"{path}: columns: are {_shown(first)}, the submission has {_shown(COLUMNS)}; name them so, or take the "
            "file away"
        )
    sample = formats.read_index(path)
    wanted = sample.ids
    there, given = set(wanted), set(ids)
    faults = {
        "more than once": [name for name, times in Counter(wanted).items() if times > 1],
        "not in test.csv": [name for name in wanted if name not in given],
        "missing, though in test.csv": [name for name in ids if name not in there],
    }
    found = "; ".join(f"{fault}: {_shown(names)}" for fault, names in faults.items() if names)
    if found:
        raise InputError(f"{path}: ids: {found}; put the test.csv there that belongs to it, or take the file away")
    for number, asked, name in zip(sample.numbers, wanted, ids, strict=True):
        if asked != name:
            raise InputError(
                f"{path}: order: row {number} is {asked}, the submission has {name} there; sort test.csv alike"
            )
    return True


def _shown(names: Sequence[str]) -> str:
    return listed([formats.shown(name) for name in names], formats.SHOWN)
