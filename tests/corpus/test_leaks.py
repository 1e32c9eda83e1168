import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path
from random import Random

import pytest

from dialsum.corpus.dialogue import Dialogue, Turn
from dialsum.corpus.leaks import Leaks, Pair, counts, refuse, write_csv
from dialsum.errors import InputError

BOOKING = [
    "안녕하세요, 김민수입니다. 이번 주 토요일에 두 사람 자리를 예약하고 싶어요.",
    "네, 김민수 고객님. 몇 시에 오실 예정이신가요?",
    "저녁 일곱 시쯤 도착할 것 같아요. 창가 자리가 남아 있나요?",
    "창가는 이미 다 찼고, 안쪽의 조용한 자리만 남아 있습니다.",
    "괜찮아요, 그 자리로 부탁드려요. 주차도 할 수 있나요?",
    "건물 지하에 두 시간까지 무료로 세우실 수 있습니다.",
    "잘됐네요. 아이가 먹을 만한 음식도 있을까요?",
    "어린이 돈가스와 우동을 준비해 드립니다. 토요일에 뵙겠습니다.",
]
LAPTOP = [
    "노트북이 갑자기 꺼지더니 다시 켜지지 않아요.",
    "언제 구입하셨는지 기억하시나요?",
    "작년 봄에 샀으니 보증 기간은 아직 남았을 거예요.",
    "그럼 서비스 센터에 맡기시면 무상으로 고쳐 드립니다.",
]


def dialogue(identifier: str, *texts: str) -> Dialogue:
    return Dialogue(identifier, tuple(Turn(f"#Person{place % 2 + 1}#", text) for place, text in enumerate(texts)))


def find(*rows: tuple[str, Dialogue]) -> list[Pair]:
    leaks = Leaks()
    for split, row in rows:
        leaks.add(split, row)
    return leaks.pairs()


def letters(start: int, number: int) -> str:
    """So many Hangul syllables that follow each other: no trigram comes twice."""
    return "".join(chr(0xAC00 + start + place) for place in range(number))


def changed(kept: int, number: int, tail: int) -> str:
    """The first syllables of `letters(0, number)`, then others, of which each tail has its own."""
    return letters(0, kept) + letters(1000 + tail * 10, number - kept)


def test_exact_copies_across_splits_are_pairs() -> None:
    pairs = find(
        ("train", dialogue("a", *BOOKING)),
        ("train", dialogue("b", *LAPTOP)),
        ("dev", dialogue("c", *LAPTOP)),
        ("test", dialogue("d", *BOOKING)),
    )
    assert pairs == [Pair("exact", "train", "a", "test", "d", 1.0), Pair("exact", "train", "b", "dev", "c", 1.0)]


@pytest.mark.parametrize(
    "copy",
    [
        Dialogue("b", (Turn("SD2000001", "Hi, 민수!"), Turn("SD2000002", "오랜만이야."))),
        Dialogue("b", (Turn("#Person2#", "Hi, 민수!"), Turn("#Person1#", "오랜만이야."))),
        Dialogue("b", (Turn("#Person1#", "Hi, 민수! 오랜만이야."),)),
        Dialogue("b", (Turn("#Person1#", "hi,민수!"), Turn("#Person2#", " 오랜\u3000만이야. "))),
    ],
    ids=["other labels", "labels exchanged", "turns joined", "blanks and case"],
)
def test_what_does_not_make_a_copy_another_dialogue(copy: Dialogue) -> None:
    assert find(("train", dialogue("a", "Hi, 민수!", "오랜만이야.")), ("dev", copy)) == [
        Pair("exact", "train", "a", "dev", "b", 1.0)
    ]


def test_a_mark_of_punctuation_makes_a_copy_a_near_one() -> None:
    assert find(("train", dialogue("a", *LAPTOP)), ("dev", dialogue("b", *LAPTOP[:-1], LAPTOP[-1] + "!"))) == [
        Pair("near", "train", "a", "dev", "b", 1.0)
    ]


@pytest.mark.parametrize(
    "copy",
    [
        [text.replace("김민수", "박서연") for text in BOOKING],
        [text.replace("토요일", "일요일").replace("일곱", "여덟").replace("우동", "라면") for text in BOOKING],
        [BOOKING[1], BOOKING[0], *BOOKING[2:5], BOOKING[6], BOOKING[5], BOOKING[7]],
        BOOKING[:-1],
    ],
    ids=["name replaced", "words changed", "turns moved", "turn dropped"],
)
def test_near_copies_are_found(copy: list[str]) -> None:
    (pair,) = find(
        ("train", dialogue("a", *BOOKING)), ("train", dialogue("x", *LAPTOP)), ("test", dialogue("b", *copy))
    )
    assert (pair.kind, pair.split, pair.id, pair.other_split, pair.other_id) == ("near", "train", "a", "test", "b")
    assert 0.75 <= pair.similarity < 1


