"""What the data decide about the prompt: whether it names topics, and which examples come first.

Enters: section `prompt` and the dialogues of all splits. Leaves: the Form (`prompts.form`) of everything that is
evaluated or served, and the dialogues and forms to train on.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from dialsum.corpus.dialogue import Dialogue
from dialsum.errors import InputError
from dialsum.params.prompt import Prompt, Tokenize
from dialsum.prompts.form import Form, Shot
from dialsum.prompts.render import ALPACA

Splits = Mapping[str, Sequence[Dialogue]]
TopicUse = Literal["never", "optional", "always"]
WHERE = "params.yaml: prompt"


def settle(prompt: Prompt, limits: Tokenize, splits: Splits, tokens: Callable[[str], int]) -> Form:
    """The form in which the dialogues of these splits are asked for. `tokens` counts those of a text.

    Raises InputError if training would show topics where evaluation has none, or if train has too few examples that
    are short enough.
    """
    topic = topic_use(prompt, splits)
    shots = choose_shots(prompt.shots, splits["train"], limits, tokens)
    return Form(
        format=prompt.format,
        system=prompt.system,
        instruction=prompt.instruction,
        topic=topic,
        prefix=prompt.prefix,
        shots=tuple(shots[:-1]),
        spare=shots[-1] if shots else None,
    )


def training_forms(prompt: Prompt, form: Form) -> list[Form]:
    """The forms that each training dialogue is asked in; with dropout those that keep their topic name it."""
    own = replace(form, topic="optional") if prompt.topic == "dropout" else form
    if not prompt.augment_instructions:
        return [own]
    return [replace(own, instruction=number) for number in range(1, len(ALPACA) + 1)]


def training_dialogues(prompt: Prompt, dialogues: Sequence[Dialogue]) -> list[Dialogue]:
    """The dialogues to train on: with dropout a share of them without their topic, the same each time."""
    if prompt.topic != "dropout":
        return list(dialogues)
    lost = [random.Random(dialogue.id).random() < prompt.topic_dropout for dialogue in dialogues]
    return [replace(one, topic=None) if gone else one for one, gone in zip(dialogues, lost, strict=True)]


def topic_use(prompt: Prompt, splits: Splits) -> TopicUse:
    """Whether a prompt of what is evaluated or served names the topic.

    With dropout none does if a split lacks topics: dev, which decides about the best model, must be asked as test is.
    """
    if prompt.topic == "never":
        return "never"
    lacking = {name: sum(not dialogue.topic for dialogue in dialogues) for name, dialogues in splits.items()}
    told = ", ".join(f"{lacking[name]} of {len(splits[name])} rows of {name}" for name in splits if lacking[name])
    if prompt.topic == "when_all_splits_have_it":
        if told:
            print(f"{WHERE}.topic: {prompt.topic}: {told} have no topic, so no prompt names one", file=sys.stderr)
        return "never" if told else "always"
    if lacking["train"] == len(splits["train"]):
        if any(lacking[name] < len(splits[name]) for name in splits):
            raise InputError(
                f"{WHERE}.topic: dropout, but no row of train has a topic: others would be asked with theirs, which "
                "training never showed; add the column topic to train, or set prompt.topic to never"
            )
        return "never"
    if not any(lacking[name] for name in splits if name != "train"):
        return "optional"
    if not prompt.topic_dropout:
        raise InputError(
            f"{WHERE}.topic_dropout: 0, but {told} have no topic: training would hardly ever go without, as they must; "
            "set it to a share such as 0.3, or prompt.topic to never"
        )
    print(f"{WHERE}.topic: dropout: {told} have no topic, so only prompts of training name one", file=sys.stderr)
    return "never"


def choose_shots(count: int, train: Sequence[Dialogue], limits: Tokenize, tokens: Callable[[str], int]) -> list[Shot]:
    """`count` examples and a spare one, none for 0: of different topics as far as there are, none a copy of another.

    All together have at most half of `max_source_tokens`. Those are first whose length is nearest to that which a
    quarter of train does not exceed: short, and still talk.
    """
    if not count:
        return []
    room = limits.max_source_tokens // 2 // count
    found: list[Shot] = []
    for dialogue in _different_topics_first(_by_length([one for one in train if one.references])):
        shot = Shot(replace(dialogue, references=(), facts=()), dialogue.references[0])
        copy = any(shot.dialogue.turns == other.dialogue.turns for other in found)
        if not copy and tokens(dialogue.text()) + tokens(shot.summary) <= room:
            found.append(shot)
        if len(found) == count + 1:
            return found
    raise InputError(
        f"{WHERE}.shots: {count}, and one in reserve, but only {len(found)} dialogues of train have with their summary "
        f"at most {room} tokens, which is what half of tokenize.max_source_tokens leaves each: choose fewer, or raise "
        "that bound"
    )


def _by_length(dialogues: Sequence[Dialogue]) -> list[Dialogue]:
    """The nearest to the lower quartile of characters first; of two alike the earlier one."""
    sizes = [len(dialogue.text()) for dialogue in dialogues]
    wanted = sorted(sizes)[len(sizes) // 4] if sizes else 0
    order = sorted(range(len(dialogues)), key=lambda place: abs(sizes[place] - wanted))
    return [dialogues[place] for place in order]


def _different_topics_first(dialogues: Sequence[Dialogue]) -> Iterator[Dialogue]:
    """The first of each topic, then the others."""
    seen: set[str | None] = set()
    others = []
    for dialogue in dialogues:
        if dialogue.topic in seen:
            others.append(dialogue)
            continue
        seen.add(dialogue.topic)
        yield dialogue
    yield from others
