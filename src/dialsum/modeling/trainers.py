"""The three trainers: transformers' own, its one for pairs of source and target, and TRL's.

Enters: a model made ready, a Lesson, the values in force. Leaves: a trainer that takes the rows in our order and our
batches. Which of the three it is, params.yaml and the kind of model choose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset, concatenate_datasets
from transformers import EvalPrediction, GenerationConfig, PreTrainedTokenizerBase, Seq2SeqTrainer, Trainer

from dialsum.modeling.arguments import arguments
from dialsum.modeling.batching import Collator, EpochSampler, Packing, PairCollator, without_prompt_logits
from dialsum.modeling.isolation import check_isolation, needs_no_mask
from dialsum.params.training import Training
from dialsum.prompts.encode import IGNORED

COLUMNS = ["input_ids", "labels"]


@dataclass(frozen=True)
class Lesson:
    """What is learned: tokenized rows with their `length`, a dev set, and the tokenizer that made both.

    `end`: the ids that end a summary.
    """

    rows: Dataset
    dev: Dataset
    tokenizer: PreTrainedTokenizerBase
    end: list[int]


class Ours:
    """What our trainers share: the order of rows, and a dev loss over tokens.

    The library's is a mean over batches, which changes with their size. (Of several processes one may see some rows
    twice, which make their batches even.)
    """

    sampler: EpochSampler
    accelerator: Any
    summed: torch.Tensor  # loss, and tokens that it is of

    def _get_train_sampler(self, train_dataset: Any = None) -> EpochSampler:  # noqa: ARG002
        return self.sampler

    def evaluation_loop(self, *given: Any, metric_key_prefix: str = "eval", **options: Any) -> Any:
        """The library's, with the mean loss of the supervised tokens."""
        self.summed = torch.zeros(2)
        outcome = super().evaluation_loop(*given, metric_key_prefix=metric_key_prefix, **options)  # type: ignore[misc]
        loss, tokens = self.accelerator.reduce(self.summed.to(self.accelerator.device)).tolist()
        outcome.metrics[f"{metric_key_prefix}_loss"] = loss / tokens
        return outcome

    def prediction_step(self, model: Any, inputs: dict[str, Any], *given: Any, **options: Any) -> Any:
        """The library's; its loss is the mean of the batch."""
        tokens = int((inputs["labels"] != IGNORED).sum())
        outcome = super().prediction_step(model, inputs, *given, **options)  # type: ignore[misc]
        self.summed += torch.tensor([float(outcome[0]) * tokens, tokens])
        return outcome


class CausalTrainer(Ours, Trainer):
    """The Trainer with logits only where a label needs them."""

    def compute_loss(self, model: Any, inputs: dict[str, torch.Tensor], *args: Any, **options: Any) -> Any:
        """The loss of the batch without the logits that it does not need; in evaluation the mean over its own tokens,
        where the library's is over those of all processes, times their number.
        """
        if not model.training:
            options["num_items_in_batch"] = None
        return super().compute_loss(model, without_prompt_logits(inputs), *args, **options)


class PairTrainer(Ours, Seq2SeqTrainer):
    """The trainer that writes summaries during evaluation."""


def mean_over_step(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
    """The share of a micro-batch in the mean loss over all supervised tokens of its step, which are so many.

    BART and T5 give the mean over the micro-batch, whatever number they are told, and the library, which believes that
    they heed it, adds these means up. Shapes: logits (rows, longest target, vocabulary), `labels` (rows,
    longest target).
    """
    logits = outputs["logits"].flatten(0, 1).float()
    summed = torch.nn.functional.cross_entropy(logits, labels.flatten(), ignore_index=IGNORED, reduction="sum")
    return summed / ((labels != IGNORED).sum() if num_items_in_batch is None else num_items_in_batch)


def make_trainer(model: Any, lesson: Lesson, training: Training, checkpoints: Path) -> Any:
    """A trainer that has everything but its sampler. Raises InputError if packed samples would see each other."""
    pad = int(lesson.tokenizer.pad_token_id)
    seq2seq = bool(model.config.is_encoder_decoder)
    answers = answering(model, lesson) if seq2seq else None
    given: dict[str, Any] = {
        "model": model,
        "args": arguments(training, model, len(lesson.rows), checkpoints, answers),
        "train_dataset": _with_filler(lesson.rows.select_columns(COLUMNS), pad),
        "eval_dataset": lesson.dev.select_columns(COLUMNS),
    }
    if seq2seq:
        collator = PairCollator(pad, model.prepare_decoder_input_ids_from_labels)
        # The library smooths labels by a loss of its own, which is over the step.
        given["compute_loss_func"] = None if training.label_smoothing else mean_over_step
        return PairTrainer(**given, data_collator=collator, compute_metrics=rouge_sum(lesson.tokenizer))
    given["data_collator"] = causal_collator(model, pad, training)
    if training.trainer == "trainer":
        return CausalTrainer(**given)
    from trl.trainer.sft_trainer import SFTTrainer  # it takes seconds

    class OurSFTTrainer(Ours, SFTTrainer):
        """TRL's trainer, which has its own way to spare logits."""

    trainer = OurSFTTrainer(**given, processing_class=lesson.tokenizer)
    for parameter in model.parameters():  # it makes an adapter of a model of 4 bits bfloat16
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return trainer


def answering(model: Any, lesson: Lesson) -> GenerationConfig:
    """How a seq2seq model writes the summaries that it is scored by after each epoch: greedily."""
    return GenerationConfig(
        max_new_tokens=max(map(len, lesson.dev["labels"])),
        eos_token_id=lesson.end,
        pad_token_id=lesson.tokenizer.pad_token_id,
        decoder_start_token_id=model.config.decoder_start_token_id,
    )


def causal_collator(model: Any, pad: int, training: Training) -> Collator | Packing:
    """How the samples of a micro-batch become one tensor."""
    if training.batching != "packed":
        return Collator(pad)
    check_isolation(model)
    return Packing(pad, None if needs_no_mask(model) else int(model.config.get_text_config().hidden_size))


def _with_filler(rows: Dataset, pad: int) -> Dataset:
    """The rows and one more, from which nothing is learned (see EpochSampler)."""
    filler = Dataset.from_dict({"input_ids": [[pad]], "labels": [[IGNORED]]}, features=rows.features)
    return concatenate_datasets([rows, filler])


def rouge_sum(tokenizer: PreTrainedTokenizerBase) -> Callable[[EvalPrediction], dict[str, float]]:
    """A measure for the trainer: the sum of ROUGE-1, -2 and -L F1 over Mecab morphemes, in percent."""
    from dialsum.measures.rouge import means, scorer

    pair = scorer("official", "mecab")

    def texts(ids: Any) -> list[str]:
        known = np.where(np.asarray(ids) < 0, tokenizer.pad_token_id, ids)
        return [text.strip() for text in tokenizer.batch_decode(known, skip_special_tokens=True)]

    def measure(outcome: EvalPrediction) -> dict[str, float]:
        pairs = zip(texts(outcome.predictions), texts(outcome.label_ids), strict=True)
        return {"rouge_sum": means(pair(said, reference) for said, reference in pairs)["rouge_sum"]}

    return measure
