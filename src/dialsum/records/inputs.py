"""The data of an experiment, as MLflow knows datasets.

Enter: the folder that data.dir names, the md5 of its files in dvc.lock, and metrics/data.json. Leave: three inputs of a
run, which its page lists, each such as

    data/synthetic/train.csv (digest 9b28f47e8c62…), 9,000 rows, for training

The source is the path within the repository. `dvc checkout`, at the run's commit, brings back the file of that digest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow.entities import Dataset, DatasetInput, InputTag

# What each split is for, in MLflow's words.
CONTEXTS = {"train": "training", "dev": "validation", "test": "testing"}


def datasets(folder: str, tags: Mapping[str, str], counts: Mapping[str, Any]) -> list[DatasetInput]:
    """One input a split whose md5 is known: `tags` are those of `labels.of_files`, `counts` is metrics/data.json."""
    return [
        DatasetInput(
            Dataset(
                name=f"{folder}/{split}.csv",
                digest=tags[f"md5.data.{split}"],
                source_type="local",
                source=json.dumps({"uri": (Path(folder) / f"{split}.csv").as_posix()}),
                profile=json.dumps({"num_rows": counts[split]["rows"]}),
            ),
            [InputTag("mlflow.data.context", context)],
        )
        for split, context in CONTEXTS.items()
        if f"md5.data.{split}" in tags
    ]
