"""Whether two files are of the same dialogues.

Enters: the ids of a file and those that it should have. Leaves: nothing, or an InputError that lists the difference:

    p.csv: ids: missing, though in gold.csv: b; not in gold.csv: x, y; more than once: a; give files of the same …
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from dialsum.corpus.listing import listed
from dialsum.errors import InputError

SHOWN = 20  # ids of one kind that are spelt out


def refuse_mismatch(given: Sequence[str], path: Path, wanted: Sequence[str], source: Path, remedy: str) -> None:
    """Raise InputError, with the ids, unless `given` (of `path`) has each id of `wanted` exactly once, and no other."""
    have, want = Counter(given), set(wanted)
    faults = {
        f"missing, though in {source}": [name for name in wanted if name not in have],
        f"not in {source}": [name for name in have if name not in want],
        "more than once": [name for name, times in have.items() if times > 1],
    }
    if any(faults.values()):
        found = "; ".join(f"{fault}: {listed(names, SHOWN)}" for fault, names in faults.items() if names)
        raise InputError(f"{path}: ids: {found}; {remedy}")
