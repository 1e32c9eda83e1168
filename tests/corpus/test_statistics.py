import random
from collections import Counter

import pytest

from dialsum.corpus.dialogue import Dialogue, Turn
from dialsum.corpus.histogram import percentile
from dialsum.corpus.statistics import Tally, count, figures, histogram, spread, topic_table


def dialogue(*turns: str, topic: str | None = None, references: tuple[str, ...] = ()) -> Dialogue:
    """Turns of #Person1#, #Person2# and so on."""
    spoken = tuple(Turn(f"#Person{number}#", text) for number, text in enumerate(turns, start=1))
    return Dialogue("a", spoken, topic, references)


def tally(*dialogues: Dialogue) -> Tally:
    counted = Tally()
    for one in dialogues:
        count(counted, one)
    return counted


def holds(text: str) -> set[str]:
    """What a turn's text is counted as."""
    return {kind for kind, rows in tally(dialogue(text)).kinds.items() if rows}


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("latin", ["Tom은", "T셔츠", "café", "é"]),
        ("digits", ["3", "007", "１"]),
        (
            "times",
            [
                "15:30",
                "9:05에",
                "오후 3시",
                "3 시 반",
                "10시쯤",
                "12시30분",
                "3 p.m.에",
                "11AM",
                "세 시",
                "열두 시까지",
                "여덟시에 봐",
            ],
        ),
        (
            "amounts",
            ["5,000원", "3만 원", "3만5천원이요", "$20", "₩ 5000", "100달러", "3.5유로", "만 원", "이천원", "2백만 원"],
        ),
    ],
)
def test_what_a_row_holds(kind: str, texts: list[str]) -> None:
    assert [text for text in texts if kind not in holds(text)] == []


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("latin", ["네.", "#PhoneNumber#", "#Person2#", "SD2000001", "3×4", "漢字", "ㅋㅋ"]),
        ("digits", ["네.", "#Person2#이요", "SD2000001", "화자SD2000002", "세 시"]),
        (
            "times",
            [
                "3시간",
                "세 시간",
                "다시",
                "역시",
                "몇 시",
                "무한시",
                "시즌 3",
                "3시즌",
                "3:1",
                "1:100",
                "표시",
                "30",
                "3 apples",
                "한시간",
            ],
        ),
        ("amounts", ["5,000", "병원", "회원 3명", "공원", "구원", "만 원숭이", "3 원룸", "20%", "천 원래", "만 명"]),
    ],
)
def test_what_a_row_does_not_hold(kind: str, texts: list[str]) -> None:
    assert [text for text in texts if kind in holds(text)] == []


def test_figures_of_a_split() -> None:
    counted = tally(
        # "#Person1#: " is 11 characters, with "네" 12; two lines with their newline are 25.
        dialogue("네", "네", topic=" 진료  예약", references=("요약입니다", "둘째")),
        dialogue("#Phone1# #Email# #Email#", "#Address#", "3시", topic="진료 예약", references=("요약",)),
        dialogue("Tom", topic="쇼핑"),
        Dialogue("b", (Turn("", "$5"),)),
    )
    counted.cleaned["breaks"] += 3
    assert figures(counted, ["breaks", "spaces"]) == {
        "rows": 4,
        # 25, 35 + 1 + 20 + 1 + 13, 14 and 2
        "characters": {"mean": 27.75, "p50": 14, "p95": 70, "max": 70},
        "turns": {"mean": 1.75, "p50": 1, "p95": 3, "max": 3},
        "speakers": {"mean": 1.5, "p50": 1, "p95": 3, "max": 3},
        "summary_characters": {"mean": 3.5, "p50": 2, "p95": 5, "max": 5},
        # 5 of 25, and 2 of 70, which is 0.0286
        "compression_ratio": {"mean": 0.1143, "p50": 0.0286, "p95": 0.2, "max": 0.2},
        "topics": {"rows": 3, "different": 2, "most_frequent": ["진료 예약", "쇼핑"]},
        "share_with": {
            "three_or_more_speakers": 0.25,
            "latin": 0.25,
            "digits": 0.5,
            "times": 0.25,
            "amounts": 0.25,
            "masks": 0.25,
        },
        "masks": {"Email": {"rows": 1, "times": 2}, "Address": {"rows": 1, "times": 1}},
        "cleaned": {"breaks": {"rows": 3, "share": 0.75}, "spaces": {"rows": 0, "share": 0.0}},
    }


