from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from dialsum.reporting.plots import TITLES, draw, stretches
from dialsum.reporting.report import make as make_report

if TYPE_CHECKING:
    from tests.reporting.conftest import Make


def test_many_points_become_stretches_with_their_peaks() -> None:
    points = [(1.0, 1.0), (2.0, 3.0), (3.0, 5.0), (4.0, 5.0), (5.0, 9.0)]
    assert stretches(points, 3) == [(2.0, 2.0, 1.0, 3.0), (4.0, 5.0, 5.0, 5.0), (5.0, 9.0, 9.0, 9.0)]
    assert stretches(points, 5) == [(place, value, value, value) for place, value in points]
    assert stretches([], 3) == []


def test_pictures_are_svg_with_letters_and_nothing_from_outside(make: Make) -> None:
    pictures = draw(make_report("s", [make("s--a"), make("s--$b$ <i>", seed=1)]))
    assert list(pictures) == list(TITLES)
    for text in pictures.values():
        assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
        assert ">a</text>" in text
        assert ">$b$ &lt;i&gt;</text>" in text, "a name is no formula and no markup"
        assert not re.search(r"https?:(?!//www\.w3\.org/)", text)
    assert draw(make_report("s", [make("s--a"), make("s--$b$ <i>", seed=1)])) == pictures, (
        "the same figures, the same bytes"
    )


def test_on_a_phone_the_letters_can_be_read_and_the_legend_takes_no_width(make: Make) -> None:
    names = ["phase-0", "phase-3-unpacked", *(f"another-{place}" for place in range(9))]
    text = draw(make_report("s", [make(f"s--{name}") for name in names]))["loss"]
    svg = ElementTree.fromstring(text)
    *_, width, height = map(float, svg.attrib["viewBox"].split())
    letters = {"".join(one.itertext()): one.attrib for one in svg.iter("{http://www.w3.org/2000/svg}text")}
    shown = 340 / width  # of the 390 pixels
    assert min(float(size) for size in re.findall(r"font-size: ([\d.]+)px", text)) * shown > 8
    below = float(letters["epoch"]["y"])
    assert all(below < float(letters[name]["y"]) < height for name in names)
    assert all(0 < float(letters[name]["x"]) < width - 5 * len(name) for name in names)
    assert below > 200, "the legend takes nothing of the curves"


def test_without_a_training_there_is_the_score_alone(make: Make) -> None:
    untrained = replace(make("a", train_speed={"seconds": 0.0}), curve=[])
    assert list(draw(make_report("s", [untrained]))) == ["score"]


def test_a_step_that_overflowed_has_no_norm(make: Make) -> None:
    one = make("a")
    curve = [{"epoch": 0.5, "loss": 1.0, "grad_norm": float("inf")}, {"epoch": 1.0, "loss": 0.5, "grad_norm": 1.0}]
    assert "inf" not in draw(make_report("s", [replace(one, curve=curve)]))["grad_norm"].lower()
