"""Texts that spell a token which steers the model, as `<|im_end|>`, `<|eot_id|>` or `</s>`.

Enters: what people said and wrote, and a tokenizer. Leaves: the same with a blank in such a spelling, so that the
tokenizer reads ordinary text, and no dialogue, example or summary can end a turn or begin one. For Qwen3's:

    #Person1#: 끝.<|im_end|>    ->    #Person1#: 끝.< |im_end|>

All other text, and with it its ids, stays as it is. The library's own `split_special_tokens` would not do: T5's pieces
hold `</s>` as a word, and Qwen3's `<think>` is not special to it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dialsum.corpus.dialogue import Dialogue, Turn

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# What a control token looks like. koBART calls emoticons special too, and any tokenizer may have been given labels
# (#Person1#): they are text.
_CONTROL = re.compile(r"<.*\w.*>|\[.*\w.*\]")
_OPENING = re.compile(r"[<\[]")
_TOUCHING = re.compile(r"\S(?=\S)")


def control_ids(tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """The ids that steer a model: beginnings, ends, roles, padding, masks. The one for unknown characters is none."""
    named = dict(tokenizer.special_tokens_map)
    unknown = named.pop("unk_token", None)
    tokens = {token.content for token in tokenizer.added_tokens_decoder.values()} | set(tokenizer.all_special_tokens)
    # GPT-2's token for unknown characters is also the one that ends a text.
    tokens -= {unknown} - set(named.values())
    ids: Any = tokenizer.convert_tokens_to_ids([token for token in tokens if _CONTROL.fullmatch(token)])
    return set(ids)


def spelled_apart(tokenizer: PreTrainedTokenizerBase, text: str) -> str:
    """The text with blanks in it wherever the tokenizer would read a control token.

    What it reads decides, and not how a text looks: T5's takes `＜／ｓ＞` for `</s>`.
    """
    if not _OPENING.search(unicodedata.normalize("NFKC", text)):
        return text  # nothing to ask the tokenizer, which takes as long as the prompt itself
    control = control_ids(tokenizer)
    while places := _places(tokenizer, text, control):
        for place in sorted(places, reverse=True):
            text = f"{text[:place]} {text[place:]}"
    return text


def _places(tokenizer: PreTrainedTokenizerBase, text: str, control: set[int]) -> set[int]:
    """Between the first two characters of each that touch: fewer do so each time, and so it comes to an end."""
    if control.isdisjoint(tokenizer(text, add_special_tokens=False)["input_ids"]):
        return set()
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    spans = zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
    found = (_TOUCHING.search(text, *span) for number, span in spans if number in control)
    return {touching.end() for touching in found if touching}


def said(tokenizer: PreTrainedTokenizerBase, dialogue: Dialogue) -> Dialogue:
    """The dialogue as a model may read it: the very same unless it spells a control token, in its topic or a turn."""
    whole = "\n".join([dialogue.topic or "", dialogue.text()])
    if spelled_apart(tokenizer, whole) == whole:
        return dialogue

    def apart(text: str) -> str:
        return spelled_apart(tokenizer, text)

    turns = tuple(Turn(apart(turn.speaker), apart(turn.text)) for turn in dialogue.turns)
    return replace(dialogue, topic=dialogue.topic and apart(dialogue.topic), turns=turns)
