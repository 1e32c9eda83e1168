"""How MLflow's page shows the experiment `dialsum` to who opens it by the link of `dialsum ui`.

Enters: the experiment. Leaves: two tags of it, which MLflow's page reads: that models are trained here (else it shows
what is there for chat agents), and a shared view: the runs grouped by experiment set, with the columns in which phases
usually differ and those that decide about them.

    http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning&viewStateShareKey=phases
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

NAME = "phases"
COLUMNS = (
    "tags.`phase`",
    "params.`training.method`",
    "params.`training.batching`",
    "params.`training.learning_rate`",
    "params.`prompt.format`",
    "metrics.`rouge.rouge_mean`",
    "metrics.`rouge.fact_recall`",
    "metrics.`train.max_grad_norm`",
    "metrics.`train_speed.tokens_per_second`",
)
# The keys of MLflow 3's page for what it keeps when somebody shares a view there.
KIND = {"mlflow.experimentKind": "custom_model_development"}
STATE = {
    "selectedColumns": COLUMNS,
    "orderByKey": "attributes.start_time",
    "orderByAsc": False,
    "groupBy": {"aggregateFunction": "average", "groupByKeys": [{"mode": "tag", "groupByData": "set"}]},
}


def offer(client: MlflowClient, experiment: str) -> None:
    """Make the view there, or make it anew."""
    for key, value in {**KIND, f"mlflow.sharedViewState.{NAME}": json.dumps(STATE)}.items():
        client.set_experiment_tag(experiment, key, value)


def link(server: str, experiment: str) -> str:
    """The address of the view on a server such as http://127.0.0.1:5000."""
    return f"{server}/#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={NAME}"
