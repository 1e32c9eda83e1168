"""The model card: what a registered model is, what it was made from, how good it is, and what it is not good for.

Enter: the run's record, the catalog's entry, models/base/base.json, the figures of metrics/. Leaves: Markdown such as

    # dialsum, version 4: tiny-llama_ep2_bs8_lr0.005_20261121-185025
    …
    | ROUGE-1 | 76.17 | 74.9 to 77.4 |

It stands as MODEL_CARD.md with the run and with the model, and is the version's description in MLflow's page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dialsum.modeling.catalog import Entry
from dialsum.modeling.pin import Pin
from dialsum.records.labels import in_short

FILE = "MODEL_CARD.md"
SYNTHETIC = "data/synthetic"  # where stage synthesize writes
# Figures of metrics/rouge.json: title, key, how it is written.
SCORES = (
    ("ROUGE-1", "rouge1", "{:.2f}"),
    ("ROUGE-2", "rouge2", "{:.2f}"),
    ("ROUGE-L", "rougeL", "{:.2f}"),
    ("mean of the three", "rouge_mean", "{:.2f}"),
    ("facts stated", "fact_recall", "{:.1%}"),
    ("summaries that the model ended itself", "stop_rate", "{:.1%}"),
    ("… with letters that the dialogue does not have", "foreign_rate", "{:.1%}"),
    ("… with a number that it does not have", "number_error_rate", "{:.1%}"),
    ("… with a name that it does not have", "name_error_rate", "{:.1%}"),
    ("… that repeat themselves", "repetition_rate", "{:.1%}"),
)


@dataclass(frozen=True)
class Subject:
    """What a card is about. `params` and `tags` are the run's, `metrics` the files of metrics/ by their stem."""

    name: str
    version: int
    run_id: str
    entry: Entry
    pin: Pin
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[str, Any]


