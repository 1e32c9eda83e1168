"""The page: what it shows, that it needs nothing from outside, and that nothing in the data can act in it."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from dialsum.experiments.sets import Gate, Set
from dialsum.reporting import markdown, page, plots, tables
from dialsum.reporting.record import Answer
from dialsum.reporting.report import Report
from dialsum.reporting.report import make as make_report

if TYPE_CHECKING:
    from tests.reporting.conftest import Make

SCRIPT = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"


@pytest.fixture
def two(make: Make) -> Report:
    return make_report(f"s {SCRIPT}", [make("s--a"), make("s--b", seed=1, batching="packed")], describe=SCRIPT)


def render(report: Report) -> str:
    return page.render(report, plots.draw(report))


class Elements(HTMLParser):
    """All elements with their attributes, and the text without styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.styles = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.styles += tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self.styles -= tag == "style"

    def handle_data(self, data: str) -> None:
        if not self.styles:
            self.text += f" {data}"


def test_the_page_shows_every_cell_that_the_markdown_shows(two: Report) -> None:
    text = re.sub(r"\s+", " ", Elements(render(two)).text)
    for table in (tables.scores, tables.training, tables.differing, tables.against_before, tables.against_best):
        for row in table(two).rows:
            assert " ".join(row) in text
    for answer in list(two.records["b"].answers.values())[:1]:
        assert f"b {answer.scores['rouge_mean']:.2f} {answer.prediction}" in text
    assert "reference 0번 자리로 간다." in text
    assert two.records["a"].source in text


def test_ten_dialogues_stand_beside_all_summaries(two: Report) -> None:
    """Of 20 rows every second one."""
    assert [one.title for one in two.dialogues()] == [f"dev_{row}" for row in range(0, 20, 2)]
    assert render(two).count("<details") == 10
    assert markdown.render(two, []).count("\n### dev\\_") == 10


def test_summaries_of_another_dialogue_with_the_same_id_stand_apart(make: Make) -> None:
    """As those of two folds, or of other data."""
    one, same, lost = make("s--a"), make("s--b", seed=1), replace(make("s--lost"), answers={}, dialogues={})
    others = {row: Answer("딴 모델", f"{row} of others", one.scores) for row, one in one.answers.items()}
    other = replace(one, name="s--c", answers=others, dialogues=dict.fromkeys(others, "#Person1#: 다른 대화"))
    report = make_report("s", [one, other, same, lost])
    found = report.dialogues()
    assert [dialogue.title for dialogue in found[::10]] == ["a, b: dev_0", "c: dev_0"]
    assert [list(dialogue.answers) for dialogue in found[::10]] == [["a", "b"], ["c"]]
    assert [dialogue.reference for dialogue in found[::10]] == ["0번 자리로 간다.", "dev_0 of others"]
    assert [dialogue.text for dialogue in found[10:]] == ["#Person1#: 다른 대화"] * 10
    for text in (render(report), markdown.render(report, [])):
        assert "딴 모델" not in text[: text.index("#Person1#: 다른 대화")]
    assert "There are none: the summaries are lost." in render(make_report("s", [lost]))


def test_nothing_comes_from_outside_and_nothing_can_run(two: Report) -> None:
    text = render(two)
    found = Elements(text)
    assert {tag for tag, _ in found.elements}.isdisjoint({"script", "img", "link", "iframe", "object", "a", "i", "b>"})
    for _, attributes in found.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "href")]
        assert (attributes.get("xlink:href") or "#").startswith("#")
    assert not re.search(r"url\((?!#)|@import|https?:(?!//www\.w3\.org/)", text)
    policy = [attributes for _, attributes in found.elements if attributes.get("http-equiv")]
    assert policy == [
        {"http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'unsafe-inline'"}
    ]


