from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rouge import Rouge

from dialsum import cli
from dialsum.commands import score
from dialsum.errors import InputError

SOURCE = Path(cli.__file__).parents[1]
GOLD = "fname,dialogue,summary,topic\na,-,민수는 집에 갔다.,집\nb,-,비가 온다.,비\n"


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gold.csv").write_text(GOLD, encoding="utf-8")
    rows = [{"id": "b", "text": "", "finished": False}, {"id": "a", "text": "민수는 학교에 갔다.", "finished": True}]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    Path("p.jsonl").write_text(text, encoding="utf-8")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(score.main, arguments, catch_exceptions=False)


def test_json_by_a_real_process(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dialsum.cli", "score", "p.jsonl", "gold.csv", "--json"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["rows"] == 2
    assert len(found["metrics"]) == 10
    # 민수 는 학교 에 갔 다 . | 민수 는 집 에 갔 다 .: 5 of 6, and 6 of 7 with the point. The empty row is 0.
    known = Rouge().get_scores("민수 는 학교 에 갔 다 .", "민수 는 집 에 갔 다 .")[0]["rouge-2"]["f"]
    assert found["metrics"]["rouge2.official.mecab"]["mean"] == pytest.approx(50 * known, abs=1e-9)
    assert found["metrics"]["rougeL.strict.mecab"] == pytest.approx({"mean": 300 / 7, "low": 0, "high": 600 / 7})


def test_the_table_fits_80_columns() -> None:
    result = run("p.jsonl", "gold.csv", "--unit", "whitespace", "--unit", "char")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["metric", "mean", "low", "high"]
    # 민수는 학교에 갔다 | 민수는 집에 갔다: 2 of 3, of which the mean with 0 is a third.
    assert lines[1].split() == ["rouge1.official.whitespace", "33.33", "0.00", "66.67"]
    assert len(lines) == 1 + 20 + 1
    assert max(map(len, lines)) <= 80


def test_several_references() -> None:
    Path("gold.csv").write_text("id,summary,summary2\na,가 나,가 라\nb,다,\n", encoding="utf-8")
    Path("p.csv").write_text("id,summary\na,가 나\nb,다\n", encoding="utf-8")
    metrics = json.loads(run("p.csv", "gold.csv", "--unit", "whitespace", "--json").stdout)["metrics"]
    assert metrics["rouge1.strict.whitespace"] == {"mean": 87.5, "low": 75, "high": 100}
    assert metrics["rouge1.strict.whitespace.best"]["mean"] == 100


def test_a_file_against_itself() -> None:
    metrics = json.loads(run("gold.csv", "gold.csv", "--json").stdout)["metrics"]
    assert metrics["rouge_sum.strict.mecab"] == {"mean": 300, "low": 300, "high": 300}


def test_other_ids_are_refused() -> None:
    Path("p.csv").write_text("id,summary\na,가\nz,나\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"p\.csv: ids: missing, though in gold\.csv: b; not in gold\.csv: z;"):
        run("p.csv", "gold.csv")
