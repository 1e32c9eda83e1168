"""The flaws of the real data, for the dialogue only.

Enters: the turns of a clean dialogue. Leaves: its text, now and then with a literal backslash-n or `<br>` in place of a
line end, doubled and trailing spaces.

    ["#Person1#: 네.", "#Person2#: 고마워요."]  ->  "#Person1#: 네.\\n#Person2#: 고마워요."

A fact is never touched: inside a turn, only the blank after a full sentence changes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

# Values such as `Ms. Dawson` hold a full stop too; Korean sentences end in one of these syllables.
_SENTENCE_END = re.compile(r"(?<=[요다까죠네지어아자래게야]\.|[요다까죠네지어아자래게야니가]\?) ")


def join_turns(turns: Sequence[str], rng: Random) -> str:
    """The dialogue as one text: clean in about 85 of 100."""
    chance = rng.random()
    if chance < 0.04:
        return "\\n".join(turns)
    if chance < 0.055:
        return "<br>".join(turns)
    if chance < 0.07:
        return "\n".join(_SENTENCE_END.sub("<br>", turn) for turn in turns)
    if chance < 0.11:
        return "\n".join(turn + " " for turn in turns)
    if chance < 0.15:
        return "\n".join(_SENTENCE_END.sub("  ", turn) if rng.random() < 0.5 else turn for turn in turns)
    return "\n".join(turns)


def draw_moods(rng: Random) -> dict[str, str]:
    """What `{ㅋ}` and `{ㅠ}` stand for in one dialogue: a full stop, or the letters of a laugh or of tears."""
    if rng.random() < 0.5:
        return {"ㅋ": ".", "ㅠ": "."}
    return {"ㅋ": " " + rng.choice(("ㅋㅋ", "ㅎㅎ", "ㅋㅋㅋ")), "ㅠ": " " + rng.choice(("ㅠㅠ", "ㅠ", "ㅜㅜ"))}
