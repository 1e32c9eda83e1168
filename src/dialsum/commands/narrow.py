"""Tables on a terminal that is too narrow for them: in parts, one below the other. No figure is ever cut.

Enters: a table such as `experiment  ROUGE-1  ROUGE-2  …  s/epoch  gate`, and the width. Leaves: itself if there is room
for it; else tables of its first column, folded to half of the width, and as many others as there is room for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Column, Table


class Whole(Console):
    """A console that shows all of a table, also of one that is drawn anew again and again."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is to be written for it."""
        width = (options or self.options).max_width
        for one in parts(self, renderable, width) if isinstance(renderable, Table) else [renderable]:
            yield from super().render(one, options)


def parts(console: Console, table: Table, width: int) -> list[Table]:
    """The tables that a table becomes, each no wider than `width`."""
    if not table.columns:
        return [table]
    first, *others = table.columns
    between = table.padding[1] + table.padding[3]
    sizes = [_size(console, column) + between for column in others]
    label = _size(console, first)
    if label + sum(sizes) <= width:
        return [table]
    used = label = min(label, width // 2, width - max(sizes, default=0))
    groups: list[list[Column]] = [[]]
    for column, size in zip(others, sizes, strict=True):
        if groups[-1] and used + size > width:
            groups.append([])
            used = label
        groups[-1].append(column)
        used += size
    found = [_part(table, [replace(first, no_wrap=False, overflow="fold"), *group]) for group in groups]
    found[-1].caption = table.caption
    return found


def _size(console: Console, column: Column) -> int:
    """What a column takes at least: one that wraps its longest word, any other its longest cell."""
    measured = [console.measure(cell) for cell in (column.header, *column.cells)]
    return max(one.maximum if column.no_wrap else one.minimum for one in measured)


def _part(table: Table, columns: Sequence[Column]) -> Table:
    part = copy(table)
    part.columns = [replace(column, _index=place) for place, column in enumerate(columns)]
    part.caption = None
    return part
