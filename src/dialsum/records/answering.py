"""The other end of `dialsum summarize`: a process that has a registered version's own code, and no other `dialsum`.

Enters: a model folder as the argument, and on standard input one request a line, a list of records. Leaves: one line a
request, as the server would answer:

    [{"dialogue": "#Person1#: 안녕하세요."}]   ->   {"summaries": ["#Person1#은 인사한다."]}
    [{"dialogue": ""}]                       ->   {"refusal": "row 0: 'dialogue' is empty"}

It is run as a script, for an import of `dialsum` would bring the code of today and not that of the version.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import load_model


def main() -> None:
    """Answer line by line until there are no more."""
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints is no answer
    model: Any = load_model(sys.argv[1])
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        answer: dict[str, Any]
        try:
            answer = {"summaries": list(model.predict(pd.DataFrame(json.loads(line)))["summary"])}
        except MlflowException as error:
            answer = {"refusal": getattr(error, "reason", error.message)}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
