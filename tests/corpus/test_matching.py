"""One check for files of the same dialogues."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialsum.corpus.matching import refuse_mismatch
from dialsum.errors import InputError

GIVEN, WANTED = Path("p.jsonl"), Path("dev.jsonl")


def test_each_id_once_in_any_order_is_sound() -> None:
    refuse_mismatch(["b", "a"], GIVEN, ["a", "b"], WANTED, "generate again")
    refuse_mismatch([], GIVEN, [], WANTED, "generate again")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["a"], "missing, though in dev.jsonl: b"),
        (["b", "x", "a"], "not in dev.jsonl: x"),
        (["a", "b", "b"], "more than once: b"),
        (["y", "y", "b", "x"], "missing, though in dev.jsonl: a; not in dev.jsonl: y, x; more than once: y"),
    ],
)
def test_all_that_differs_is_listed(given: list[str], found: str) -> None:
    with pytest.raises(InputError) as caught:
        refuse_mismatch(given, GIVEN, ["a", "b"], WANTED, "generate again")
    assert str(caught.value) == f"p.jsonl: ids: {found}; generate again"


def test_a_long_list_is_cut() -> None:
    with pytest.raises(InputError, match=r"dev\.jsonl: 0, 1, .*, 19 and 80 more; generate again$"):
        refuse_mismatch([], GIVEN, [str(number) for number in range(100)], WANTED, "generate again")
