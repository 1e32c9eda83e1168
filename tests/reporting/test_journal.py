"""Which earlier run a run is compared with; the rest of the log is tested in test_sources.py."""

from __future__ import annotations

from typing import Any

from dialsum.reporting import journal


class Run:
    """As MLflow's, as far as a relative is looked for."""

    def __init__(self, name: str, dev: str = "1", **params: Any) -> None:
        self.name = name
        self.data = type("Data", (), {"tags": {"dev_md5": dev}, "params": params})


def test_the_relative_differs_least_and_is_the_last_of_equals() -> None:
    runs = [Run("a", x=1, y=1), Run("b", x=1, y=2), Run("c", x=1, y=1), Run("other", dev="2", x=9, y=9)]

    def nearest(run: Run) -> str | None:
        found: Any = journal.nearest(run, runs)  # type: ignore[arg-type]
        return found and found.name

    assert nearest(Run("d", x=1, y=1)) == "c"
    assert nearest(Run("d", x=2, y=2)) == "b"
    assert nearest(Run("d", x=9, y=9)) == "c"
    assert nearest(Run("d", dev="2", x=1, y=1)) == "other"
    assert nearest(Run("d", dev="3", x=1, y=1)) is None
