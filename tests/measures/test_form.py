"""The form of a summary."""

import pytest

from dialsum.measures.form import length_ratio, loops, repeated_sentences, repeated_share


def test_repeated_sentences() -> None:
    assert repeated_sentences("비가 온다. 비가  온다. 춥다. 비가 온다.") == ["비가 온다.", "비가 온다."]
    assert repeated_sentences("비가 온다\n비가 온다") == ["비가 온다"]
    assert repeated_sentences("비가 온다. 비가 또 온다. 3.5 3.5") == []
    assert repeated_sentences("Dr. Kim은 갔다. Dr. Kim은 왔다.") == []
    assert repeated_sentences("") == []


def test_repeated_share() -> None:
    # 가나다라, 나다라가, 다라가나, 라가나다, 가나다라: the last of the five came before.
    assert repeated_share("가 나 다 라 가 나 다 라") == pytest.approx(0.2)
    assert repeated_share("가 가 가 가 가 가") == pytest.approx(2 / 3)
    assert repeated_share("가 나 다 라 마") == 0
    assert repeated_share("가 나 다") == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("비가 온다. 춥다.", False),
        ("비가 온다. 비가 온다.", True),
        ("그는 밥을 먹고 자고 그는 밥을 먹고 잔다.", False),
        ("그는 밥을 먹고 자고 그는 밥을 먹고 자고 간다.", True),
        ("때문에때문에때문에때문에", True),
        ("때문에때문에때문에", False),
        ("하하하하하하하하", True),
        ("", False),
    ],
)
def test_loops(text: str, expected: bool) -> None:
    assert loops(text) is expected


def test_length_ratio_is_of_the_mean_reference() -> None:
    assert length_ratio("가나다", ("가나", "가나다라")) == 1
    assert length_ratio("", ("가",)) == 0
