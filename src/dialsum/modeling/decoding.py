"""Write summaries: batched by length, deterministic, and in the order of the dialogues.

Enters: a Summarizer and dialogues. Leaves: one Prediction a dialogue. Evaluation and serving both come through here.
A causal model goes on after the prompts, which are padded on the left; the decoder of a seq2seq model begins with a
token of its own, and the dialogues are padded on the right:

    causal     pad pad <s> prompt … | #Person1# 은 …
    seq2seq    encoder: <s> dialogue … </s> pad pad      decoder: </s> | #Person1# 은 …
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig, PreTrainedTokenizerBase, StoppingCriteriaList

from dialsum.corpus.dialogue import Dialogue
from dialsum.corpus.prediction import Prediction
from dialsum.errors import InputError
from dialsum.modeling.bounds import LengthBounds, count_tokens
from dialsum.modeling.cache import roomy_cache
from dialsum.modeling.gpu import ran_out
from dialsum.modeling.loading import end_ids, load_tokenizer, load_trained
from dialsum.modeling.postprocess import mend
from dialsum.modeling.rules import MostEnded, make_rules, seed_of
from dialsum.modeling.vocabulary import Foreign, find_foreign
from dialsum.params.generation import Generation
from dialsum.params.model import Family
from dialsum.params.prompt import Tokenize
from dialsum.prompts.encode import encode_source
from dialsum.prompts.form import Form

BOUNDED = "length_bound"  # the note on a summary that reached the bound on its length

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Summarizer:
    """A model with all that decides what it answers.

    `end`: ids that end a summary; `foreign`: tokens with letters of other scripts, None where all are allowed;
    `bounds`: how long summaries may be by their dialogues, None where one length is for all.
    """

    model: Any
    tokenizer: PreTrainedTokenizerBase
    family: Family
    form: Form
    limits: Tokenize
    generation: Generation
    end: list[int]
    foreign: Foreign | None
    bounds: LengthBounds | None = None


def load_summarizer(
    base: Path,
    trained: Path,
    form: Form,
    limits: Tokenize,
    generation: Generation,
    bounds: LengthBounds | None = None,
) -> Summarizer:
    """The model of `base` and `trained`, with its tokenizer and all the ids that end a reply.

    Raises ValueError if `bounds` are not there although `generation.length_by_source` asks for them, or the reverse.
    """
    if generation.length_by_source is (bounds is None):
        raise ValueError("length bounds are needed with generation.length_by_source, and only with it")
    torch.set_num_threads(generation.threads)
    model, pin = load_trained(base, trained)
    tokenizer = load_tokenizer(base)
    end = end_ids(tokenizer, base)
    foreign = None if generation.foreign_tokens == "allow" else find_foreign(tokenizer, end)
    return Summarizer(model, tokenizer, pin.family, form, limits, generation, end, foreign, bounds)


@dataclass(frozen=True)
class Answer:
    """A summary of the dialogue in place `row`: which of its samples, and what rules did to it.

    `notes`: the switches of `generation.postprocess` that mended the text, and BOUNDED.
    """

    row: int
    sample: int
    prediction: Prediction
    notes: list[str]


@dataclass
class Room:
    """How many rows a batch may have; fewer after the GPU's memory ran out."""

    rows: int


def summarize(summarizer: Summarizer, dialogues: Sequence[Dialogue]) -> list[Prediction]:
    """One Prediction a dialogue (its first sample), in order.

    Not safe for two threads at once: the caller holds a lock.
    """
    room = Room(summarizer.generation.batch_size)
    once = [(row, 0) for row in range(len(dialogues))]
    work = batches(summarizer, dialogues, once)
    found = {answer.row: answer.prediction for batch in decode(work, room) for answer in batch}
    return [found[row] for row in range(len(dialogues))]


@dataclass(frozen=True)
class Batch:
    """Rows that are decoded together: their places in the list of dialogues, the dialogues and their prompts' ids.

    `samples`: the number of each one's sample, 0 where only one is asked for.
    """

    summarizer: Summarizer
    rows: list[int]
    samples: list[int]
    dialogues: list[Dialogue]
    sources: list[list[int]]

    def predict(self, patient: bool = True) -> tuple[list[Answer], Batch]:
        """The answer for each row; without patience a few rows may be left over, for they go on and on: the Batch."""
        limits, most = self.bounds(), self.summarizer.generation.max_new_tokens
        answers, late = [], []
        for place, ids in enumerate(_decode(self, limits, patient)):
            said, finished = _until_end(self.summarizer, ids)
            if not (finished or patient or len(said) == most):
                late.append(place)
                continue
            dialogue = self.dialogues[place]
            text = str(self.summarizer.tokenizer.decode(said, skip_special_tokens=True)).strip()
            text, notes = mend(text, dialogue.text(), self.summarizer.generation.postprocess)
            if limits and len(said) >= limits[place]:
                notes.append(BOUNDED)
            prediction = Prediction(dialogue.id, text, finished)
            answers.append(Answer(self.rows[place], self.samples[place], prediction, notes))
        return answers, self.pick(late)

    def bounds(self) -> list[int]:
        """How long each summary may be, in tokens; empty where one length is for all."""
        bounds, least = self.summarizer.bounds, self.summarizer.generation.min_new_tokens
        if bounds is None:
            return []
        lengths = count_tokens(self.summarizer.tokenizer, [dialogue.text() for dialogue in self.dialogues])
        return [max(bounds.of(length), least) for length in lengths]

    def pick(self, places: Sequence[int]) -> Batch:
        """Some of its rows."""
        columns = (self.rows, self.samples, self.dialogues, self.sources)
        return Batch(self.summarizer, *([column[place] for place in places] for column in columns))  # type: ignore[arg-type]

    def split(self, size: int) -> list[Batch]:
        """The same rows in batches of at most `size`."""
        places = range(len(self.rows))
        return [self.pick(places[start : start + size]) for start in range(0, len(places), size)]


