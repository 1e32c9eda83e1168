from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from dialsum.modeling import merging
from dialsum.params.generation import Generation
from dialsum.params.strict import parse, read_yaml

VALUES = read_yaml(Path(__file__).parents[1] / "params.yaml")["generation"]


@pytest.mark.parametrize(("least", "kept"), [(0, None), (7, 7)])
def test_a_merged_model_ends_no_earlier_than_ours(least: int, kept: int | None) -> None:
    generation = parse(Generation, {**VALUES, "min_new_tokens": least}, "generation")
    tokenizer = SimpleNamespace(pad_token_id=1, bos_token_id=2)
    config = merging._generation_config(SimpleNamespace(config=SimpleNamespace()), tokenizer, [3], generation)
    assert config.to_diff_dict().get("min_new_tokens") == kept
