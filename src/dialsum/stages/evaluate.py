"""Measure the predictions for the dev split, beside those of trivial baselines.

Enters: data/predictions/dev.jsonl, and the prepared dev and train splits. Leaves: metrics/rouge.json and
data/scores/dev.csv, one row a dialogue. What each metric says stands at `measure` and `measure_model`.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import click

from dialsum.corpus.dialogue import Dialogue, Fact, read_jsonl
from dialsum.corpus.prediction import Prediction, read_predictions
from dialsum.errors import InputError
from dialsum.measures import baselines, rouge
from dialsum.measures.faithfulness import fact_recall, foreign_runs, stated_facts
from dialsum.outputs import replacing, write_json
from dialsum.params import strict
from dialsum.params.registry import Evaluation

Metrics = dict[str, float | None]

_COLUMNS = (
    "id",
    "rouge1",
    "rouge2",
    "rougeL",
    "facts_found",
    "facts_total",
    "foreign",
    "finished",
    "prediction",
    "reference",
)
_IDS_SHOWN = 20
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class Judge:
    """What every system is measured by: how two texts are compared, and the facts of the train split."""

    pair: rouge.Pair
    seen: Set[Fact]


@click.command()
@click.option("--predictions", type=_FILE, required=True)
@click.option("--dev", type=_FILE, required=True)
@click.option("--train", type=_FILE, required=True)
@click.option("--scores", type=click.Path(path_type=Path), required=True)
@click.option("--metrics", type=click.Path(path_type=Path), required=True)
def main(predictions: Path, dev: Path, train: Path, scores: Path, metrics: Path) -> None:
    """Score the predictions for the dev split and those of trivial baselines."""
    evaluation = strict.load(Path("params.yaml"), "evaluation", Evaluation)
    dialogues = read_dev(dev)
    answers = match(read_predictions(predictions), dialogues, predictions, dev)
    train_dialogues = read_jsonl(train)
    judge = Judge(rouge.scorer("official", evaluation.tokens), {fact for one in train_dialogues for fact in one.facts})

    rows, model = measure_model(answers, dialogues, judge)
    others = {
        name: measure(texts, dialogues, judge, name)[1]
        for name, texts in (
            ("first_turn", baselines.first_turn(dialogues)),
            ("longest_turns", baselines.longest_turns(dialogues)),
            ("most_similar", baselines.most_similar(dialogues, train_dialogues)),
        )
    }

    write_scores(scores, rows, answers, dialogues)
    rounded = {name: _rounded(values) for name, values in others.items()}
    write_json(metrics, {"rows": len(rows), **_rounded(model), "baselines": rounded})
    click.echo(table({"model": model, **others}))


def read_dev(path: Path) -> list[Dialogue]:
    """The dev split. Raises InputError if it is empty, or if a dialogue has no reference to score against."""
    dialogues = read_jsonl(path)
    if not dialogues:
        raise InputError(f"{path}: there is no dialogue to score; give the dev split at least one row that is valid")
    if without := [dialogue.id for dialogue in dialogues if not dialogue.references]:
        raise InputError(f"{path}: {_listed(without)}: there is no reference; give each dev row a summary")
    return dialogues


def match(predictions: Sequence[Prediction], dialogues: Sequence[Dialogue], given: Path, dev: Path) -> list[Prediction]:
    """The predictions in the order of the dialogues. Raises InputError that lists missing, extra and doubled ids."""
    by_id = {prediction.id: prediction for prediction in predictions}
    wanted = [dialogue.id for dialogue in dialogues]
    faults = {
        f"missing, though in {dev}": [name for name in wanted if name not in by_id],
        f"not in {dev}": sorted(by_id.keys() - set(wanted)),
        "more than once": [name for name, count in Counter(one.id for one in predictions).items() if count > 1],
    }
    if any(faults.values()):
        found = "; ".join(f"{fault}: {_listed(names)}" for fault, names in faults.items() if names)
        raise InputError(f"{given}: ids: {found}; generate the predictions for this dev split again")
    return [by_id[name] for name in wanted]


def measure(
    texts: Sequence[str], dialogues: Sequence[Dialogue], judge: Judge, name: str
) -> tuple[list[rouge.Rouge], Metrics]:
    """Rows and metrics of any system, whose texts are in the order of the dialogues; `name` labels the progress bar.

    rouge1, rouge2, rougeL: F1 in percent, mean over rows and references, as `measures.rouge` defines it
    rouge_sum, rouge_mean: the sum of those three, and their mean, which is the competition's final score
    fact_recall: share (0 to 1) of the dialogues' facts that the text states; null where there are no facts
    fact_recall_seen, fact_recall_unseen: the same over the facts that train has, and over those that it has not
    """
    rows = rouge.score_rows(texts, [one.references for one in dialogues], judge.pair, label=name)
    return rows, {**rouge.means(rows), **fact_recall(texts, dialogues, judge.seen)}


def measure_model(
    answers: Sequence[Prediction], dialogues: Sequence[Dialogue], judge: Judge
) -> tuple[list[rouge.Rouge], Metrics]:
    """Rows and metrics of the model: those of `measure`, and

    stop_rate: share (0 to 1) of predictions that the model ended itself
    foreign_rate: share with script that the dialogue does not have (`faithfulness.foreign_runs`)
    empty_rate: share without any text; such a row scores 0 and counts
    mean_chars, mean_reference_chars: mean lengths in characters, of predictions and of references
    """
    texts = [answer.text for answer in answers]
    rows, metrics = measure(texts, dialogues, judge, "model")
    return rows, {
        **metrics,
        "stop_rate": fmean(answer.finished for answer in answers),
        "foreign_rate": fmean(_is_foreign(text, one) for text, one in zip(texts, dialogues, strict=True)),
        "empty_rate": fmean(not text.strip() for text in texts),
        "mean_chars": fmean(map(len, texts)),
        "mean_reference_chars": fmean(fmean(map(len, dialogue.references)) for dialogue in dialogues),
    }


def write_scores(
    path: Path, rows: Sequence[rouge.Rouge], answers: Sequence[Prediction], dialogues: Sequence[Dialogue]
) -> None:
    """One row a dialogue as CSV: ROUGE in percent, facts found and in all, texts. Several references: one a line."""
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        percent = zip(*list(rouge.columns(rows).values())[:3], strict=True)
        for row, answer, dialogue in zip(percent, answers, dialogues, strict=True):
            writer.writerow(
                [
                    dialogue.id,
                    *(round(value, 4) for value in row),
                    len(stated_facts(answer.text, dialogue.facts)),
                    len(dialogue.facts),
                    _is_foreign(answer.text, dialogue),
                    answer.finished,
                    answer.text,
                    "\n".join(dialogue.references),
                ]
            )


def table(systems: dict[str, Metrics]) -> str:
    """The systems one below the other: ROUGE in percent, facts as a share, "-" where there are none."""
    keys = {"ROUGE-1": "rouge1", "ROUGE-2": "rouge2", "ROUGE-L": "rougeL", "mean": "rouge_mean", "facts": "fact_recall"}
    lines = [f"{'':14}" + "".join(f"{title:>9}" for title in keys)]
    for name, metrics in systems.items():
        lines.append(f"{name:14}" + "".join(f"{_cell(metrics[key]):>9}" for key in keys.values()))
    return "\n".join(lines)


def _is_foreign(text: str, dialogue: Dialogue) -> bool:
    return bool(foreign_runs(text, dialogue.text()))


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _rounded(metrics: Metrics) -> Metrics:
    return {key: None if value is None else round(value, 4) for key, value in metrics.items()}


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _IDS_SHOWN} more" if len(names) > _IDS_SHOWN else ""
    return ", ".join(names[:_IDS_SHOWN]) + more
