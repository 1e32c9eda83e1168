"""Write summaries: batched by length, deterministic, and in the order of the dialogues.

Enters: a Summarizer and dialogues. Leaves: one Prediction a dialogue. Evaluation and serving both come through here.
A causal model goes on after the prompts, which are padded on the left; the decoder of a seq2seq model begins with a
token of its own, and the dialogues are padded on the right:

    causal     pad pad <s> prompt … | #Person1# 은 …
    seq2seq    encoder: <s> dialogue … </s> pad pad      decoder: </s> | #Person1# 은 …
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessorList,
    NoRepeatNGramLogitsProcessor,
    PreTrainedTokenizerBase,
)

from dialsum.corpus.dialogue import Dialogue
from dialsum.corpus.prediction import Prediction
from dialsum.modeling.foreign import Foreign, ForeignBlock, find_foreign, homes
from dialsum.modeling.loading import end_ids, load_tokenizer, load_trained
from dialsum.params.generation import Generation
from dialsum.params.model import Family
from dialsum.params.prompt import Tokenize
from dialsum.prompts.encode import encode_source
from dialsum.prompts.form import Form

_BROKEN = re.compile("\ufffd+")


@dataclass(frozen=True)
class Summarizer:
    """A model with all that decides what it answers.

    `end`: ids that end a summary; `foreign`: tokens with letters of other scripts, None where all are allowed.
    """

    model: Any
    tokenizer: PreTrainedTokenizerBase
    family: Family
    form: Form
    limits: Tokenize
    generation: Generation
    end: list[int]
    foreign: Foreign | None


def load_summarizer(base: Path, trained: Path, form: Form, limits: Tokenize, generation: Generation) -> Summarizer:
    """The model of `base` and `trained`, with its tokenizer and all the ids that end a reply."""
    torch.set_num_threads(generation.threads)
    model, pin = load_trained(base, trained)
    tokenizer = load_tokenizer(base)
    end = end_ids(tokenizer, base)
    foreign = None if generation.foreign_tokens == "allow" else find_foreign(tokenizer, end)
    return Summarizer(model, tokenizer, pin.family, form, limits, generation, end, foreign)


def summarize(summarizer: Summarizer, dialogues: Sequence[Dialogue]) -> list[Prediction]:
    """One Prediction a dialogue, in order. Not safe for two threads at once: the caller holds a lock."""
    found = {row: prediction for batch in batches(summarizer, dialogues) for row, prediction in batch.predict()}
    return [found[row] for row in range(len(dialogues))]


@dataclass(frozen=True)
class Batch:
    """Rows that are decoded together: their places in the list of dialogues, the dialogues and their prompts' ids."""

    summarizer: Summarizer
    rows: list[int]
    dialogues: list[Dialogue]
    sources: list[list[int]]

    def predict(self) -> list[tuple[int, Prediction]]:
        """Each row with its prediction."""
        texts = _decode(self.summarizer, self.sources, self.dialogues)
        return [
            (row, Prediction(dialogue.id, text, finished))
            for row, dialogue, (text, finished) in zip(self.rows, self.dialogues, texts, strict=True)
        ]


def batches(summarizer: Summarizer, dialogues: Sequence[Dialogue]) -> Iterator[Batch]:
    """The dialogues in batches of about one length, the longest first: if memory is short, it shows at once."""
    tokenizer, family, form, limits = summarizer.tokenizer, summarizer.family, summarizer.form, summarizer.limits
    limit, truncation = limits.max_source_tokens, limits.truncation
    sources = [encode_source(tokenizer, family, dialogue, form, limit, truncation).ids for dialogue in dialogues]
    order = sorted(range(len(dialogues)), key=lambda row: len(sources[row]), reverse=True)
    for start in range(0, len(order), summarizer.generation.batch_size):
        rows = order[start : start + summarizer.generation.batch_size]
        yield Batch(summarizer, rows, [dialogues[row] for row in rows], [sources[row] for row in rows])


@torch.inference_mode()
def _decode(summarizer: Summarizer, sources: list[list[int]], dialogues: Sequence[Dialogue]) -> list[tuple[str, bool]]:
    """The text after each source, and whether an end token closed it."""
    # The mask goes by position: where the end token pads, those of a source are not masked.
    padded = summarizer.tokenizer.pad({"input_ids": sources}, return_tensors="pt").to(summarizer.model.device)
    before = padded["input_ids"].shape[1] if summarizer.family == "causal" else 1  # tokens that `generate` begins with
    produced = summarizer.model.generate(
        input_ids=padded["input_ids"],
        attention_mask=padded["attention_mask"],
        generation_config=_config(summarizer),
        logits_processor=_processors(summarizer, before, dialogues),
    )[:, before:].tolist()
    return [_until_end(summarizer, ids) for ids in produced]


class NoRepeatInSummary(NoRepeatNGramLogitsProcessor):
    """No n-gram of tokens twice in a summary.

    The stock setting counts the prompt's too, and so forbids to take over what the dialogue says: with 6 the share of
    facts stated fell by half.
    """

    def __init__(self, size: int, prompt_length: int) -> None:
        """`size`: tokens of an n-gram; `prompt_length`: tokens before the summary, padding included."""
        super().__init__(size)
        self.prompt_length = prompt_length

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """`scores` (rows, vocabulary) for the next token after `input_ids` (rows, prompt and summary so far)."""
        barred: torch.Tensor = super().__call__(input_ids[:, self.prompt_length :], scores)
        return barred


def _processors(summarizer: Summarizer, prompt_length: int, dialogues: Sequence[Dialogue]) -> LogitsProcessorList:
    generation, processors = summarizer.generation, LogitsProcessorList()
    if generation.no_repeat_ngram_size:
        processors.append(NoRepeatInSummary(generation.no_repeat_ngram_size, prompt_length))
    if summarizer.foreign:
        home = homes([dialogue.text() for dialogue in dialogues], generation.foreign_tokens)
        processors.append(ForeignBlock(summarizer.foreign, home, prompt_length))
    return processors


def _until_end(summarizer: Summarizer, ids: list[int]) -> tuple[str, bool]:
    ends = [place for place, token in enumerate(ids) if token in summarizer.end]
    kept = ids[: ends[0]] if ends else ids
    text = str(summarizer.tokenizer.decode(kept, skip_special_tokens=True))
    # Where a character's bytes are not all there, decoding leaves U+FFFD. A blank for it: the letters on both sides
    # would else make a run ("P", half a character, "ker") that `ForeignBlock` never saw.
    return _BROKEN.sub(" ", text).strip(), bool(ends)


def _config(summarizer: Summarizer) -> GenerationConfig:
    """Ours alone: a hub model's own generation_config would sample (see also modeling/loading)."""
    generation = summarizer.generation
    return GenerationConfig(
        do_sample=False,
        num_beams=generation.num_beams,
        max_new_tokens=generation.max_new_tokens,
        eos_token_id=summarizer.end,
        pad_token_id=summarizer.tokenizer.pad_token_id,
        bos_token_id=summarizer.tokenizer.bos_token_id,
        decoder_start_token_id=_decoder_start(summarizer),
        use_cache=True,
    )


def _decoder_start(summarizer: Summarizer) -> int | None:
    """The token that training too puts before the labels (`shift_tokens_right` of BART, `_shift_right` of T5)."""
    if summarizer.family == "causal":
        return None
    token: int = summarizer.model.config.decoder_start_token_id
    return token
