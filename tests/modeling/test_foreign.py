"""Foreign letters in summaries: none but the dialogue's, with byte-level tokens and with those of SentencePiece."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from dialsum.corpus import script
from dialsum.measures.faithfulness import foreign_runs
from dialsum.modeling.foreign import Foreign, ForeignBlock, find_foreign, homes
from dialsum.modeling.tokenizer import train_tokenizer

TEXTS = [
    "#Person1#: Jimmy, 회의는 3시예요. Email을 보낼게요.",
    "Jim said especialmente nothing to Emily Parker at the Café Парк 会議 カフェ in 5kg.",
    "Jimmy Parker가 park에서 Emily에게 T-shirt를 주었다.",
] * 20
JIMMY = "#Person1#: Jimmy Parker예요.\n#Person2#: 네, T-shirt 5kg이죠?"
KOREAN = "#Person1#: 안녕하세요.\n#Person2#: 네, #PhoneNumber#입니다."


def byte_level() -> PreTrainedTokenizerFast:
    return train_tokenizer(TEXTS, 450, "causal")


def metaspace() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    special = ["<unk>", "<pad>", "</s>"]
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=300, special_tokens=special))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>", eos_token="</s>", padding_side="left"
    )


TOKENIZERS = {"byte-level": byte_level, "metaspace": metaspace}


@pytest.fixture(scope="module", params=TOKENIZERS)
def tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerFast:
    return TOKENIZERS[request.param]()


def block(tokenizer: PreTrainedTokenizerFast, dialogues: Sequence[str], rule: str, prompt: int = 0) -> ForeignBlock:
    end = [int(tokenizer.eos_token_id or 0)]
    return ForeignBlock(find_foreign(tokenizer, end), homes(dialogues, rule), prompt)  # type: ignore[arg-type]


def say(tokenizer: PreTrainedTokenizerFast, rule: ForeignBlock | None, rows: int, seed: int) -> list[str]:
    """Texts of 60 tokens drawn at random from what `rule` leaves, after a prompt of two tokens.

    Without parts of characters: drawn at random, these would make letters that no rule about tokens can foresee.
    """
    generator = torch.Generator().manual_seed(seed)
    parts = [number for number in range(len(tokenizer)) if "\ufffd" in tokenizer.decode([number])]
    ids = torch.zeros((rows, 2), dtype=torch.long)
    for _ in range(60):
        scores = torch.rand((rows, len(tokenizer)), generator=generator)
        scores[:, [*parts, *tokenizer.all_special_ids]] = -torch.inf
        ids = torch.cat([ids, (rule(ids, scores) if rule else scores).argmax(dim=1, keepdim=True)], dim=1)
    return tokenizer.batch_decode(ids[:, 2:])


def test_whatever_a_model_says_no_foreign_letter_is_left(tokenizer: PreTrainedTokenizerFast) -> None:
    dialogues = [JIMMY, KOREAN, "#Person1#: Emily는 Café에 있어요."]
    kept = set()
    for seed in range(30):
        free = say(tokenizer, None, 3, seed)
        assert any(foreign_runs(text, dialogue) for text, dialogue in zip(free, dialogues, strict=True))
        rule = block(tokenizer, dialogues, "block_unless_in_dialogue", 2)
        for text, dialogue in zip(say(tokenizer, rule, 3, seed), dialogues, strict=True):
            assert foreign_runs(text, dialogue) == [], (text, dialogue)
            kept.update(run for run in script.foreign_runs(text) if len(run) > 1)
    assert kept  # what the dialogues have does come through


def test_every_name_of_the_dialogue_can_be_said(tokenizer: PreTrainedTokenizerFast) -> None:
    """Token by token, as the tokenizer spells it, none is barred."""
    said = tokenizer(" Jimmy Parker가 T-shirt를 5kg 샀다. JIMMY", add_special_tokens=False)["input_ids"]
    rule = block(tokenizer, [JIMMY], "block_unless_in_dialogue")
    for place, number in enumerate(said):
        scores = rule(torch.tensor([said[:place]], dtype=torch.long), torch.zeros(1, len(tokenizer)))
        assert scores[0, number] == 0, (tokenizer.decode(said[: place + 1]), tokenizer.decode([number]))


def test_a_run_goes_on_only_as_the_dialogue_has_it() -> None:
    texts = {1: " ji", 2: "mmy", 3: "im", 4: "y's", 5: "es"}
    foreign = Foreign(texts, {"ji": [1], "mmy": [2], "im": [3], "y": [4], "es": [5]}, longest=3)
    rule = ForeignBlock(foreign, ["jimmy's"], prompt_length=1)

    def barred(said: list[int]) -> list[int]:
        return rule(torch.tensor([[9, *said]]), torch.zeros(1, 10))[0].isinf().nonzero().flatten().tolist()

    assert barred([]) == [5]  # "es" is not in the dialogue; "y's" is
    assert barred([1]) == [3, 4, 5]  # after "ji" comes "mmy", or no letter at all; " ji" begins a run of its own
    assert barred([1, 2]) == [2, 3, 4, 5]
    assert barred([1, 2, 0]) == [5]  # a token that is not foreign ends the run


def test_each_row_and_each_of_its_beams_has_its_own_dialogue() -> None:
    foreign = Foreign({1: "kim", 2: "lee"}, {"kim": [1], "lee": [2]}, longest=3)
    rule = ForeignBlock(foreign, ["kim", "lee"], prompt_length=0)
    scores = rule(torch.tensor([[0], [1], [0], [2]]), torch.zeros(4, 4))
    # "kimkim" stands nowhere, so the second beam, which has just said "kim", may not say it again.
    assert scores.isinf().nonzero().tolist() == [[0, 2], [1, 1], [1, 2], [2, 1], [3, 1], [3, 2]]


def test_block_lets_labels_and_masks_through_alone() -> None:
    assert homes([KOREAN, JIMMY], "block") == ["#person1# #person2# #phonenumber#", "#person1# #person2#"]
    assert homes([JIMMY], "block_unless_in_dialogue") == [JIMMY.casefold()]


def test_digits_punctuation_and_the_end_are_never_blocked(tokenizer: PreTrainedTokenizerFast) -> None:
    scores = block(tokenizer, [KOREAN], "block")(torch.zeros((1, 0), dtype=torch.long), torch.zeros(1, len(tokenizer)))
    free = [*tokenizer("3, 5. 회의", add_special_tokens=False)["input_ids"], int(tokenizer.eos_token_id or 0)]
    assert scores[0, free].tolist() == [0.0] * len(free)


def test_a_dialogue_of_one_endless_word_is_no_burden() -> None:
    """As long as a served dialogue may be: what is looked up grows with its length, not with its square."""
    tokenizer = byte_level()
    rule = block(tokenizer, ["Jim" * 6000], "block_unless_in_dialogue")
    assert tokenizer.convert_tokens_to_ids("Jim") in rule.allowed[0]


def test_units_stand_after_numbers_alone(tokenizer: PreTrainedTokenizerFast) -> None:
    """The tokenizer spells them letter by letter; half a unit comes to its end, and no name grows out of one."""

    def may(said: str, token: str) -> bool:
        ids = tokenizer.convert_tokens_to_ids(list(said))
        rule = block(tokenizer, [KOREAN], "block")
        scores = rule(torch.tensor([ids], dtype=torch.long), torch.zeros(1, len(tokenizer)))
        number = tokenizer.convert_tokens_to_ids(token)
        assert number not in (None, tokenizer.unk_token_id)
        return bool(scores[0, number] == 0)

    assert [may("3", letter) for letter in "kgmc"] == [True, True, True, True]
    assert not may("3", "y")
    assert not may(".", "k")
    assert [may("5", "k"), may("5k", "g"), may("5kg", "y")] == [True, True, False]


def test_half_a_unit_comes_to_its_end() -> None:
    texts = {1: "k", 2: "g", 3: "m", 4: " kg", 5: "w", 6: "s"}
    foreign = Foreign(texts, {text.strip(): [n] for n, text in texts.items()}, 2, frozenset({7}), blanks=frozenset({8}))

    def left(said: list[int], home: str = "") -> list[int]:
        scores = ForeignBlock(foreign, [home], prompt_length=1)(torch.tensor([[9, *said]]), torch.zeros(1, 10))
        return scores[0].isfinite().nonzero().flatten().tolist()

    others = [0, 7, 8, 9]  # a token of Hangul, a digit, a blank, the prompt's
    assert left([]) == others
    assert left([0]) == others
    assert left([7]) == sorted([*others, 1, 2, 3, 4, 5])  # after "5": k(g), g, m, " kg", w; never s
    assert left([7, 8]) == sorted([*others, 1, 2, 3, 4, 5])  # after "5 "
    assert left([7, 1]) == [2, 3, 5]  # after "5k": kg, km, kw, and nothing else
    assert left([7, 1, 2]) == others  # "5kg" is whole, and no unit goes on from it
    assert left([7, 4]) == others
    assert left([7, 1, 5]) == others  # "kwh" would go on, but no token says "h"
    assert left([7, 3]) == sorted([*others, 2, 3, 5])  # "5m" may stay, or become mg, mm, mw
    assert left([0, 8]) == others
    # Where the dialogue has "kim", "k" may stand alone too, and go on as there.
    assert left([7, 1], "k") == sorted([*others, 2, 3, 5])


def test_degrees_are_a_unit() -> None:
    foreign = Foreign({1: "c", 2: "k", 3: "°c", 4: "m2"}, {}, 1, frozenset({5}), degrees=frozenset({6}))

    def left(said: list[int]) -> list[int]:
        scores = ForeignBlock(foreign, [""], prompt_length=1)(torch.tensor([[9, *said]]), torch.zeros(1, 8))
        return scores[0].isfinite().nonzero().flatten().tolist()

    others = [0, 3, 5, 6, 7]  # a token that is the whole unit may always come
    assert left([0]) == others
    assert left([5]) == sorted([*others, 1, 2, 4])  # "5c" and "5k" become cm2 and km2
    assert left([6]) == sorted([*others, 1])  # "°": free to be an angle
    assert left([6, 1]) == others


def test_a_rule_for_many_rows_is_that_for_each(tokenizer: PreTrainedTokenizerFast) -> None:
    said = ["회의 5", "Jim", "Ji", "회의"]
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"][-1:] for text in said]
    dialogues = [KOREAN, JIMMY, KOREAN, JIMMY]
    together = block(tokenizer, dialogues, "block_unless_in_dialogue")(
        torch.tensor(ids), torch.zeros(4, len(tokenizer))
    )
    for row, dialogue in enumerate(dialogues):
        alone = block(tokenizer, [dialogue], "block_unless_in_dialogue")
        assert torch.equal(alone(torch.tensor([ids[row]]), torch.zeros(1, len(tokenizer)))[0], together[row])
