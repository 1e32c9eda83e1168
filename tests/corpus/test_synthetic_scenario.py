"""Templates and scenarios: what writers may write, and that each phrasing renders."""

from __future__ import annotations

from random import Random

import pytest

from dialsum.corpus.synthetic.scenario import MOODS, ROLES, Scenario, write_scenario
from dialsum.corpus.synthetic.scenarios import SCENARIOS
from dialsum.corpus.synthetic.slots import KINDS, draw, held_out
from dialsum.corpus.synthetic.template import Template

GOOD_SUMMARY = """
{A}{은/는} {food}{을/를} 산다.
{B}{은/는} {food}{을/를} 판다.
{A}{은/는} {B}에게서 {food}{을/를} 산다.
"""
GOOD_SCRIPT = """
?B: 어서 오세요.
A: {food}{을/를} 주세요. | {food} 주세요.
B: 네.
"""


def test_a_template_fills_slots_and_agrees() -> None:
    template = Template.parse("{food}{을/를}  주문하고 {food}{은/는} 뜨겁다.")
    assert template.slots() == ("food",)
    assert template.fill({"food": "김치찌개"}) == "김치찌개를 주문하고 김치찌개는 뜨겁다."
    assert template.fill({"food": "비빔밥"}) == "비빔밥을 주문하고 비빔밥은 뜨겁다."


@pytest.mark.parametrize("text", ["{food}{를/을} 산다.", "{food", "food}"])
def test_a_faulty_template_raises(text: str) -> None:
    with pytest.raises(ValueError, match=r"unknown particle pair|unbalanced"):
        Template.parse(text)


@pytest.mark.parametrize(
    ("script", "summary", "reason"),
    [
        (GOOD_SCRIPT.replace("{food} 주세요", "{foood} 주세요"), GOOD_SUMMARY, "unknown slot 'foood'"),
        (GOOD_SCRIPT.replace("{을/를}", "{울/를}"), GOOD_SUMMARY, "unknown particle pair '울/를'"),
        (GOOD_SCRIPT.replace("| {food} 주세요", "| 그거 주세요"), GOOD_SUMMARY, "'food' is not said"),
        (GOOD_SCRIPT.replace("A: ", "손님: "), GOOD_SUMMARY, "not a turn"),
        (GOOD_SCRIPT, GOOD_SUMMARY.replace("에게서 {food}{을/를}", "에게서"), "does not state exactly"),
        (GOOD_SCRIPT.replace("B: 네.", "?B: 네."), GOOD_SUMMARY, "who may not speak"),
        (GOOD_SCRIPT + "+C: 저도요.", GOOD_SUMMARY, "come together"),
        (GOOD_SCRIPT, "{A}{은/는} {food}{을/를} 산다.", "three summaries"),
    ],
)
def test_a_faulty_scenario_raises_with_its_name(script: str, summary: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"scenario 'shop'.*{reason}"):
        write_scenario("shop", "음식 구입", formal=script, summary=summary)


def test_there_are_enough_scenarios_under_names_of_their_own() -> None:
    assert len(SCENARIOS) >= 28
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
    assert len({topic for scenario in SCENARIOS for topic in scenario.topics}) >= 3 * len(SCENARIOS) - 3


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_phrasing_renders(scenario: Scenario) -> None:
    rng = Random(scenario.name)
    said = [phrasing for script in scenario.scripts for line in script.lines for phrasing in line.phrasings]
    for phrasing in [*said, *scenario.summaries, *scenario.guest_summaries]:
        values = {role: f"#Person{number}#" for number, role in enumerate(ROLES, start=1)} | dict.fromkeys(MOODS, ".")
        values |= {slot: draw(slot, rng, unseen=False) for slot in phrasing.slots() if slot not in values}
        text = phrasing.fill(values)
        assert not set(text) & set("{}|\\\n")
        assert "  " not in text
        assert text[-1] in ".?!"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_scenario_has_three_to_five_facts_and_varied_turns(scenario: Scenario) -> None:
    assert 3 <= len(scenario.facts(guest=False)) <= 5
    assert len(scenario.summaries) >= 3
    for script in scenario.scripts:
        assert sum(len(line.phrasings) >= 3 for line in script.lines) >= 3
        assert 4 <= len([line for line in script.lines if not line.group]) <= 14


@pytest.mark.parametrize("slot", [name for name, kind in KINDS.items() if not kind.closed])
def test_open_kinds_hold_out_a_sixth(slot: str) -> None:
    rng = Random(slot)
    seen = {draw(slot, rng, unseen=False) for _ in range(300)}
    unseen = {draw(slot, rng, unseen=True) for _ in range(300)}
    assert not seen & unseen
    assert not any(held_out(slot, value) for value in seen)
    assert all(held_out(slot, value) for value in unseen)
    assert len(seen | unseen) >= 30


def test_a_role_after_the_underscore_does_not_change_the_kind() -> None:
    towns = {draw("town_from", Random(number), unseen=False) for number in range(200)}
    assert {held_out("town_to", town) for town in towns} == {False}


def test_closed_kinds_hold_nothing_out() -> None:
    assert not held_out("phone", "#PhoneNumber#")
    assert draw("phone", Random(1), unseen=True) == "#PhoneNumber#"
