"""The follow-ups in pieces: a real store, a messenger and a workspace as scripts, steps by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast
from unittest.mock import patch

from tests.engine.fakes import NOW, FakeClock, FakeIds
from voiceslot_tui.core.calls import ConversationId, Disposition, Instant
from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.follow_up_facts import (
    Approval,
    MessageNews,
    MessageTaken,
    MessageUnanswered,
    SendAnswer,
)
from voiceslot_tui.core.follow_up_pages import FollowUpQuery
from voiceslot_tui.core.follow_up_policy import FollowUpPolicy, Template
from voiceslot_tui.core.follow_up_settlement import FollowUpRules
from voiceslot_tui.core.follow_up_texts import ENGLISH
from voiceslot_tui.core.follow_ups import (
    Channel,
    EndedCall,
    FollowUp,
    MessageSid,
    follow_up_key,
)
from voiceslot_tui.core.inbound import PersonWrote, Received
from voiceslot_tui.core.listings import Listing
from voiceslot_tui.core.slots import Ceiling
from voiceslot_tui.core.talks import Talk, TalkState, TalkSummary
from voiceslot_tui.engine.board import Board
from voiceslot_tui.engine.desk import Desk
from voiceslot_tui.engine.follow_up_sender import FollowUpSender
from voiceslot_tui.engine.following_up import FollowingUp
from voiceslot_tui.engine.hearing import Hearing
from voiceslot_tui.engine.inbound_reader import InboundReader
from voiceslot_tui.engine.message_ledger import MessageLedger
from voiceslot_tui.engine.message_reader import MessageReader
from voiceslot_tui.engine.message_writing import MessageWriter
from voiceslot_tui.engine.switches import Switches
from voiceslot_tui.follow_up_ports import Ended, MessageOrder, Workspace
from voiceslot_tui.store import sqlite_follow_ups
from voiceslot_tui.store.sqlite import SqliteStore, open_store
from voiceslot_tui.wire.follow_up_messages import unfit_variable

CONTENT_SID = "HX" + "1" * 32
TEMPLATE = Template(CONTENT_SID, Approval.APPROVED, ("1", "2"), "Hello {{1}}, {{2}}")
BOTH = (Channel.WHATSAPP, Channel.SMS)
Answering = Callable[[MessageOrder], SendAnswer]


def sid_of(order: MessageOrder) -> MessageSid:
    """Name the message that a request becomes."""
    return MessageSid(f"SM{order.try_id.removeprefix('try_'):>032}")


def taken(order: MessageOrder) -> SendAnswer:
    """Take a message."""
    return MessageTaken(order.try_id, sid_of(order))


def silence(order: MessageOrder) -> SendAnswer:
    """Leave a request without an answer."""
    return MessageUnanswered(order.try_id, "no answer within 30 s")


class FakeMessenger:
    """Twilio as a script. `really` holds what was taken, whatever was answered.

    `other_times` holds what others sent there before or afterwards.
    """

    def __init__(self) -> None:
        self.orders: list[MessageOrder] = []
        self.answer: Answering = taken
        self.really: dict[str, list[MessageSid]] = {}
        self.other_times: dict[str, list[MessageSid]] = {}
        self.stands: dict[MessageSid, MessageNews] = {}
        self.known_template = TEMPLATE
        self.reads_fail: ReadFailed | None = None
        self.looked_up: list[MessageSid] = []
        self.listings = 0
        self.inbox: list[Received] = [Received()]
        self.asked_since: list[Instant | None] = []
        self.answers = asyncio.Event()
        self.answers.set()

    async def send(self, order: MessageOrder) -> SendAnswer:
        self.orders.append(order)
        await self.answers.wait()
        return self.answer(order)

    def takes_in_silence(self, order: MessageOrder) -> SendAnswer:
        """Take a message, and let the answer be lost."""
        self.really.setdefault(order.to, []).append(sid_of(order))
        return silence(order)

    def takes_and_answers(self, order: MessageOrder) -> SendAnswer:
        """Take a message and list it."""
        self.really.setdefault(order.to, []).append(sid_of(order))
        return taken(order)

    async def news(self, message_sid: MessageSid) -> MessageNews | None:
        if self.reads_fail is not None:
            raise self.reads_fail
        self.looked_up.append(message_sid)
        return self.stands.get(message_sid)

    async def sent_to(self, channel: Channel, to: str, since: Instant) -> Listing | None:
        del channel, since
        if self.reads_fail is not None:
            raise self.reads_fail
        self.listings += 1
        return Listing(tuple(self.really.get(to, ())), tuple(self.other_times.get(to, ())))

    async def received(self, channel: Channel, since: Instant | None, more: str = "") -> Received:
        """Give the pages of `inbox` one after the other; `more` is the number of a page."""
        del channel
        if self.reads_fail is not None:
            raise self.reads_fail
        self.asked_since.append(since)
        return self.inbox[int(more or 0)]

    async def template(self, content_sid: str) -> Template:
        del content_sid
        if self.reads_fail is not None:
            raise self.reads_fail
        return self.known_template

    async def templates(self) -> tuple[Template, ...]:
        return (self.known_template,)


class FakeTalks:
    """Conversations as a script."""

    def __init__(self) -> None:
        self.summaries: dict[str, TalkSummary] = {}
        self.talks: dict[str, Talk] = {}
        self.fails: ReadFailed | None = None

    async def summary(self, conversation_id: ConversationId) -> TalkSummary | None:
        if self.fails is not None:
            raise self.fails
        return self.summaries.get(conversation_id)

    async def talk(self, conversation_id: ConversationId) -> Talk | None:
        if self.fails is not None:
            raise self.fails
        return self.talks.get(conversation_id)


class MessageRig:
    """Sender, reader and front door over one store. Nothing runs but requests that were sent."""

    def __init__(
        self,
        store: SqliteStore,
        clock: FakeClock,
        sends: asyncio.TaskGroup,
        channels: tuple[Channel, ...],
        per_second: float,
    ) -> None:
        self.store, self.clock = store, clock
        self.messenger, self.talks = FakeMessenger(), FakeTalks()
        self.board = Board(Ceiling(2, 2.0), reserve=0, reading_bound_s=15, calls_per_second=0)
        switches = Switches(store, self.board, clock, 2)
        self.desk = Desk(
            FollowUpPolicy(channels=channels, per_day=0),
            lambda _: (),
            per_second=per_second,
            content_sid=CONTENT_SID,
            taken_back=self.board.taken_back,
        )
        self.ledger = MessageLedger(store, self.desk, FollowUpRules(channels), clock)
        self.writer = MessageWriter(ENGLISH, "Clinic")
        messengers = dict.fromkeys(channels, self.messenger)
        self.reader = MessageReader(
            store=store,
            messengers=messengers,
            unfit_variable=unfit_variable,
            ledger=self.ledger,
            desk=self.desk,
            clock=clock,
            has_callbacks=False,
        )
        hearing = Hearing(store, clock, self.board.taken_back, self.board.bells.change)
        self.inbound = InboundReader(
            store=store,
            messengers=messengers,
            hearing=hearing,
            clock=clock,
            has_callbacks=False,
        )
        self.sender = FollowUpSender(
            store=store,
            workspace=cast("Workspace", self.talks),
            messengers=messengers,
            write=self.writer.order,
            ledger=self.ledger,
            desk=self.desk,
            clock=clock,
            ids=FakeIds("message"),
            sends=sends,
            stopping=lambda: self.board.stopping,
        )
        self.door = FollowingUp(
            store=store,
            ledger=self.ledger,
            desk=self.desk,
            board=self.board,
            switches=switches,
            writer=self.writer,
            reader=self.reader,
            inbound=self.inbound,
            hearing=hearing,
            clock=clock,
        )

    async def ended(
        self,
        *numbers: int,
        disposition: Disposition = Disposition.VOICEMAIL,
        known: bool = True,
        mail: bool = False,
    ) -> None:
        """Write down that calls ended, each to a person of its own, with an address if `mail`."""
        calls = [self._call(number, disposition, known) for number in numbers]
        if mail:
            calls = [replace(call, email=f"p{call.to_number[-2:]}@example.org") for call in calls]
        await self.store.add_ended([Ended(call) for call in calls], self.clock.now())

    async def ended_again(self, number: int, *, mail: bool = False) -> None:
        """Write down that another call to a person has ended, with an address if `mail`."""
        talk = ConversationId(f"conv_{number}_again")
        call = self._call(number, Disposition.VOICEMAIL, True)
        email = f"p{call.to_number[-2:]}@example.org" if mail else ""
        call = replace(call, key=follow_up_key(talk), conversation_id=talk, email=email)
        await self.store.add_ended([Ended(call)], self.clock.now())

    def _call(self, number: int, disposition: Disposition, known: bool) -> EndedCall:
        talk = ConversationId(f"conv_{number}")
        return EndedCall(
            follow_up_key(talk),
            f"+120255501{number:02d}",
            self.clock.now(),
            disposition,
            outcome_known=known,
            name=f"Ana {number}",
            conversation_id=talk,
        )

    def wrote(
        self, person: int, *, wants_out: bool = False, message: int | None = None
    ) -> PersonWrote:
        """Say that a person wrote now on WhatsApp."""
        return PersonWrote(
            MessageSid(f"SM{person if message is None else message:032d}"),
            Channel.WHATSAPP,
            f"+120255501{person:02d}",
            self.clock.now(),
            wants_out,
        )

    async def send(self, steps: int = 1) -> float | None:
        """Let the sender step, and wait for whatever it sent or read."""
        wait_s: float | None = None
        for _ in range(steps):
            wait_s = await self.sender.step()
            await self.sender.quiet.wait()
            await self.sender.read.wait()
        return wait_s

    async def rows(self) -> Sequence[FollowUp]:
        """Give all messages, the oldest first."""
        return (await self.store.follow_up_page(FollowUpQuery(100))).rows[::-1]

    async def states(self) -> list[str]:
        """Give the states of all messages."""
        return [str(row.state) for row in await self.rows()]


def read_summary(text: str) -> TalkSummary:
    """Give the summary of a conversation that was analysed."""
    return TalkSummary(TalkState.ANALYSED, text)


@asynccontextmanager
async def message_rig(
    folder: Path,
    *,
    channels: tuple[Channel, ...] = (Channel.WHATSAPP,),
    per_second: float = 0.0,
) -> AsyncIterator[MessageRig]:
    """Open the rig, with its template read. News does not wait for company."""
    clock = FakeClock()
    store = await open_store(folder / "voiceslot.db", NOW)
    with patch.object(sqlite_follow_ups, "_NEWS_PATIENCE_S", 0.0):
        async with asyncio.TaskGroup() as sends:
            rig = MessageRig(store, clock, sends, channels, per_second)
            await rig.reader.step()
            yield rig
    await store.close()
