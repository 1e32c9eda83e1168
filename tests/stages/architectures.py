"""Models of the catalog's five architectures, tiny and on disk in the hub's format.

Each class is the library's own; what is small is the numbers. The chat formats are those of Llama 3, which writes a
date into the prompt, and of Qwen, which leaves room for a train of thought.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from dialsum.corpus.synthetic import generate

LLAMA_3 = (
    "{{ bos_token }}<|start_header_id|>system<|end_header_id|>\n\nToday Date: "
    "{{ date_string if date_string is defined else strftime_now('%d %b %Y') }}\n\n<|eot_id|>"
    "{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
QWEN = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
# The special tokens, the template, and what a prompt begins and ends with.
LLAMA_FORM = (
    ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|pad|>"],
    LLAMA_3,
    "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nToday Date: 26 Jul 2024\n\n<|eot_id|>",
    "---<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
)
QWEN_FORM = (
    ["<|im_start|>", "<|im_end|>", "<|endoftext|>"],
    QWEN,
    "<|im_start|>user\n다음 대화를 요약하세요:\n---\n#Person1#: ",
    "---<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
)
CAUSAL = {"llama": LLAMA_FORM, "qwen2": QWEN_FORM, "qwen3": QWEN_FORM}
ENDS = {"llama": "<|eot_id|>", "qwen2": "<|im_end|>", "qwen3": "<|im_end|>"}
TARGETS = {
    "llama": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    "bart": ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"],
    "t5": ["q", "k", "v", "o", "wi_0", "wi_1", "wo"],
}


def save_causal(name: str, folder: Path) -> Path:
    """Random weights, and a byte-level BPE tokenizer with the template of the family."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import (
        LlamaConfig,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
        Qwen2Config,
        Qwen2ForCausalLM,
        Qwen3Config,
        Qwen3ForCausalLM,
    )

    classes: dict[str, Any] = {
        "llama": (LlamaForCausalLM, LlamaConfig),
        "qwen2": (Qwen2ForCausalLM, Qwen2Config),
        "qwen3": (Qwen3ForCausalLM, Qwen3Config),
    }
    special, template, *_ = CAUSAL[name]
    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    pieces.train_from_iterator(
        [row.dialogue + row.summary for row in generate("base", 100, 3)],
        trainers.BpeTrainer(vocab_size=700, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pieces,
        bos_token=special[0] if name == "llama" else None,
        eos_token=ENDS[name],
        pad_token=special[-1],
        chat_template=template,
    )
    model_class, config_class = classes[name]
    config = config_class(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(1)
    model_class(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
