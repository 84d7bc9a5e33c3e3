"""Which panes a screen of some size shows, and where keys can go. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class PaneId(StrEnum):
    """The panes, in the order of their numbers."""

    QUEUE = "queue"
    SLOTS = "slots"
    BATCHES = "batches"
    RECIPIENTS = "recipients"
    WHATSAPP = "whatsapp"
    EVENTS = "events"
    DETAIL = "detail"


PANES: Final = tuple(PaneId)
TITLES: Final = {
    PaneId.QUEUE: "Queue",
    PaneId.SLOTS: "Slots",
    PaneId.BATCHES: "Batches",
    PaneId.RECIPIENTS: "Recipients",
    PaneId.WHATSAPP: "WhatsApp",
    PaneId.EVENTS: "Events",
    PaneId.DETAIL: "Detail",
}


class Layout(StrEnum):
    """How much of the console fits."""

    LINE = "line"
    """One line, and the wish for a larger screen."""
    BARE = "bare"
    """Header, one pane, key line."""
    ONE = "one"
    """One pane and the strip of events."""
    GRID = "grid"
    """All panes but the detail."""
    FULL = "full"
    """All panes."""


def layout_of(width: int, height: int) -> Layout:
    """Choose the layout for a screen of so many cells."""
    if width < 40 or height < 10:
        return Layout.LINE
    if width < 80 or height < 16:
        return Layout.BARE
    if width < 120 or height < 36:
        return Layout.ONE
    return Layout.FULL if width >= 190 and height >= 50 else Layout.GRID


def shown(layout: Layout, active: PaneId, *, zoomed: bool) -> frozenset[PaneId]:
    """Say which panes are on the screen while one of them has the operator's attention."""
    match layout:
        case Layout.LINE:
            return frozenset()
        case Layout.BARE:
            return frozenset({active})
        case Layout.ONE:
            return frozenset({active} if zoomed else {active, PaneId.EVENTS})
        case Layout.GRID if active is PaneId.DETAIL or zoomed:
            return frozenset({active})
        case Layout.GRID:
            return frozenset(PANES) - {PaneId.DETAIL}
        case _:
            return frozenset({active} if zoomed else PANES)


def title(pane: PaneId) -> str:
    """Name a pane with its number."""
    return f"{PANES.index(pane) + 1} {TITLES[pane]}"


def neighbour(pane: PaneId, step: int) -> PaneId:
    """Give the pane so many numbers further, around the ends."""
    return PANES[(PANES.index(pane) + step) % len(PANES)]
