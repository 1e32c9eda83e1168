from __future__ import annotations

import unicodedata

import pytest

from dialsum.corpus.script import foreign_runs


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("#Person1#은 Jimmy의 T-shirt를 5kg 샀다.", ["Jimmy", "T", "shirt", "kg"]),
        ("#PhoneNumber#로 3시까지, 25℃ 30㎡ ㅋㅋ ㅠㅠ!", []),
        ("会議は Парк에서 สวัสดี", ["会議は", "Парк", "สว", "สด"]),
        (unicodedata.normalize("NFD", "Café에서 회의"), ["Café"]),
        ("", []),
    ],
)
def test_runs_of_letters_that_are_not_hangul(text: str, runs: list[str]) -> None:
    assert foreign_runs(text) == runs
