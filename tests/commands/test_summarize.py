from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dialsum.commands import summarize
from dialsum.errors import InputError
from dialsum.records import versions

SUMMARIZE = summarize.summarize
ROWS = [{"fname": "test_0", "dialogue": "#Person1#: 커피 주세요."}, {"fname": "test_1", "dialogue": "#Person1#: 네."}]


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A version that repeats what it was asked."""
    seen: dict[str, Any] = {}

    def answer(_: str, folder: Path, rows: list[dict[str, str]], size: int) -> list[str]:
        seen.update(rows=rows, folder=folder, size=size)
        return [f"요약: {row['dialogue']}" for row in rows]

    monkeypatch.setattr(summarize, "summarize", answer)
    monkeypatch.setattr(versions, "locate", lambda name: Path(name or "champion"))
    limits = {"max_rows": 64, "max_chars": 100, "batch_rows": 32}
    seen["prompt"] = {"topic": "never"}
    monkeypatch.setattr(versions, "read_settings", lambda _: {"serving": limits, "prompt": seen["prompt"]})
    return seen


def run(*arguments: str) -> None:
    summarize.main(list(arguments), standalone_mode=False)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "test.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("fname", "dialogue"), *(row.values() for row in ROWS)])
    return path


def test_a_table_is_printed_with_its_ids(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(str(table))
    assert capsys.readouterr().out == "test_0\t요약: #Person1#: 커피 주세요.\ntest_1\t요약: #Person1#: 네.\n"


def test_json_lines_are_what_score_reads(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(str(table), "--json")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == {"id": "test_1", "text": "요약: #Person1#: 네."}


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_file_is_written_and_never_overwritten(table: Path, suffix: str, asked: dict[str, Any]) -> None:
    from dialsum.corpus.summaries import read_predictions

    out = table.with_name(f"out.{suffix}")
    mine = table.with_name(f"out.{suffix}.part")
    mine.write_text("mine")
    run(str(table), "--out", str(out), "--model", "3")
    rows = read_predictions(out).rows
    assert [(row.id, row.texts[0]) for row in rows] == [(row["fname"], f"요약: {row['dialogue']}") for row in ROWS]
    assert (asked["folder"], asked["size"]) == (Path("3"), 32)
    with pytest.raises(InputError, match="is there already and is not overwritten"):
        run(str(table), "--out", str(out))
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_file_that_comes_up_meanwhile_is_not_overwritten(
    table: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = table.with_name(f"out.{suffix}")

    def answer(_: str, __: Path, rows: list[dict[str, str]], ___: int) -> list[str]:
        out.write_text("mine")
        return ["요약"] * len(rows)

    monkeypatch.setattr(summarize, "summarize", answer)
    with pytest.raises(InputError, match="is there already and is not overwritten"):
        run(str(table), "--out", str(out))
    assert out.read_text() == "mine"
    assert sorted(path.name for path in table.parent.iterdir()) == sorted([out.name, table.name])


def test_any_other_name_is_the_text_of_one_dialogue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "대화.txt"
    path.write_bytes("#Person1#: 커피,\n#Person2#: 네.".encode("cp949"))
    run(str(path))
    assert capsys.readouterr().out == "요약: #Person1#: 커피,\n#Person2#: 네.\n"


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("#Person1#: 커피 주세요.\n#Person2#: 네.\n", [("dialogue", "#Person1#: 커피 주세요.\n#Person2#: 네.\n")]),
        ("\ufefffname,dialogue,topic\na,#Person1#: 네.,인사\n", [("a", "#Person1#: 네.")]),
        ('{"fname": "a", "dialogue": "#Person1#: 네."}\n', [("a", "#Person1#: 네.")]),
        ('[{"fname": "a", "dialogue": "네"}, {"fname": "b", "dialogue": "아니요"}]', [("a", "네"), ("b", "아니요")]),
        ('\ufeff[\n  {\n    "fname": "a", "dialogue": "네"\n  }\n]\n', [("a", "네")]),
        ("[음악] 안내\n#Person1#: 네.\n", [("dialogue", "[음악] 안내\n#Person1#: 네.\n")]),
        ("{웃음} 네.\n", [("dialogue", "{웃음} 네.\n")]),
    ],
)
def test_standard_input_is_taken_for_what_it_looks_like(
    content: str, rows: list[tuple[str, str]], asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content.encode())))
    run("-")
    assert [(row["fname"], row["dialogue"]) for row in asked["rows"]] == rows


@pytest.mark.parametrize(
    ("dialogue", "reason"),
    [
        (" \u200b", "a: the dialogue is empty; remove it, or give it a text"),
        ("네" * 101, r"a: has 101 characters, and the version takes 100 \(serving.max_chars\); shorten it"),
    ],
)
def test_what_cannot_be_summarized_is_named(tmp_path: Path, dialogue: str, reason: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"fname": "a", "dialogue": dialogue}), encoding="utf-8")
    with pytest.raises(InputError, match=f"^{path}: {reason}$"):
        run(str(path))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file; give a file, or - for standard input"):
        run(str(tmp_path / "nothing.csv"))
    with pytest.raises(InputError, match=r"should end in \.csv or \.jsonl"):
        run("-", "--out", str(tmp_path / "out.txt"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[{"fname": "a", "dialogue": "네"}, {"fname": "b" "dialogue"}]', r".*record 2\b.*"),
        ("[]", "has no rows; there is nothing to summarize"),
        ("", "dialogue: the dialogue is empty; remove it, or give it a text"),
        ("fname,dialogue\na, \n", "a: the dialogue is empty; remove it, or give it a text"),
    ],
)
def test_errors_say_that_it_is_standard_input(content: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content.encode())))
    with pytest.raises(InputError, match=f"^standard input: ({reason})") as refused:
        run("-")
    assert "stdin" not in str(refused.value)


@pytest.mark.parametrize(
    ("topic", "needed", "reason"),
    [
        (" ", "always", "a: has no topic, and the version was trained with one each; give it one"),
        pytest.param("인사" * 101, "optional", "a: its topic has 202 characters; at most 200 are taken", id="long"),
    ],
)
def test_a_topic_that_is_not_taken_is_named(
    tmp_path: Path, asked: dict[str, Any], topic: str, needed: str, reason: str
) -> None:
    asked["prompt"] = {"topic": needed}
    path = tmp_path / "rows.jsonl"
    rows = [{"fname": "b", "dialogue": "네" * 9, "topic": "인사"}, {"fname": "a", "dialogue": "네", "topic": topic}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(InputError, match=f"^{path}: {reason}$"):
        run(str(path))
    asked["prompt"] = {"topic": "never"}  # what the version does not read is no fault
    run(str(path))


def test_what_the_version_refuses_is_named_by_the_row_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is asked sorted by length, two at a time."""

    @contextmanager
    def answering(_: Path) -> Iterator[Any]:
        def ask(records: list[dict[str, str]]) -> dict[str, Any]:
            for number, record in enumerate(records):
                if record["dialogue"] == "네네":
                    return {"refusal": f"row {number}: 'dialogue' is empty"}
            return {"summaries": ["요약"] * len(records)}

        yield ask

    monkeypatch.setattr(summarize, "answering", answering)
    rows = [{"fname": f"test_{number}", "dialogue": "네" * number} for number in range(1, 6)]
    with pytest.raises(InputError, match=r"^mine\.csv: test_2: 'dialogue' is empty$"):
        SUMMARIZE("mine.csv", Path("model"), rows, 2)
