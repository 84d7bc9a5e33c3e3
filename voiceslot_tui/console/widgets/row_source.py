"""Where a table's rows come from: pages by key, over the link or from a test.

Reading never raises but `RowsUnavailable`; a filtered search goes on where the engine stopped at
its bound, a few times, so that a filter nobody matches costs a bounded amount of reading.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Protocol

from voiceslot_tui.core.errors import VoiceslotError
from voiceslot_tui.core.pages import Page, PageQuery, PageRow, RowKey

ROUNDS_MAX: Final = 3
"""Pages asked for in one read of a filtered list before the table shows what there is."""


class RowsUnavailable(VoiceslotError):
    """The rows cannot be read now; the message is shown on the screen, so it must be clean."""


class RowSource(Protocol):
    """Gives pages of rows. Raises RowsUnavailable, and nothing else, when it cannot."""

    async def page(self, query: PageQuery) -> Page:
        """Read one page in display order."""
        ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows read in one direction. `go_on` is the key from which more can be read; None at the end.

    `searched` says that the search stopped at its bound before it found as many as asked for.
    """

    rows: tuple[PageRow, ...]
    go_on: RowKey | None
    searched: bool = False


async def read_stretch(source: RowSource, query: PageQuery) -> Stretch:
    """Read up to `query.count` rows in one direction from the query's key."""
    rows: tuple[PageRow, ...] = ()
    for _ in range(ROUNDS_MAX):
        page = await source.page(replace(query, count=query.count - len(rows)))
        rows = page.rows + rows if query.backwards else rows + page.rows
        if page.searched_to is None or len(rows) >= query.count:
            return Stretch(rows, _edge(rows, query) if page.more else None)
        query = replace(query, key=page.searched_to, inclusive=False)
    return Stretch(rows, query.key, searched=True)


def _edge(rows: tuple[PageRow, ...], query: PageQuery) -> RowKey | None:
    if not rows:
        return None
    return rows[0].key if query.backwards else rows[-1].key
