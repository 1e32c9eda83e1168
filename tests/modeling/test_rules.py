from __future__ import annotations

import math
from collections import Counter

import torch
from transformers import PreTrainedTokenizerFast

from dialsum.modeling.rules import Draw, MostEnded, NoRepeatInSummary, NoSentenceBeyond, seed_of
from dialsum.modeling.tokenizer import train_tokenizer


def test_no_n_gram_comes_twice_in_a_summary_but_those_of_the_prompt_may() -> None:
    rule, free = NoRepeatInSummary(size=2, prompt_length=3), torch.zeros(2, 10)
    prompt = [5, 6, 7]
    # After 5, the first row may say 6 as its prompt does; the second has said "5 6" itself.
    scores = rule(torch.tensor([[*prompt, 8, 9, 5], [*prompt, 5, 6, 5]]), free)
    assert (scores == -torch.inf).nonzero().tolist() == [[1, 6]]


def syllables() -> PreTrainedTokenizerFast:
    """Each of these characters is one token."""
    return train_tokenizer(["그는 갔다. 왔다. 3.5점! 네?"] * 50, 400, "causal")


def forced(text: str, bounds: list[int], *, beams: int = 1) -> list[bool]:
    """For each row and beam, whether nothing but the end may follow `text` (after a prompt of two tokens)."""
    tokenizer = syllables()
    said = tokenizer(text, add_special_tokens=False)["input_ids"]
    rule = NoSentenceBeyond(bounds, tokenizer, [7, 8], prompt_length=2)
    rows = len(bounds) * beams
    scores = rule(torch.tensor([[0, 0, *said]] * rows), torch.full((rows, len(tokenizer)), -2.0))
    for row in scores:
        left = row.isfinite().nonzero().flatten().tolist()
        assert left == [7] or len(left) == len(tokenizer)
        assert row[7] == (0 if left == [7] else -2)
    return [bool(row.isinf().any()) for row in scores]


def test_a_summary_at_its_bound_ends_with_its_sentence() -> None:
    length = len(syllables()("그는 갔다.", add_special_tokens=False)["input_ids"])
    assert forced("그는 갔다.", [length - 1, length, length + 1]) == [True, True, False]
    assert forced("그는 갔다. 왔", [1]) == [False]  # in the middle of the next one
    assert forced("그는 3.", [1]) == [False]  # "3.5점" may come
    assert forced("네?", [1]) == [True]
    assert forced("", [1]) == [False]
    assert forced("그는 갔다.", [1, 99], beams=2) == [True, True, False, False]


def test_what_is_drawn_has_the_probabilities_of_the_scores() -> None:
    """3,000 draws: a share of 0.5 is within 0.05 of it but once in ten million times."""
    scores = torch.tensor([[math.log(0.5), -torch.inf, math.log(0.2), math.log(0.3)]]).repeat(3000, 1)
    left = Draw(range(3000), length=1, prompt_length=0)(torch.zeros(3000, 0), scores)
    assert (left.isfinite().sum(dim=1) == 1).all()
    counts = Counter(left.argmax(dim=1).tolist())
    assert set(counts) == {0, 2, 3}
    for token, share in ((0, 0.5), (2, 0.2), (3, 0.3)):
        assert abs(counts[token] / 3000 - share) < 0.05


def test_what_a_row_draws_does_not_hang_on_the_others() -> None:
    scores = torch.randn(4, 50, generator=torch.Generator().manual_seed(1))
    seeds = [3, 1, 4, 5]
    said = torch.zeros(4, 9, dtype=torch.long)  # a prompt of seven tokens, two said
    together = Draw(seeds, length=8, prompt_length=7)(said, scores).argmax(dim=1).tolist()
    alone = [
        int(Draw([seed], length=3, prompt_length=0)(said[:1, :2], scores[row : row + 1]).argmax())
        for row, seed in enumerate(seeds)
    ]
    assert together == alone


def test_seed_prompt_and_sample_each_give_another_seed() -> None:
    seeds = [seed_of(1, [5, 6], 0), seed_of(2, [5, 6], 0), seed_of(1, [5, 7], 0), seed_of(1, [5, 6], 1)]
    assert len(set(seeds)) == 4
    assert seeds[0] == seed_of(1, [5, 6], 0)
    torch.Generator().manual_seed(max(seeds))  # it takes 64 bits with a sign


def test_a_batch_ends_a_quarter_later_than_three_in_four_of_its_rows() -> None:
    def last_step(ends: list[int]) -> int:
        """Where a batch ends whose rows say an end token (7 or 8) at these steps; then they are padded."""
        rule = MostEnded([7, 8])
        for step in range(1, 100):
            said = torch.tensor(
                [[0 if step > end else 7 + row % 2 if step == end else 1] for row, end in enumerate(ends)]
            )
            found = rule(said, torch.zeros(0)).tolist()
            assert len(found) == len(ends)
            if any(found):
                assert all(found)
                return step
        return 100

    assert last_step([4, 8, 8, 99]) == 10
    assert last_step([4, 8, 8, 9]) == 10  # `generate` itself has ended before
    assert last_step([4, 8, 99, 99]) == 100  # two of four are not few
    assert last_step([8] * 6 + [99, 99]) == 10
    assert last_step([8, 8, 99]) == 100  # of three none may be left
