"""Row sources for tests: a million rows that take no memory, and a short list that changes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace

from voiceslot_tui.console.widgets.row_source import Reach, RowsUnavailable
from voiceslot_tui.core.calls import Call, CallId, CallState, Instant
from voiceslot_tui.core.pages import Page, PageRow, RowKey


def row_of(number: int, *, priority: int = 0, name: str = "") -> PageRow:
    """Make the queued call with that id and position."""
    call = Call(
        id=CallId(number),
        to_number=f"+120255501{number % 100:02d}",
        name=name or f"Person {number}",
        agent_id="agent_demo",
        agent_phone_number_id="phnum_demo",
        priority=priority,
        state=CallState.QUEUED,
        created_at=Instant(0),
        changed_at=Instant(0),
        position=number,
    )
    return PageRow(key=(1, -priority, number, number), call=call)


class ManyRows:
    """Rows numbered 0 to `count` - 1, made when asked for; keeps the queries and the sizes."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.queries: list[Reach] = []

    async def page(self, query: Reach) -> Page:
        self.queries.append(query)
        if query.key is None:
            edge = self.count if query.backwards else 0
        else:
            after = query.inclusive if query.backwards else not query.inclusive
            edge = query.key[3] + after
        if query.backwards:
            first = max(0, edge - query.count)
            numbers, more = range(first, edge), first > 0
        else:
            last = min(self.count, edge + query.count)
            numbers, more = range(edge, last), last < self.count
        return Page(tuple(row_of(number) for number in numbers), more)


class ChangingRows:
    """A short list in key order that tests change; `broken` makes every reading fail."""

    def __init__(self, rows: list[PageRow]) -> None:
        self.rows = sorted(rows, key=lambda row: row.key)
        self.broken = ""
        self.queries: list[Reach] = []

    async def page(self, query: Reach) -> Page:
        self.queries.append(query)
        if self.broken:
            raise RowsUnavailable(self.broken)
        keys = [row.key for row in self.rows]
        if query.key is None:
            edge = len(keys) if query.backwards else 0
        else:
            right = query.inclusive if query.backwards else not query.inclusive
            edge = (bisect_right if right else bisect_left)(keys, query.key)
        if query.backwards:
            first = max(0, edge - query.count)
            return Page(tuple(self.rows[first:edge]), first > 0)
        last = min(len(keys), edge + query.count)
        return Page(tuple(self.rows[edge:last]), last < len(keys))

    async def locate(self, row_id: int) -> RowKey | None:
        return next((row.key for row in self.rows if row.id == row_id), None)

    def add(self, *rows: PageRow) -> None:
        self.rows = sorted([*self.rows, *rows], key=lambda row: row.key)

    def remove(self, *numbers: int) -> None:
        self.rows = [row for row in self.rows if row.call.id not in numbers]

    def raise_priority(self, number: int, priority: int) -> None:
        row = next(row for row in self.rows if row.call.id == number)
        self.remove(number)
        call = replace(row.call, priority=priority)
        self.add(PageRow(key=(row.key[0], -priority, row.key[2], row.key[3]), call=call))

    def number_of(self, number: int) -> int:
        return [row.call.id for row in self.rows].index(number)
