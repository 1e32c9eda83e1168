"""Folds of train and dev together: dev is one fold, train the others.

Enters: dialogues of train and dev, and the pairs of rows that say the same (`corpus.leaks`). Leaves: the same rows,
split anew. Of K models each learns all rows but another K-th, and `dialsum ensemble` joins what they say of test: the
recipe of the competition's best koBART.

Rows that say the same stay in one fold, with all that say the same as they do: no model is examined in a near-duplicate
of what it learnt. The same rows give the same folds, in whatever order they come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path

from dialsum.corpus.dialogue import read_jsonl, write_jsonl
from dialsum.corpus.leaks import Pair
from dialsum.errors import InputError
from dialsum.outputs import replacing

POOLED = ("train", "dev")


def resplit(prepared: Path, pairs: Iterable[Pair], fold: int, folds: int) -> None:
    """Rewrite train.jsonl and dev.jsonl of `prepared`; test.jsonl stays. `fold` is from 1 to `folds`.

    Raises InputError if an id is in both files, or there are fewer rows than folds.
    """
    rows = [row for split in POOLED for row in read_jsonl(prepared / f"{split}.jsonl")]
    doubled = [name for name, count in Counter(row.id for row in rows).items() if count > 1]
    if doubled:
        raise InputError(f"params.yaml: data.fold: the id {doubled[0]} is in train and in dev; rename it in one")
    found = assign([row.id for row in rows], [(pair.id, pair.other_id) for pair in pairs if _within(pair)], folds)
    if len(set(found.values())) < folds:
        raise InputError(f"params.yaml: data.folds: {folds} are more than the {len(rows)} rows can fill; choose fewer")
    held = {split: [row for row in rows if (found[row.id] == fold) is (split == "dev")] for split in POOLED}
    for split, kept in held.items():
        with replacing(prepared / f"{split}.jsonl") as part:
            write_jsonl(part, kept)


def assign(ids: Sequence[str], same: Iterable[tuple[str, str]], folds: int) -> dict[str, int]:
    """The fold, from 1, of each id: one for ids that `same` links, be it through others. Folds are of like size."""
    group = {name: name for name in ids}

    def first(name: str) -> str:
        while group[name] != name:
            group[name] = name = group[group[name]]
        return name

    for one, other in same:
        low, high = sorted((first(one), first(other)))
        group[high] = low
    members: dict[str, list[str]] = {}
    for name in ids:
        members.setdefault(first(name), []).append(name)
    sizes = [0] * folds
    found = {}
    # The large first, so that the small fill up what they leave; of equals by a digest, for ids may follow the topic.
    for name in sorted(members, key=lambda name: (-len(members[name]), _digest(name))):
        smallest = sizes.index(min(sizes))
        sizes[smallest] += len(members[name])
        found.update(dict.fromkeys(members[name], smallest + 1))
    return found


def _within(pair: Pair) -> bool:
    return pair.split in POOLED and pair.other_split in POOLED


def _digest(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