def every_sample(dialogues: Sequence[Dialogue], generation: Generation) -> list[tuple[int, int]]:
    """All that is to be written: place of the dialogue, number of the sample."""
    return [(row, sample) for row in range(len(dialogues)) for sample in range(generation.num_samples)]


def batches(
    summarizer: Summarizer, dialogues: Sequence[Dialogue], wanted: Collection[tuple[int, int]] | None = None
) -> Iterator[Batch]:
    """What is `wanted` (all: `every_sample`) in batches of about one length.

    The longest come first: if memory is short, it shows at once.
    """
    tokenizer, family, form, limits = summarizer.tokenizer, summarizer.family, summarizer.form, summarizer.limits
    if wanted is None:
        wanted = every_sample(dialogues, summarizer.generation)
    sources = {
        row: encode_source(tokenizer, family, dialogues[row], form, limits.max_source_tokens, limits.truncation).ids
        for row in sorted({row for row, _ in wanted})
    }
    order = sorted(wanted, key=lambda pair: len(sources[pair[0]]), reverse=True)
    for start in range(0, len(order), summarizer.generation.batch_size):
        chosen = order[start : start + summarizer.generation.batch_size]
        rows = [row for row, _ in chosen]
        samples = [sample for _, sample in chosen]
        yield Batch(summarizer, rows, samples, [dialogues[row] for row in rows], [sources[row] for row in rows])


def decode(work: Iterable[Batch], room: Room) -> Iterator[list[Answer]]:
    """The answers, batch by batch.

    A batch takes as many steps as its longest summary. The few rows that go on when the others have ended are left,
    and written anew together at the end: of 96 dialogues four that never ended had taken half of the time.

    Where the GPU's memory runs out, it goes on with half as many rows at a time. Raises InputError if there is no
    memory for a single row.
    """
    late: list[Batch] = []
    for batch in work:
        for answers, rest in _in_pieces(batch, room, patient=batch.summarizer.generation.num_beams > 1):
            yield answers
            late += [rest] if rest.rows else []
    for batch in _together(late, room):
        for answers, _ in _in_pieces(batch, room, patient=True):
            yield answers


def _together(parts: list[Batch], room: Room) -> list[Batch]:
    if not parts:
        return []
    rows, samples, dialogues, sources = (
        [item for part in parts for item in getattr(part, column)]
        for column in ("rows", "samples", "dialogues", "sources")
    )
    return Batch(parts[0].summarizer, rows, samples, dialogues, sources).split(room.rows)


def _in_pieces(batch: Batch, room: Room, patient: bool) -> Iterator[tuple[list[Answer], Batch]]:
    waiting = batch.split(room.rows)
    while waiting:
        try:
            yield waiting[0].predict(patient)
        except RuntimeError as error:
            if not ran_out(error):
                raise
            rows = len(waiting[0].rows)
        else:
            waiting.pop(0)
            continue
        # Here, and not above: as long as the exception lives, so do the tensors of the batch.
        if rows == 1:
            raise InputError(
                "params.yaml: generation: the GPU's memory ran out with a single row; choose a smaller model, or lower "
                "num_beams or tokenize.max_source_tokens"
            )
        torch.cuda.empty_cache()
        room.rows = rows // 2
        logger.warning("the GPU's memory ran out with %d rows at a time; going on with %d", rows, room.rows)
        waiting = [piece for part in waiting for piece in part.split(room.rows)]


@torch.inference_mode()
def _decode(batch: Batch, bounds: list[int], patient: bool) -> list[list[int]]:
    """The tokens after each source."""
    summarizer, generation = batch.summarizer, batch.summarizer.generation
    # The mask goes by position: where the end token pads, those of a source are not masked.
    padded = summarizer.tokenizer.pad({"input_ids": batch.sources}, return_tensors="pt").to(summarizer.model.device)
    before = padded["input_ids"].shape[1] if summarizer.family == "causal" else 1  # tokens that `generate` begins with
    seeds = [seed_of(generation.seed, *which) for which in zip(batch.sources, batch.samples, strict=True)]
    texts = [dialogue.text() for dialogue in batch.dialogues]
    plain = summarizer.family == "causal" and generation.num_beams == 1
    produced: list[list[int]] = summarizer.model.generate(
        input_ids=padded["input_ids"],
        attention_mask=padded["attention_mask"],
        generation_config=_config(summarizer),
        logits_processor=make_rules(summarizer, texts, bounds, seeds, before),
        stopping_criteria=StoppingCriteriaList([] if patient else [MostEnded(summarizer.end)]),
        past_key_values=roomy_cache(summarizer.model.config) if plain else None,
    )[:, before:].tolist()
    return produced


def _until_end(summarizer: Summarizer, ids: list[int]) -> tuple[list[int], bool]:
    """The tokens before the first that ends a summary, and whether there is one."""
    ends = [place for place, token in enumerate(ids) if token in summarizer.end]
    return (ids[: ends[0]], True) if ends else (ids, False)


def _config(summarizer: Summarizer) -> GenerationConfig:
    """Ours alone: a hub model's own generation_config would sample (see also modeling/loading)."""
    generation = summarizer.generation
    return GenerationConfig(
        do_sample=False,  # what is drawn is the only token that `Draw` leaves
        num_beams=generation.num_beams,
        length_penalty=generation.length_penalty,
        early_stopping=generation.early_stopping,
        max_new_tokens=generation.max_new_tokens,
        min_new_tokens=generation.min_new_tokens or None,
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
