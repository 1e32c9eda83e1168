"""Section `generation`: how a summary is decoded, and what is mended in it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from dialsum.params.strict import STRICT

Count = Annotated[int, Field(gt=0)]
Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
ForeignTokens = Literal["allow", "block", "block_unless_in_dialogue"]


@dataclass(frozen=True, config=STRICT)
class Postprocess:
    """What is mended in a text that a model wrote (`modeling.postprocess`); false leaves it as it is."""

    role_headers: bool
    summary_headers: bool
    broken_characters: bool
    open_labels: bool
    repeated_sentences: bool


@dataclass(frozen=True, config=STRICT)
class Generation:
    """Greedy for `num_beams` 1, beam search above, sampling with `do_sample`. Lengths are in tokens.

    `length_penalty`, `early_stopping`: of beam search, as in transformers. A beam's score is its log-probability by its
    length to the power of `length_penalty`, so that more than 1 favours long summaries; with `early_stopping` a search
    ends as soon as it has `num_beams` whole summaries.

    `num_samples`: summaries drawn for each dialogue. What is drawn depends on `seed`, the prompt and the sample's
    number alone, not on the batch.

    `repetition_penalty`, `no_repeat_ngram_size`: both count the summary alone, whatever the dialogue says. So many
    tokens in a row come at most once in a summary; 0 allows all. Of 250 real reference summaries none repeats 12 tokens
    of Qwen3, but 84 repeat 4, for a label as `#Person1#` is four: a small number corrupts, and so does a penalty.

    `length_by_source`: a bound on each summary by the length of its dialogue (`modeling.bounds`), learned from the
    train split: `length_bins` groups of dialogues of like length, in each of which `length_quantile` of the summaries
    are within the bound.

    `foreign_tokens`: what becomes of letters that are not Hangul (`modeling.foreign`). `block` lets labels and masks
    through alone.

    `batch_size`: summaries decoded together.
    """

    max_new_tokens: Count
    min_new_tokens: Natural
    num_beams: Count
    length_penalty: float
    early_stopping: bool
    do_sample: bool
    temperature: Positive
    top_p: Annotated[float, Field(gt=0, le=1)]
    top_k: Natural
    num_samples: Count
    seed: Natural
    repetition_penalty: Positive
    no_repeat_ngram_size: Natural
    length_by_source: bool
    length_bins: Count
    length_quantile: Annotated[float, Field(gt=0, le=1)]
    foreign_tokens: ForeignTokens
    postprocess: Postprocess
    batch_size: Count
    threads: Count

    @model_validator(mode="after")
    def _one_search(self) -> Generation:
        """A value that would have no effect is refused: who set it believes that it has one."""
        if self.do_sample and self.num_beams > 1:
            raise ValueError(
                "do_sample (true) draws, num_beams above 1 searches; set do_sample to false or num_beams to 1"
            )
        beams = {"length_penalty": self.length_penalty != 1, "early_stopping": self.early_stopping}
        draws = {
            "temperature": self.temperature != 1,
            "top_p": self.top_p != 1,
            "top_k": self.top_k != 0,
            "num_samples": self.num_samples != 1,
        }
        for name, chosen in beams.items():
            if chosen and self.num_beams == 1:
                raise ValueError(
                    f"{name} compares beams, and num_beams is 1; set num_beams to 4, or {name} to {NEUTRAL[name]}"
                )
        for name, chosen in draws.items():
            if chosen and not self.do_sample:
                raise ValueError(
                    f"{name} is for sampling, and do_sample is false; set it to true, or {name} to {NEUTRAL[name]}"
                )
        return self

    @model_validator(mode="after")
    def _room_to_end(self) -> Generation:
        if self.min_new_tokens >= self.max_new_tokens:
            raise ValueError(
                f"min_new_tokens ({self.min_new_tokens}) should be less than max_new_tokens ({self.max_new_tokens}): "
                "else no summary can end"
            )
        return self


NEUTRAL = {
    "length_penalty": "1.0",
    "early_stopping": "false",
    "temperature": "1.0",
    "top_p": "1.0",
    "top_k": "0",
    "num_samples": "1",
}
