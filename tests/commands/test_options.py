from __future__ import annotations

import sys

import pytest

from dialsum.commands import options


@pytest.mark.parametrize(("arguments", "width"), [((), 80), ((160,), 160)])
def test_tables_are_as_wide_as_asked_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], arguments: tuple[int, ...], width: int
) -> None:
    screen = options.console(*arguments)
    screen.print("[b] " * 60)
    lines = capsys.readouterr().out.splitlines()
    assert screen.width == width
    assert max(map(len, map(str.rstrip, lines))) == width - 1, "and brackets are no markup"


def test_a_terminal_says_how_wide_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "97")
    assert options.console(160).width == 97
