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
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from tqdm import tqdm
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from dialsum.corpus.cleaning import to_dialogue
from dialsum.corpus.dialogue import Dialogue
from dialsum.corpus.synthetic import generate
from dialsum.modeling.batching import Collator, EpochSampler
from dialsum.modeling.catalog import Scratch
from dialsum.modeling.tokenizer import train_tokenizer
from dialsum.prompts.render import document


def train_from_scratch(scratch: Scratch) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast, dict[str, float]]:
    """The model, its tokenizer, and figures: documents, tokens seen, first and last loss (nats/token)."""
    torch.set_num_threads(scratch.threads)
    torch.manual_seed(scratch.seed)
    pairs = _pairs(scratch)
    tokenizer = train_tokenizer((f"{dialogue.text()}\n\n{memo}" for dialogue, memo in pairs), scratch.vocab_size)
    model = LlamaForCausalLM(_config(scratch, tokenizer))
    figures = _train(model, _rows(pairs, tokenizer), scratch, int(tokenizer.pad_token_id or 0))
    return model, tokenizer, {"documents": len(pairs), "parameters": model.num_parameters(), **figures}


def _pairs(scratch: Scratch) -> list[tuple[Dialogue, str]]:
    """Cleaned dialogues with their memos."""
    rows = generate("base", scratch.corpus_rows, scratch.corpus_seed)
    return [(to_dialogue(row.fname, row.dialogue), row.summary) for row in rows]


def _rows(pairs: list[tuple[Dialogue, str]], tokenizer: PreTrainedTokenizerFast) -> list[dict[str, list[int]]]:
    """Whole documents, each token a label."""
    texts = [f"{document(tokenizer, dialogue)}{memo}{tokenizer.eos_token}" for dialogue, memo in pairs]
    ids = tokenizer(texts, add_special_tokens=False)["input_ids"]
    return [{"input_ids": list(row), "labels": list(row)} for row in ids]


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


def _train(model: LlamaForCausalLM, rows: list[dict[str, list[int]]], scratch: Scratch, pad: int) -> dict[str, float]:
    """`scratch.steps` updates with linear warm-up and cosine decay; all tokens of a document are learned."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=scratch.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _warmup_cosine(scratch.steps, scratch.warmup_ratio))
    batches, losses, tokens = _batches(rows, scratch, pad), [], 0
    model.train()
    for _ in (bar := tqdm(range(scratch.steps), desc="base", unit="step", disable=None, mininterval=1)):
        batch = next(batches)
        # Padded on the right, a causal model needs no attention mask for its real tokens.
        logits = model(input_ids=batch["input_ids"]).logits
        loss = cross_entropy(logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        tokens += int(batch["attention_mask"].sum())
        bar.set_postfix(loss=f"{losses[-1]:.3f}")
    return {"tokens": tokens, "first_loss": losses[0], "last_loss": sum(losses[-20:]) / len(losses[-20:])}


def _batches(rows: list[dict[str, list[int]]], scratch: Scratch, pad: int) -> Any:
    """Full batches, epoch after epoch, without end."""
    sampler = EpochSampler([len(row["input_ids"]) for row in rows], scratch.batch, "length_grouped", scratch.seed)
    collate = Collator(pad)
    while True:
        order = list(sampler)
        for start in range(0, len(order) - scratch.batch + 1, scratch.batch):
            yield collate([rows[number] for number in order[start : start + scratch.batch]])
        sampler.set_epoch(sampler.epoch + 1)


def _warmup_cosine(steps: int, warmup_ratio: float) -> Any:
    warmup = max(1, int(steps * warmup_ratio))

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))

    return factor
