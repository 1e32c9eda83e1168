"""The tokenizer of a model that is trained here: byte-level BPE, with a chat template or with BART's `<s> … </s>`.

Enters: texts. Leaves: a tokenizer in the hub's format. Speaker labels and PII masks are one token each and are content:
they are not special tokens, since `skip_special_tokens=True` would delete those from summaries.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dialsum.params.model import Family

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

SPEAKERS = [f"#Person{number}#" for number in range(1, 8)]
MASKS = [
    f"#{name}#"
    for name in (
        "PhoneNumber",
        "Address",
        "DateOfBirth",
        "PassportNumber",
        "SSN",
        "CardNumber",
        "CarNumber",
        "Email",
    )
]

# The layout of Qwen's template without its tools and thoughts.
CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def train_tokenizer(texts: Iterable[str], vocab_size: int, family: Family) -> PreTrainedTokenizerFast:
    """A tokenizer of `vocab_size` tokens, the 256 bytes, the labels and masks among them: any text can be encoded."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special, settings = _form(family)
    tokenizer = Tokenizer(models.BPE())
    # Digits apart: a number that training never saw is then still made of tokens that it knows.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocab_size - len(SPEAKERS) - len(MASKS),
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer.add_tokens([*SPEAKERS, *MASKS])
    if family == "seq2seq":
        around = [(name, special.index(name)) for name in ("<s>", "</s>")]
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=around)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        pad_token="<pad>",
        clean_up_tokenization_spaces=False,
        **settings,
    )


def _form(family: Family) -> tuple[list[str], dict[str, Any]]:
    """The special tokens, and what the tokenizer must know of them."""
    match family:
        case "causal":
            return ["<pad>", "<s>", "<|im_start|>", "<|im_end|>"], {
                "eos_token": "<|im_end|>",
                "additional_special_tokens": ["<|im_start|>"],
                "chat_template": CHAT_TEMPLATE,
                "padding_side": "left",
            }
        case "seq2seq":
            return ["<pad>", "<s>", "</s>"], {"eos_token": "</s>", "padding_side": "right"}
