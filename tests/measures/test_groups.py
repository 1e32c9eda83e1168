"""Groups of rows."""

from dialsum.corpus.dialogue import Dialogue, Turn
from dialsum.measures.groups import Group, divide


def dialogue(characters: int, speakers: int, topic: str | None) -> Dialogue:
    """With its tags and line ends, which count, so many characters."""
    short = [Turn(f"#Person{number}#", "") for number in range(2, speakers + 1)]
    rest = sum(len(turn.line()) + 1 for turn in short) + len("#Person1#: ")
    return Dialogue("", (Turn("#Person1#", "가" * (characters - rest)), *short), topic)


def test_groups_rise_and_topics_fall() -> None:
    dialogues = [
        dialogue(1000, 2, "가"),
        dialogue(199, 3, "나"),
        dialogue(200, 10, "다"),
        dialogue(399, 2, "나"),
        dialogue(5000, 1, None),
    ]
    assert [len(one.text()) for one in dialogues] == [1000, 199, 200, 399, 5000]
    assert divide(dialogues) == [
        Group("length", "0-199", (1,)),
        Group("length", "200-399", (2, 3)),
        Group("length", "1000+", (0, 4)),
        Group("speakers", "1", (4,)),
        Group("speakers", "2", (0, 3)),
        Group("speakers", "3", (1,)),
        Group("speakers", "10", (2,)),
        Group("topic", "나", (1, 3)),
        Group("topic", "가", (0,)),
        Group("topic", "다", (2,)),
    ]
