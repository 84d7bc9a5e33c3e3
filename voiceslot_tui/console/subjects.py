"""What the detail pane can show: one call or one message, read whole and laid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from voiceslot_tui.console.details import DetailLook, detail_lines
from voiceslot_tui.console.message_details import message_lines
from voiceslot_tui.console.session import Session
from voiceslot_tui.console.situation import MessageSelection, Selection
from voiceslot_tui.console.widgets.cells import Line
from voiceslot_tui.core.calls import CallId
from voiceslot_tui.core.follow_up_pages import FollowUpDetail
from voiceslot_tui.core.follow_ups import FollowUpId
from voiceslot_tui.core.pages import CallDetail
from voiceslot_tui.link.client import InDoubt, Refused
from voiceslot_tui.wire.follow_up_control import ThePreview


class Known(Protocol):
    """All that was read of a subject."""

    def lines(self, look: DetailLook) -> Sequence[Line]:
        """Lay it out."""
        ...

    def chosen(self) -> tuple[Selection, MessageSelection]:
        """Give what keys act on while it is shown: calls, and messages."""
        ...


class Subject(Protocol):
    """A call or a message by its id. Two equal subjects are the same."""

    async def read(self, session: Session) -> Known:
        """Read all about it; raises what the link raises."""
        ...


@dataclass(frozen=True, slots=True)
class KnownCall:
    """A call, and why it is not dialled."""

    detail: CallDetail
    reasons: tuple[str, ...]

    def lines(self, look: DetailLook) -> Sequence[Line]:
        """Lay it out."""
        return detail_lines(self.detail, self.reasons, look)

    def chosen(self) -> tuple[Selection, MessageSelection]:
        """Give the call."""
        call = self.detail.call
        return Selection((call.id,), (call,)), MessageSelection()


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A message, and its text as it would be sent now where it can be written."""

    detail: FollowUpDetail
    preview: ThePreview | None

    def lines(self, look: DetailLook) -> Sequence[Line]:
        """Lay it out."""
        return message_lines(self.detail, self.preview, look)

    def chosen(self) -> tuple[Selection, MessageSelection]:
        """Give the message."""
        message = self.detail.follow_up
        return Selection(), MessageSelection((message.id,), (message,))


@dataclass(frozen=True, slots=True)
class OfCall:
    """The subject is a call."""

    call_id: CallId

    async def read(self, session: Session) -> KnownCall:
        """Read the call and why it is not dialled."""
        detail = await session.detail(self.call_id)
        return KnownCall(detail, await session.explain(self.call_id))


@dataclass(frozen=True, slots=True)
class OfMessage:
    """The subject is a message."""

    follow_up_id: FollowUpId

    async def read(self, session: Session) -> KnownMessage:
        """Read the message and how it would read."""
        detail = await session.message(self.follow_up_id)
        try:
            return KnownMessage(detail, await session.preview(self.follow_up_id))
        except (Refused, InDoubt):
            return KnownMessage(detail, None)
