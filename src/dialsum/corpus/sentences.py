"""Where the sentences of a summary end.

Enters: a text. Leaves: its sentences, each with the blanks after it, and whether the last one is at its end. What
stands between quotation marks or brackets is a part of its sentence:

    split_sentences('#Person1#은 "네. 좋아요."라고 말한다. 그는 갔다.')
    == [('#Person1#은 "네. 좋아요."라고 말한다.', ' '), ('그는 갔다.', '')]

A mark after Hangul, or after what closes, ends one; that of "3.5", "No." or "3,000." need not.
"""

from __future__ import annotations

import re

_MARKS = "[.!?…。]"
_CLOSING = r"""["'”’」』)\]]"""
_QUOTE = r"""(?<![A-Za-z0-9])"[^"\n]*"|(?<![A-Za-z0-9])'[^'\n]*'"""  # 5" and Tom's open nothing
_BRACKET = r"“[^”\n]*”|‘[^’\n]*’|「[^」\n]*」|『[^』\n]*』|\([^()\n]*\)|\[[^\[\]\n]*\]"
_QUOTED = re.compile(f"{_QUOTE}|{_BRACKET}")
_LEFT_OPEN = re.compile(r"""(?<![A-Za-z0-9])["']|[“‘「『(\[]""")
_END = (
    rf"(?:(?<=[가-힣)\]\"'”’」』]){_MARKS}+{_CLOSING}*(?=\s|$)"  # 갔다. and 갔다.)
    rf"|(?<={_MARKS}{_CLOSING})(?=\s|$)"  # "좋다."
    rf"|(?<=[가-힣]){_MARKS}+(?=[가-힣#])"  # 갔다.그는, where a blank was forgotten
    r"|(?=\n)|$)"
)
# What is quoted is taken whole or, where nothing closes it, letter by letter.
_SENTENCE = re.compile(rf"((?:(?>{_QUOTED.pattern}|[^\n]))+?{_END})(\s*)")
_AT_END = re.compile(rf"{_MARKS}{_CLOSING}*\Z")
_SURELY_AT_END = re.compile(rf"[가-힣)\]\"'”’」』]{_MARKS}+\s*\Z")


def split_sentences(text: str) -> list[tuple[str, str]]:
    """The sentences of a text, each with the blanks after it; a line's end is one's end too.

    Joined they are the text without the blanks around it.
    """
    return _SENTENCE.findall(text.strip())


def ends(text: str) -> bool:
    """Whether the text ends as a sentence does: with a mark, behind which quotes and brackets close, all of them."""
    return _AT_END.search(text.rstrip()) is not None and not _leaves_open(text)


def surely_ends(text: str) -> bool:
    """Whether the text is at the end of a sentence that nothing can go on with: neither `3.` nor a quotation is."""
    return _SURELY_AT_END.search(text) is not None and not _leaves_open(text)


def _leaves_open(text: str) -> bool:
    last_line = text.rstrip().rpartition("\n")[2]
    return _LEFT_OPEN.search(_QUOTED.sub("", last_line)) is not None
