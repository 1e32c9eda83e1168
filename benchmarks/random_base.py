"""A Llama with random weights in any shape, with a tokenizer of its own: for speed, what a model says is no matter.

Enters: a Shape, as a file of catalog/ has it. Leaves: a folder as stage base makes it, without the hub. The tokenizer
has 3,000 tokens whatever the vocabulary of the model is; the model never says one of the others.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from dialsum.modeling.catalog import Shape

TOKENS, ROWS = 3_000, 2_000
END = "<|im_end|>"


def make_base(folder: Path, shape: Shape, dtype: Literal["float32", "bfloat16", "float16"]) -> None:
    """Write model, tokenizer and pin into a new folder. A 3B takes a minute on a CPU, and 6.4 GB of disk."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from dialsum.corpus.synthetic.realistic.rows import row
    from dialsum.modeling.loading import device
    from dialsum.modeling.pin import Pin, write_pin
    from dialsum.modeling.tokenizer import train_tokenizer

    made = (row("train", number, 1) for number in range(ROWS))
    texts = (text for one in made for text in (one.dialogue, one.summary))
    tokenizer = train_tokenizer(texts, min(TOKENS, shape.vocabulary), "causal")
    head = min(128, shape.key_values // 4)  # 128 in all Llamas of the hub
    config = LlamaConfig(
        vocab_size=shape.vocabulary, hidden_size=shape.hidden, intermediate_size=shape.intermediate,
        num_hidden_layers=shape.decoder_layers, num_attention_heads=shape.queries // head,
        num_key_value_heads=shape.key_values // head, head_dim=head, max_position_embeddings=2048,
        tie_word_embeddings=shape.tied, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    torch.manual_seed(1)
    with torch.device(device()):
        model = LlamaForCausalLM(config).to(getattr(torch, dtype))
    with torch.no_grad():
        # A logit of 0 is never the highest of thousands. Our decoding bars these ids anyway, but plain `generate` would
        # say them, and its texts could not be compared with ours.
        model.get_output_embeddings().weight[len(tokenizer) :] = 0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_pin(folder, Pin("random", "scratch", None, None, "causal", dtype, [END], {}))
