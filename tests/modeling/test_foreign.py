"""Foreign letters in summaries: none but the dialogue's, with byte-level tokens and with those of SentencePiece."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from dialsum.corpus import script
from dialsum.measures.faithfulness import foreign_runs
from dialsum.modeling.foreign import ForeignBlock, homes
from dialsum.modeling.tokenizer import train_tokenizer
from dialsum.modeling.vocabulary import find_foreign, sort_tokens

TEXTS = [
    "#Person1#: Jimmy, 회의는 3시예요. Email을 보낼게요.",
    "Jim said especialmente nothing to Emily Parker at the Café Парк 会議 カフェ in 5kg.",
    "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z a b c d e f g h i j k l m n o p q r s t u v w x y z . , 0",
    "Jimmy Parker가 park에서 Emily에게 T-shirt를 주었다.",
] * 20
JIMMY = "#Person1#: Jimmy Parker예요.\n#Person2#: 네, T-shirt 5kg이죠?"
KOREAN = "#Person1#: 안녕하세요.\n#Person2#: 네, #PhoneNumber#입니다."


def byte_level() -> PreTrainedTokenizerFast:
    return train_tokenizer(TEXTS, 500, "causal")


def metaspace() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    special = ["<unk>", "<pad>", "</s>"]
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=360, special_tokens=special))
    whole = json.loads(tokenizer.to_str())
    vocabulary = whole["model"]["vocab"]
    vocabulary |= {f"<0x{byte:02X}>": len(vocabulary) + byte for byte in range(256)}
    tokenizer = Tokenizer.from_str(json.dumps(whole))
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
    """Texts of 60 tokens drawn at random from what `rule` leaves, after a prompt of two, up to a token without letters.

    Every other token is but a part of a character, as far as there are such.
    """
    generator = torch.Generator().manual_seed(seed)
    parts = [number for number in range(len(tokenizer)) if "\ufffd" in tokenizer.decode([number])]
    ids = torch.zeros((rows, 2), dtype=torch.long)
    for step in range(70):
        scores = torch.rand((rows, len(tokenizer)), generator=generator)
        scores[:, tokenizer.all_special_ids] = -torch.inf
        if step < 60:
            scores[:, parts] += torch.rand((rows, 1), generator=generator) - 0.5
        else:
            scores[:, tokenizer.convert_tokens_to_ids(".")] = 2.0
        ids = torch.cat([ids, (rule(ids, scores) if rule else scores).argmax(dim=1, keepdim=True)], dim=1)
    return tokenizer.batch_decode(ids[:, 2:], skip_special_tokens=True)


FRENCH = "#Person1#: Emily는 Café에 있어요. 会議는 ÉCOLE에서, 3 km 앞이요.\nSD2000001: Парк이요?"


def test_whatever_a_model_says_no_foreign_letter_is_left(tokenizer: PreTrainedTokenizerFast) -> None:
    """Nor one that is spelled in parts of characters."""
    dialogues = [JIMMY, KOREAN, FRENCH]
    kept = set()
    for seed in range(40):
        if seed < 5:  # without the rule there are foreign letters, or nothing would be proved
            free = say(tokenizer, None, 3, seed)
            assert any(foreign_runs(text, dialogue) for text, dialogue in zip(free, dialogues, strict=True))
        rule = block(tokenizer, dialogues, "block_unless_in_dialogue", 2)
        for text, dialogue in zip(say(tokenizer, rule, 3, seed), dialogues, strict=True):
            assert foreign_runs(text, dialogue) == [], (text, dialogue)
            kept.update(run for run in script.letter_runs(text) if len(run) > 1)
    assert kept  # what the dialogues have does come through


@pytest.mark.parametrize(
    ("dialogue", "summary"),
    [
        (JIMMY, " Jimmy Parker가 T-shirt를 5kg 샀다. JIMMY, Jim"),
        (JIMMY, "#Person1#은 #Person2#에게 몇 kg, 몇kg, 수십 km인지 묻는다. 쀍? ㅋㅋ ×÷ 😀 《》"),
        (FRENCH, "SD2000001은 Café, café, 会議, 議, École, Парк, парк에서 3km를 간다."),
        (FRENCH, "SD2000002와 SD2000001#Person1#"),
    ],
)
def test_what_the_dialogue_licenses_can_be_said(
    tokenizer: PreTrainedTokenizerFast, dialogue: str, summary: str
) -> None:
    """Token by token, as the tokenizer spells it, none is barred."""
    assert foreign_runs(summary, dialogue) == []
    said = tokenizer(summary, add_special_tokens=False)["input_ids"]
    rule = block(tokenizer, [dialogue], "block_unless_in_dialogue")
    for place, number in enumerate(said):
        scores = rule(torch.tensor([said[:place]], dtype=torch.long), torch.zeros(1, len(tokenizer)))
        assert scores[0, number] == 0, (tokenizer.decode(said[: place + 1]), tokenizer.decode([number]))


@pytest.mark.parametrize(
    ("dialogue", "summary"),
    [
        (JIMMY, "Person1은 온다."),
        (JIMMY, "#Pers은 온다."),
        (JIMMY, "#Address#에서 온다."),
        (JIMMY, "immy"),
        (JIMMY, "Jimmys"),
        (JIMMY, "몇 kgs"),
        (KOREAN, "kg"),
        (JIMMY, "東"),
        (JIMMY, "カ"),
        (JIMMY, "é"),
        (JIMMY, "Jimmyé"),
        (JIMMY, "Д"),
        (FRENCH, "É, ecole"),
        (FRENCH, "caf\u00e8"),
        (FRENCH, "S는"),
        (FRENCH, "арк"),
    ],
)
def test_what_nothing_licenses_cannot_be_said(tokenizer: PreTrainedTokenizerFast, dialogue: str, summary: str) -> None:
    said = tokenizer(summary, add_special_tokens=False)["input_ids"]
    rule = block(tokenizer, [dialogue], "block_unless_in_dialogue")
    scores = [
        rule(torch.tensor([said[:place]], dtype=torch.long), torch.zeros(1, len(tokenizer)))[0, number]
        for place, number in enumerate(said)
    ]
    assert -torch.inf in scores


def allowed(pieces: Sequence[str | bytes], home: script.Home, said: Sequence[int]) -> list[int]:
    """What may come after the tokens `said`. Token 0 ends a summary."""
    spelled = [piece if isinstance(piece, bytes) else piece.encode() for piece in pieces]
    rule = ForeignBlock(sort_tokens(spelled, [0]), [home], prompt_length=1)
    scores = rule(torch.tensor([[0, *said]]), torch.zeros(1, len(pieces)))
    return scores[0].isfinite().nonzero().flatten().tolist()


def test_a_run_goes_on_only_as_a_word_of_the_dialogue_does() -> None:
    pieces = ["", " Ji", "mmy", "im", "y's", "es", "의", ""]
    home = script.home_of("Jimmy's")
    assert allowed(pieces, home, []) == [0, 1, 6, 7]  # "mmy" begins no word, and "y's" neither
    assert allowed(pieces, home, [1]) == [0, 1, 2, 6, 7]  # after "Ji" comes "mmy", or no letter at all
    assert allowed(pieces, home, [1, 7]) == [
        0,
        1,
        2,
        6,
        7,
    ]  # a special token, which decoding leaves out, changes nothing
    assert allowed(pieces, home, [1, 2]) == [0, 1, 6, 7]
    assert allowed(pieces, home, [1, 6]) == [0, 1, 6, 7]
    assert allowed(pieces, home, [1, 0]) == [0, 1, 6, 7]  # the summary has ended


def test_each_row_and_each_of_its_beams_has_its_own_dialogue() -> None:
    foreign = sort_tokens([b"", b"Kim", b"Lee", " 와".encode()], [0])
    rule = ForeignBlock(foreign, homes(["Kim", "Lee"], "block_unless_in_dialogue"), prompt_length=0)
    scores = rule(torch.tensor([[3], [1], [3], [2]]), torch.zeros(4, 4))
    # "KimKim" stands nowhere, so the second beam, which has just said "Kim", may not say it again.
    assert scores.isinf().nonzero().tolist() == [[0, 2], [1, 1], [1, 2], [2, 1], [3, 1], [3, 2]]


def test_block_lets_labels_and_masks_through_alone(tokenizer: PreTrainedTokenizerFast) -> None:
    for summary, passes in (("#Person1#은 SD2000001", True), ("5kg", True), ("Emily", False), ("会", False)):
        said = tokenizer(summary, add_special_tokens=False)["input_ids"]
        rule = block(tokenizer, [FRENCH], "block")
        scores = [
            rule(torch.tensor([said[:place]], dtype=torch.long), torch.zeros(1, len(tokenizer)))[0, number]
            for place, number in enumerate(said)
        ]
        assert (-torch.inf not in scores) is passes, summary


def test_digits_punctuation_and_the_end_are_never_blocked(tokenizer: PreTrainedTokenizerFast) -> None:
    scores = block(tokenizer, [KOREAN], "block")(torch.zeros((1, 0), dtype=torch.long), torch.zeros(1, len(tokenizer)))
    free = [*tokenizer("3, 5. 회의", add_special_tokens=False)["input_ids"], int(tokenizer.eos_token_id or 0)]
    assert scores[0, free].tolist() == [0.0] * len(free)


def test_a_dialogue_of_one_endless_word_is_no_burden() -> None:
    """As long as a served dialogue may be: what is looked up grows with its length, not with its square."""
    tokenizer = byte_level()
    rule = block(tokenizer, ["Jim" * 6000], "block_unless_in_dialogue")
    assert tokenizer.convert_tokens_to_ids("Jim") in rule.licenses[0].fresh


def test_half_a_unit_comes_to_its_end() -> None:
    pieces = ["", "k", "g", "m", " kg", "w", "s", "5", " ", "몇", "가", "h", "z", "두"]
    others = [0, 7, 8, 9, 10, 13]

    def left(said: list[int], home: str = "") -> list[int]:
        return allowed(pieces, script.home_of(home), said)

    def with_units(*units: int) -> list[int]:
        return sorted([*others, *units])

    assert left([]) == others
    assert left([10]) == others
    assert left([7]) == with_units(1, 2, 3, 4, 5, 11)  # after "5": k, g, m, " kg", w, h(z); never s
    assert left([9]) == left([7])  # after "몇"
    assert left([13]) == left([7])  # after "두", but not after "가두"
    assert left([10, 13]) == others
    assert left([7, 8]) == with_units(1, 2, 3, 5, 11)  # after "5 ": no second blank
    assert left([7, 1]) == with_units(2, 3, 5, 11)  # "5k" may stay, or become kg, km, kw, khz
    assert left([7, 11]) == [12]  # after "5h": hz, and nothing else
    assert left([7, 1, 11]) == [12]
    assert left([7, 1, 2]) == others  # "5kg" is whole, and no unit goes on from it
    assert left([7, 4]) == others
    assert left([7, 1, 5]) == with_units(11)  # "kw" may stay, or become kwh
    assert left([7, 3]) == with_units(2, 3, 5, 11)  # "5m" may stay, or become mg, mm, mw, mhz
    assert left([10, 8]) == others
    # Where the dialogue has "h", it may stand alone too.
    assert left([7, 11], "h") == with_units(12)


def test_a_unit_may_be_one_of_a_time() -> None:
    pieces = ["", "km", "/", "h", "/h", "mi", "n", "5", "%", "p", "가", "%p"]
    others = [0, 2, 7, 8, 10, 11]

    def left(said: list[int]) -> list[int]:
        return allowed(pieces, script.NOWHERE, said)

    assert left([7]) == sorted([*others, 1])
    assert left([7, 1]) == sorted([*others, 4])
    assert left([7, 1, 2]) == sorted([*others, 3, 5])
    assert left([7, 1, 2, 5]) == [6]
    assert left([7, 1, 2, 3]) == left([7, 1, 4]) == left([2]) == others
    assert left([7, 8]) == sorted([*others, 9])


def test_half_a_label_comes_to_its_end() -> None:
    pieces = ["", "#", "Per", "son", "1", "은", "son1#", "Per1"]
    home = script.home_of("#Person1#: 네.")
    assert allowed(pieces, home, []) == [0, 1, 4, 5]
    assert allowed(pieces, home, [1]) == [0, 1, 2, 4, 5]
    assert allowed(pieces, home, [1, 2]) == [3, 6]
    assert allowed(pieces, home, [1, 2, 3]) == [0, 1, 4, 5]
    assert allowed(pieces, home, [1, 2, 3, 4]) == [0, 1, 4, 5]  # no unit after its number
    assert allowed(pieces, home, [1, 2, 3, 4, 1]) == [0, 1, 4, 5]  # the second # closes it


def test_degrees_are_a_unit() -> None:
    pieces = ["", "C", "k", "°C", "m2", "5", "°", "가"]
    others = [0, 3, 5, 6, 7]  # a token that is the whole unit may always come

    def left(said: list[int]) -> list[int]:
        return allowed(pieces, script.NOWHERE, said)

    assert left([7]) == others
    assert left([5]) == sorted([*others, 1, 2, 4])  # "5C" and "5k" become cm2 and km2
    assert left([6]) == sorted([*others, 1])  # "°": free to be an angle
    assert left([6, 1]) == others
    assert left([5, 4]) == others  # the digit of "5m2" is no amount


def test_parts_of_characters() -> None:
    """In order: 東 is e6 9d b1, 동 eb 8f 99, × c3 97, é c3 a9, か e3 81 8b, 。 e3 80 82."""
    parts = [
        b"\xe6",
        b"\xeb",
        b"\x8f\x99",
        b"\xc3",
        b"\x97",
        b"\xa9",
        b"\xe3",
        b"\x81",
        b"\x80",
        b"\x82",
        b" \xe6",
        b"caf",
    ]
    pieces = [b"", *parts]
    korean, french = script.home_of("가"), script.home_of("Café")
    free = [0, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert allowed(pieces, korean, []) == free
    assert allowed(pieces, korean, [2]) == free
    assert allowed(pieces, korean, [4]) == [
        0,
        2,
        4,
        5,
        7,
    ]  # × may be completed, and no letter between U+00C0 and U+00FF
    assert allowed(pieces, korean, [7]) == [0, 2, 3, 4, 7, 9]  # U+33D9 is a symbol
    assert 10 in allowed(pieces, korean, [7, 9])
    assert allowed(pieces, french, [12, 4]) == [0, 2, 4, 5, 6, 7, 12]
    assert 6 not in allowed(pieces, french, [4])  # é begins no word there
    assert allowed(pieces, script.home_of("東"), [])[:2] == [0, 1]


def test_a_token_that_decoding_leaves_out_ends_no_unit() -> None:
    tokenizer = byte_level()
    tokenizer.add_tokens([AddedToken("b-)", special=True)])
    number = tokenizer.convert_tokens_to_ids("b-)")
    assert number not in tokenizer.all_special_ids
    assert find_foreign(tokenizer, [0]).pieces[number] == b""


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


def test_an_id_beyond_the_tokenizer_says_nothing(tokenizer: PreTrainedTokenizerFast) -> None:
    """Models may have more embeddings than the tokenizer tokens, and a rule before this one may let such an id pass."""
    beyond = len(tokenizer) + 3
    said = tokenizer("Jim", add_special_tokens=False)["input_ids"]
    foreign = find_foreign(tokenizer, [])
    assert foreign.state([beyond, *said, beyond]) == foreign.state(said)
