"""The tiny models before training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import BartForConditionalGeneration, LlamaForCausalLM

from dialsum.modeling.catalog import Scratch, read_entry
from dialsum.modeling.shape import BART_SPREAD, make_model
from dialsum.modeling.tokenizer import train_tokenizer

CATALOG = Path(__file__).parents[2] / "catalog"


def sizes(name: str) -> Scratch:
    scratch = read_entry(CATALOG / f"{name}.yaml").scratch
    assert scratch is not None
    return scratch


@pytest.fixture(scope="module")
def bart() -> BartForConditionalGeneration:
    torch.manual_seed(0)
    model = make_model(sizes("tiny-bart"), train_tokenizer(["가나"], 300, "seq2seq"), "seq2seq")
    assert isinstance(model, BartForConditionalGeneration)
    return model


def test_a_causal_model_is_a_llama() -> None:
    tokenizer = train_tokenizer(["가나"], 300, "causal")
    model = make_model(sizes("tiny-llama"), tokenizer, "causal")
    assert isinstance(model, LlamaForCausalLM)
    assert model.config.vocab_size == len(tokenizer)


def test_one_place_further_is_the_same_turn_everywhere(bart: BartForConditionalGeneration) -> None:
    """The product of two positions hangs on their distance alone."""
    for part in (bart.model.encoder, bart.model.decoder):
        places = part.embed_positions.weight
        near = [float(places[place] @ places[place + 1]) for place in (0, 40, 900)]
        assert near == pytest.approx([near[0]] * 3, rel=1e-3)
        assert float(places.square().mean()) == pytest.approx(BART_SPREAD**2, rel=1e-3)
        assert float(places[10] @ places[11]) > float(places[10] @ places[12]) > float(places[10] @ places[20])


def test_the_decoder_looks_for_tokens_like_its_own(bart: BartForConditionalGeneration) -> None:
    """Query times key is a Gram matrix: no token likes another better than itself, on average."""
    for layer in bart.model.decoder.layers:
        attention = layer.encoder_attn
        product = attention.q_proj.weight.T @ attention.k_proj.weight
        assert torch.allclose(product, product.T)
        assert float(torch.linalg.eigvalsh(product).min()) > -1e-4
        passed = attention.out_proj.weight @ attention.v_proj.weight
        assert float(torch.linalg.eigvalsh(passed).min()) > -1e-4
