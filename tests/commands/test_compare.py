from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dialsum.commands import compare
from dialsum.commands.compare import Change, most_changed, verdict
from dialsum.errors import InputError
from dialsum.measures.significance import Difference

ROWS = 40


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("gold", ["가 나 다 라"] * ROWS)
    write("a", ["가 나 마 바"] * ROWS)
    # One word of four more in every row but the last two; the last has nothing right.
    write("b", [*["가 나 다 바"] * (ROWS - 2), "가 나 마 바", "사 아"])


def write(name: str, texts: list[str]) -> None:
    rows = "".join(f"dev_{number},{text}\n" for number, text in enumerate(texts))
    Path(f"{name}.csv").write_text(f"fname,summary\n{rows}", encoding="utf-8")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(compare.main, [*arguments, "--unit", "whitespace"], catch_exceptions=False)


def test_a_better_file() -> None:
    found = json.loads(run("a.csv", "b.csv", "--references", "gold.csv", "--json").stdout)
    assert found["rows"] == ROWS
    one = found["metrics"]["rouge1.strict.whitespace"]
    assert (one["wins"], one["ties"], one["losses"], one["verdict"]) == (38, 1, 1, "better")
    assert (one["a"], one["difference"]) == (50, pytest.approx((38 * 25 - 50) / 40))
    assert one["low"] > 0
    assert one["p"] == pytest.approx(0.0001, rel=0.01)
    # The loss of 1/2, 1/3, 1/2 is more than any gain.
    assert len(found["changed"]) == compare.CHANGED
    assert found["changed"][0]["id"] == "dev_39"
    assert found["changed"][0]["a"] == pytest.approx(400 / 9, abs=1e-5)
    assert found["changed"][0]["b"] == 0
    assert found["changed"][1] == {
        "id": "dev_0",
        "a": pytest.approx(400 / 9, abs=1e-5),
        "b": pytest.approx(650 / 9, abs=1e-5),  # 3/4, 2/3, 3/4
        "text_a": "가 나 마 바",
        "text_b": "가 나 다 바",
        "references": ["가 나 다 라"],
    }


def test_the_tables_fit_80_columns() -> None:
    lines = run("a.csv", "b.csv", "--references", "gold.csv").stdout.splitlines()
    assert lines[0] == "official.whitespace:"
    assert lines[1].split() == ["metric", "A", "B", "B-A", "95", "%", "p", "w/t/l", "verdict"]
    assert lines[2].split()[:4] == ["rouge1", "50.00", "72.50", "+22.50"]
    assert lines[2].split()[-3:] == ["0.0001", "38/1/1", "better"]
    assert max(map(len, lines)) <= 80
    assert "B is better than A, by rouge_mean.official.whitespace over 40 rows." in lines
    assert "dev_39  44.44 -> 0.00  (-44.44)" in lines


def test_the_other_way_round_it_is_worse() -> None:
    assert "B is worse than A" in run("b.csv", "a.csv", "--references", "gold.csv").stdout


def test_a_file_with_itself() -> None:
    found = json.loads(run("a.csv", "a.csv", "--references", "gold.csv", "--json").stdout)
    assert found["changed"] == []
    for one in found["metrics"].values():
        assert (one["difference"], one["low"], one["high"], one["p"]) == (0, 0, 0, 1)
        assert (one["ties"], one["verdict"]) == (ROWS, "the same")
    assert "score the same in each row" in run("a.csv", "a.csv", "--references", "gold.csv").stdout


def test_the_dev_split_is_the_default() -> None:
    with pytest.raises(InputError, match=r"^data/prepared/dev\.jsonl: is not there; name the references"):
        run("a.csv", "b.csv")
    Path("data/prepared").mkdir(parents=True)
    rows = [json.dumps({"id": f"dev_{number}", "references": ["가 나 다 라"]}) for number in range(ROWS)]
    Path("data/prepared/dev.jsonl").write_text("\n".join(rows), encoding="utf-8")
    assert run("a.csv", "b.csv").stdout == run("a.csv", "b.csv", "--references", "gold.csv").stdout


def test_other_ids_are_refused() -> None:
    write("b", ["가"] * (ROWS + 1))
    with pytest.raises(InputError, match=r"b\.csv: ids: not in gold\.csv: dev_40;"):
        run("a.csv", "b.csv", "--references", "gold.csv")


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        (Difference(1.0, 0.2, 1.8, 0.01, 9, 0, 3), "better"),
        (Difference(-1.0, -1.8, -0.2, 0.01, 3, 0, 9), "worse"),
        (Difference(1.0, -0.1, 1.8, 0.07, 9, 0, 3), "unclear"),
        (Difference(1.0, 0.01, 1.8, 0.051, 9, 0, 3), "unclear"),
        (Difference(1.0, -0.01, 1.8, 0.049, 9, 0, 3), "unclear"),
        (Difference(0.0, 0.0, 0.0, 1.0, 0, 12, 0), "the same"),
    ],
)
def test_verdicts(difference: Difference, expected: str) -> None:
    assert verdict(difference) == expected


def test_rows_that_changed_most() -> None:
    def change(name: str, a: float, b: float) -> Change:
        return Change(name, a, b, "", "", ())

    changes = [change("a", 10, 20), change("b", 50, 20), change("c", 5, 5), change("d", 20, 10)]
    assert [one.id for one in most_changed(changes)] == ["b", "a", "d"]
