"""`dialsum compare` on 499 rows of real length: a file with itself, and two that differ, beside scipy's own tests."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats

from dialsum.commands import compare
from dialsum.corpus.synthetic.realistic.rows import row
from dialsum.measures.rouge import columns, named, score_rows, scorer

ROWS = 499
METRICS = ("rouge1", "rouge2", "rougeL", "rouge_mean")


@pytest.fixture(scope="module")
def texts() -> dict[str, list[str]]:
    """References, and predictions in which a share of the words is another summary's: b loses slightly fewer than a."""
    chance = Random(3)
    gold = [row("dev", number, 7).summary for number in range(ROWS)]

    def worse(share: float) -> list[str]:
        strange = [word for text in gold[:50] for word in text.split()]
        return [
            " ".join(chance.choice(strange) if chance.random() < share else word for word in text.split())
            for text in gold
        ]

    return {"gold": gold, "a": worse(0.40), "b": worse(0.385)}


@pytest.fixture
def found(texts: dict[str, list[str]], tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    for name, column in texts.items():
        lines = [json.dumps({"id": f"dev_{place}", "text": text}) for place, text in enumerate(column)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    files = [str(tmp_path / f"{name}.jsonl") for name in (*request.param, "gold")]
    done = CliRunner().invoke(
        compare.main, [*files[:2], "--references", files[2], "--unit", "whitespace", "--json"], catch_exceptions=False
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("found", [("a", "a")], indirect=True)
def test_a_file_with_itself(found: Any) -> None:
    assert found["rows"] == ROWS
    assert found["changed"] == []
    for one in found["metrics"].values():
        assert (one["difference"], one["low"], one["high"], one["p"]) == (0, 0, 0, 1)
        assert (one["wins"], one["ties"], one["losses"], one["verdict"]) == (0, ROWS, 0, "the same")


@pytest.mark.parametrize("found", [("a", "b")], indirect=True)
def test_interval_and_p_agree_with_scipy(found: Any, texts: dict[str, list[str]]) -> None:
    references = [(text,) for text in texts["gold"]]
    for variant in ("official", "strict"):
        pair = scorer(variant, "whitespace")  # type: ignore[arg-type]
        before, after = (columns(score_rows(texts[name], references, pair)) for name in ("a", "b"))
        for metric in METRICS:
            one = found["metrics"][named(metric, variant, "whitespace")]  # type: ignore[arg-type]
            change = np.array(after[metric]) - np.array(before[metric])
            assert one["difference"] == pytest.approx(change.mean(), abs=1e-5)
            known = stats.bootstrap((change,), np.mean, method="percentile", n_resamples=9999, rng=1)
            low, high = known.confidence_interval
            # Two bootstraps of 10,000 agree to a few hundredths of the interval's width.
            assert (one["low"], one["high"]) == pytest.approx((low, high), abs=0.04 * (high - low))
            p = stats.permutation_test(
                (change,), lambda x, axis: x.mean(axis=axis), permutation_type="samples", vectorized=True, rng=1
            ).pvalue
            assert one["p"] == pytest.approx(p, abs=0.02)
            assert (one["wins"], one["losses"]) == (int((change > 1e-9).sum()), int((change < -1e-9).sum()))
