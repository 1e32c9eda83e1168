"""The numbers of a report are those of its records, to the decimals that it shows."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dialsum.experiments.gates import COMPANY
from dialsum.experiments.sets import Gate, Set
from dialsum.reporting import markdown, page, tables
from dialsum.reporting.report import Report
from dialsum.reporting.report import make as make_report

if TYPE_CHECKING:
    from tests.reporting.conftest import Make

GATES = {
    "b": Gate(["train.max_grad_norm < 1.5", "rouge.rouge1 > 35"], "Lower the rate."),
    "c": Gate(["train_speed.seconds_per_epoch <= 0.6 * b"], "Keep the trainer."),
}
CHOSEN = Set("three of them", {"a": [], "b": [], "c": []}, gates=GATES)


@pytest.fixture
def three(make: Make) -> Report:
    records = [make("s--a"), make("s--b", seed=1), make("s--c", seed=1, batching="packed")]
    return make_report("s", records, CHOSEN)


def read(text: str, title: str) -> dict[str, list[str]]:
    """The rows of the Markdown table under a heading, by their first cell."""
    section = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [
        line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| ") and "---" not in line
    ]
    cells = [[cell.strip().replace("\\", "") for cell in line] for line in lines]
    return {first: rest for first, *rest in cells}


def numbers(cell: str) -> list[float]:
    return [float(number.replace(",", "")) for number in re.findall(r"[+-]?[\d,]*\d(?:\.\d+)?", cell)]


def test_every_score_is_the_one_of_the_record(three: Report) -> None:
    shown = read(markdown.render(three, []), "Scores")
    assert shown["experiment"] == ["ROUGE-1", "ROUGE-2", "ROUGE-L", "mean", "facts", "foreign", "stopped"]
    for label, record in three.records.items():
        rouge = record.figures["rouge"]
        *scores, facts, foreign, stopped = shown[label]
        for name, cell in zip(("rouge1", "rouge2", "rougeL", "rouge_mean"), scores, strict=True):
            around = rouge["intervals"][name]
            assert numbers(cell) == pytest.approx([rouge[name], around["low"], around["high"]], abs=0.005)
        rates = [float(facts), float(foreign), float(stopped)]
        assert rates == [rouge["fact_recall"], rouge["foreign_rate"], rouge["stop_rate"]]
    assert shown["lead_3 (no model)"] == ["27.50", "27.50", "27.50", "27.50", "0.3125", "–", "–"]


def test_every_figure_of_the_training_is_the_one_of_the_record(three: Report) -> None:
    shown = read(markdown.render(three, []), "Training")
    assert shown["experiment"] == list(tables.TRAINING)
    for label, record in three.records.items():
        train, speed = record.figures["train"], record.figures["train_speed"]
        seconds, whole, resumed, tokens, memory, padding, norm, spikes, losses, dialogues = map(numbers, shown[label])
        assert [seconds, whole] == [[speed["seconds_per_epoch"]], [speed["seconds"]]]
        assert resumed == [speed["resumed_from_step"]]
        assert [tokens, memory] == [[speed["tokens_per_second"]], [speed["peak_memory_mib"]]]
        assert [padding, spikes] == [[train["padding_share"]], [train["grad_norm_spikes"]]]
        assert norm == pytest.approx([train["max_grad_norm"]], abs=0.0005)
        assert losses == train["epoch_loss"]
        assert dialogues == [record.figures["generation_speed"]["dialogues_per_second"]]


def test_every_difference_is_the_one_that_was_measured(three: Report) -> None:
    text = markdown.render(three, [])
    before, best = read(text, "Against the one before"), read(text, "Against the best")
    assert before["b"][:5] == ["a", "+1.25", "+1.25", "+1.25", "+1.25"]
    found = three.turns[0].final
    assert found is not None
    assert numbers(before["b"][5].replace("to", " ")) == pytest.approx([found.low, found.high], abs=0.005)
    assert before["b"][6:] == [f"{found.p:.4f}", "15/0/5", "better"]
    assert before["c"][1:] == ["+0.00", "+0.00", "+0.00", "+0.00", "+0.00 to +0.00", "1.0000", "0/20/0", "the same"]
    assert {label: cells[0] for label, cells in best.items()} == {"experiment": "against", "a": "b", "c": "b"}
    assert (best["a"][4], best["a"][7]) == ("-1.25", "5/0/15")


def test_what_differs_is_shown_and_nothing_else(three: Report) -> None:
    assert read(markdown.render(three, []), "What differs") == {
        "param": ["a", "b", "c"],
        "training.seed": ["0", "1", "1"],
        "training.batching": ["padded", "padded", "packed"],
    }


def test_gates_are_judged_as_they_are_written(three: Report) -> None:
    assert [row[1:] for row in tables.gates(three).rows] == [
        ["train.max_grad_norm < 1.5", "FAIL", "2.4321"],
        ["rouge.rouge1 > 35", "PASS", "60.75"],
        [
            "train_speed.seconds_per_epoch <= 0.6 * b",
            "FAIL",
            "28.5 against 40, -29% (of the tokens of b, 38% were padding: packing saves no more than that, not 40%; "
            f"{COMPANY})",
        ],
    ]
    assert three.failing() == ["b", "c"]


def test_what_was_not_measured_is_no_number(make: Make) -> None:
    untrained = make_report(
        "s", [make("a", train={"max_grad_norm": None, "epoch_loss": []}, rouge={"fact_recall": None})]
    )
    shown = read(markdown.render(untrained, []), "Training")["a"]
    assert (shown[6], shown[8]) == ("–", "–")
    assert read(markdown.render(untrained, []), "Scores")["a"][4] == "–"


def test_the_summary_of_the_terminal(three: Report) -> None:
    found = tables.summary(three)
    assert [dict(zip(found.heads, row, strict=True)) for row in found.rows][1] == {
        "experiment": "b",
        "ROUGE-1": "60.75",
        "ROUGE-2": "60.75",
        "ROUGE-L": "60.75",
        "mean": "60.75",
        "95 %": "58.25 to 63.00",
        "Δ mean": "+1.25",
        "p": f"{three.turns[0].final.p:.4f}",  # type: ignore[union-attr]
        "facts": "0.5100",
        "foreign": "0.0213",
        "s/epoch": "40.0",
        "gate": "FAIL",
    }
    assert (found.rows[0][6], found.rows[0][-1]) == ("–", "")


def test_there_are_no_empty_sections(make: Make) -> None:
    alone = make_report("s", [make("a")])
    for text in (markdown.render(alone, ["score"]), page.render(alone, {"score": "<svg></svg>"})):
        assert not any(title in text for title in ("What differs", "Against the", "Gates"))
        assert "Over the same dev rows" not in text
    one = make("folds--fold-1")
    folds = make_report("folds", [one, replace(make("folds--fold-2"), answers={"dev_0": one.answers["dev_0"]})])
    text = markdown.render(folds, [])
    assert "## Against the one before" in text
    assert "## Against the best" not in text
    twins = make_report("s", [make("a"), make("b")])
    assert "Nothing: params and code are alike." in markdown.render(twins, [])
