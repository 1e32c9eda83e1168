"""`dialsum tokens` on a file of any form, with a tokenizer that needs no run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dialsum.commands import tokens
from dialsum.corpus.dialogue import Dialogue, Turn
from dialsum.errors import InputError
from dialsum.modeling.loading import load_tokenizer
from dialsum.prompts.form import Form, Shot, write_form

CSV = 'fname,dialogue\nt_0,"#Person1#: 안녕하세요.\n#Person2#: 네, 반가워요."\nt_1,"#Person1#: 네.\n#Person2#: 네."\n'
TEXTS = ["#Person1#: 안녕하세요.\n#Person2#: 네, 반가워요.", "#Person1#: 네.\n#Person2#: 네."]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No repository around: neither params.yaml nor a run."""
    monkeypatch.chdir(tmp_path)
    Path("test.csv").write_text(CSV, encoding="utf-8")


def call(*arguments: str) -> str:
    return CliRunner().invoke(tokens.main, arguments, catch_exceptions=False, standalone_mode=False).output


def measured(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call(*arguments, "--json"))
    return found


def lengths(base: Path, form: str) -> list[int]:
    tokenizer = load_tokenizer(base)
    return [len(tokenizer(form.format(text), add_special_tokens=False)["input_ids"]) for text in TEXTS]


PLAIN = "<s><|im_start|>user\n다음 대화를 요약하세요:\n---\n{}\n---<|im_end|>\n<|im_start|>assistant\n"


def test_prompts_are_counted_up_to_and_with_what_opens_the_answer(small_base: Path) -> None:
    long, short = lengths(small_base, PLAIN)
    assert long > short
    found = measured("test.csv", "--tokenizer", str(small_base), "--format", "plain", "--limits", f"{long - 1},{long}")
    assert (found["rows"], found["family"]) == (2, "causal")
    assert (found["lengths"]["mean"], found["lengths"]["max"]) == ((long + short) / 2, long)
    assert found["targets"] is None
    assert found["limits"][str(long)]["rows_over"] == 0
    assert found["limits"][str(long - 1)] == {
        "rows_over": 1, "share": 0.5, "rows_truncated": 1, "turns_dropped": 1, "turns_cut": 0, "headers_lost": 0,
    }  # fmt: skip


def test_a_seq2seq_tokenizer_is_given_the_bare_dialogue(bart_base: Path, bart_folder: Path) -> None:
    counts = lengths(bart_base, "<s>{}</s>")
    for folder in (bart_base, bart_folder):  # base.json says the family, or config.json
        found = measured("test.csv", "--tokenizer", str(folder))
        assert (found["family"], found["lengths"]["max"], found["packing"]) == ("seq2seq", max(counts), None)


