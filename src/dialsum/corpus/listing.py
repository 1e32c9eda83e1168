"""A list of ids in a message.

listed(["dev_1", "dev_2", "dev_3"], 2) == "dev_1, dev_2 and 1 more"
"""

from __future__ import annotations

from collections.abc import Sequence


def listed(names: Sequence[str], most: int) -> str:
    """The first `most` names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
