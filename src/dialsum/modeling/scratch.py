"""Make a tiny base model: the default, since it needs no hub and no GPU.

Enters: a Scratch of the catalog. Leaves: a Llama and its tokenizer in the hub's format (safetensors), so that all that
comes after treats it like any hub model. It learns documents of a corpus of its own, a dialogue and a memo on it:

    #Person1#: 예약하고 싶어요.
    #Person2#: 네, 3월 14일 오후 3시는 어떠세요?

    진료 예약: 날짜 3월 14일, 시간 오후 3시

so it knows the language and how to copy, but neither the chat form nor how the task wants a summary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch.nn.functional import cross_entropy
from tqdm import tqdm
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from dialsum.corpus.cleaning import to_dialogue
from dialsum.corpus.dialogue import Dialogue
from dialsum.corpus.synthetic import Row, generate, generate_practice
from dialsum.modeling.batching import Collator, EpochSampler
from dialsum.modeling.catalog import Lesson, Scratch
from dialsum.modeling.tokenizer import train_tokenizer
from dialsum.prompts.encode import IGNORED
from dialsum.prompts.render import document

Pair = tuple[Dialogue, str]
Ids = dict[str, list[int]]


def train_from_scratch(scratch: Scratch) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast, dict[str, float]]:
    """The model, its tokenizer, and figures: documents, tokens seen, first and last loss (nats/token)."""
    torch.set_num_threads(scratch.threads)
    torch.manual_seed(scratch.seed)
    reading = _pairs(generate("base", scratch.corpus_rows, scratch.corpus_seed))
    practice = _pairs(generate_practice(scratch.practice.steps * scratch.practice.batch, scratch.corpus_seed))
    tokenizer = train_tokenizer((f"{dialogue.text()}\n\n{memo}" for dialogue, memo in reading), scratch.vocab_size)
    model = LlamaForCausalLM(_config(scratch, tokenizer))
    lessons = [(scratch.practice, encode(practice, tokenizer)), (scratch.reading, encode(reading, tokenizer))]
    figures = _train(model, lessons, scratch, Collator(int(tokenizer.pad_token_id or 0)))
    return model, tokenizer, {"documents": len(reading), "parameters": model.num_parameters(), **figures}


def _pairs(rows: Sequence[Row]) -> list[Pair]:
    """Cleaned dialogues with their memos."""
    return [(to_dialogue(row.fname, row.dialogue), row.summary) for row in rows]


def encode(pairs: Sequence[Pair], tokenizer: PreTrainedTokenizerFast) -> list[Ids]:
    """Documents as ids; the labels are on the memo and its end token."""
    sources = tokenizer([document(tokenizer, dialogue) for dialogue, _ in pairs], add_special_tokens=False)["input_ids"]
    targets = tokenizer([f"{memo}{tokenizer.eos_token}" for _, memo in pairs], add_special_tokens=False)["input_ids"]
    return [
        {"input_ids": [*source, *target], "labels": [*[IGNORED] * len(source), *target]}
        for source, target in zip(sources, targets, strict=True)
    ]


def _config(scratch: Scratch, tokenizer: PreTrainedTokenizerFast) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=scratch.hidden_size,
        num_hidden_layers=scratch.layers,
        num_attention_heads=scratch.heads,
        num_key_value_heads=scratch.heads,
        intermediate_size=scratch.intermediate_size,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _train(
    model: LlamaForCausalLM, lessons: Sequence[tuple[Lesson, list[Ids]]], scratch: Scratch, collate: Collator
) -> dict[str, float]:
    """The lessons one after the other, under one linear warm-up and cosine decay of the learning rate."""
    steps = sum(lesson.steps for lesson, _ in lessons)
    optimizer = torch.optim.AdamW(model.parameters(), lr=scratch.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _warmup_cosine(steps, scratch.warmup_steps))
    losses, tokens = [], 0
    model.train()
    with tqdm(total=steps, desc="base", unit="step", disable=None, mininterval=1) as bar:
        for lesson, rows in lessons:
            for batch in _batches(rows, lesson, scratch.seed, collate):
                loss = _loss(model, batch, scratch.dialogue_weight)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
                losses.append(loss.item())
                tokens += int(batch["attention_mask"].sum())
                bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
                bar.update()
    return {"tokens": tokens, "first_loss": losses[0], "last_loss": sum(losses[-100:]) / len(losses[-100:])}


def _loss(model: LlamaForCausalLM, batch: dict[str, torch.Tensor], dialogue_weight: float) -> torch.Tensor:
    """Mean loss of the next token, weighted: 1 in the memo, `dialogue_weight` in the dialogue, 0 in the padding.

    Padded on the right, a causal model needs no attention mask for its real tokens.
    """
    logits = model(input_ids=batch["input_ids"]).logits[:, :-1]
    targets, labels, real = (batch[key][:, 1:] for key in ("input_ids", "labels", "attention_mask"))
    weights = torch.where(labels == IGNORED, dialogue_weight, 1.0) * real
    losses = cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    return (losses * weights.flatten()).sum() / weights.sum()


def _batches(rows: list[Ids], lesson: Lesson, seed: int, collate: Collator) -> Iterator[dict[str, torch.Tensor]]:
    """The full batches of a lesson, over its rows as often as its steps need."""
    sampler = EpochSampler([len(row["input_ids"]) for row in rows], lesson.batch, "length_grouped", seed)
    done = 0
    while done < lesson.steps:
        order = list(sampler)
        for start in range(0, len(order) - lesson.batch + 1, lesson.batch)[: lesson.steps - done]:
            yield collate([rows[number] for number in order[start : start + lesson.batch]])
            done += 1
        sampler.set_epoch(sampler.epoch + 1)


def _warmup_cosine(steps: int, warmup: int) -> Callable[[int], float]:
    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))

    return factor