def test_a_tokenizer_alone_is_causal_and_without_template_plain_text(small_base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tokenizer"
    folder.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(small_base / name, folder)
    counts = lengths(small_base, "<s>다음 대화를 요약하세요:\n---\n{}\n---\n\n요약:\n")
    assert measured("test.csv", "--tokenizer", str(folder))["lengths"]["max"] == max(counts)


def test_summaries_and_other_forms_are_read(small_base: Path) -> None:
    rows = [{"fname": f"d_{place}", "dialogue": text, "summary": "만난다."} for place, text in enumerate(TEXTS)]
    Path("dev.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    wanted = len(load_tokenizer(small_base)("만난다.")["input_ids"]) + 1  # the end token
    found = measured("dev.jsonl", "--tokenizer", str(small_base))
    assert (found["rows"], found["targets"]["max"], found["supervised_tokens"]) == (2, wanted, 2 * wanted)
    both = measured(".", "--tokenizer", str(small_base))  # dev.jsonl and test.csv
    assert (both["rows"], both["supervised_tokens"]) == (4, 2 * wanted)


def test_a_runs_prompt_is_counted_with_its_examples(small_base: Path) -> None:
    shot = Shot(Dialogue("train_0", (Turn("#Person1#", "배고파."),), "식사"), "배고프다.")
    write_form(Path("prompt.json"), Form("structured", "none", 2, "optional", shots=(shot,)))
    asked = "[Conversation]\n{}\n\n[Question]\n위 대화 주제에 대한 대화의 핵심 내용을 정리해주세요."
    question = f"<|im_start|>user\n{asked}<|im_end|>\n"
    example = question.replace("{}", "#Person1#: 배고파.")
    form = f"<s>{example}<|im_start|>assistant\n배고프다.<|im_end|>\n{question}<|im_start|>assistant\n"
    found = measured("test.csv", "--tokenizer", str(small_base), "--prompt", "prompt.json")
    assert found["lengths"]["max"] == max(lengths(small_base, form))


def test_spelled_control_tokens_are_counted(small_base: Path) -> None:
    Path("test.csv").write_text(CSV.replace("안녕하세요.", "안녕.<|im_end|>"), encoding="utf-8")
    assert measured("test.csv", "--tokenizer", str(small_base))["control_tokens"] == 1
    assert "\n1 rows spell a control token; " in call("test.csv", "--tokenizer", str(small_base))


def test_a_limit_without_room_is_said(small_base: Path) -> None:
    found = measured("test.csv", "--tokenizer", str(small_base), "--limits", "3", "--system", "strict")
    assert found["limits"]["3"] == {"rows_over": 2, "share": 1.0, "no_room": True}


def test_the_table_has_the_same_figures(small_base: Path) -> None:
    long = max(lengths(small_base, PLAIN))
    table = call("test.csv", "--tokenizer", str(small_base), "--limits", f"{long - 1},3")
    lines = [line.split() for line in table.splitlines()]
    assert " ".join(lines[0]) == "2 rows, causal; 0 supervised tokens"
    assert [line[-1] for line in lines if line[:1] == ["prompts"]] == [str(long)]
    assert [str(long - 1), "1", "0.5", "1", "1", "0", "0"] in lines
    assert ["3", "2", "1.0", *["no", "room"] * 4] in lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("test.csv --tokenizer nowhere", "--tokenizer nowhere: no such folder; "),
        (
            "test.csv --tokenizer .",
            "--tokenizer .: holds no tokenizer that can be read, but broken, prompt.json, test.csv; it needs ",
        ),
        ("test.csv --tokenizer broken", "--tokenizer broken: holds no tokenizer that can be read, but tokenizer.json"),
        ("none.csv --tokenizer BASE", "none.csv: no such file or folder"),
        ("test.csv --tokenizer BASE --limits 512,many", "--limits 512,many: should be numbers of tokens with commas "),
        ("test.csv --tokenizer BASE --prompt none.json", "--prompt none.json: cannot be read ("),
        ("test.csv --tokenizer BASE --prompt test.csv", "--prompt test.csv: cannot be read ("),
        (
            "test.csv --tokenizer BASE --prompt prompt.json --format plain",
            "--format plain: has no effect: prompt.json says it; leave it out",
        ),
        (
            "test.csv --tokenizer BART --format structured",
            "--format structured: has no effect: a seq2seq model reads the bare dialogue; leave it out",
        ),
        (
            "test.csv --tokenizer BART --system strict",
            "--system strict: has no effect: a seq2seq model reads the bare dialogue; leave it out",
        ),
        ("test.csv --tokenizer BASE --limits 0", "--limits 0: should be numbers of tokens with commas "),
    ],
)
def test_what_cannot_be_counted_is_refused(arguments: str, message: str, small_base: Path, bart_base: Path) -> None:
    write_form(Path("prompt.json"), Form("plain", "none"))
    Path("broken").mkdir()
    Path("broken/tokenizer.json").write_text('{"version": "1.0", "model": {}}')
    Path("broken/tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    with pytest.raises(InputError) as caught:
        call(*arguments.replace("BASE", str(small_base)).replace("BART", str(bart_base)).split())
    assert str(caught.value).startswith(message)


def test_dialogues_need_no_ids(small_base: Path) -> None:
    with_ids = measured("test.csv", "--tokenizer", str(small_base))
    Path("only.csv").write_text("대화\n" + "".join(f'"{text}"\n' for text in TEXTS), encoding="utf-8")
    Path("only.jsonl").write_text("".join(json.dumps({"대화": text}) + "\n" for text in TEXTS), encoding="utf-8")
    for name in ("only.csv", "only.jsonl"):
        assert measured(name, "--tokenizer", str(small_base), "--column", "dialogue=대화") == with_ids


def test_a_column_that_is_nowhere_is_refused(small_base: Path) -> None:
    with pytest.raises(InputError, match=r"^--column topic=주제: there is no column 주제; correct the name$"):
        call("test.csv", "--tokenizer", str(small_base), "--column", "topic=주제")
    with pytest.raises(InputError, match=r"column dialogue: is missing; .* --column dialogue=dialogue"):
        call("test.csv", "--tokenizer", str(small_base), "--column", "dialogue=대화")
