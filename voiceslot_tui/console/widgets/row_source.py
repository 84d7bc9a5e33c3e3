"""Where a table's rows come from: pages by key, over the link or from a test.

Reading never raises but `RowsUnavailable`; a filtered search goes on where the engine stopped at
its bound, a few times, so that a filter nobody matches costs a bounded amount of reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, Protocol, TypeVar

from voiceslot_tui.core.errors import VoiceslotError
from voiceslot_tui.core.pages import RowKey

ROUNDS_MAX: Final = 3
"""Pages asked for in one read of a filtered list before the table shows what there is."""


class RowsUnavailable(VoiceslotError):
    """The rows cannot be read now; the message is shown on the screen, so it must be clean."""


class Row(Protocol):
    """One row of a table: what it is about, and where it stands; smaller keys come first."""

    @property
    def id(self) -> int:
        """The number of its subject, the same wherever the row stands."""
        ...

    @property
    def key(self) -> RowKey:
        """Where it stands in the list's order."""
        ...


RowT = TypeVar("RowT", bound=Row)
RowT_co = TypeVar("RowT_co", bound=Row, covariant=True)


@dataclass(frozen=True, slots=True)
class Reach:
    """Rows around a key: `count` rows after it (or before it, where `backwards`).

    Without a key they start at the first row (or end at the last). With `inclusive` the row of the
    key itself is the first of them.
    """

    count: int
    key: RowKey | None = None
    backwards: bool = False
    inclusive: bool = False


class RowPage(Protocol[RowT_co]):
    """Rows in display order. `more` says that rows follow (or, backwards, precede).

    `searched_to` is set where a filtered search stopped at its bound: the key to go on from.
    """

    @property
    def rows(self) -> tuple[RowT_co, ...]:
        """The rows."""
        ...

    @property
    def more(self) -> bool:
        """Whether there are more in the direction asked for."""
        ...

    @property
    def searched_to(self) -> RowKey | None:
        """How far the search came."""
        ...


class RowSource(Protocol[RowT_co]):
    """One list of rows. Raises RowsUnavailable, and nothing else, when it cannot be read."""

    async def page(self, reach: Reach) -> RowPage[RowT_co]:
        """Read one page in display order."""
        ...


@dataclass(frozen=True, slots=True)
class Stretch(Generic[RowT]):
    """Rows read in one direction. `go_on` is the key from which more can be read; None at the end.

    `searched` says that the search stopped at its bound before it found as many as asked for.
    """

    rows: tuple[RowT, ...]
    go_on: RowKey | None
    searched: bool = False


async def read_stretch(source: RowSource[RowT], reach: Reach) -> Stretch[RowT]:
    """Read up to `reach.count` rows in one direction from the key."""
    rows: tuple[RowT, ...] = ()
    for _ in range(ROUNDS_MAX):
        page = await source.page(replace(reach, count=reach.count - len(rows)))
        rows = page.rows + rows if reach.backwards else rows + page.rows
        if page.searched_to is None or len(rows) >= reach.count:
            return Stretch(rows, _edge(rows, reach) if page.more else None)
        reach = replace(reach, key=page.searched_to, inclusive=False)
    return Stretch(rows, reach.key, searched=True)


@dataclass(frozen=True, slots=True)
class ListPage(Generic[RowT]):
    """A page of a list that is not searched in parts."""

    rows: tuple[RowT, ...]
    more: bool
    searched_to: RowKey | None = None


def part_of(rows: Sequence[RowT], reach: Reach) -> ListPage[RowT]:
    """Cut a page out of all rows of a short list, which are in the order of their keys."""
    key = reach.key

    def reached(row: RowT) -> bool:
        if key is None or (reach.inclusive and row.key == key):
            return True
        return row.key < key if reach.backwards else row.key > key

    found = [row for row in rows if reached(row)]
    shown = found[max(0, len(found) - reach.count) :] if reach.backwards else found[: reach.count]
    return ListPage(tuple(shown), len(found) > len(shown))


def _edge(rows: tuple[RowT, ...], reach: Reach) -> RowKey | None:
    if not rows:
        return None
    return rows[0].key if reach.backwards else rows[-1].key