def test_unrelated_dialogues_are_no_pair() -> None:
    assert find(("train", dialogue("a", *BOOKING)), ("dev", dialogue("b", *LAPTOP))) == []


@pytest.mark.parametrize(
    ("kept", "similarity"),
    # Texts of 200 syllables, thus 200 trigrams, of which kept - 2 are common: (kept - 2) / (402 - kept).
    [(198, 0.96), (190, 0.89), (180, 0.80), (170, 0.72)],
)
def test_similarity_is_the_share_of_common_trigrams(kept: int, similarity: float) -> None:
    (pair,) = find(("train", dialogue("a", letters(0, 200))), ("dev", dialogue("b", changed(kept, 200, 0))))
    assert pair.similarity == pytest.approx(similarity, abs=0.08)  # two standard errors of 128 slots


@pytest.mark.parametrize(
    ("kept", "fewest", "most"),
    # 200 syllables again: 147 / 253 = 0.58, 168 / 232 = 0.72; two standard errors below and above the threshold.
    [(149, 0, 3), (170, 47, 50)],
)
def test_the_threshold_divides(kept: int, fewest: int, most: int) -> None:
    found = sum(
        len(find(("train", dialogue("a", letters(0, 200))), ("dev", dialogue("b", changed(kept, 200, tail * 20)))))
        for tail in range(50)
    )
    assert fewest <= found <= most


@pytest.mark.parametrize("texts", [[], [""], [" ", "\u3000"]])
def test_dialogues_without_text_are_in_no_pair(texts: list[str]) -> None:
    assert find(("train", dialogue("a", *texts)), ("test", dialogue("b", *texts)), ("dev", dialogue("c", "네."))) == []


def test_no_rows_no_pairs() -> None:
    assert find() == []


def test_short_texts() -> None:
    pairs = find(
        ("train", dialogue("a", "네")),
        ("train", dialogue("b", "?")),
        ("train", dialogue("c", "👍")),
        ("dev", dialogue("d", "네")),
        ("dev", dialogue("e", "!")),
        ("dev", dialogue("f", "👍", "👍")),
        ("test", dialogue("g", "예")),
        ("test", dialogue("h", "\ud800")),
    )
    assert pairs == [Pair("exact", "train", "a", "dev", "d", 1.0)]


def test_a_row_is_paired_with_the_first_copy_in_each_split() -> None:
    rows = [("train", "a"), ("train", "b"), ("train", "c"), ("dev", "d"), ("dev", "e"), ("test", "f")]
    pairs = find(*((split, dialogue(name, *LAPTOP)) for split, name in rows))
    assert [(pair.id, pair.other_id) for pair in pairs] == [
        *[("a", "b"), ("a", "c")],  # inside train
        *[("a", "d"), ("a", "e"), ("a", "f")],  # the first of train with each row of dev and test
        *[("b", "d"), ("b", "f"), ("c", "d"), ("c", "f")],  # the others of train with the first of dev and test
        *[("d", "e"), ("d", "f"), ("e", "f")],
    ]
    assert {pair.kind for pair in pairs} == {"exact"}


def test_a_thousand_copies_are_as_many_pairs() -> None:
    rows = [("train", dialogue(str(number), *LAPTOP)) for number in range(1000)]
    pairs = find(*rows, ("dev", dialogue("d", *LAPTOP)))
    assert [pair for pair in pairs if pair.split == "train" == pair.other_split] == [
        Pair("exact", "train", "0", "train", str(number), 1.0) for number in range(1, 1000)
    ]
    assert {(pair.id, pair.other_id) for pair in pairs if pair.other_split == "dev"} == {
        (str(number), "d") for number in range(1000)
    }
    assert len(pairs) == 1999


def test_of_exact_copies_the_first_alone_has_near_ones() -> None:
    other = [text.replace("노트북", "컴퓨터") for text in LAPTOP]
    pairs = find(
        *[("train", dialogue(name, *LAPTOP)) for name in ("a", "b", "c")],
        *[("dev", dialogue(name, *other)) for name in ("d", "e")],
    )
    assert [(pair.kind, pair.id, pair.other_id) for pair in pairs] == [
        ("exact", "a", "b"),
        ("exact", "a", "c"),
        ("exact", "d", "e"),
        ("near", "a", "d"),
    ]


