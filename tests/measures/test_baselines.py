"""Trivial summaries."""

from dialsum.corpus.dialogue import Dialogue, Turn
from dialsum.measures.baselines import lead, longest_turns, most_similar, other_row, reference


def dialogue(identifier: str, *texts: str, references: tuple[str, ...] = ()) -> Dialogue:
    turns = tuple(Turn(f"#Person{place % 2 + 1}#", text) for place, text in enumerate(texts))
    return Dialogue(identifier, turns, references=references)


DIALOGUES = [
    dialogue("a", "안녕하세요.", "네, 병원 예약을 하고 싶어요.", "네.", "오후 세 시는 어때요?", "그럼 그때 뵐게요."),
    dialogue("b", "택시 불렀어?"),
]
TRAIN = [
    dialogue("t0", "피자 한 판 주문할게요.", "배달해 드릴까요?", references=("피자를 주문한다.",)),
    dialogue("t1", "병원 예약을 하고 싶습니다.", "세 시 어떠세요?", references=("병원을 예약한다.", "진료를 잡는다.")),
    dialogue("t2", "택시를 불렀어요?", "아직이요.", references=("택시를 기다린다.",)),
    dialogue("t3", "택시를 불렀어요?", "아직이요.", references=("택시가 늦는다.",)),
]


def test_lead_is_the_first_turns_without_labels() -> None:
    assert lead(DIALOGUES, 1) == ["안녕하세요.", "택시 불렀어?"]
    assert lead(DIALOGUES, 3) == ["안녕하세요. 네, 병원 예약을 하고 싶어요. 네.", "택시 불렀어?"]


def test_longest_turns_stand_in_the_order_of_the_dialogue() -> None:
    assert longest_turns(DIALOGUES) == [
        "네, 병원 예약을 하고 싶어요. 오후 세 시는 어때요? 그럼 그때 뵐게요.",
        "택시 불렀어?",
    ]


def test_of_turns_of_one_length_the_earlier_wins() -> None:
    assert longest_turns([dialogue("a", "가나", "다라", "마바", "사아", "자")]) == ["가나 다라 마바"]
    assert longest_turns([dialogue("a", "가", "나다", "라", "마바")], count=3) == ["가 나다 마바"]


def test_most_similar_gives_the_first_reference_of_the_first_of_equals() -> None:
    assert most_similar(DIALOGUES, TRAIN) == ["병원을 예약한다.", "택시를 기다린다."]


def test_a_dialogue_like_none_gets_the_first() -> None:
    assert most_similar([dialogue("x", "ㅋㅋㅋ")], TRAIN) == ["피자를 주문한다."]


def test_who_speaks_does_not_make_dialogues_similar() -> None:
    train = [
        Dialogue("t0", (Turn("SD2000001", "바다에 갔다."),), references=("바다",)),
        Dialogue("t1", (Turn("", "산에 갔다."),), references=("산",)),
    ]
    assert most_similar([Dialogue("x", (Turn("SD2000001", "산에 가자."),))], train) == ["산"]


def test_more_dialogues_than_a_block() -> None:
    asked = [DIALOGUES[1], *[DIALOGUES[0]] * 70, DIALOGUES[1]]
    assert most_similar(asked, TRAIN) == ["택시를 기다린다.", *["병원을 예약한다."] * 70, "택시를 기다린다."]


def test_other_row_is_drawn_from_train_and_the_same_each_time() -> None:
    drawn = other_row(50, TRAIN)
    assert set(drawn) == {row.references[0] for row in TRAIN}
    assert drawn == other_row(50, TRAIN)
    assert other_row(2, TRAIN[:1]) == ["피자를 주문한다."] * 2


def test_reference_is_scored_against_the_others() -> None:
    three = dialogue("b", "택시 불렀어?", references=("가", "나", "다"))
    texts, others = reference([*DIALOGUES, three, dialogue("c", "응", references=("라",))])
    assert texts == ["가"]
    assert others == [dialogue("b", "택시 불렀어?", references=("나", "다"))]
    assert reference(DIALOGUES) == ([], [])
