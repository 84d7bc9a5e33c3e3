"""The front door of the follow-ups: what messenger and people say, what operators want and see.

It passes wishes on; states are written by the message ledger, messages sent by the sender.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.calls import CallId, Instant
from voiceslot_tui.core.errors import BadInput, Missing, Rejected
from voiceslot_tui.core.follow_up_facts import (
    USABLE,
    FollowUpWish,
    FollowUpWished,
    MessageNews,
    Seen,
)
from voiceslot_tui.core.follow_up_pages import (
    FollowUpCounts,
    FollowUpDetail,
    FollowUpFilter,
    FollowUpPage,
    FollowUpQuery,
    Suppressed,
    Suppression,
)
from voiceslot_tui.core.follow_up_policy import Template
from voiceslot_tui.core.follow_up_snapshot import FollowUpStanding
from voiceslot_tui.core.follow_ups import (
    Channel,
    FollowUp,
    FollowUpId,
    FollowUpState,
    MessageSid,
    SkipReason,
)
from voiceslot_tui.core.inbound import PersonWrote
from voiceslot_tui.core.limits import COMMAND_CALLS_MAX, PAGE_ROWS_MAX
from voiceslot_tui.core.same_line import ways_of_writing
from voiceslot_tui.core.troubles import MessageStanding
from voiceslot_tui.core.undo import Done, Undo
from voiceslot_tui.engine.board import Board
from voiceslot_tui.engine.desk import Desk
from voiceslot_tui.engine.hearing import Hearing
from voiceslot_tui.engine.inbound_reader import InboundReader
from voiceslot_tui.engine.message_ledger import MessageLedger
from voiceslot_tui.engine.message_reader import MessageReader
from voiceslot_tui.engine.message_writing import MessageWriter
from voiceslot_tui.engine.switches import (
    BY_SETTINGS,
    PausesWished,
    Switches,
    Wished,
    check_pause,
)
from voiceslot_tui.follow_up_ports import FollowUpStore
from voiceslot_tui.ports import Clock
from voiceslot_tui.wire.follow_up_messages import Message

_WISH_WORDS: Final = MappingProxyType(
    {
        FollowUpWish.RETRY: "to be sent again",
        FollowUpWish.SKIP: "left out",
        FollowUpWish.RELEASE: "released",
    }
)
_NOT_WISHED_WORDS: Final = MappingProxyType(
    {
        FollowUpWish.RETRY: "it is sent, on its way or due, or unknown",
        FollowUpWish.SKIP: "it is on its way or over, or unknown",
        FollowUpWish.RELEASE: "it is not blocked, or unknown",
    }
)


class FollowingUp:
    """What the rest of the program may ask of the follow-ups."""

    def __init__(
        self,
        *,
        store: FollowUpStore,
        ledger: MessageLedger,
        desk: Desk,
        board: Board,
        switches: Switches,
        writer: MessageWriter,
        reader: MessageReader,
        inbound: InboundReader,
        hearing: Hearing,
        clock: Clock,
        configured_sid: str = "",
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._desk = desk
        self._board = board
        self._switches = switches
        self._writer = writer
        self._reader = reader
        self._inbound = inbound
        self._hearing = hearing
        self._clock = clock
        self._configured_sid = configured_sid
        self._pauses_wished = PausesWished()
        self._last_pause = Wished()
        self._blocked = 0
        self._said_trouble = ""
        self._due = 0

    async def restore(self) -> None:
        """Take up the switches as they were left; a template newly set in the settings wins."""
        control = self._board.control
        self._desk.paused = control.follow_ups_paused
        self._desk.paused_by = control.follow_ups_paused_by
        self._last_pause = Wished(self._desk.paused_by, at=control.follow_ups_paused_at)
        wished = control.content_sid
        if wished is not None and control.content_sid_configured == self._configured_sid:
            self._desk.template = Template(wished)
        elif wished is not None:
            change = f"{wished} to {self._configured_sid or 'none'}"
            await self._switches.change("template", change, by=BY_SETTINGS, content_sid=None)

    # What messenger and people say.

    async def tell(self, news: MessageNews, *, by: str) -> bool:
        """Record where a message stands; True where it changed something. Then it is committed."""
        self._desk.webhook_at = self._clock.now()
        return (await self._ledger.record(news, by=by))[0] is not None

    def hint(self, message_sid: MessageSid) -> None:
        """Look a message up soon: somebody says, without proof, that it has moved."""
        self._reader.hint(message_sid)

    async def person_wrote(self, wrote: PersonWrote, *, by: str) -> Suppressed | None:
        """Hear a person's message, once; where they ask us to stop, they are suppressed at once."""
        self._desk.webhook_at = self._clock.now()
        return await self._hearing.hear(wrote, by=by)

    # What operators do.

    async def wish(
        self, follow_up_ids: Sequence[FollowUpId], wish: FollowUpWish, *, by: str
    ) -> Done:
        """Retry, leave out or release messages; say how many did, and why others could not."""
        if len(follow_up_ids) > COMMAND_CALLS_MAX:
            raise BadInput(f"at most {COMMAND_CALLS_MAX:,} messages at once", field="messages")
        facts = [FollowUpWished(follow_up_id, wish, by) for follow_up_id in follow_up_ids]
        settled = await self._ledger.record(*facts, by=by) if facts else ()
        came_to = [*zip(follow_up_ids, settled, strict=True)]
        changed = tuple(CallId(one) for one, settlement in came_to if settlement is not None)
        why = _NOT_WISHED_WORDS[wish]
        left = tuple((CallId(one), why) for one, settlement in came_to if settlement is None)
        return Done(changed, left, f"{_messages(len(changed))} {_WISH_WORDS[wish]}")

    async def retry_all(self, where: FollowUpFilter, *, by: str) -> Done:
        """Send all messages again that match: those that failed by one code, for example.

        Who waited longest comes first. What has moved since it was found stays as it is.
        """
        found = [self._retry(row, by) async for row in self._matching(where)]
        found.reverse()
        return await self._record_each(found, by=by)

    @staticmethod
    def _retry(row: FollowUp, by: str) -> FollowUpWished:
        seen = Seen(row.state, row.tries)
        return FollowUpWished(row.id, FollowUpWish.RETRY, by, seen)

    async def _record_each(self, retries: Sequence[FollowUpWished], *, by: str) -> Done:
        """Send messages again, some at a time."""
        changed = 0
        for start in range(0, len(retries), COMMAND_CALLS_MAX):
            facts = retries[start : start + COMMAND_CALLS_MAX]
            settled = await self._ledger.record(*facts, by=by)
            changed += sum(one is not None for one in settled)
        words = f"{_messages(changed)} {_WISH_WORDS[FollowUpWish.RETRY]}"
        left = len(retries) - changed
        return Done(message=f"{words}; {left:,} could not be" if left else words)

    async def _matching(self, where: FollowUpFilter) -> AsyncIterator[FollowUp]:
        """Give the messages that match, newest first, page by page."""
        query = FollowUpQuery(PAGE_ROWS_MAX, where=where)
        while True:
            page = await self._store.follow_up_page(query)
            for row in page.rows:
                yield row
            than = page.searched_to
            if than is None and page.more and page.rows:
                than = page.rows[-1].id
            if than is None:
                return
            query = FollowUpQuery(PAGE_ROWS_MAX, than, where=where)

    async def pause(self, *, by: str) -> Done:
        """Send no more messages; calls go on. In force at once, durable when it returns."""
        was_paused, self._desk.paused, self._desk.paused_by = self._desk.paused, True, by
        at = self._last_pause.goes_on(by, was_paused) or self._switches.moment()
        wished = self._last_pause = Wished(by, at=at)
        with self._pauses_wished:
            await self._switches.change(
                "follow_ups_paused",
                "",
                by=by,
                follow_ups_paused=True,
                follow_ups_paused_by=by,
                follow_ups_paused_at=wished.at,
            )
        self._desk.change()
        undo = () if was_paused else (Undo(follow_ups_paused=False, set_at=wished.at),)
        return Done(message="follow-ups paused: no message is sent; calls go on", undo=undo)

    async def insist(self) -> None:
        """Write down a pause and STOPs that are in force and could not be written before."""
        is_stored = self._board.control.follow_ups_paused
        if self._desk.paused and not is_stored and not self._pauses_wished:
            await self.pause(by=self._desk.paused_by)
        await self._hearing.insist()

    async def resume(self, *, by: str, back: Undo | None = None) -> Done:
        """Send messages again.

        With `back` it takes a pause back; raise Rejected where that pause stands no more.
        """
        was_paused = self._desk.paused
        await self._switches.change(
            "follow_ups_resumed",
            "",
            by=by,
            check=lambda: check_pause(back, self._desk.paused, self._last_pause, "follow-ups: "),
            follow_ups_paused=False,
            follow_ups_paused_by="",
            follow_ups_paused_at=None,
        )
        if not self._pauses_wished:
            self._desk.paused, self._desk.paused_by = False, ""
        self._desk.send.set()
        self._desk.change()
        undo = (Undo(follow_ups_paused=True),) if was_paused else ()
        message = "follow-ups resumed" if was_paused else "the follow-ups were not paused"
        return Done(message=message, undo=undo)

    async def use_template(self, content_sid: str, *, by: str) -> Done:
        """Send by another template from now on; blocked messages go once it may be used.

        Raises Rejected where no message goes by WhatsApp.
        """
        if Channel.WHATSAPP not in self._desk.policy.channels:
            raise Rejected("no message goes by WhatsApp here; set TWILIO_WHATSAPP_NUMBER")
        before = self._desk.template.content_sid
        await self._switches.change(
            "template",
            f"{before or 'none'} to {content_sid}",
            by=by,
            content_sid=content_sid,
            content_sid_configured=self._configured_sid,
        )
        self._desk.template, self._desk.unfit = Template(content_sid), ""
        self._reader.read_template()
        self._desk.change()
        return Done(message=f"messages go by the template {content_sid}; its approval is read now")

    def read_now(self) -> None:
        """Read the template's approval and what people wrote, and look messages up, at once.

        Raises Rejected where no channel is set up.
        """
        if not self._desk.policy.channels:
            raise Rejected("no channel is set up; set TWILIO_WHATSAPP_NUMBER")
        self._reader.read_now()
        self._inbound.read_now()

    async def suppress(self, number: str, why: str, *, by: str) -> Suppressed:
        """Never call or write to a number again; what waits for it goes."""
        with self._board.taken_back.writing(ways_of_writing(number), self._clock.steady_s):
            gone = await self._store.suppress(number, why, self._clock.now(), by)
        self._board.bells.change()
        return gone

    async def unsuppress(self, number: str, *, by: str) -> Done:
        """Take a number off the suppression list."""
        if not await self._store.unsuppress(number, self._clock.now(), by):
            raise Missing("that number is not on the suppression list")
        self._board.bells.change()
        return Done(message="the number may be called and written to again")

    async def send_since(self, since: Instant, *, by: str, confirmed: bool) -> Done:
        """Send messages after calls of batches that ended before the first start; first count them.

        Raises BadInput for a moment that is still to come.
        """
        if since > self._clock.now():
            raise BadInput("that moment is still to come; it is read as UTC", field="since")
        where = FollowUpFilter(skipped_for=SkipReason.BEFORE_FIRST_START)
        found = [
            self._retry(row, by) async for row in self._matching(where) if row.ended_at >= since
        ]
        if not confirmed:
            return Done(message=f"{_messages(len(found))} would be sent")
        await self._record_each(found, by=by)
        return Done(message=f"{_messages(len(found))} to be sent")

    # What is shown.

    async def counts(self) -> FollowUpCounts:
        """Read the counters."""
        return await self._store.follow_up_counts()

    async def page(self, query: FollowUpQuery) -> FollowUpPage:
        """Read a page of messages."""
        return await self._store.follow_up_page(query)

    async def detail(self, follow_up_id: FollowUpId) -> FollowUpDetail:
        """Read all about one message; raises Missing."""
        found = await self._store.follow_up_detail(follow_up_id)
        if found is None:
            raise Missing(f"there is no message {follow_up_id}")
        return found

    async def preview(self, follow_up_id: FollowUpId) -> Message:
        """Write a message as it would be sent now; raises Missing."""
        found = await self.detail(follow_up_id)
        return self._writer.preview(found.follow_up, self._desk.template)

    async def suppressions(self, after: str, count: int) -> tuple[Suppression, ...]:
        """Read the suppression list by number, from the one after."""
        return await self._store.suppressions(after, count)

    async def standing(self) -> FollowUpStanding:
        """Say how the messages stand at a glance."""
        desk, counts = self._desk, await self._store.follow_up_counts()
        self._blocked = counts.states.get(FollowUpState.BLOCKED, 0)
        self._due = counts.states.get(FollowUpState.DUE, 0)
        self._said_trouble = desk.trouble if self._due else ""
        return FollowUpStanding(
            channels=desk.policy.channels,
            paused=desk.paused,
            paused_by=desk.paused_by,
            trouble=self._said_trouble,
            sandbox=desk.sandbox,
            per_second=desk.pacing.per_second,
            template=desk.template_standing(),
            states={state: n for state, n in counts.states.items() if n},
            waits=counts.waits,
            skips=counts.skips,
            blocks=counts.blocks,
            codes=counts.codes,
            suppressed=counts.suppressed,
            webhook_at=desk.webhook_at,
        )

    def needs(self) -> MessageStanding:
        """Say what about the messages needs a person, for alerts; as of the last standing."""
        template = self._desk.template_standing()
        usable = template is None or template.approval in USABLE or self._blocked == 0
        words = "" if usable or template is None else f"{template.approval} {template.reason}"
        untried = self._due > 0 and not self._desk.heard
        return MessageStanding(self._said_trouble, words.strip(), self._blocked, untried)


def _messages(count: int) -> str:
    return f"{count:,} message{'' if count == 1 else 's'}"
