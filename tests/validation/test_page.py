"""The report: what it shows, that it needs nothing from outside, and that nothing in the data can act in it."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from dialsum.corpus.formats import Index, Table
from dialsum.params.validation import Validation
from dialsum.validation.page import render
from dialsum.validation.tally import Finding, Tally

LIMITS = Validation(max_rejected_fraction=0.05, max_dialogue_chars=20000, max_summary_chars=2000, known_masks=["Email"])
SCRIPT = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
COLUMNS = ("fname", "dialogue", "summary", "topic")


def tally(*rows: list[str], findings: dict[int, list[Finding]] | None = None, rejected: tuple[int, ...] = ()) -> Tally:
    result = Tally()
    lengths = {"dialogue_chars": [float(len(row[1])) for row in rows], "turns": [2.0] * len(rows)}
    measures = pd.DataFrame(lengths)
    result.add(Table(COLUMNS, list(range(2, len(rows) + 2)), list(rows)), measures, findings or {}, rejected)
    return result


def page(folder: str = "data/mine", script: str = SCRIPT, refusals: tuple[str, ...] = ()) -> str:
    """The page of 1,002 rows of train with one set aside, and of a test row that has a fault."""
    sound = [["a", "#Person1#: 안녕하세요.\n#Person2#: 네", "인사한다.", "인사"]] * 1001
    no_tag = Finding("no_speaker_tag", "the dialogue has no speaker tag")
    tallies = {
        "train": tally(["b", f"말 {script}", script, "주제"], *sound, findings={0: [no_tag]}, rejected=(0,)),
        "dev": tally(["c", "#Person1#: 네\n#Person2#: 네", "답한다.", ""]),
        "test": tally(["<i>d</i>", "\u202e거꾸로", "", ""], findings={0: [no_tag]}),
    }
    indexes = {split: Index(Path(folder) / f"{split}.csv", COLUMNS, [], []) for split in tallies}
    return render(indexes, tallies, LIMITS, refusals)


class Elements(HTMLParser):
    """All elements with their attributes, the text, and whether what is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "line"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += f" {data}"


def test_the_page_shows_counts_requirements_and_examples() -> None:
    found = Elements(page())
    assert found.open == []
    text = re.sub(r"\s+", " ", found.text)
    assert "Validation of data/mine" in text
    assert "The data can be used." in text
    assert "train data/mine/train.csv 1,002 1,001 1 0.10 %" in text
    assert "test data/mine/test.csv 1 1 0 0.00 %" in text
    # The requirement, its name, and how many rows of each split do not meet it; a summary is not asked of test.
    assert "such as #Person1#: or SD2000001: . no_speaker_tag 1 0 1 A dialogue has at least two turns" in text
    assert "A summary says something. empty_summary 0 0 –" in text
    assert "A dialogue has at most 20,000 characters ( validation.max_dialogue_chars ). long_dialogue 0 0 0" in text
    assert "The file has a column dialogue . The file has a column summary . (train, dev) The file has at least" in text
    assert "The file is UTF-8 text" in text
    example = f"row 2 , b : the dialogue has no speaker tag dialogue 말 {SCRIPT} summary {SCRIPT} topic 주제"
    assert example in text
    assert "row 2 , <i>d</i> : the dialogue has no speaker tag dialogue ⟨U+202E⟩거꾸로" in text


def test_the_page_draws_the_lengths_of_the_rows_kept() -> None:
    text = page()
    # 30 characters, 1,001 times; the row set aside is not among them.
    assert "<title>30: 1,001 rows</title>" in text
    assert "1,001 rows,\nmean 30.0,\nmedian 30, 95&nbsp;% up to 30,\nlongest 30" in text
    assert text.count("<svg ") == 6
    # The axis of the first chart: its first bar, the middle one, the last.
    axis = re.findall(r'<text x="[\d.]+" y="123"[^>]*>([^<]*)</text>', text)
    assert axis[:3] == ["4", "18", "31 and more"]


def test_nothing_comes_from_outside_and_nothing_can_run() -> None:
    found = Elements(page())
    assert {tag for tag, _ in found.elements}.isdisjoint({"script", "img", "link", "iframe", "object", "a", "i"})
    for _, attributes in found.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "href", "style")]
    assert not re.search(r"url\(|@import|https?:", page())
    policy = [attributes for _, attributes in found.elements if attributes.get("http-equiv")]
    assert policy == [
        {"http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'unsafe-inline'"}
    ]


def test_a_refusal_stands_on_top() -> None:
    text = Elements(page(refusals=("data/mine/train.csv: 1 of 2 rows cannot be used <b>",))).text
    assert "The run is stopped: too many rows cannot be used." in text
    assert "data/mine/train.csv: 1 of 2 rows cannot be used <b>" in text
    assert "The data can be used." not in text


def browse(chromium: str, page: Path, *options: str) -> str:
    """What a headless browser without network prints."""
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    command += [f"--user-data-dir={page.parent / 'profile'}", *options, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.mark.chromium
def test_a_real_browser_runs_nothing_of_the_data(chromium: str, tmp_path: Path) -> None:
    path = tmp_path / "validation.html"
    # Even if escaping failed, the policy of the page would hold: the second page has the script itself in it.
    for content in (page(), page(script="SCRIPT").replace("SCRIPT", SCRIPT)):
        path.write_text(content, encoding="utf-8")
        seen = browse(chromium, path, "--dump-dom")
        assert "<title>Validation of data/mine</title>" in seen
        assert "taken</title>" not in seen
        assert seen.count("<rect ") > 20


@pytest.mark.chromium
def test_a_real_browser_shows_it_light_and_dark(chromium: str, tmp_path: Path) -> None:
    path = tmp_path / "validation.html"
    path.write_text(page(), encoding="utf-8")
    brightness = {}
    for mode, setting in (("light", "1"), ("dark", "0")):
        shot = tmp_path / f"{mode}.png"
        browse(
            chromium,
            path,
            f"--screenshot={shot}",
            "--window-size=900,900",
            f"--blink-settings=preferredColorScheme={setting}",
        )
        with Image.open(shot) as picture:
            pixels = picture.convert("L")
            brightness[mode] = pixels.getpixel((5, 5))
            darkest, lightest = pixels.getextrema()
            assert lightest - darkest > 150, "texts stand out from the page"
    assert brightness["light"] > 230
    assert brightness["dark"] < 40
