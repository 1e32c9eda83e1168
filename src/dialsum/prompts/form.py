"""The form in which dialogues are asked for: what section `prompt` says, and what the data have decided about it.

Stage tokenize settles it once (`prompts.settling`) and writes it to data/prompt.json; generation reads it there, and a
registered model carries it along. So all three ask alike:

    {"format": "structured", "system": "none", "instruction": 1, "topic": "optional", "prefix": "",
     "shots": [{"dialogue": {"id": "train_7", "turns": […], …}, "summary": "#Person1#은 …"}], "spare": {…}}
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

from pydantic.dataclasses import dataclass

from dialsum.corpus.dialogue import Dialogue
from dialsum.outputs import write_json
from dialsum.params.prompt import Format, Instruction, System
from dialsum.params.strict import STRICT, parse


@dataclass(frozen=True, config=STRICT)
class Shot:
    """A solved example: a dialogue of train and its summary."""

    dialogue: Dialogue
    summary: str


@dataclass(frozen=True, config=STRICT)
class Form:
    """`topic`: whether a prompt names the topic: never, where the dialogue has one (optional), or always.

    `shots` come before the dialogue; `spare` stands in where the dialogue is itself one of them.
    """

    format: Format
    system: System
    instruction: Instruction = 1
    topic: Literal["never", "optional", "always"] = "never"
    prefix: str = ""
    shots: tuple[Shot, ...] = ()
    spare: Shot | None = None

    def for_dialogue(self, dialogue: Dialogue) -> Form:
        """The same form, with the spare example in place of the one that would give away this dialogue's summary."""
        shots = tuple(self.spare if shot.dialogue.turns == dialogue.turns else shot for shot in self.shots)
        return replace(self, shots=tuple(shot for shot in shots if shot))


def write_form(path: Path, form: Form) -> None:
    """Write a form as JSON."""
    write_json(path, asdict(form))


def read_form(path: Path) -> Form:
    """What `write_form` wrote."""
    return parse(Form, json.loads(path.read_text(encoding="utf-8")), str(path))
