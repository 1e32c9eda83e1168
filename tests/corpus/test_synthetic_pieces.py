"""What lengthens a talk: where the pieces go, and that whatever writers wrote renders."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from dialsum.corpus.synthetic.realistic import pieces, rows
from dialsum.corpus.synthetic.realistic.detours_formal import FORMAL_FOLLOW_UPS, FORMAL_OPENINGS
from dialsum.corpus.synthetic.realistic.pieces import Piece
from dialsum.corpus.synthetic.realistic.remarks_casual import CASUAL
from dialsum.corpus.synthetic.realistic.remarks_formal import FORMAL
from dialsum.corpus.synthetic.realistic.settings import AT_ONCE, SETTINGS
from dialsum.corpus.synthetic.scenario import MOODS, ROLES, Script, write_scenario
from dialsum.corpus.synthetic.scenarios import SCENARIOS
from dialsum.corpus.synthetic.slots import draw

(SHOP,) = write_scenario(
    "shop",
    "음식 구입",
    formal="""
    ?B: 어서 오세요.
    A: 안녕하세요. {food}{을/를} 주세요. | {food} 주세요.
    ?1 B: 포장해 드릴까요?
    ?1 A: 네.
    B: {price}입니다.
    """,
    summary="{A}{은/는} {food}{을/를} 산다. {B}{은/는} {price}{을/를} 받는다.\n" * 3,
).scripts
TALKS = pytest.mark.parametrize(
    "talk", rows._ALL, ids=lambda talk: f"{talk.scenario.name}-{talk.script.register}{'-guest' if talk.guest else ''}"
)


def spoken(parts: list[Piece]) -> list[str]:
    """The turns of pieces in their order, each as its role and its first phrasing."""
    turns = sorted((turn for piece in parts for turn in piece.turns), key=lambda turn: turn[0])
    return [f"{line.role}: {''.join(line.phrasings[0].parts)}" for _, line in turns]


def test_every_piece_goes_to_its_place() -> None:
    detour = "A: 춥네요.\nB: 네.\n= {A}{은/는} 춥다고 한다."
    parts = [
        *pieces.follow_ups(SHOP, [detour]),
        *pieces.remarks(SHOP, "B price: 쌉니다.\nA first: 배고파요.\nA food: 두 개요.\nA call: 여기요,"),
        *pieces.openings(SHOP, [detour]),
        *pieces.optional(SHOP),
        pieces.required(SHOP, guest=False),
    ]
    assert spoken(parts) == [
        "B: 어서 오세요.",
        "A: 춥네요.",
        "B: 네.",
        "A: 여기요,",
        "A: 안녕하세요. food을/를 주세요.",
        "A: 배고파요.",
        "A: 두 개요.",
        "B: 포장해 드릴까요?",
        "A: 네.",
        "B: price입니다.",
        "B: 쌉니다.",
        "A: 춥네요.",
        "B: 네.",
    ]


def test_optional_turns_stand_or_fall_together() -> None:
    assert [spoken([piece]) for piece in pieces.optional(SHOP)] == [
        ["B: 어서 오세요."],
        ["B: 포장해 드릴까요?", "A: 네."],
    ]


def test_a_talk_that_has_begun_does_not_greet() -> None:
    needed = pieces.required(SHOP, guest=False)
    assert spoken([pieces.begun(needed)])[0] == "A: food 주세요."
    assert spoken([needed])[0] == "A: 안녕하세요. food을/를 주세요."


def test_a_piece_knows_its_size() -> None:
    (piece,) = pieces.follow_ups(SHOP, ["A: {food}{이/가} 좋다.\nB: 네.\n= {A}{은/는} 먹는다."])
    # 6 for the slot, 1 for the particle, 4 and 2 letters, and two labels `#Person1#: ` with their line ends.
    assert piece.size == 6 + 1 + 4 + 2 + 2 * 12
    assert piece.summary is not None


def test_slots_of_two_detours_are_apart_but_participants_have_one_name() -> None:
    text = "A: {friend_B}, {friend_other}{이/가} 왔어.\nB: 응.\n= {A}{은/는} {friend_other} 이야기를 한다."
    first, second = pieces.follow_ups(SHOP, [text, text])
    assert pieces.slots(first) & pieces.slots(second) == {"friend_B"}
    assert pieces.slots(first) == {"friend_B", "friend_other_after0"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A: 배고파요.", "not a remark"),
        ("A drink: 시원하네요.", "A has no turn that always says 'drink'"),
        ("B food: 맛있어요.", "B has no turn that always says 'food'"),
        ("A food: {food}{를/을}", "unknown particle pair"),
    ],
)
def test_a_faulty_remark_raises(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        pieces.remarks(SHOP, text)


def test_a_faulty_detour_raises() -> None:
    with pytest.raises(ValueError, match=r"not a turn: 'A 춥네요\.'"):
        pieces.follow_ups(SHOP, ["A 춥네요.\nB: 네.\n= {A}{은/는} 춥다고 한다."])


def scripts(register: str) -> dict[str, Script]:
    return {
        scenario.name: script for scenario in SCENARIOS for script in scenario.scripts if script.register == register
    }


def test_every_script_has_remarks_and_settings() -> None:
    assert set(FORMAL) == set(scripts("formal"))
    assert set(CASUAL) == set(scripts("casual"))
    assert set(SETTINGS) == set(scripts("formal"))
    assert set(SETTINGS) >= AT_ONCE
    used = {setting for settings in SETTINGS.values() for setting in settings}
    assert used == set(FORMAL_OPENINGS) | set(FORMAL_FOLLOW_UPS)


@TALKS
def test_every_phrasing_renders(talk: rows._Talk) -> None:
    rng = Random(talk.scenario.name)
    for piece in (*talk.near, *talk.detours):
        for phrasing in [text for _, line in piece.turns for text in line.phrasings] + [piece.summary]:
            if phrasing is None:
                continue
            values = {role: f"#Person{number}#" for number, role in enumerate(ROLES, start=1)}
            values |= dict.fromkeys(MOODS, ".")
            values |= {slot: draw(slot, rng, unseen=False) for slot in phrasing.slots() if slot not in values}
            text = phrasing.fill(values)
            assert not set(text) & set("{}|\\\n"), text
            assert "  " not in text
            assert text[-1] in ".?!,", text


@TALKS
def test_a_summary_says_of_a_detour_only_what_is_said(talk: rows._Talk) -> None:
    for piece in talk.detours:
        assert piece.summary is not None
        always = [set.intersection(*(set(text.slots()) for text in line.phrasings)) for _, line in piece.turns]
        for slot in piece.summary.slots():
            assert slot in ROLES or any(slot in said for said in always), (slot, "".join(piece.summary.parts))


@TALKS
def test_an_opening_hands_over_to_a(talk: rows._Talk) -> None:
    for piece in talk.detours:
        roles = [line.role for _, line in piece.turns]
        assert set(roles) == {"A", "B"}
        assert all(left != right for left, right in pairwise(roles))
        if piece.opens:
            assert (roles[0], roles[-1]) == ("A", "B")


@TALKS
def test_every_talk_can_name_somebody(talk: rows._Talk) -> None:
    assert talk.naming
    for place, naming in talk.naming:
        assert naming.turns[0][0] == talk.near[place].turns[0][0]
        assert {slot.split("_")[0] for slot in pieces.slots(naming)} & rows._NAMES
