"""The weights of a base model and its adapter as one model, and the proof that it says the same.

Enters: the folders `base` and `trained`, as the stages leave them. Leaves: a folder in the hub's format, which any
program reads that reads models of the hub:

    config.json  generation_config.json  model.safetensors  tokenizer.json  tokenizer_config.json  chat_template.jinja
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig

from dialsum.corpus.dialogue import Dialogue
from dialsum.modeling.decoding import load_summarizer, summarize
from dialsum.modeling.loading import TRAINED, end_ids, load_tokenizer, load_trained, read_trained
from dialsum.modeling.pin import hash_files, read_pin, write_pin
from dialsum.params.generation import Generation
from dialsum.params.prompt import Tokenize
from dialsum.prompts.form import Form

# Halves cannot hold base plus adapter exactly, so that a few texts may become others.
_MAY_DIFFER = {torch.float32: 0.0, torch.bfloat16: 0.25, torch.float16: 0.25}


@dataclass(frozen=True)
class Comparison:
    """How many summaries were compared, and how many of them differ. `dtype`: of the weights."""

    rows: int
    different: int
    dtype: torch.dtype

    def passes(self) -> bool:
        """Whether no more differ than rounding explains."""
        return self.different <= self.rows * _MAY_DIFFER[self.dtype]


def merge(base: Path, trained: Path, generation: Generation, target: Path) -> None:
    """Write model and tokenizer into the new folder `target`.

    An adapter that was trained on four bits is merged into the base's own weights, of which those were the short form.
    """
    with _unquantized(trained) as folder:
        loaded, _ = load_trained(base, folder)
        model: Any = loaded
        if read_trained(folder)["method"] == "lora":
            model = model.merge_and_unload(safe_merge=True)
    tokenizer = load_tokenizer(base)
    model.generation_config = _generation_config(model, tokenizer, end_ids(tokenizer, base), generation)
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


def compare(
    base: Path,
    trained: Path,
    merged: Path,
    settings: tuple[Form, Tokenize, Generation],
    dialogues: Sequence[Dialogue],
) -> Comparison:
    """Summarize the dialogues with the adapter and with the merged model as it was saved."""
    form, limits, generation = settings
    plain = replace(generation, length_by_source=False)  # of the pipeline, and the same for both
    with _unquantized(trained) as folder:
        summarizer = load_summarizer(base, folder, form, limits, plain)
        wanted = [prediction.text for prediction in summarize(summarizer, dialogues)]
    dtype = next(summarizer.model.parameters()).dtype
    del summarizer
    with tempfile.TemporaryDirectory() as scratch:
        again = _as_base(base, merged, Path(scratch))
        found = [item.text for item in summarize(load_summarizer(*again, form, limits, plain), dialogues)]
    different = sum(one != other for one, other in zip(wanted, found, strict=True))
    return Comparison(len(dialogues), different, dtype)


@contextmanager
def _unquantized(trained: Path) -> Iterator[Path]:
    """The folder `trained`; of qlora a copy that says lora, so that the base is loaded in its own dtype."""
    content = read_trained(trained)
    if content["method"] != "qlora":
        yield trained
        return
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(trained, scratch, dirs_exist_ok=True)
        (Path(scratch) / TRAINED).write_text(json.dumps({**content, "method": "lora"}), encoding="utf-8")
        yield Path(scratch)


def _as_base(base: Path, merged: Path, scratch: Path) -> tuple[Path, Path]:
    """Folders as the stages `base` and `train` would leave them for the merged model, untrained."""
    own, trained = scratch / "base", scratch / "trained"
    shutil.copytree(merged, own, ignore=shutil.ignore_patterns("*.safetensors"))
    pin = replace(read_pin(base), source="path", location=str(merged), revision=None, files=hash_files(merged))
    write_pin(own, pin)
    trained.mkdir()
    (trained / TRAINED).write_text(json.dumps({"method": "none", "in_force": {}}), encoding="utf-8")
    return own, trained


def _generation_config(model: Any, tokenizer: Any, end: list[int], generation: Generation) -> GenerationConfig:
    """What of our decoding transformers can do by itself; the rules in `modeling.rules` and the mending it cannot."""
    beams = {"length_penalty": generation.length_penalty, "early_stopping": generation.early_stopping}
    draws = {"temperature": generation.temperature, "top_p": generation.top_p, "top_k": generation.top_k}
    return GenerationConfig(
        max_new_tokens=generation.max_new_tokens,
        min_new_tokens=generation.min_new_tokens or None,
        num_beams=generation.num_beams,
        do_sample=generation.do_sample,
        **(beams if generation.num_beams > 1 else {}),
        **(draws if generation.do_sample else {}),
        eos_token_id=end,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        decoder_start_token_id=getattr(model.config, "decoder_start_token_id", None),
    )
