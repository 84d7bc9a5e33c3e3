"""Send: judge the messages that are due, claim them, and make one request for each.

A claim is committed before its request leaves, and the request is made once; whatever comes of it
is a fact for the message ledger. What may have been sent is never sent again from here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final, assert_never

from voiceslot_tui import logs
from voiceslot_tui.core.calls import Disposition, Instant
from voiceslot_tui.core.errors import ReadDenied, ReadFailed, ReadUnclear
from voiceslot_tui.core.follow_up_facts import (
    Failure,
    FollowUpFact,
    MessageRefused,
    MessageTaken,
    MessageUnanswered,
    OutcomeOpen,
    OutcomeRead,
    SendAnswer,
)
from voiceslot_tui.core.follow_up_policy import Template
from voiceslot_tui.core.follow_ups import Channel, FollowUp, FollowUpId, TryId
from voiceslot_tui.core.limits import (
    DIAL_STALE_S,
    MESSENGER_REST_S,
    OUTCOMES_AT_ONCE_MAX,
    OUTCOMES_WAITING_MAX,
    RATE_BACKOFF_MAX_S,
    SENDS_AT_ONCE_MAX,
    UNREACHABLE_BACKOFF_MAX_S,
    UNREACHABLE_BACKOFF_S,
)
from voiceslot_tui.core.talks import TalkState
from voiceslot_tui.engine.desk import Desk
from voiceslot_tui.engine.message_ledger import MessageLedger
from voiceslot_tui.engine.service import or_else, persist
from voiceslot_tui.engine.taken_back import MESSAGE_WAITS_S
from voiceslot_tui.follow_up_ports import (
    FollowUpStore,
    MessageOrder,
    Messenger,
    Sending,
    Taken,
    Workspace,
)
from voiceslot_tui.ports import STILL_WANTED, Clock, Ids

_FULL_S: Final = 1.0
"""How long to wait while as much is under way as may be."""
_AT_ONCE_S: Final = 0.001
_NO_TEMPLATE: Final = Template("")
_LOOKS_EVERY_S: Final = 60.0
"""How long it sleeps at most: a write whose answer was lost rings no bell, and a clock that is set
ahead makes messages due before their time.
"""

Writer = Callable[[Sending, Template], MessageOrder]
"""Writes the message of a claimed follow-up."""


class FollowUpSender:
    """Reads how calls went, and sends what is due. `stopping` tells that nothing more may leave."""

    name = "follow-ups"

    def __init__(
        self,
        *,
        store: FollowUpStore,
        workspace: Workspace,
        messengers: Mapping[Channel, Messenger],
        write: Writer,
        ledger: MessageLedger,
        desk: Desk,
        clock: Clock,
        ids: Ids,
        sends: asyncio.TaskGroup,
        stopping: Callable[[], bool],
    ) -> None:
        self.wake = desk.send
        self._store = store
        self._workspace = workspace
        self._messengers = messengers
        self._write = write
        self._ledger = ledger
        self._desk = desk
        self._clock = clock
        self._ids = ids
        self._sends = sends
        self._stopping = stopping
        self._unreachable_s: dict[Channel, float] = {}
        self._reads = asyncio.Semaphore(OUTCOMES_AT_ONCE_MAX)
        self._reading: set[FollowUpId] = set()
        self._sending: set[TryId] = set()
        self._claims_in_doubt = False
        self.quiet = asyncio.Event()
        self.quiet.set()
        self.read = asyncio.Event()
        self.read.set()

    async def step(self) -> float | None:
        """Send what may be sent now; give the seconds until time alone makes more of it due."""
        if self._claims_in_doubt and not self._stopping():
            await self._give_back()
        desk, now = self._desk, self._clock.now()
        if desk.paused or self._stopping():
            return None
        resting_s, room = desk.resting_s(now), self._room(now)
        if resting_s or not room:
            return max(resting_s, desk.pacing.wait_s(now) or _FULL_S)
        claimed_s = self._clock.steady_s()
        taken = await self._claim(room, now, claimed_s)
        for follow_up in taken.unread:
            self._read_soon(follow_up)
        if taken.sendings or taken.judged:
            desk.change()
        now = self._clock.now()
        if taken.more:
            return max(_AT_ONCE_S, desk.pacing.wait_s(now))
        if taken.next_due is None:
            return _LOOKS_EVERY_S
        return min(_LOOKS_EVERY_S, max(_AT_ONCE_S, (taken.next_due - now) / 1000))

    async def _claim(self, room: int, now: Instant, claimed_s: float) -> Taken:
        """Claim what is due and send it; not quiet until each has come to something."""
        self.quiet.clear()
        self._claims_in_doubt = True
        try:
            judgement = self._desk.judgement(now)
            taken = await self._store.take_due(judgement, self._ids.try_id, room, now)
            self._claims_in_doubt = False
            self._send_out(taken.sendings, judgement.standing.template, claimed_s)
        finally:
            self._quiet_if_idle()
        return taken

    def _quiet_if_idle(self) -> None:
        if not self._sending:
            self.quiet.set()

    async def _give_back(self) -> None:
        """Let go of claims that were stored although the disk said that they were not.

        We make the requests of all claims that we know of, so nobody has made one for any other.
        Known is what we know of before the store is read: what a request came to may be written
        down meanwhile. Not while we stop: it may then be given up on unwritten.
        """
        known = frozenset(self._sending)
        why = "the disk refused the claim, and stored it all the same"
        strays = [
            MessageRefused(try_id, Failure.NOT_SENT, detail=why)
            for try_id in await self._store.tries_cut_off()
            if try_id not in known
        ]
        if strays:
            await self._ledger.record(*strays, by="engine")
        self._claims_in_doubt = False

    def _room(self, now: Instant) -> int:
        """Give how many messages may leave now."""
        if len(self._reading) >= OUTCOMES_WAITING_MAX:
            return 0
        paced = self._desk.pacing.allowed(now)
        room = SENDS_AT_ONCE_MAX - len(self._sending)
        room = room if paced is None else min(room, paced)
        return max(0, min(room, 1 - len(self._sending)) if self._desk.probing else room)

    def _send_out(
        self, sendings: tuple[Sending, ...], template: Template | None, claimed_s: float
    ) -> None:
        """Make the requests of what was claimed, by the template that it was judged by."""
        if not sendings:
            return
        desk, now = self._desk, self._clock.now()
        desk.pacing = desk.pacing.after(len(sendings), now)
        for sending in sendings:
            self._sending.add(sending.one_try.id)
            self.quiet.clear()
            self._sends.create_task(self._send(sending, template or _NO_TEMPLATE, claimed_s))

    async def _send(self, sending: Sending, template: Template, claimed_s: float) -> None:
        try:
            withdrawn = self._withdrawn(sending, claimed_s, DIAL_STALE_S)
            answer = withdrawn or await self._answer(sending, template, claimed_s)
            await self._record(answer)
        finally:
            if len(self._sending) == SENDS_AT_ONCE_MAX:
                self.wake.set()
            self._sending.discard(sending.one_try.id)
            self._quiet_if_idle()

    def _withdrawn(
        self, sending: Sending, claimed_s: float, within_s: float
    ) -> MessageRefused | None:
        """Say that a claimed message must not be sent any more; None where it may, for so long."""
        if self._desk.paused or self._stopping():
            why = "the follow-ups were paused or stopped before it was sent"
        elif self._desk.taken_back.since(claimed_s, sending.follow_up.to_number):
            why = "its number was suppressed before it was sent"
        elif self._clock.steady_s() - claimed_s > within_s:
            why = "the process slept between claiming and sending"
        elif sending.one_try.content_sid not in ("", self._desk.template.content_sid):
            why = "another template was chosen before it was sent"
        else:
            return None
        return MessageRefused(sending.one_try.id, Failure.NOT_SENT, detail=why)

    async def _answer(self, sending: Sending, template: Template, claimed_s: float) -> SendAnswer:
        """Make the one request of a try, and heed what its answer says."""
        order = self._written(sending, template)
        if isinstance(order, MessageRefused):
            return order
        messenger = self._messengers[sending.send.channel]
        silence: SendAnswer = MessageUnanswered(
            sending.one_try.id, "the request broke off by a defect of ours"
        )
        within_s = MESSAGE_WAITS_S[sending.send.channel]
        STILL_WANTED.set(lambda: self._withdrawn(sending, claimed_s, within_s) is None)
        answer = await or_else(partial(messenger.send, order), silence)
        if isinstance(answer, MessageRefused) and answer.failure is Failure.NOT_SENT:
            withdrawn = self._withdrawn(sending, claimed_s, within_s)
            if withdrawn is not None:
                return withdrawn
        self._learn(answer, sending.send.channel)
        return answer

    def _written(self, sending: Sending, template: Template) -> MessageOrder | MessageRefused:
        """Write a message. A defect there costs this one, and not the engine."""
        try:
            return self._write(sending, template)
        except Exception as problem:  # noqa: BLE001 - nothing has left, and all others must
            logs.error(logs.Event.REQUEST_FAILED, problem=problem)
            why = "it could not be written, which is a defect of voiceslot; see its log"
            return MessageRefused(sending.one_try.id, Failure.FINAL, detail=why)

    def _learn(self, answer: SendAnswer, channel: Channel) -> None:
        """Heed what an answer says about the messenger as a whole."""
        desk, now = self._desk, self._clock.now()
        match answer:
            case MessageTaken():
                self._unreachable_s.pop(channel, None)
                desk.hear(channel)
            case MessageUnanswered():
                desk.silent(channel, f"{channel} does not answer: {answer.detail}", now)
            case MessageRefused():
                self._refused(answer, channel, now)
            case _:
                assert_never(answer)

    def _refused(self, answer: MessageRefused, channel: Channel, now: Instant) -> None:
        desk = self._desk
        if answer.failure is Failure.ACCOUNT:
            why = f"the account may not send by {channel}: {answer.detail}"
            desk.rest(channel, MESSENGER_REST_S, why, now)
        elif answer.failure is Failure.NOT_SENT and answer.retry_after_s:
            why = f"{channel} asks us to slow down"
            desk.rest(channel, min(answer.retry_after_s, RATE_BACKOFF_MAX_S), why, now)
        elif answer.failure is Failure.NOT_SENT:
            doubled = max(UNREACHABLE_BACKOFF_S, self._unreachable_s.get(channel, 0.0) * 2)
            self._unreachable_s[channel] = min(doubled, UNREACHABLE_BACKOFF_MAX_S)
            why = f"{channel} cannot be reached: {answer.detail}"
            desk.rest(channel, self._unreachable_s[channel], why, now)
        else:
            desk.hear(channel)

    async def _record(self, fact: FollowUpFact) -> None:
        await persist(partial(self._ledger.record, fact, by="messenger"), self._stopping)

    # --- how calls went

    def _read_soon(self, follow_up: FollowUp) -> None:
        if follow_up.id in self._reading:
            return
        self._reading.add(follow_up.id)
        self.read.clear()
        self._sends.create_task(self._read(follow_up))

    async def _read(self, follow_up: FollowUp) -> None:
        try:
            async with self._reads:
                fact = None if self._stopping() else await self._outcome(follow_up)
            if fact is not None:
                await self._record(fact)
        finally:
            if len(self._reading) == OUTCOMES_WAITING_MAX:
                self.wake.set()
            self._reading.discard(follow_up.id)
            if not self._reading:
                self.read.set()

    async def _outcome(self, follow_up: FollowUp) -> OutcomeRead | OutcomeOpen:
        """Read how a call went, or note that nobody can say.

        Where the platform still cannot after a long time, it stays at what was presumed.
        """
        answered = True
        try:
            read = await self._read_of(follow_up)
        except (ReadDenied, ReadUnclear):
            read = None
        except ReadFailed:
            read, answered = None, False
        if read is None and answered and follow_up.outcome_given_up:
            read = OutcomeRead(follow_up.id, follow_up.disposition)
        if read is None:
            return OutcomeOpen(follow_up.id, answered)
        return replace(read, conversation_id=follow_up.conversation_id)

    async def _read_of(self, follow_up: FollowUp) -> OutcomeRead | None:
        assert follow_up.conversation_id is not None, "there is nothing to read"
        if follow_up.disposition is Disposition.ANSWERED:
            return await self._summary(follow_up)
        talk = await self._workspace.talk(follow_up.conversation_id)
        outcome = None if talk is None else talk.outcome
        if outcome is None:
            over = talk is not None and talk.state is TalkState.ANALYSED
            return OutcomeRead(follow_up.id, follow_up.disposition) if over else None
        return OutcomeRead(follow_up.id, outcome.disposition)

    async def _summary(self, follow_up: FollowUp) -> OutcomeRead | None:
        assert follow_up.conversation_id is not None, "there is nothing to read"
        read = await self._workspace.summary(follow_up.conversation_id)
        if read is None or not read.is_final:
            return None
        return OutcomeRead(follow_up.id, follow_up.disposition, read.summary)
