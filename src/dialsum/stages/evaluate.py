"""Measure the predictions for the dev split, beside those of trivial baselines.

Enters: data/predictions/dev.jsonl, and the prepared dev and train splits. Leaves: metrics/rouge.json, and in
data/scores dev.csv, one row a dialogue; by_group.csv, one a topic, length and number of speakers; worst.csv and
worst.md, the rows with the lowest ROUGE. What each metric says stands at `measure` and `measure_model`:

    {"rows": 300, "rouge1": 76.1709, …, "intervals": {"rouge1": {"low": 73.9, "high": 78.4}, …},
     "scores": {"rouge1.strict.char": {"mean": 81.2, "low": 79.1, "high": 83.2}, …}, "baselines": {"lead_1": {…}, …}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from statistics import fmean
from typing import Any

import click

from dialsum.corpus.dialogue import Dialogue, Fact, read_jsonl
from dialsum.corpus.listing import listed
from dialsum.corpus.matching import SHOWN, refuse_mismatch
from dialsum.corpus.prediction import Prediction, read_predictions
from dialsum.errors import InputError
from dialsum.measures import baselines, groups, inspection, rouge, scoresheet, scoring
from dialsum.measures.faithfulness import fact_recall
from dialsum.measures.significance import intervals
from dialsum.measures.units import UNITS
from dialsum.outputs import write_json
from dialsum.params import strict
from dialsum.params.registry import Evaluation

Values = dict[str, list[float]]
Metrics = dict[str, Any]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_PLACE = click.Path(path_type=Path)


@click.command()
@click.option("--predictions", type=_FILE, required=True)
@click.option("--dev", type=_FILE, required=True)
@click.option("--train", type=_FILE, required=True)
@click.option("--scores", type=_PLACE, required=True, help="CSV, one row a dialogue")
@click.option("--by-group", type=_PLACE, required=True, help="CSV, one row a topic, length or number of speakers")
@click.option("--worst", type=_PLACE, required=True, help="CSV of the worst rows, and beside it the same as Markdown")
@click.option("--metrics", type=_PLACE, required=True)
def main(predictions: Path, dev: Path, train: Path, scores: Path, by_group: Path, worst: Path, metrics: Path) -> None:
    """Score the predictions for the dev split and those of trivial baselines."""
    evaluation = strict.load(Path("params.yaml"), "evaluation", Evaluation)
    dialogues = read_dev(dev)
    answers = match(read_predictions(predictions), dialogues, predictions, dev)
    train_dialogues = read_jsonl(train)
    seen = {fact for one in train_dialogues for fact in one.facts}
    columns = every_score(answers, dialogues)
    deciding = {name: columns[rouge.named(name, "official", evaluation.tokens)] for name in rouge.NAMES}
    sheet, model = measure_model(answers, dialogues, deciding, seen)
    pair = rouge.scorer("official", evaluation.tokens)
    others = {
        name: measure(texts, asked, score(texts, asked, pair, name), seen)
        for name, (texts, asked) in trivial(dialogues, train_dialogues).items()
    }
    by_kind = [scored_group(group, sheet) for group in groups.divide(dialogues)]

    scoresheet.write_rows(scores, sheet)
    scoresheet.write_groups(by_group, by_kind)
    scoresheet.write_worst(worst, worst.with_suffix(".md"), sheet)
    write_json(
        metrics,
        _rounded({**model, "scores": with_intervals(columns), "baselines": others}),
    )
    click.echo(table({"model": model, **others}))
    click.echo(f"\n{scoresheet.group_table(by_kind)}")


def read_dev(path: Path) -> list[Dialogue]:
    """The dev split. Raises InputError if it is empty, or if a dialogue has no reference to score against."""
    dialogues = read_jsonl(path)
    if not dialogues:
        raise InputError(f"{path}: there is no dialogue to score; give the dev split at least one row that is valid")
    if without := [dialogue.id for dialogue in dialogues if not dialogue.references]:
        raise InputError(f"{path}: {listed(without, SHOWN)}: there is no reference; give each dev row a summary")
    return dialogues


def match(predictions: Sequence[Prediction], dialogues: Sequence[Dialogue], given: Path, dev: Path) -> list[Prediction]:
    """The predictions in the order of the dialogues. Raises InputError that lists missing, extra and doubled ids."""
    wanted = [dialogue.id for dialogue in dialogues]
    remedy = "generate the predictions for this dev split again"
    refuse_mismatch([one.id for one in predictions], given, wanted, dev, remedy)
    by_id = {prediction.id: prediction for prediction in predictions}
    return [by_id[name] for name in wanted]


def trivial(
    dialogues: Sequence[Dialogue], train: Sequence[Dialogue]
) -> dict[str, tuple[list[str], Sequence[Dialogue]]]:
    """The texts of each baseline, and the dialogues that they are for: `reference` has but those with several."""
    texts = {
        "lead_1": baselines.lead(dialogues, 1),
        "lead_3": baselines.lead(dialogues, 3),
        "longest_turns": baselines.longest_turns(dialogues),
        "most_similar": baselines.most_similar(dialogues, train),
        "other_row": baselines.other_row(len(dialogues), train),
    }
    systems: dict[str, tuple[list[str], Sequence[Dialogue]]] = {name: (one, dialogues) for name, one in texts.items()}
    people, against = baselines.reference(dialogues)
    return {**systems, "reference": (people, against)} if people else systems


def score(texts: Sequence[str], dialogues: Sequence[Dialogue], pair: rouge.Pair, name: str) -> Values:
    """ROUGE of each row. Texts are in the dialogues' order, `name` labels the progress."""
    return rouge.columns(rouge.score_rows(texts, [one.references for one in dialogues], pair, label=name))


