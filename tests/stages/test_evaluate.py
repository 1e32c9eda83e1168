"""The stage that scores, from its files to its files."""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dialsum.corpus.dialogue import Dialogue, Fact, Turn, write_jsonl
from dialsum.corpus.prediction import Prediction, write_predictions
from dialsum.errors import InputError
from dialsum.stages import evaluate

DEV = [
    Dialogue(
        "dev_0",
        (Turn("#Person1#", "3시에 올래?"), Turn("#Person2#", "네, Jimmy와 부산역에서 만나요.")),
        references=("#Person2#는 Jimmy와 3시에 부산역에서 만난다.",),
        facts=(Fact("time", "3시"), Fact("station", "부산역")),
    ),
    Dialogue("dev_1", (Turn("#Person1#", "비가 온다"),), references=("비가 온다", "눈이 내렸다")),
]
TRAIN = [
    Dialogue("train_0", (Turn("#Person1#", "비가 와요."),), references=("비가 온다",), facts=(Fact("time", "3시"),)),
    Dialogue("train_1", (Turn("#Person1#", "부산역에서 만나요."),), references=("부산역에서 만난다",)),
]
PREDICTIONS = [
    Prediction("dev_0", "especialmente 3시에 만난다.", True),
    Prediction("dev_1", "비가 온다", False),
]
PARAMS = "evaluation: {tokens: whitespace}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(PARAMS, encoding="utf-8")
    return tmp_path


def run(
    predictions: Sequence[Prediction] = PREDICTIONS, dev: Sequence[Dialogue] = DEV, train: Sequence[Dialogue] = TRAIN
) -> Result:
    write_predictions(Path("predictions.jsonl"), predictions)
    write_jsonl(Path("dev.jsonl"), dev)
    write_jsonl(Path("train.jsonl"), train)
    inputs = "--predictions predictions.jsonl --dev dev.jsonl --train train.jsonl"
    outputs = "--scores scores/dev.csv --by-group scores/by_group.csv --worst scores/worst.csv --metrics m/rouge.json"
    return CliRunner().invoke(evaluate.main, f"{inputs} {outputs}".split(), catch_exceptions=False)


def metrics() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("m/rouge.json").read_text(encoding="utf-8"))
    return found


def written() -> dict[Path, bytes]:
    """All that the stage left."""
    return {path: path.read_bytes() for folder in ("scores", "m") for path in Path(folder).iterdir()}


