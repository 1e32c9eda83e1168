"""The tiny models before they have learned anything: a Llama for the causal family, a BART for seq2seq.

Enters: the sizes of a Scratch and the tokenizer. Leaves: the model, its weights drawn from torch's generator.

Copying from an encoder takes a BART much longer to find out than a Llama, whose attention knows distances from the
start (RoPE). So it begins with what makes it near: positions as sines, of which one place further is the same turn
everywhere (Vaswani et al. 2017, section 3.5), and attention from the decoder that looks for tokens like its own and
passes them on unchanged (the products of its matrices near the identity: Trockman and Kolter 2023, "Mimetic
Initialization of Self-Attention Layers"). All of it is trained on.
"""

from __future__ import annotations

import torch
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from dialsum.modeling.catalog import Scratch
from dialsum.params.model import Family

POSITIONS = 2048  # tokens that a model can read; no dialogue of its corpus comes near
BART_SPREAD = 0.1  # standard deviation of a BART's first weights: with its usual 0.02 the products above would be 0

Tiny = LlamaForCausalLM | BartForConditionalGeneration


def make_model(scratch: Scratch, tokenizer: PreTrainedTokenizerFast, family: Family) -> Tiny:
    """A model that has learned nothing yet."""
    match family:
        case "causal":
            return LlamaForCausalLM(_llama(scratch, tokenizer))
        case "seq2seq":
            model = BartForConditionalGeneration(_bart(scratch, tokenizer))
            _ease_copying(model)
            return model


def _llama(scratch: Scratch, tokenizer: PreTrainedTokenizerFast) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=scratch.hidden_size,
        num_hidden_layers=scratch.layers,
        num_attention_heads=scratch.heads,
        num_key_value_heads=scratch.heads,
        intermediate_size=scratch.intermediate_size,
        max_position_embeddings=POSITIONS,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _bart(scratch: Scratch, tokenizer: PreTrainedTokenizerFast) -> BartConfig:
    """As many layers in the encoder as in the decoder."""
    return BartConfig(
        vocab_size=len(tokenizer),
        d_model=scratch.hidden_size,
        encoder_layers=scratch.layers,
        decoder_layers=scratch.layers,
        encoder_attention_heads=scratch.heads,
        decoder_attention_heads=scratch.heads,
        encoder_ffn_dim=scratch.intermediate_size,
        decoder_ffn_dim=scratch.intermediate_size,
        max_position_embeddings=POSITIONS,
        dropout=0.0,
        init_std=BART_SPREAD,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=tokenizer.eos_token_id,  # as in BART
        forced_eos_token_id=None,
    )


@torch.no_grad()
def _ease_copying(model: BartForConditionalGeneration) -> None:
    encoder, decoder = model.model.encoder, model.model.decoder
    for positions in (encoder.embed_positions.weight, decoder.embed_positions.weight):
        positions.copy_(_waves(*positions.shape) * BART_SPREAD)
    for layer in decoder.layers:
        layer.encoder_attn.k_proj.weight.copy_(layer.encoder_attn.q_proj.weight)
    for attention in [layer.encoder_attn for layer in decoder.layers] + [layer.self_attn for layer in encoder.layers]:
        attention.out_proj.weight.copy_(attention.v_proj.weight.T)


def _waves(places: int, size: int) -> torch.Tensor:
    """Sines and cosines of each place, of shape (places, size), with a mean square of 1."""
    turns = torch.arange(places)[:, None] * 10000.0 ** (-torch.arange(0, size, 2) / size)
    return 2**0.5 * torch.stack([turns.sin(), turns.cos()], dim=-1).flatten(1)