def measure(texts: Sequence[str], dialogues: Sequence[Dialogue], values: Values, seen: Set[Fact]) -> Metrics:
    """Metrics of any system, whose rows have the ROUGE `values`; `seen` are the facts of the train split.

    rows: how many; the model's are all, those of `reference` may be fewer
    rouge1, rouge2, rougeL: `official` F1 in percent, mean over rows and references, as `measures.rouge` defines it
    rouge_sum, rouge_mean: the sum of those three, and their mean, which is the competition's final score
    fact_recall: share (0 to 1) of the dialogues' facts that the text states; null where there are no facts
    fact_recall_seen, fact_recall_unseen: the same over the facts that train has, and over those that it has not
    intervals: `low` and `high` of each mean, which is within them in 95 of 100 such dev splits (bootstrap over rows)
    """
    recall = fact_recall(texts, dialogues, seen)
    return {"rows": len(texts), **rouge.means_of(values), **recall, "intervals": bounds(values)}


def measure_model(
    answers: Sequence[Prediction], dialogues: Sequence[Dialogue], values: Values, seen: Set[Fact]
) -> tuple[scoresheet.Sheet, Metrics]:
    """Rows and metrics of the model: those of `measure`, and as shares (0 to 1) of all predictions those

    stop_rate: that the model ended itself
    foreign_rate: with letters of another script that nothing licenses (`faithfulness.foreign_runs`)
    number_error_rate, number_word_error_rate: with a number in digits, in words that the dialogue does not have
    name_error_rate, hangul_name_error_rate: with a name in Latin letters, in Hangul that the dialogue does not have
    tag_error_rate: with a speaker tag or mask that is broken, or that the dialogue does not have
    empty_rate: without any text; such a row scores 0 and counts
    unfinished_rate: that the model did not end itself, or that do not end as a sentence does
    repetition_rate: that say a sentence or four words in a row twice, or a few syllables four times on end

    Means over rows: repeated_4grams, the share of runs of four words that came before; length_ratio, characters by
    those of the references; mean_chars, mean_reference_chars, characters of predictions and of references.
    """
    texts = [answer.text for answer in answers]
    metrics = measure(texts, dialogues, values, seen)
    found = [inspection.inspect(answer, one) for answer, one in zip(answers, dialogues, strict=True)]
    rates = {"stop_rate": [float(answer.finished) for answer in answers], **inspection.columns(found)}
    lengths = {
        "mean_chars": [float(len(text)) for text in texts],
        "mean_reference_chars": [fmean(map(len, dialogue.references)) for dialogue in dialogues],
    }
    means = {name: fmean(column) for name, column in (rates | lengths).items()}
    around = {**metrics.pop("intervals"), **bounds(rates | lengths)}
    return scoresheet.Sheet(dialogues, answers, found, values | rates), {**metrics, **means, "intervals": around}


def every_score(answers: Sequence[Prediction], dialogues: Sequence[Dialogue]) -> Values:
    """Both definitions of ROUGE over each unit in percent, row by row, as `dialsum score` names them."""
    texts, references = [answer.text for answer in answers], [one.references for one in dialogues]
    return scoring.all_columns(texts, references, UNITS, "model")


def with_intervals(columns: Mapping[str, Sequence[float]]) -> dict[str, Metrics]:
    """The mean of each column, with its 95 % interval."""
    return {name: vars(interval) for name, interval in intervals(columns).items()}


def bounds(values: Mapping[str, Sequence[float]]) -> Metrics:
    """Low and high of the 95 % interval of each column's mean."""
    found = intervals(values)
    return {name: {"low": interval.low, "high": interval.high} for name, interval in found.items()}


def scored_group(group: groups.Group, sheet: scoresheet.Sheet) -> scoresheet.GroupScore:
    """The means of a group's rows, with an interval of their mean ROUGE."""
    rouge_mean = [sheet.values["rouge_mean"][place] for place in group.places]
    return scoresheet.score_group(group, sheet, intervals({"": rouge_mean})[""])


def table(systems: Mapping[str, Metrics]) -> str:
    """The systems one below the other: ROUGE in percent, facts as a share, "-" where there are none."""
    keys = {"ROUGE-1": "rouge1", "ROUGE-2": "rouge2", "ROUGE-L": "rougeL", "mean": "rouge_mean", "facts": "fact_recall"}
    lines = [f"{'':14}" + "".join(f"{title:>9}" for title in keys) + f"{'95 % of mean':>15}"]
    for name, metrics in systems.items():
        cells = "".join(f"{_cell(metrics[key]):>9}" for key in keys.values())
        around = metrics["intervals"]["rouge_mean"]
        lines.append(f"{name:14}{cells}{scoresheet.span(around['low'], around['high']):>15}")
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _rounded(below) for key, below in value.items()}
    return round(value, 4) if isinstance(value, float) else value