def test_markdown_has_no_markup_of_the_data(two: Report) -> None:
    text = markdown.render(two, ["loss"])
    assert "![Loss (nats/token): line, train; dots, dev after each epoch](loss.svg)" in text
    assert "<" not in re.sub(r"\\<|(?s:~{5}text\n.*?\n~{5}\n)", "", text)
    assert "| b | 50.00 | " not in text
    assert "| b | 49.00 | 모델 1: 0번 \\| \\<i\\> |" in text
    assert "~~~~~text\n#Person1#: 0번?\n#Person2#: ~~~~ <b>네</b>\n~~~~~" in text, (
        "the fence is longer than those in it"
    )


def browse(chromium: str, page: Path, *options: str) -> str:
    """What a headless browser without network prints."""
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    command += [f"--user-data-dir={page.parent / 'profile'}", *options, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.mark.chromium
def test_a_real_browser_draws_it_offline(chromium: str, two: Report, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(render(two), encoding="utf-8")
    shot = tmp_path / "shot.png"
    assert "taken</title>" not in browse(chromium, path, "--dump-dom")
    browse(chromium, path, f"--screenshot={shot}", "--window-size=1200,3600", "--blink-settings=preferredColorScheme=1")
    with Image.open(shot) as picture:
        colors = {color for _, color in picture.convert("RGB").getcolors(2**24)}
    assert {(31, 119, 180), (255, 127, 14)} <= colors, "the curves of both, in matplotlib's colors"


WHERE_WORDS_BREAK = """<script>
const broken = [...document.querySelectorAll(".scroll th, .scroll td:not(.long)")].filter(cell => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  return new Set([...range.getClientRects()].map(line => line.top)).size > 1;
});
document.title = JSON.stringify([innerWidth, document.documentElement.scrollWidth, broken.map(one => one.innerText)]);
</script>"""


@pytest.mark.chromium
@pytest.mark.parametrize("width", [500, 1200])  # 500 is the narrowest window of chromium's
def test_no_word_of_a_table_is_broken(chromium: str, make: Make, tmp_path: Path, width: int) -> None:
    """Names have hyphens and figures underscores, at which a browser might; wide tables scroll by themselves."""
    criteria = ["train_speed.seconds_per_epoch <= 0.6 * phase-3-of", "train.max_grad_norm < 1.5"]
    names = [f"phase-{place}-of-the-plan" for place in range(4)] + ["phase-3-of"]
    chosen = Set("d", {name: [] for name in names}, gates={names[0]: Gate(criteria, "o")})
    records = [make(f"s--{name}", seed=place) for place, name in enumerate(names)]
    path = tmp_path / "report.html"
    policy = re.compile('<meta http-equiv="Content-Security-Policy".*?>')
    path.write_text(policy.sub("", render(make_report("s", records, chosen))) + WHERE_WORDS_BREAK, encoding="utf-8")
    shown = browse(chromium, path, "--dump-dom", f"--window-size={width},900", "--hide-scrollbars")
    found = re.search("<title>(.*?)</title>", shown)
    assert found is not None
    assert json.loads(found[1]) == [width, width, []]


@pytest.mark.chromium
def test_in_the_dark_no_picture_is_a_white_card(chromium: str, two: Report, tmp_path: Path) -> None:
    path, shot = tmp_path / "report.html", tmp_path / "shot.png"
    path.write_text(render(two), encoding="utf-8")
    bright, lit = {}, {}
    for scheme in (0, 1):  # dark, light
        options = ("--window-size=1200,3600", "--hide-scrollbars", f"--blink-settings=preferredColorScheme={scheme}")
        browse(chromium, path, f"--screenshot={shot}", *options)
        with Image.open(shot) as picture:
            counts = {color: count for count, color in picture.convert("RGB").getcolors(2**24)}
        bright[scheme] = sum(count for color, count in counts.items() if min(color) > 200) / (1200 * 3600)
        lit[scheme] = {(31, 119, 180), (40, 155, 234)} & counts.keys()
    assert bright[0] < 0.05 < 0.8 < bright[1], "letters and frames alone"
    assert lit == {0: {(40, 155, 234)}, 1: {(31, 119, 180)}}, "a curve reads on both"
