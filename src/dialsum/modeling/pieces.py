"""What each token of a vocabulary adds to a text: bytes, for a token may be but a part of a character.

Enters: a tokenizer. Leaves: the bytes of its tokens. Of Qwen3's, which spell 몇 in two tokens:

    pieces[149], pieces[136236] == (b"\\x87", b" \\xeb\\xaa")
    split(b"5\\xeb\\xaa") == ("5", b"\\xeb\\xaa")
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Collection, Sequence
from functools import cache
from itertools import groupby

from transformers import PreTrainedTokenizerBase
from transformers.convert_slow_tokenizer import bytes_to_unicode

from dialsum.corpus.script import is_foreign

_ANCHOR = "0"  # decoded after its last token, a token keeps the blank that decoding strips from the start of a text
_BROKEN = "\ufffd"
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")  # a byte in vocabularies of SentencePiece
# Where Korean text has its letters, punctuation, symbols and emoji. Hexagrams, which share their first byte with 6,000
# Han characters, are left out, and so are the digits and signs of other scripts.
_NATIVE = (
    (0x80, 0xFF), (0x1100, 0x11FF), (0x2000, 0x2BFF), (0x3000, 0x303F), (0x3130, 0x318F), (0x3200, 0x33FF),
    (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xFE00, 0xFE6F), (0xFF00, 0xFFEF), (0x1F000, 0x1FAFF),
)  # fmt: skip


def read_pieces(tokenizer: PreTrainedTokenizerBase, silent: Collection[int]) -> list[bytes]:
    """The bytes of every token, in order; none for special ones and those of `silent`, which decoding leaves out."""
    anchor = tokenizer.encode(_ANCHOR, add_special_tokens=False)[-1]
    before = str(tokenizer.decode([anchor]))
    numbers = range(len(tokenizer))
    decoded = tokenizer.batch_decode([[anchor, number] for number in numbers], clean_up_tokenization_spaces=False)
    names = tokenizer.convert_ids_to_tokens(list(numbers))
    added = tokenizer.added_tokens_decoder.items()  # KoBART's "B-)" is special, and not among all_special_ids
    without = {*silent, *tokenizer.all_special_ids, *(number for number, token in added if token.special)}
    return [
        b"" if number in without else _bytes(name) if _BROKEN in text else text.removeprefix(before).encode()
        for number, name, text in zip(numbers, names, decoded, strict=True)
    ]


def find_single(tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """The tokens that are a byte each, of a vocabulary of SentencePiece."""
    names = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    return frozenset(number for number, name in enumerate(names) if _BYTE.fullmatch(name))


def spell(said: Sequence[int], pieces: Sequence[bytes], single: frozenset[int]) -> bytes:
    """The bytes of a text. Of tokens of `single` in a row SentencePiece decodes none if one of them is wrong."""
    if single.isdisjoint(said):
        return b"".join(pieces[number] for number in said)
    runs = [(alone, b"".join(pieces[number] for number in run)) for alone, run in groupby(said, single.__contains__)]
    return b"".join(
        b"\xff" * len(run) if alone and _is_wrong(run, place == len(runs) - 1) else run
        for place, (alone, run) in enumerate(runs)
    )


def _is_wrong(run: bytes, last: bool) -> bool:
    """Whether bytes are no characters; at the end of a text the last one may be begun."""
    text, begun = split(run)
    return "\ufffd" in text or (bool(begun) and not last)


def split(said: bytes) -> tuple[str, bytes]:
    """The characters of a text, U+FFFD for what can be none, and the bytes at its end that one may begin with."""
    decoder = getincrementaldecoder("utf-8")("replace")
    return decoder.decode(said), decoder.getstate()[0]


@cache
def native_beginnings() -> frozenset[bytes]:
    """The first bytes, but not all, of the characters of Korean text that are no foreign letters."""
    chars = (chr(code) for first, last in _NATIVE for code in range(first, last + 1))
    spelled = [char.encode() for char in chars if not is_foreign(char)]
    return frozenset(one[:size] for one in spelled for size in range(1, len(one)))


def _bytes(name: str) -> bytes:
    """The bytes that the name of a token stands for: `<0xEC>`, or a sign for each byte, as GPT-2's vocabulary has."""
    if found := _BYTE.fullmatch(name):
        return bytes([int(found[1], 16)])
    signs = _signs()
    return bytes(signs[sign] for sign in name) if signs.keys() >= set(name) else name.encode()


@cache
def _signs() -> dict[str, int]:
    return {sign: byte for byte, sign in bytes_to_unicode().items()}