def describe(subject: Subject) -> str:
    """The card, in under 5,000 characters, which is what a version's description takes."""
    best = _best_baseline(subject)
    parts = [
        f"# dialsum, version {subject.version}: {subject.name}",
        "It writes a Korean summary of a Korean dialogue whose turns are marked by their speakers (`#Person1#: …`).",
        _loading(subject),
        "## What it is made from\n",
        _table(["", ""], _origin(subject)),
        "## Data\n",
        _table(["split", "file", "rows", "md5"], _data(subject)),
        "## Training\n",
        _table(["", ""], _training(subject)),
        f"## Scores on dev ({subject.metrics['rouge']['rows']} rows)\n",
        _table(["", "model", "95 %", f"`{best}`"], _scores(subject, best)),
        f"ROUGE is F1 in percent over {subject.params['evaluation.tokens']} tokens, as the competition counts it. "
        f"The interval is where the mean lies in 95 of 100 such dev splits. `{best}` is the best of the trivial ways.",
        "## Limits\n",
        "\n".join(f"- {limit}" for limit in _limits(subject)),
        "## Licence\n",
        f"The base model: {subject.entry.licence}. What is made from it stands under the same terms; those of the data "
        "are for their owner to know.",
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _loading(subject: Subject) -> str:
    return (
        "```python\nimport mlflow\nimport pandas as pd\n\n"
        f'model = mlflow.pyfunc.load_model("models:/dialsum/{subject.version}")\n'
        'model.predict(pd.DataFrame({"dialogue": ["#Person1#: 내일 세 시에 봐요.\\n#Person2#: 네, 좋아요."]}))\n```'
    )


def _origin(subject: Subject) -> list[Sequence[str]]:
    entry, pin = subject.entry, subject.pin
    place = {
        "scratch": "trained by this pipeline, from random weights",
        "path": f"a folder of the user's own, {pin.location}; its weights are not in this model, but there",
        "hub": f"{pin.location}, revision {pin.revision}; its weights are not in this model, but in the hub's cache",
    }[pin.source]
    size = f"{in_short(entry.parameters)} parameters, {entry.dtype}, {entry.architecture}"
    return [("base model", pin.name), ("from", place), ("size", size), ("licence", entry.licence)]


def _data(subject: Subject) -> list[Sequence[str]]:
    folder, counts = subject.params["data.dir"], subject.metrics["data"]
    return [
        (split, f"{folder}/{split}.csv", f"{counts[split]['rows']:,}", subject.tags.get(f"md5.data.{split}", "unknown"))
        for split in ("train", "dev", "test")
    ]


def _training(subject: Subject) -> list[Sequence[str]]:
    params, found = subject.params, subject.metrics["train"]
    commit = subject.tags.get("git.commit", "unknown")
    edited = ", with changes that are not in it" if subject.tags.get("git.dirty") == "true" else ""
    rows: list[Sequence[str]] = [("method", subject.tags["training"])]
    if found["steps"]:
        lora = f", LoRA rank {params['training.lora.r']}, alpha {params['training.lora.alpha']}"
        rows += [
            (
                "values",
                f"learning rate {params['training.learning_rate']} ({params['training.scheduler']}), effective batch "
                f"{params['effective_batch']}, {params['training.epochs']} epochs, seed {params['training.seed']}"
                + (lora if params["training.method"] in ("lora", "qlora") else ""),
            ),
            ("trained", f"{found['trainable_parameters']:,} of {found['parameters']:,} parameters"),
            ("kept", f"the weights of step {found['best_step']:,} of {found['steps']:,}"),
            ("lowest loss on dev", f"{min(found['eval_loss']):.4f} nats a token"),
        ]
    return [*rows, ("commit", commit + edited), ("MLflow run", f"{subject.run_id}, which has all values")]


def _scores(subject: Subject, best: str) -> list[Sequence[str]]:
    """Those that were measured; the interval and the baseline's figure where there is one."""
    rouge = subject.metrics["rouge"]
    baseline = rouge["baselines"].get(best, {})
    rows: list[Sequence[str]] = []
    for title, key, form in SCORES:
        if rouge.get(key) is not None:
            around = rouge["intervals"].get(key)
            interval = f"{form.format(around['low'])} to {form.format(around['high'])}" if around else ""
            trivial = form.format(baseline[key]) if baseline.get(key) is not None else ""
            rows.append((title, form.format(rouge[key]), interval, trivial))
    return rows


def _best_baseline(subject: Subject) -> str:
    """The name of the trivial system with the highest ROUGE; people's own agreement is none."""
    baselines = subject.metrics["rouge"]["baselines"]
    trivial = {name: found["rouge_mean"] for name, found in baselines.items() if name != "reference"}
    return max(trivial, key=lambda name: trivial[name], default="none")


def _limits(subject: Subject) -> list[str]:
    params, rouge = subject.params, subject.metrics["rouge"]
    truncated = subject.metrics["tokens"]["dev"]["rows_truncated"]
    limits = [
        f"The scores hold for dialogues like those of {params['data.dir']}, and for no others.",
        "ROUGE counts words: a summary with the wrong time or the wrong person may score high. Read the run's "
        "`predictions.json` and `scores/worst.md`.",
        f"A dialogue whose prompt is over {params['tokenize.max_source_tokens']} tokens loses whole turns "
        f"(`tokenize.truncation: {params['tokenize.truncation']}`); of dev {truncated} did.",
    ]
    if params["data.dir"] == SYNTHETIC:
        limits.insert(0, "It was trained on dialogues that a program made. It is no model for real ones.")
    if rouge.get("fact_recall") is not None:
        limits.append(f"It leaves out, or gets wrong, {1 - rouge['fact_recall']:.0%} of the facts of a dialogue.")
    if params["generation.foreign_tokens"] != "allow":
        limits.append("It writes Hangul, and letters of other scripts only as `generation.foreign_tokens` lets it.")
    return [*limits, "Nobody has examined it for bias, or for personal data that it may repeat from its training."]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
