"""What is measured of each row, for the expectations and the report: numbers, and what was found amiss.

Enters: a `Table`, such as of one row `train_0,"#Person1#: 예약하고 싶어요.\\n#Person2#: 네, 성함이요?",…`.
Leaves: a data frame, one row for each, which holds no dialogue and thus stays small:

    dialogue_chars 41, dialogue_said 17, speaker_tags 2, turns 2, summary_chars 17, …, control_character None, …

A null number means that it makes no sense to ask, a null text that nothing was found amiss.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from dialsum.corpus.cleaning import LABEL, clean, split_turns
from dialsum.corpus.dialogue import Turn
from dialsum.corpus.formats import CONTROL, REFERENCES, SURROGATE, Table, parse_facts
from dialsum.params.validation import Validation

# An id is written into many files, of which some have a line for each.
_NOT_IN_IDS = re.compile(f"[\n\r\t\x85\u2028\u2029]|{CONTROL.pattern}|{SURROGATE.pattern}")
# A name between hashes; one with a number, as #Person1#, is a speaker and no mask.
_MARK = re.compile(r"#([^\W\d_]\w*)#")


def measure(table: Table, split: str, limits: Validation) -> pd.DataFrame:
    """The measures of each row of a table that has the columns of its split.

    `…_chars` are the characters of a cell as it stands, `…_said` those that cleaning leaves; `turns` are those that
    have a speaker and say something. Test rows are measured without summaries.
    """
    references = [] if split == "test" else [name for name in REFERENCES if name in table.columns]
    texts = {name: table.column(name) for name in ("dialogue", *references)}
    turns = [_turns(text, limits.max_dialogue_chars) for text in texts["dialogue"]]
    said = [None if found is None else sum(len(turn.text) for turn in found) for found in turns]
    tags = [
        sum(bool(turn.speaker) for turn in found) if found and size else None
        for found, size in zip(turns, said, strict=True)
    ]
    numbers: dict[str, Sequence[int | None]] = {
        "dialogue_chars": [len(text) for text in texts["dialogue"]],
        "dialogue_said": said,
        "speaker_tags": tags,
        "turns": [
            sum(bool(turn.speaker and turn.text) for turn in found) if found and labels else None
            for found, labels in zip(turns, tags, strict=True)
        ],
    }
    for name in references:  # further references may be blank
        numbers[f"{name}_chars"] = [len(text) if text.strip() else None for text in texts[name]]
    if references:
        numbers["summary_said"] = [
            None if len(text) > limits.max_summary_chars else len(clean(text)) for text in texts["summary"]
        ]
    amiss = {
        "id_fault": id_faults(table.column("fname")),
        "unknown_masks": _unknown_masks(texts.values(), {*limits.known_masks}),
    }
    if "topic" in table.columns:
        texts["topic"] = table.column("topic")
    amiss["control_character"] = _found(CONTROL, texts)
    amiss["lone_surrogate"] = _found(SURROGATE, texts)
    if "facts" in table.columns:
        amiss["facts_fault"] = ["malformed" if parse_facts(cell) is None else None for cell in table.column("facts")]
    # Missing numbers become NaN. Texts stay Python's own: Arrow's would refuse what is not UTF-8.
    return pd.DataFrame(numbers, dtype=float).join(pd.DataFrame(amiss, dtype=object))


def id_faults(ids: Sequence[str]) -> list[str | None]:
    """Where an id holds what belongs into no id: `U+000A at character 3 of fname`; None if it does not."""
    return _found(_NOT_IN_IDS, {"fname": ids})


def says_something(text: str) -> bool:
    """Whether anything of a text can be seen."""
    return any(character.isprintable() and not character.isspace() for character in text)


def _turns(text: str, limit: int) -> tuple[Turn, ...] | None:
    """The turns of a dialogue as the next stage splits it; None if it is too long to be one."""
    return None if len(text) > limit else split_turns(clean(text))


def _found(pattern: re.Pattern[str], texts: Mapping[str, Sequence[str]]) -> list[str | None]:
    """Where the pattern first occurs in each row: `U+0000 at character 12 of dialogue`; None if it does not."""
    found: list[str | None] = [None] * len(next(iter(texts.values())))
    for name, column in texts.items():
        for place, text in enumerate(column):
            match = pattern.search(text)
            if match and found[place] is None:
                found[place] = f"U+{ord(match[0]):04X} at character {match.start() + 1} of {name}"
    return found


def _unknown_masks(texts: Iterable[Sequence[str]], known: set[str]) -> list[str | None]:
    """The masks of each row that are not known, in the order of the alphabet: `#Adress#, #Foo#`; None if all are."""
    return [
        ", ".join(
            sorted(
                {
                    match[0]
                    for text in row
                    for match in _MARK.finditer(text)
                    if match[1] not in known and not LABEL.fullmatch(match[0])
                }
            )
        )
        or None
        for row in zip(*texts, strict=True)
    ]