def test_a_thousand_near_copies_are_linear_and_each_is_listed() -> None:
    """All agree in most bands, so that not all of them are compared with each other."""
    rows = [("train", dialogue(str(number), changed(195, 200, number))) for number in range(1000)]
    pairs = find(*rows, ("test", dialogue("t", letters(0, 200))))
    assert {pair.id for pair in pairs} | {pair.other_id for pair in pairs} == {"t", *map(str, range(1000))}
    assert {pair.kind for pair in pairs} == {"near"}
    assert len(pairs) <= 2000
    # 193 common trigrams of 207.
    assert all(pair.similarity == pytest.approx(0.93, abs=0.09) for pair in pairs)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_only_the_most_similar_row_of_a_split_is_named(order: tuple[int, ...]) -> None:
    """All four are near copies of each other, but each row of train has one of dev that is closer."""
    rows = [
        ("train", dialogue("a", changed(180, 200, 1))),
        ("train", dialogue("b", changed(180, 200, 2))),
        ("dev", dialogue("a'", changed(180, 200, 1) + "덧")),
        ("dev", dialogue("b'", changed(180, 200, 2) + "덧")),
    ]
    found = {frozenset((pair.id, pair.other_id)) for pair in find(*(rows[place] for place in order))}
    assert found == {frozenset(pair) for pair in (("a", "b"), ("a", "a'"), ("b", "b'"), ("a'", "b'"))}


def test_near_copies_are_found_among_rows_of_one_template() -> None:
    """The rows share the template's words and agree in bands by the hundred, so that not all can be compared."""
    rng = Random(1)
    words = ["".join(chr(rng.randrange(0xAC00, 0xD7A4)) for _ in range(rng.randrange(1, 5))) for _ in range(3000)]
    template = rng.choices(words, k=120)

    def altered(text: list[str], number: int) -> list[str]:
        altered = list(text)
        for place in rng.sample(range(len(text)), number):
            altered[place] = rng.choice(words)
        return altered

    texts = [altered(template, 20) for _ in range(3000)]
    rows = [("train", dialogue(str(number), " ".join(text))) for number, text in enumerate(texts)]
    copies = [
        ("dev", dialogue(f"copy of {number}", " ".join(altered(texts[number], 5)))) for number in range(0, 3000, 50)
    ]
    assert {(pair.id, pair.other_id) for pair in find(*rows, *copies) if pair.split != pair.other_split} >= {
        (str(number), f"copy of {number}") for number in range(0, 3000, 50)
    }


def test_copies_are_found_among_thousands_whatever_order_the_splits_come_in() -> None:
    """More than one batch; each of 40 rows of dev and test is a near copy of a row of train."""
    rng = Random(1)
    words = ["".join(chr(rng.randrange(0xAC00, 0xD7A4)) for _ in range(rng.randrange(1, 5))) for _ in range(3000)]
    texts = [[rng.choice(words) for _ in range(80)] for _ in range(2500)]
    rows = [("train", dialogue(f"train_{number}", " ".join(text))) for number, text in enumerate(texts)]
    for number in range(40):
        copy = list(texts[number * 60])
        copy[10], copy[40], copy[70] = "바뀐", "다른", "낱말"
        rows.append((("dev", "test")[number % 2], dialogue(f"copy_{number}", " ".join(copy))))
    pairs = find(*rows)
    assert {(pair.id, pair.other_id) for pair in pairs} == {
        (f"train_{number * 60}", f"copy_{number}") for number in range(40)
    }
    assert find(*sorted(rows, key=lambda row: row[0])) == pairs


def test_adding_goes_on_after_a_report() -> None:
    leaks = Leaks()
    leaks.add("train", dialogue("a", *LAPTOP))
    assert leaks.pairs() == []
    leaks.add("dev", dialogue("b", *LAPTOP))
    assert leaks.pairs() == leaks.pairs() == [Pair("exact", "train", "a", "dev", "b", 1.0)]


PAIRS = [
    Pair("exact", "train", "a", "train", "b", 1.0),
    Pair("exact", "train", "a", "dev", "d", 1.0),
    Pair("exact", "train", "b", "dev", "d", 1.0),
    Pair("exact", "train", "a", "test", "t", 1.0),
    Pair("near", "train", "c", "dev", "d", 0.8125),
]


