"""What a split is made of: lengths, speakers, topics, and what the dialogues hold.

Enters: dialogues, one at a time. Leaves: counts alone, never a text, and from them the figures of metrics/data.json
and the tables of plots/data_*.csv:

    {"rows": 170, "characters": {"mean": 405.69, "p50": 364, "p95": 766, "max": 1269}, …,
     "share_with": {"times": 0.1235, …}, "masks": {"PhoneNumber": {"rows": 2, "times": 2}}, …}
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Any

from dialsum.corpus.cleaning import LABEL
from dialsum.corpus.dialogue import Dialogue
from dialsum.corpus.histogram import Number, histograms, percentile

TOPICS_SHOWN = 20
TOPICS_NAMED = 5
MASKS_NAMED = 20

_MASK = re.compile(r"#([^\W\d_]\w*)#")
# What a row is searched for, without its labels and masks: they would put Latin letters into each. A pattern that
# begins with one class is found several times as fast, so its condition on the letter before stands behind that class.
_ALONE = "(?<![가-힣].)"  # the letter that was read begins its word
_HOUR = f"[한두세네열다여일아]{_ALONE}(?:(?<=열)[한두]|(?<=[다여])섯|(?<=일)곱|(?<=여)덟|(?<=아)홉|(?<=[한두세네열]))"
_NUMERALS = "일이삼사오육칠팔구십백천만억"
_WON = "원(?!숭|룸|래|장|칙|피)"  # not as in 원숭이, 원룸, 원래
_KINDS = {
    "latin": ["[A-Za-zÀ-ÖØ-öø-ɏ]"],
    "digits": [r"\d"],
    "times": [
        r"\d(?<![\d:].)\d?:[0-5]\d(?!\d)",  # 15:30
        r"\d(?<!\d.)\d? ?시(?![간즌작험])",  # 오후 3시, but not 3시간
        rf"{_HOUR} ?시(?:[에반쯤까부정로면가이는은를]|(?![가-힣]))",  # 세 시 반, but not 세 시간
        r"\d ?[aApP]\.?[mM]\b",  # 3 p.m.
    ],
    "amounts": [
        r"[$€£¥₩￦] ?\d",  # $20
        rf"\d(?<![\d,.].)[\d,.]*(?: ?[십백천만억조])* ?(?:{_WON}|달러|유로|엔|위안|파운드|센트)",  # 5,000원, 3만 원
        rf"[{_NUMERALS}]{_ALONE}[{_NUMERALS}]*(?<=[십백천만억]) ?(?:{_WON}|달러|유로)",  # 만 원
    ],
}
_PATTERNS = {name: [re.compile(pattern) for pattern in patterns] for name, patterns in _KINDS.items()}


@dataclass(frozen=True)
class Tally:
    """The rows of one split, counted. The keys of a counter are what was measured, its values numbers of rows.

    `characters` of the clean dialogue, labels included; `speakers` with a label; `summary_characters` and `compression`
    (their share of the dialogue's characters) are of the first reference. `kinds` counts rows that hold what `_KINDS`
    names, a mask (in a reference too), or three or more speakers; `mask_times` counts occurrences.
    """

    characters: Counter[int] = field(default_factory=Counter)
    turns: Counter[int] = field(default_factory=Counter)
    speakers: Counter[int] = field(default_factory=Counter)
    summary_characters: Counter[int] = field(default_factory=Counter)
    compression: Counter[float] = field(default_factory=Counter)
    topics: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    mask_rows: Counter[str] = field(default_factory=Counter)
    mask_times: Counter[str] = field(default_factory=Counter)
    cleaned: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """How many dialogues were counted."""
        return self.characters.total()


def count(tally: Tally, dialogue: Dialogue) -> None:
    """Count one dialogue; `tally.cleaned` is not touched, as only cleaning knows the text that came in."""
    characters = len(dialogue.text())
    speakers = len({turn.speaker for turn in dialogue.turns} - {""})
    tally.characters[characters] += 1
    tally.turns[len(dialogue.turns)] += 1
    tally.speakers[speakers] += 1
    if dialogue.references:
        tally.summary_characters[len(dialogue.references[0])] += 1
        # Rounded, or each of a million rows would have a number of its own.
        tally.compression[round(len(dialogue.references[0]) / max(characters, 1), 4)] += 1
    if dialogue.topic is not None:
        tally.topics[" ".join(dialogue.topic.split())] += 1
    spoken = LABEL.sub(" ", "\n".join(turn.text for turn in dialogue.turns))
    masks = _MASK.findall(spoken) + _MASK.findall(LABEL.sub(" ", "\n".join(dialogue.references)))
    tally.mask_times.update(masks)
    tally.mask_rows.update(set(masks))
    words = _MASK.sub(" ", spoken) if masks else spoken
    tally.kinds.update(name for name, patterns in _PATTERNS.items() if any(one.search(words) for one in patterns))
    tally.kinds["masks"] += bool(masks)
    tally.kinds["three_or_more_speakers"] += speakers >= 3


def figures(tally: Tally, steps: Iterable[str]) -> dict[str, Any]:
    """The figures of a split as metrics/data.json has them; `steps` names the cleaning steps that were taken."""
    return {
        "rows": tally.rows,
        "characters": spread(tally.characters),
        "turns": spread(tally.turns),
        "speakers": spread(tally.speakers),
        "summary_characters": spread(tally.summary_characters),
        "compression_ratio": spread(tally.compression),
        "topics": {
            "rows": tally.topics.total(),
            "different": len(tally.topics),
            "most_frequent": _most_frequent(tally.topics, TOPICS_NAMED),
        },
        "share_with": {name: _share(tally.kinds[name], tally) for name in ("three_or_more_speakers", *_KINDS, "masks")},
        "masks": _masks(tally),
        "cleaned": {name: {"rows": tally.cleaned[name], "share": _share(tally.cleaned[name], tally)} for name in steps},
    }


def spread(counts: Counter[Number]) -> dict[str, float] | None:
    """Mean, median, 95th percentile and maximum of the counted values; null for none.

    A percentile is the nearest rank: the smallest value that so many rows do not exceed.
    """
    if not counts:
        return None
    mean = sum(value * rows for value, rows in sorted(counts.items())) / counts.total()
    return {
        "mean": round(mean, 4 if mean < 1 else 2),
        "p50": percentile(counts, 50),
        "p95": percentile(counts, 95),
        "max": max(counts),
    }


def histogram(splits: Mapping[str, Counter[int]]) -> list[list[float]]:
    """The lower end of each bin and the percentage of each split's rows in it; the last bin has no upper end."""
    drawn = histograms(splits)
    edges = [bar.low for bar in next(iter(drawn.values())).bars] if drawn else []
    columns = [
        [round(100 * bar.rows / drawn[split].rows, 2) for bar in drawn[split].bars]
        if split in drawn
        else [0.0] * len(edges)
        for split in splits
    ]
    return [list(row) for row in zip(edges, *columns, strict=True)]


def topic_table(splits: Mapping[str, Tally]) -> list[list[str | int]]:
    """The most frequent topics of the train split, and how many rows of each split have them."""
    shown = _most_frequent(splits["train"].topics, TOPICS_SHOWN)
    return [[topic, *(tally.topics[topic] for tally in splits.values())] for topic in shown]


def _most_frequent(counts: Counter[str], number: int) -> list[str]:
    """The most frequent first; of equals the first in the order of their letters."""
    return nsmallest(number, counts, key=lambda name: (-counts[name], name))


def _share(rows: int, tally: Tally) -> float:
    return round(rows / max(tally.rows, 1), 4)


def _masks(tally: Tally) -> dict[str, dict[str, int]]:
    """Rows that hold a mask, and how often it stands in them; the rarest of very many together as `other names`."""
    named = _most_frequent(tally.mask_times, MASKS_NAMED)
    counted = {name: {"rows": tally.mask_rows[name], "times": tally.mask_times[name]} for name in named}
    rare = [name for name in tally.mask_times if name not in counted]
    if rare:
        times = sum(tally.mask_times[name] for name in rare)
        counted["other names"] = {"names": len(rare), "times": times}
    return counted