def test_metrics_of_the_model() -> None:
    assert run().exit_code == 0
    found = metrics()
    baselines, scores, intervals = found.pop("baselines"), found.pop("scores"), found.pop("intervals")
    # dev_0: of "especialmente 3시에 만난다" and "#Person2#는 Jimmy와 3시에 부산역에서 만난다" two words of 3 and 5,
    # so 2·2/(3+5) = 50, no pair, and both words in order. dev_1: 100 and 0 of its two references, so 50 each.
    assert found == {
        "rows": 2,
        "rouge1": 50.0,
        "rouge2": 25.0,
        "rougeL": 50.0,
        "rouge_sum": 125.0,
        "rouge_mean": pytest.approx(41.6667),
        "fact_recall": 0.5,
        "fact_recall_seen": 1.0,
        "fact_recall_unseen": 0.0,
        "stop_rate": 0.5,
        "foreign_rate": 0.5,
        "number_error_rate": 0.0,
        "number_word_error_rate": 0.0,
        "name_error_rate": 0.0,
        "hangul_name_error_rate": 0.0,
        "tag_error_rate": 0.0,
        "empty_rate": 0.0,
        "unfinished_rate": 0.5,
        "repetition_rate": 0.0,
        "repeated_4grams": 0.0,
        "length_ratio": 0.7983,  # of 22 / 32 and 5 / 5.5
        "mean_chars": 13.5,  # 22 and 5
        "mean_reference_chars": 18.75,  # 32, and 5.5 of 5 and 6
    }
    # Both rows have the same rouge1. Of two rows both draws are the same one in a quarter of all cases each.
    assert intervals["rouge1"] == {"low": 50.0, "high": 50.0}
    assert intervals["rouge2"] == {"low": 0.0, "high": 50.0}
    assert intervals["stop_rate"] == {"low": 0.0, "high": 1.0}
    assert set(intervals) == set(found) - {"rows", "fact_recall", "fact_recall_seen", "fact_recall_unseen"}
    assert scores["rouge1.official.whitespace"] == {"mean": 50.0, "low": 50.0, "high": 50.0}
    # The better of dev_1's references is the prediction itself: 50 and 100.
    assert scores["rouge1.official.whitespace.best"] == {"mean": 75.0, "low": 50.0, "high": 100.0}
    assert {"rougeL.strict.mecab", "rouge_sum.strict.char", "rouge_mean.official.mecab"} <= scores.keys()

    assert list(baselines) == ["lead_1", "lead_3", "longest_turns", "most_similar", "other_row", "reference"]
    # "3시에 올래?" has one word of dev_0's reference, of 2 and 5; "비가 온다" is one of dev_1's two references.
    assert baselines["lead_1"]["rouge1"] == pytest.approx((2 / 7 * 100 + 50) / 2, abs=1e-4)
    assert baselines["most_similar"]["fact_recall_unseen"] == 1.0
    # Of dev_1 alone, "비가 온다" against "눈이 내렸다".
    assert (baselines["reference"]["rows"], baselines["reference"]["rouge1"]) == (1, 0.0)
    assert set(baselines["lead_1"]) == {
        "rows",
        "intervals",
        "rouge1",
        "rouge2",
        "rougeL",
        "rouge_sum",
        "rouge_mean",
        "fact_recall",
        "fact_recall_seen",
        "fact_recall_unseen",
    }


def test_one_row_a_dialogue() -> None:
    run()
    with Path("scores/dev.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "id": "dev_0",
        "topic": "",
        "rouge1": "50.0",
        "rouge2": "0.0",
        "rougeL": "50.0",
        "rouge_mean": "33.3333",
        "facts_found": "1",
        "facts_total": "2",
        "foreign": "True",
        "numbers": "",
        "number_words": "",
        "names": "",
        "hangul_names": "",
        "tags": "",
        "unfinished": "False",
        "repeating": "False",
        "repeated_4grams": "0.0",
        "length_ratio": "0.6875",
        "finished": "True",
        "prediction": "especialmente 3시에 만난다.",
        "reference": "#Person2#는 Jimmy와 3시에 부산역에서 만난다.",
    }
    assert [row["id"] for row in rows] == ["dev_0", "dev_1"]
    assert rows[1]["reference"] == "비가 온다\n눈이 내렸다"


def test_the_table_sets_the_model_beside_the_baselines() -> None:
    first, second = run(train=TRAIN[:1]).output.split("\n\n")
    lines = first.splitlines()
    assert lines[0].split() == ["ROUGE-1", "ROUGE-2", "ROUGE-L", "mean", "facts", "95", "%", "of", "mean"]
    names = ["model", "lead_1", "lead_3", "longest_turns", "most_similar", "other_row", "reference"]
    assert [line.split()[0] for line in lines[1:]] == names
    assert lines[1].split()[1:] == ["50.00", "25.00", "50.00", "41.67", "0.50", "33.3-50.0"]
    # "비가 온다" has no word of dev_0's reference and is one of dev_1's two.
    assert lines[6].split() == ["other_row", "25.00", "25.00", "25.00", "25.00", "0.00", "0.0-50.0"]
    assert [line.split()[:3] for line in second.splitlines()[1:]] == [
        ["length", "0-199", "2"],
        ["speakers", "1", "1"],
        ["speakers", "2", "1"],
    ]
    assert max(map(len, [*lines, *second.splitlines()])) <= 80


