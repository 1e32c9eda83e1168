"""The two styles of a summary: plain (한다) and polite (합니다).

Enters: a plain sentence, as scenarios write it. Leaves: the same in the polite style.

    polite("예약을 원한다. 요금은 3만 원이다.") == "예약을 원합니다. 요금은 3만 원입니다."
"""

from __future__ import annotations

import re

_FINAL_NIEUN, _FINAL_BIEUP = 4, 17
_SENTENCE_END = re.compile(r"(.?)(\S)다\.(?=\s|$)")


def polite(text: str) -> str:
    """`text` with each sentence's final 다 made ㅂ니다 or 습니다. Leaves other endings as they are."""
    return _SENTENCE_END.sub(lambda match: _polite_end(match[1], match[2]), text)


def _polite_end(before: str, last: str) -> str:
    if not ("가" <= last <= "힣"):
        return f"{before}{last}다."
    if last == "는" and _final(before):
        return f"{before}습니다."  # 먹는다, 않는다
    if _final(last) in (0, _FINAL_NIEUN):
        return f"{before}{chr(ord(last) - _final(last) + _FINAL_BIEUP)}니다."  # 한다, 이다
    return f"{before}{last}습니다."  # 했다, 있다, 좋다


def _final(syllable: str) -> int:
    return (ord(syllable) - ord("가")) % 28 if "가" <= syllable <= "힣" else 0
