"""What one console knows at a moment: the link, the newest snapshot, and how it is shown.

A value: panes are painted from it and from nothing else. When the link is lost the last snapshot
stays, so that the screen is never blank, and `link` says that it is old.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.snapshot import Snapshot


class LinkState(StrEnum):
    """How the link to the engine stands."""

    CONNECTING = "connecting"
    """Never connected yet."""
    LIVE = "live"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class View:
    """All that panes are painted from.

    `heard_at` is when the engine last told how it stands, `blind_since` since when it cannot look
    itself; `tries` counts attempts to reach it since it went.
    `masked` hides the middle of phone numbers.
    """

    demo: bool = False
    link: LinkState = LinkState.CONNECTING
    snapshot: Snapshot | None = None
    heard_at: Instant | None = None
    blind_since: Instant | None = None
    tries: int = 0
    why_gone: str = ""
    operator: str = ""
    masked: bool = False

    @property
    def current(self) -> bool:
        """Tell whether the snapshot is what the engine says now."""
        return (
            self.link is LinkState.LIVE and self.snapshot is not None and self.blind_since is None
        )

    @property
    def stood_at(self) -> Instant | None:
        """Give when things stood as they are shown."""
        return self.heard_at if self.blind_since is None else self.blind_since

    def connected(self, operator: str, now: Instant) -> View:
        """Give the view after the engine welcomed us."""
        return replace(
            self, link=LinkState.LIVE, operator=operator, heard_at=now, tries=0, why_gone=""
        )

    def told(self, snapshot: Snapshot, now: Instant) -> View:
        """Give the view after the engine pushed a snapshot."""
        return replace(self, link=LinkState.LIVE, snapshot=snapshot, heard_at=now, blind_since=None)

    def blind(self, seconds: float, now: Instant) -> View:
        """Give the view after the engine said for how long it could not look; 0 is not at all."""
        since = later(now, -seconds) if seconds > 0 else None
        return replace(self, blind_since=since)

    def lost(self, why: str, tries: int) -> View:
        """Give the view after the engine fell silent or could not be reached."""
        link = LinkState.CONNECTING if self.heard_at is None else LinkState.GONE
        return replace(self, link=link, why_gone=why, tries=tries)