def test_one_row_a_group() -> None:
    run(dev=[DEV[0], replace(DEV[1], topic="날씨")])
    with Path("scores/by_group.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["by"], row["group"], row["rows"], row["rouge_mean"]) for row in rows] == [
        ("length", "0-199", "2", "41.6667"),
        ("speakers", "1", "1", "50.0"),
        ("speakers", "2", "1", "33.3333"),
        ("topic", "날씨", "1", "50.0"),
    ]
    shares = [(row["fact_recall"], row["foreign_rate"], row["unfinished_rate"]) for row in rows]
    assert shares == [("0.5", "0.5", "0.5"), ("", "0.0", "1.0"), ("0.5", "1.0", "0.0"), ("", "0.0", "1.0")]
    assert (rows[0]["rouge_mean_low"], rows[0]["rouge_mean_high"]) == ("33.3333", "50.0")


def test_the_worst_rows_come_with_their_texts() -> None:
    dev = [replace(DEV[1], id=f"dev_{number}") for number in range(25)]
    answers = [Prediction(one.id, "비가" if number == 7 else "비가 온다", True) for number, one in enumerate(dev)]
    run(answers, dev)
    with Path("scores/worst.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    # The worst first, then of equals the earlier.
    assert [row["id"] for row in rows] == ["dev_7", *(f"dev_{number}" for number in range(20) if number != 7)]
    assert (rows[0]["prediction"], rows[0]["reference"]) == ("비가", "비가 온다\n눈이 내렸다")
    assert rows[0]["dialogue"] == "#Person1#: 비가 온다"
    page = Path("scores/worst.md").read_text(encoding="utf-8")
    assert page.startswith("# The 20 rows with the lowest ROUGE\n\n## dev_7: no topic\n\nrouge1 33.33, rouge2 0.00,")
    assert "findings: unfinished\n\nDialogue:\n\n~~~~text\n#Person1#: 비가 온다\n~~~~\n" in page
    assert page.count("\n## ") == 20


def test_an_empty_prediction_counts_as_zero() -> None:
    run([Prediction("dev_0", " ", True), PREDICTIONS[1]])
    assert metrics()["empty_rate"] == 0.5
    assert metrics()["rouge1"] == 25.0


def test_names_of_the_dialogue_are_not_foreign() -> None:
    run([Prediction("dev_0", "#Person2#는 Jimmy와 만난다.", True), PREDICTIONS[1]])
    assert metrics()["foreign_rate"] == 0.0


def test_without_facts_recall_is_null() -> None:
    result = run(PREDICTIONS[1:], DEV[1:], TRAIN)
    assert metrics()["fact_recall"] is None
    assert result.output.splitlines()[1].split()[-2] == "-"


def test_the_order_of_predictions_does_not_matter() -> None:
    run()
    first = written()
    assert len(first) == 5
    run(PREDICTIONS[::-1])
    assert written() == first


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        (PREDICTIONS[:1], "predictions.jsonl: ids: missing, though in dev.jsonl: dev_1;"),
        ([*PREDICTIONS, Prediction("dev_9", "가", True)], "predictions.jsonl: ids: not in dev.jsonl: dev_9;"),
        ([*PREDICTIONS, PREDICTIONS[0]], "predictions.jsonl: ids: more than once: dev_0;"),
        ([], "missing, though in dev.jsonl: dev_0, dev_1;"),
    ],
)
def test_ids_that_do_not_match_are_refused_with_the_list(predictions: list[Prediction], message: str) -> None:
    with pytest.raises(InputError) as error:
        run(predictions)
    assert message in str(error.value)
    assert not Path("m").exists()


def test_a_long_list_of_ids_is_cut() -> None:
    dev = [Dialogue(f"dev_{number}", DEV[0].turns, references=("가",)) for number in range(50)]
    with pytest.raises(InputError, match="dev_19 and 30 more;"):
        run([], dev)


def test_a_dev_row_without_reference_is_refused() -> None:
    with pytest.raises(InputError, match=r"dev\.jsonl: dev_7: there is no reference"):
        run(dev=[*DEV, Dialogue("dev_7", DEV[0].turns)])


def test_an_empty_dev_split_is_refused() -> None:
    with pytest.raises(InputError, match=r"dev\.jsonl: there is no dialogue"):
        run([], [])
