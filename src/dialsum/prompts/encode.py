"""From a dialogue to token ids: the same source for training, generation and serving.

Enters: a Dialogue, and a reference when training. Leaves: a Source, and `{"input_ids": […], "labels": […]}`. For a
causal model the labels are -100 on the source and the target's ids, its end token included, after it:

    input_ids  <s> … <|im_start|> assistant \\n | #Person1# 은 … <|im_end|>
    labels     -100 …                  … -100 | #Person1# 은 … <|im_end|>

Source and target are tokenized apart and joined, so that no search for the header can fail. A seq2seq model reads the
bare dialogue, after a prefix if one is chosen, and source and target stay apart:

    input_ids  <s> #Person1# : … </s>
    labels     #Person1# 은 … </s>

No text of a dialogue, an example or a summary becomes a token that steers the model (`prompts.control`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from dialsum.corpus.dialogue import Dialogue, Turn
from dialsum.params.model import Family
from dialsum.params.prompt import Truncation
from dialsum.prompts.control import said, spelled_apart
from dialsum.prompts.form import Form, Shot
from dialsum.prompts.render import render
from dialsum.prompts.truncate import fit

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100  # what torch's cross entropy leaves out


@dataclass(frozen=True)
class Source:
    """The prompt's ids, how many turns the dialogue lost to fit, and how many a part, and the tokens it had before.

    `mended`: whether the dialogue spelled a control token.
    """

    ids: list[int]
    turns_dropped: int
    turns_cut: int
    whole: int
    mended: bool = False


@dataclass(frozen=True)
class Target:
    """The summary's ids with the end token last; whether it was cut to fit, and whether it spelled a control token."""

    ids: list[int]
    cut: bool
    mended: bool = False


@dataclass(frozen=True)
class Row:
    """A dialogue with one of its references, or with none: what the model reads, and what it learns to say."""

    id: str
    source: Source
    target: Target | None
    header_lost: bool


def encode_rows(
    tokenizer: PreTrainedTokenizerBase,
    family: Family,
    dialogue: Dialogue,
    form: Form,
    limits: tuple[int, int],
    truncation: Truncation,
) -> list[Row]:
    """A dialogue asked in one form: a row for each reference, or one without target. `limits`: of source, of target."""
    source = encode_source(tokenizer, family, dialogue, form, limits[0], truncation)
    lost = header_lost(tokenizer, family, dialogue, form, source)
    if not dialogue.references:
        return [Row(dialogue.id, source, None, lost)]
    return [Row(dialogue.id, source, encode_target(tokenizer, one, limits[1]), lost) for one in dialogue.references]


def encode_source(
    tokenizer: PreTrainedTokenizerBase,
    family: Family,
    dialogue: Dialogue,
    form: Form,
    limit: int,
    truncation: Truncation,
) -> Source:
    """The prompt for a dialogue, or for a seq2seq model the dialogue alone, in at most `limit` tokens."""
    own = form.for_dialogue(dialogue)
    own = replace(own, shots=tuple(_harmless(tokenizer, shot) for shot in own.shots))
    harmless = said(tokenizer, dialogue)

    @cache  # what is measured to fit is asked for once more
    def ids(candidate: Dialogue) -> list[int]:
        match family:
            case "causal":
                # The template has written the special tokens; the tokenizer must not add them again.
                return list(tokenizer(render(tokenizer, candidate, own), add_special_tokens=False)["input_ids"])
            case "seq2seq":
                return _between_special_tokens(tokenizer, form.prefix + candidate.text())

    fitted = fit(harmless, lambda candidate: len(ids(candidate)), limit, truncation)
    whole, mended = len(ids(harmless)), harmless is not dialogue
    return Source(ids(fitted.dialogue), fitted.turns_dropped, fitted.turns_cut, whole, mended)


def _harmless(tokenizer: PreTrainedTokenizerBase, shot: Shot) -> Shot:
    return Shot(said(tokenizer, shot.dialogue), spelled_apart(tokenizer, shot.summary))


def header_lost(
    tokenizer: PreTrainedTokenizerBase, family: Family, dialogue: Dialogue, form: Form, source: Source
) -> bool:
    """Whether what must stand behind the dialogue (for a causal model its question and the assistant header, for a
    seq2seq model the end token) is not whole at the end of the source.
    """
    match family:
        case "causal":
            here = "\ue000"  # a dialogue of one character that has no meaning and stands in no prompt
            text = render(tokenizer, said(tokenizer, replace(dialogue, turns=(Turn("", here),))), form)
            behind = tokenizer(text.rpartition(here)[2], add_special_tokens=False)["input_ids"]
            # As text: the first token behind the dialogue may have been one with its last.
            return not str(tokenizer.decode(source.ids[-len(behind) - 4 :])).endswith(str(tokenizer.decode(behind)))
        case "seq2seq":
            return bool(source.ids[-1] != tokenizer.eos_token_id)


def _between_special_tokens(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """The text's ids as an encoder was trained on them: for BART between `<s>` and `</s>`, for T5 before `</s>`.

    KoBART's tokenizer, unlike BART's and T5's, adds neither by itself; T5's has no `<s>`.
    """
    if tokenizer.num_special_tokens_to_add():
        return list(tokenizer(text)["input_ids"])
    ids = [*tokenizer(text)["input_ids"], tokenizer.eos_token_id]
    return ids if tokenizer.bos_token_id is None else [tokenizer.bos_token_id, *ids]


def encode_target(tokenizer: PreTrainedTokenizerBase, summary: str, limit: int) -> Target:
    """The summary and the end token in at most `limit` tokens; a summary that is cut still ends with the end token."""
    harmless = spelled_apart(tokenizer, summary)
    ids = tokenizer(harmless, add_special_tokens=False)["input_ids"]
    return Target([*ids[: limit - 1], tokenizer.eos_token_id], cut=len(ids) > limit - 1, mended=harmless != summary)


def join(family: Family, source: Source, target: Target) -> dict[str, list[int]]:
    """One training row, labels on the target alone: `input_ids` and `labels` are of one length for causal models."""
    match family:
        case "causal":
            ids = [*source.ids, *target.ids]
            return {"input_ids": ids, "labels": [*[IGNORED] * len(source.ids), *target.ids]}
        case "seq2seq":
            return {"input_ids": source.ids, "labels": target.ids}
