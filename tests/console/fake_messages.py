"""The messages of the fake engine: made, paged, told in detail and previewed."""

from __future__ import annotations

from dataclasses import replace

from tests.console.still_clock import NOW
from voiceslot_tui.core.calls import Disposition, Instant
from voiceslot_tui.core.follow_up_pages import (
    FollowUpDetail,
    FollowUpFilter,
    FollowUpPage,
    FollowUpQuery,
    Suppressed,
)
from voiceslot_tui.core.follow_ups import (
    Channel,
    FollowUp,
    FollowUpId,
    FollowUpKey,
    FollowUpState,
    Form,
    MessageSid,
    Try,
    TryId,
    TryState,
)
from voiceslot_tui.core.pages import JournalEntry
from voiceslot_tui.link.client import Refused
from voiceslot_tui.wire import follow_up_control as control


def make_message(number: int, **fields: object) -> FollowUp:
    """Make a delivered message, unlike its neighbours."""
    message = FollowUp(
        id=FollowUpId(number),
        key=FollowUpKey(f"conversation/{number}"),
        to_number=f"+4477009{number:05}",
        state=FollowUpState.DELIVERED,
        ended_at=Instant(NOW - 240_000),
        created_at=Instant(NOW - 240_000),
        changed_at=NOW,
        disposition=Disposition.ANSWERED,
        name=f"Person {number}",
        summary=f"Summary {number}",
    )
    return replace(message, **fields)  # type: ignore[arg-type]


def make_try(message: FollowUp, number: int = 1, **fields: object) -> Try:
    """Make a try of a message."""
    one_try = Try(
        id=TryId(f"try-{number}"),
        follow_up_id=message.id,
        number=number,
        channel=Channel.WHATSAPP,
        form=Form.TEMPLATE,
        state=TryState.DELIVERED,
        started_at=Instant(NOW - 60_000),
        changed_at=NOW,
        message_sid=MessageSid("SM" + "0" * 32),
    )
    return replace(one_try, **fields)  # type: ignore[arg-type]


class FakeMessages:
    """Messages by their ids; what was asked about them is kept by the link."""

    def __init__(self) -> None:
        self.kept: dict[FollowUpId, FollowUp] = {}
        self.tries: tuple[Try, ...] = ()
        self.lines: tuple[JournalEntry, ...] = ()
        self.text = "Hello, we just talked."
        self.suppressed = Suppressed("+12025550100", 2, 1)

    def add(self, *messages: FollowUp) -> None:
        self.kept |= {one.id: one for one in messages}

    def answered(self, body: control.MessageQuestion) -> control.MessageResult:
        match body:
            case control.GetMessages(query):
                return control.TheMessages(self.page(query))
            case control.GetMessage(follow_up_id):
                if follow_up_id not in self.kept:
                    raise Refused("there is no such message", code="missing")
                message = self.kept[follow_up_id]
                tries = tuple(one for one in self.tries if one.follow_up_id == follow_up_id)
                return control.TheMessage(FollowUpDetail(message, tries, self.lines))
            case control.GetPreview():
                return control.ThePreview(self.text, "HX" + "0" * 32, '{"1": "Ana"}')
            case control.GetSuppressions():
                return control.TheSuppressions(())
            case control.Suppress():
                return control.TheSuppressed(self.suppressed)

    def page(self, query: FollowUpQuery) -> FollowUpPage:
        """Cut a page, newest first, as the store does by ids."""
        rows = [one for _, one in sorted(self.kept.items(), reverse=True)]
        rows = [one for one in rows if _matches(one, query.where)]
        than = query.than
        if query.backwards:
            newer = [one for one in rows if than is None or one.id > than]
            return FollowUpPage(tuple(newer[-query.count :]), len(newer) > query.count)
        older = [one for one in rows if than is None or one.id < than]
        return FollowUpPage(tuple(older[: query.count]), len(older) > query.count)


def _matches(message: FollowUp, where: FollowUpFilter) -> bool:
    text = f"{message.name} {message.to_number}".lower()
    return (
        all(word.lower() in text for word in where.words)
        and (not where.states or message.state in where.states)
        and (where.code is None or message.code == where.code)
        and (where.skipped_for is None or message.skipped_for is where.skipped_for)
        and (not where.batch_id or message.batch_id == where.batch_id)
    )
