from __future__ import annotations

import unicodedata

import pytest

from dialsum.corpus.script import NOWHERE, foreign_runs, home_of


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("#Person1#은 Jimmy의 T-shirt를 5kg 샀다.", ["Jimmy", "T", "shirt"]),
        ("#PhoneNumber#로 3시까지, 25℃ 30㎡ ㅋㅋ ㅠㅠ!", []),
        ("会議は Парк에서 สวัสดี", ["会議は", "Парк", "สว", "สด"]),
        (unicodedata.normalize("NFD", "Café에서 회의"), ["Café"]),
        ("", []),
    ],
)
def test_runs_of_letters_that_are_not_hangul(text: str, runs: list[str]) -> None:
    assert foreign_runs(text, NOWHERE) == runs


DIALOGUE = "#Person1#: Jimmy, DVDs 있어? 東京都 Café, Mr. Kim.\n#Person2#: #PhoneNumber#로 해.\nSD2000001: 네."


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("Jimmy는 Jim, jimmy, JIMMY이고 Mr. Kim은 DVD를 산다.", []),
        ("immy, Jimmys, mmy, DVDx", ["immy", "Jimmys", "mmy", "DVDx"]),
        ("東京, 京都, 京, 大", ["大"]),
        ("caf\u00e9, CAF\u00c9, cafe", ["cafe"]),
        # Labels license themselves alone, also where they are broken.
        ("#Person1#은 #Person2#에게 SD2000001을 소개한다.", []),
        ("#Person1은 #Person은 온다.", []),
        ("Person1은 person이 on, #Pers은 #Address은 온다.", ["Person", "person", "on", "Pers", "Address"]),
        ("SD2000002, SD은, SDK", ["SDK"]),
        ("Phone, Number", ["Phone", "Number"]),
        # Units stand after a number, also one that is not said.
        ("5kg, 5 kg, 몇 kg, 몇kg, 몇십 km, 수십 km, 3만 km, 25°C, 5kgㅋ", []),
        ("kg, 몇몇 사람 kg, 5  kg, 5kgs, 장수 kg, °X", ["kg", "kg", "kg", "kgs", "kg", "X"]),
        ("시속 100km/h, 10mm/h, 5 m/s, 3L/min, 2%p, 100Mbps, 120 mmHg, 900rpm, 40px, 6ft, 3 lb, 5ppm, 60fps", []),
        ("5\u00b5m, 5\u03bcg, 5 \u2113, 4K, 9 AM, 9:30pm, 5m\u00b2, 5kg\u2776", []),
        ("두 kg, 세 kg, 열 kg, 반 km, 여러 km, 수 km", []),
        ("km/h, 5km/hr, 5kg/x, 5km/h/s, 만두 kg, %px, 5h", ["km", "h", "hr", "x", "s", "kg", "px", "h"]),
    ],
)
def test_what_a_dialogue_licenses(text: str, runs: list[str]) -> None:
    assert foreign_runs(text, home_of(DIALOGUE)) == runs


def test_without_its_words_a_dialogue_licenses_labels_and_speakers() -> None:
    text = "#Person1#은 SD2000001에게 #PhoneNumber#로 Jimmy를 찾는다."
    assert foreign_runs(text, home_of(DIALOGUE, words=False)) == ["Jimmy"]
