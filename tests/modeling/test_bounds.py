from __future__ import annotations

from pathlib import Path

import pytest

from dialsum.corpus.dialogue import Dialogue, Turn
from dialsum.modeling.bounds import LengthBounds, bounds_of, count_tokens, fit_bounds
from dialsum.modeling.loading import load_tokenizer


def test_bounds_are_the_quantile_of_each_group() -> None:
    """Groups of four: dialogues up to 40 tokens, and longer ones."""
    dialogues = [80, 10, 20, 30, 40, 50, 60, 70]
    summaries = [90, 5, 9, 7, 6, 20, 21, 22]
    assert bounds_of(dialogues, summaries, bins=2, quantile=1.0) == LengthBounds([40], [9, 90])
    # Of 5, 6, 7, 9 half are up to 6.5: the next that occurs is 7. Of 20, 21, 22, 90 it is 22.
    assert bounds_of(dialogues, summaries, bins=2, quantile=0.5) == LengthBounds([40], [7, 22])
    assert bounds_of(dialogues, summaries, bins=1, quantile=1.0) == LengthBounds([], [90])


def test_a_longer_dialogue_never_has_a_lower_bound() -> None:
    assert bounds_of([1, 2, 3, 4], [9, 9, 5, 5], bins=2, quantile=1.0) == LengthBounds([2], [9, 9])


def test_groups_that_would_end_at_one_length_are_one() -> None:
    assert bounds_of([5, 5, 5, 5, 8, 9], [1, 2, 3, 4, 6, 7], bins=3, quantile=1.0) == LengthBounds([5], [4, 7])
    assert bounds_of([5, 5, 5], [1, 2, 3], bins=3, quantile=1.0) == LengthBounds([], [3])


@pytest.mark.parametrize(("length", "bound"), [(0, 7), (40, 7), (41, 9), (60, 9), (61, 20), (9000, 20)])
def test_which_bound_a_dialogue_has(length: int, bound: int) -> None:
    assert LengthBounds([40, 60], [7, 9, 20]).of(length) == bound


def test_they_are_learned_from_every_reference(small_base: Path) -> None:
    tokenizer = load_tokenizer(small_base)
    one = Dialogue("a", (Turn("#Person1#", "네."),), references=("갔다.", "그는 어제 갔다."))
    most = count_tokens(tokenizer, ["그는 어제 갔다."])[0]
    assert most > count_tokens(tokenizer, ["갔다."])[0]
    assert fit_bounds(tokenizer, [one], 10, 1.0) == LengthBounds([], [most])
