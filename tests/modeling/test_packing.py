"""Packed samples: where they go, and that each is learned from as if it stood alone."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

from dialsum.errors import InputError
from dialsum.modeling.adapter import prepare, set_dropout
from dialsum.modeling.batching import Collator, Packing, pack, without_prompt_logits
from dialsum.modeling.isolation import check_isolation, fastest_isolating
from dialsum.modeling.loading import four_bits
from dialsum.params.training import Training

SHAPE = {
    "vocab_size": 32,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 8,
}
MODELS = [(LlamaForCausalLM, LlamaConfig), (Qwen2ForCausalLM, Qwen2Config), (Qwen3ForCausalLM, Qwen3Config)]
WIDE = 10**6  # a hidden size at which the length of a row costs nothing


def model(kind: Any = LlamaForCausalLM, config: Any = LlamaConfig) -> Any:
    torch.manual_seed(0)
    return kind(config(**SHAPE))


def sample(length: int, supervised: int, seed: int = 0) -> dict[str, list[int]]:
    generator = random.Random(f"{length} {supervised} {seed}")
    ids = [generator.randrange(3, 32) for _ in range(length)]
    return {"input_ids": ids, "labels": [-100] * (length - supervised) + ids[length - supervised :]}


LONG_AND_SHORT = [sample(40, 9), sample(4, 2)]
MIXED = [*LONG_AND_SHORT, sample(17, 5), sample(23, 3), sample(2, 1), sample(23, 8)]


@pytest.mark.parametrize(
    ("lengths", "width", "rows"),
    [
        ([5, 3, 2], WIDE, [[0], [1, 2]]),  # one row of 10 and two of 5 compute as much; two see less
        ([4, 4, 4], WIDE, [[0], [1], [2]]),
        ([9, 5, 1, 1], WIDE, [[0, 1, 2, 3]]),  # two rows of 9 would compute 18
        ([9, 5, 1, 1], 1, [[0], [1, 2, 3]]),  # but a row of 16 costs 16 × (1 + 16 / 6.5) = 55, two of 9 cost 43
        ([7], 64, [[0]]),
    ],
)
def test_samples_go_into_the_rows_that_cost_least(lengths: list[int], width: int, rows: list[list[int]]) -> None:
    assert pack(lengths, width) == rows


def test_every_sample_is_in_one_row() -> None:
    generator = random.Random(1)
    for _ in range(200):
        lengths = [generator.randint(1, 900) for _ in range(generator.randint(1, 16))]
        rows = pack(lengths, generator.choice([16, 128, 4096]))
        assert sorted(place for row in rows for place in row) == list(range(len(lengths)))
        assert all(rows)


def test_a_packed_batch() -> None:
    rows = [
        {"input_ids": [5, 6, 7, 8, 9], "labels": [-100, -100, 7, 8, 9]},
        {"input_ids": [3, 4, 3], "labels": [-100, 4, 3]},
        {"input_ids": [8], "labels": [-100]},
    ]
    batch = Packing(pad=1, width=1)(rows)
    assert {key: tensor.tolist() for key, tensor in batch.items()} == {
        "input_ids": [[5, 6, 7, 8, 9], [3, 4, 3, 8, 1]],
        "position_ids": [[0, 1, 2, 3, 4], [0, 1, 2, 0, 0]],
        "labels": [[-100, -100, 7, 8, 9], [-100, 4, 3, -100, -100]],
    }
    assert Packing(pad=1, width=1).size(rows) == 10
    flat = Packing(pad=1, width=None)(rows)
    assert flat["position_ids"].tolist() == [[0, 1, 2, 3, 4, 0, 1, 2, 0]]
    # Labels stand on places 1 to 4 of the rows; so the logits of 0 to 3, and one that no label is compared with.
    wanted = without_prompt_logits(batch)
    assert isinstance(wanted["labels"], torch.Tensor)
    assert isinstance(wanted["logits_to_keep"], torch.Tensor)
    assert wanted["logits_to_keep"].tolist() == [0, 1, 2, 3, 3]
    assert wanted["labels"].tolist() == [[-100, -100, 7, 8, 9], [-100, 4, 3, -100, -100]]


def test_logits_of_prompts_between_samples_are_spared() -> None:
    batch = Packing(pad=1, width=None)([sample(10, 2), sample(8, 1)])
    assert without_prompt_logits(batch)["logits_to_keep"].tolist() == [7, 8, 16, 16]  # type: ignore[union-attr]


def step(network: Any, batch: dict[str, torch.Tensor], **changes: Any) -> tuple[float, list[torch.Tensor]]:
    network.zero_grad()
    outcome = network(**{**without_prompt_logits(batch), **changes})
    outcome.loss.backward()
    return outcome.loss.item(), [parameter.grad.clone() for parameter in network.parameters()]


@pytest.mark.parametrize(("kind", "config"), MODELS)
@pytest.mark.parametrize("samples", [LONG_AND_SHORT, MIXED])
@pytest.mark.parametrize("width", [16, WIDE, None])
def test_loss_and_gradients_are_those_of_padded_rows(kind: Any, config: Any, samples: Any, width: int | None) -> None:
    network = model(kind, config)
    loss, gradients = step(network, Collator(0)(samples))
    packed_loss, packed = step(network, Packing(0, width)(samples))
    assert packed_loss == pytest.approx(loss, abs=1e-5)
    for one, other in zip(packed, gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)


def test_a_sample_does_not_see_the_one_before_it() -> None:
    network = model()
    batch = Packing(0, None)(LONG_AND_SHORT)
    inputs = {"input_ids": batch["input_ids"], "position_ids": batch["position_ids"]}
    with torch.no_grad():
        together = network(**inputs, use_cache=False).logits[0, 40:]
        alone = network(input_ids=torch.tensor([LONG_AND_SHORT[1]["input_ids"]])).logits[0]
        torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)
        # The test can fail: with a cache the model takes both for one sample.
        leaking = network(**inputs, use_cache=True).logits[0, 40:]
    assert not torch.allclose(leaking, alone, rtol=0, atol=1e-3)


@pytest.mark.parametrize(("kind", "config"), MODELS)
def test_isolation_is_proved(kind: Any, config: Any) -> None:
    check_isolation(model(kind, config))


def test_a_model_that_does_not_isolate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transformers.masking_utils.find_packed_sequence_indices", lambda positions: None)  # noqa: ARG005
    message = r"^params.yaml: training.batching: packed: with attention sdpa this model lets packed samples see each"
    with pytest.raises(InputError, match=message):
        check_isolation(model())


@pytest.fixture(scope="module")
def deep(training: Training, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """28 layers of 4 bits as `qlora` makes them ready on CUDA: products in bfloat16, and what is not 4-bit float32."""
    folder = tmp_path_factory.mktemp("deep")
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=64, hidden_size=256, intermediate_size=256, num_hidden_layers=28, num_attention_heads=4,
        num_key_value_heads=2, tie_word_embeddings=True,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    half = torch.bfloat16
    network = LlamaForCausalLM.from_pretrained(folder, dtype=half, quantization_config=four_bits(half))
    return prepare(network, replace(training, method="qlora"))


def test_rounding_in_deep_layers_of_4_bits_is_no_leak(deep: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert deep.dtype == torch.float32
    check_isolation(deep)
    monkeypatch.setattr("transformers.masking_utils.find_packed_sequence_indices", lambda positions: None)  # noqa: ARG005
    with pytest.raises(InputError, match="this model lets packed samples see each other"):
        check_isolation(deep)


def test_flex_attention_cannot_drop_weights() -> None:
    network = LlamaForCausalLM._from_config(LlamaConfig(**SHAPE), attn_implementation="flex_attention")
    set_dropout(network, 0.1)
    with pytest.raises(InputError, match=r"training.batching: packed: this model drops 0.1 of its attention weights"):
        check_isolation(network)


@pytest.mark.parametrize(
    ("dtype", "method", "expected"),
    [
        ("bfloat16", "lora", "flash_attention_2"),
        ("float32", "lora", "flex_attention"),
        ("bfloat16", "full", "flex_attention"),  # its weights are float32
    ],
)
def test_the_attention_that_is_chosen_on_cuda(
    monkeypatch: pytest.MonkeyPatch, dtype: str, method: Any, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("dialsum.modeling.isolation.is_flash_attn_2_available", lambda: True)
    assert fastest_isolating(dtype, method) == expected
