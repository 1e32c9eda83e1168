"""Korean particles, chosen by how the word before them is read.

Enters: the text so far and a pair such as `을/를` (the form after a consonant first). Leaves: the right member.

    choose("오후 3시", "을/를") == "를"        choose("#Person1#", "은/는") == "은"      (퍼슨원)
    choose("8월 1일", "으로/로") == "로"       choose("KTX", "을/를") == "를"            (케이티엑스)

Source of the rules: Standard Korean orthography; 으로/로 is the one pair for which a final ㄹ counts as a vowel.
Latin words outside the tables of `readings` are read by their spelling (`_latin_tail`).
"""

from __future__ import annotations

import re

from dialsum.corpus.synthetic.readings import ACRONYMS, DIGITS, LETTERS, MASKS, NAMES, UNITS

_PAIRS = """
    은/는 이/가 을/를 과/와 으로/로 이다/다 이에요/예요 이었/였 아/야
    이랑/랑 이나/나 이라/라 이라고/라고 이고/고 이면/면 이요/요 이죠/죠 이네요/네요
    이야/야 이네/네 이지/지 이라서/라서 이라도/라도 이라면/라면 으로는/로는 이며/며 이라는/라는
    이지만/지만 이가/가 이를/를 이는/는 이래/래 이니까/니까
"""
PAIRS: dict[str, tuple[str, str]] = {pair: (pair.split("/")[0], pair.split("/")[1]) for pair in _PAIRS.split()}

_RIEUL = 8
_MASK = re.compile(r"#(\w+)#$")
_BRACKETED = re.compile(r"(?<=[^\s(\[])\s*(\([^()]*\)|\[[^\[\]]*\])$")
_CLOSING = "\"'’”」』》〉)]}.,!?… "
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?$")
_UNIT = re.compile(r"\d\s?(%|℃|°|[A-Za-z]{1,2})$")
_LATIN = re.compile(r"[A-Za-z]+$")


def choose(text: str, pair: str) -> str:
    """The member of `pair` that follows `text`. Raises KeyError for a pair that is not in PAIRS."""
    after_consonant, after_vowel = PAIRS[pair]
    final = final_consonant(text)
    if final == _RIEUL and after_consonant.startswith("으로"):
        return after_vowel
    return after_consonant if final else after_vowel


def final_consonant(text: str) -> int:
    """Unicode index of the final consonant of the reading: 0 for none, 8 for ㄹ. Raises ValueError if unreadable."""
    syllable = last_syllable(text)
    return (ord(syllable) - ord("가")) % 28


def last_syllable(text: str) -> str:
    """The Hangul syllable with which `text` ends when read aloud; closing quotes, brackets and marks are not read."""
    text = text.rstrip(_CLOSING.replace(")", "").replace("]", ""))
    # 서울(Seoul)을: what stands in brackets after a word is a note, the particle belongs to the word.
    bare = _BRACKETED.sub("", text).rstrip(_CLOSING)
    if mask := _MASK.search(bare):
        return MASKS[mask[1]][-1]
    if bare and "가" <= bare[-1] <= "힣":
        return bare[-1]
    if unit := _UNIT.search(bare):
        return UNITS[unit[1]][-1] if unit[1] in UNITS else _latin_tail(unit[1])
    if number := _NUMBER.search(bare):
        return _number_tail(number[0])
    if word := _LATIN.search(bare):
        return _latin_tail(word[0])
    raise ValueError(f"no reading for {text!r}")


def _number_tail(number: str) -> str:
    """Sino-Korean reading: 20 이십, 300 삼백, 10,000 만; the last syllable is that of the last non-zero place."""
    digits = number.replace(",", "")
    if "." in digits or digits[-1] != "0":
        return DIGITS[digits[-1]]
    zeros = len(digits) - len(digits.rstrip("0"))
    if zeros == len(digits):
        return DIGITS["0"]
    return ("십", "백", "천")[zeros - 1] if zeros < 4 else ("만", "억", "조")[min(zeros // 4, 3) - 1]


def _latin_tail(word: str) -> str:
    if word in NAMES:
        return NAMES[word][-1]
    if word in ACRONYMS:
        return ACRONYMS[word][-1]
    if word.isupper() or len(word) == 1:
        return LETTERS[word[-1].upper()][-1]
    return _spelled_tail(word.lower())


def _spelled_tail(word: str) -> str:
    """A rule for words in no table; right for most names, and stable for all.

    -m, -n, -ng and -l end in that consonant; a silent e is dropped before (Simone, Adele); -ck, and -c, -k, -p, -t
    after a short vowel (one vowel letter with a consonant before it) close the syllable; all else ends in a vowel.
    """
    stem = word[:-1] if re.search(r"[aeiou][mnl]e$", word) or word.endswith("le") else word
    if stem.endswith("ng"):
        return "응"
    if stem[-1] in "mnl":
        return {"m": "음", "n": "은", "l": "을"}[stem[-1]]
    if re.search(r"(ck|(?<![aeiou])[aeiou][ckpt])$", stem):
        return {"p": "읍", "t": "읏"}.get(stem[-1], "윽")
    return "으"