def test_counts() -> None:
    none = {
        "train_train": {"pairs": 0, "train": 0},
        "train_dev": {"pairs": 0, "train": 0, "dev": 0},
        "train_test": {"pairs": 0, "train": 0, "test": 0},
        "dev_dev": {"pairs": 0, "dev": 0},
        "dev_test": {"pairs": 0, "dev": 0, "test": 0},
        "test_test": {"pairs": 0, "test": 0},
    }
    assert counts([]) == {"exact": none, "near": none}
    assert counts(PAIRS) == {
        "exact": {
            **none,
            "train_train": {"pairs": 1, "train": 2},
            "train_dev": {"pairs": 2, "train": 2, "dev": 1},
            "train_test": {"pairs": 1, "train": 1, "test": 1},
        },
        "near": {**none, "train_dev": {"pairs": 1, "train": 1, "dev": 1}},
    }


def test_write_csv(tmp_path: Path) -> None:
    path = tmp_path / "leaks.csv"
    write_csv(path, [PAIRS[1], PAIRS[4], Pair("exact", "dev", 'a "b", c', "test", "가", 1.0)])
    assert path.read_text(encoding="utf-8") == (
        "kind,split,id,other_split,other_id,similarity\n"
        "exact,train,a,dev,d,1.00\n"
        "near,train,c,dev,d,0.81\n"
        'exact,dev,"a ""b"", c",test,가,1.00\n'
    )
    write_csv(path, [])
    assert path.read_text(encoding="utf-8") == "kind,split,id,other_split,other_id,similarity\n"


def test_refuse_names_counts_pairs_file_and_remedy() -> None:
    with pytest.raises(InputError) as caught:
        refuse(PAIRS, Path("data/leaks.csv"), allow=False)
    assert str(caught.value) == (
        "data/leaks.csv: train.csv has 2 rows with a dialogue of dev.csv or test.csv "
        "(a = d of dev, b = d of dev, a = t of test), so that scores would reward learning by heart; "
        "remove from train.csv the rows that this file pairs as exact with dev or test, "
        "or keep them with -S data.allow_leaks=true"
    )


def test_refuse_shortens_a_long_list() -> None:
    pairs = [Pair("exact", "train", f"a{number}", "dev", "d", 1.0) for number in range(1000)]
    with pytest.raises(InputError) as caught:
        refuse(pairs, Path("data/leaks.csv"), allow=False)
    message = str(caught.value)
    assert "has 1000 rows with" in message
    assert "(a0 = d of dev, a1 = d of dev, a2 = d of dev, a3 = d of dev, a4 = d of dev and 995 more pairs)" in message
    assert "\n" not in message


@pytest.mark.parametrize("pairs", [[], [PAIRS[0]], [PAIRS[4]], [Pair("exact", "dev", "d", "test", "t", 1.0)]])
def test_only_exact_copies_of_dev_and_test_in_train_are_refused(pairs: list[Pair]) -> None:
    refuse(pairs, Path("data/leaks.csv"), allow=False)


def test_allowed_leaks_are_not_refused() -> None:
    refuse(PAIRS, Path("data/leaks.csv"), allow=True)


PROGRAM = """
import sys
from pathlib import Path
from dialsum.corpus.cleaning import ALL, to_dialogue
from dialsum.corpus.leaks import Leaks, write_csv
from dialsum.corpus.synthetic.generate import generate

leaks = Leaks()
for split, rows in (("train", 400), ("dev", 50)):
    for row in generate(split, rows, 42):
        leaks.add(split, to_dialogue(row.fname, row.dialogue, ALL))
        if split == "dev":
            leaks.add("train", to_dialogue("copy of " + row.fname, row.dialogue + "\\n그럼 이만.", ALL))
write_csv(Path(sys.argv[1]), leaks.pairs())
"""


def test_processes_agree_to_the_byte(tmp_path: Path) -> None:
    """Whatever Python's hash seed and the number of threads."""
    written = []
    for seed, threads in (("1", "1"), ("2", "3")):
        path = tmp_path / f"{seed}.csv"
        environment = {**os.environ, "PYTHONHASHSEED": seed, "RAYON_NUM_THREADS": threads}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        subprocess.run([sys.executable, "-c", PROGRAM, str(path)], env=environment, check=True)
        written.append(path.read_bytes())
    assert written[0] == written[1]
    assert written[0].count(b"copy of dev_") >= 50