def test_masks_are_all_names_between_hashes_that_no_label_makes() -> None:
    text = (
        "#PhoneNumber# #Address# #DateOfBirth# #PassportNumber# #SSN# #CardNumber# #CarNumber# #Email# "
        "#계좌번호# #Person1#과#Person2#는 #1234# # # ## #A B# #SSN#"
    )
    counted = tally(dialogue(text, "#SSN#"), dialogue("#SSN#"))
    once = {"rows": 1, "times": 1}
    assert figures(counted, [])["masks"] == {
        "SSN": {"rows": 2, "times": 4},
        **dict.fromkeys(
            ["Address", "CarNumber", "CardNumber", "DateOfBirth", "Email", "PassportNumber", "PhoneNumber", "계좌번호"],
            once,
        ),
    }


def test_the_rarest_of_very_many_masks_are_told_together() -> None:
    names = [f"#mask{chr(97 + number)}#" for number in range(25)]
    masks = figures(tally(dialogue(" ".join(names)), dialogue("#maskz# #maskz#", "#masky#")), [])["masks"]
    assert len(masks) == 21
    assert list(masks)[:3] == ["masky", "maskz", "maska"]
    assert masks["other names"] == {"names": 6, "times": 6}


def test_a_split_without_summaries_and_topics() -> None:
    measured = figures(tally(dialogue("네")), [])
    assert (measured["summary_characters"], measured["compression_ratio"]) == (None, None)
    assert measured["topics"] == {"rows": 0, "different": 0, "most_frequent": []}
    assert spread(Counter()) is None


def test_percentiles_are_values_that_were_counted() -> None:
    assert percentile(Counter([7]), 95) == 7
    assert percentile(Counter(range(1, 21)), 95) == 19
    assert percentile(Counter(range(1, 101)), 95) == 95
    assert percentile(Counter([5, 1]), 50) == 1
    assert percentile(Counter({1: 94, 2: 5, 9: 1}), 95) == 2
    assert percentile(Counter({1: 94, 2: 5, 9: 1}), 100) == 9


def test_histogram() -> None:
    # 99 % of dev have up to 120 characters: bins of 5 up to there, and one for all that is longer.
    train = Counter({60: 600, 64: 300, 119: 98, 5000: 2})
    dev = Counter({66: 3, 120: 1})
    table = histogram({"train": train, "dev": dev, "test": Counter()})
    assert [row[0] for row in table] == list(range(60, 126, 5))
    assert {row[0]: row[1:] for row in table if any(row[1:])} == {
        60: [90.0, 0.0, 0.0],
        65: [0.0, 75.0, 0.0],
        115: [9.8, 0.0, 0.0],
        120: [0.0, 25.0, 0.0],
        125: [0.2, 0.0, 0.0],
    }
    assert histogram({"train": Counter()}) == []
    assert histogram({"train": Counter([0]), "dev": Counter([1, 1, 0])}) == [
        [0, 100.0, 33.33],
        [1, 0.0, 66.67],
        [2, 0.0, 0.0],
    ]


def test_histogram_has_every_row_and_few_bins() -> None:
    generator = random.Random(3)
    for _ in range(200):
        scale = 10 ** generator.uniform(0, 4)
        values = Counter(int(generator.expovariate(1 / scale)) for _ in range(generator.randint(1, 400)))
        table = histogram({"train": values})
        assert sum(share for _, share in table) == pytest.approx(100, abs=0.01 * len(table))
        assert len(table) <= 32


def test_topics_are_those_of_train_the_most_frequent_first() -> None:
    splits = {
        "train": tally(*(dialogue("네", topic=topic) for topic in ("나", "나", "다", "가", "나 "))),
        "dev": tally(dialogue("네", topic="나"), dialogue("네", topic="라")),
    }
    assert topic_table(splits) == [["나", 3, 1], ["가", 1, 0], ["다", 1, 0]]
    many = {"train": tally(*(dialogue("네", topic=str(number)) for number in range(50)))}
    assert len(topic_table(many)) == 20


@pytest.mark.timeout(60)
def test_a_long_run_of_anything_is_counted_in_linear_time() -> None:
    for piece in ("1", "1,", "만", "일", "열", "#", "#a", "SD", "3 ", "$ ", "12:", "한 "):
        tally(dialogue(piece * 100_000))
