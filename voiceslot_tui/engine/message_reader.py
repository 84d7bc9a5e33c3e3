"""Look things up at the messenger: the template's approval, and what became of messages.

What callbacks tell in a moment, this finds at the next look, so that nothing depends on callbacks
arriving. A message in doubt is looked for in complete listings; it is never sent from here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.errors import ReadDenied, ReadFailed, StoreUnavailable
from voiceslot_tui.core.follow_up_facts import USABLE, Approval, FollowUpFact, MessagesListed
from voiceslot_tui.core.follow_up_policy import NEVER_READ, Template
from voiceslot_tui.core.follow_ups import Channel, MessageSid, Try, TryState, WaitReason
from voiceslot_tui.core.limits import (
    LOOK_FAILED_S,
    LOOKS_AT_ONCE_MAX,
    TEMPLATE_AGAIN_S,
    TEMPLATE_EVERY_S,
    TEMPLATE_EVERY_WAITING_S,
)
from voiceslot_tui.core.message_looks import is_time, next_look
from voiceslot_tui.engine.desk import Desk
from voiceslot_tui.engine.message_ledger import MessageLedger
from voiceslot_tui.follow_up_ports import FollowUpStore, Look, Messenger
from voiceslot_tui.ports import Clock

_BY = "messenger (poll)"
_HINTS_MAX = 200
_CALM_S = 1.0
"""How long it stays known when the next look is due: of a new message it is later than that."""
_LOOKS_EVERY_S = 60.0
"""How long it sleeps at most: a write whose answer was lost rings no bell."""


class MessageReader:
    """Keeps what we know of template and messages true to the messenger."""

    name = "messages"

    def __init__(
        self,
        *,
        store: FollowUpStore,
        messengers: Mapping[Channel, Messenger],
        unfit_variable: Callable[[Template], str],
        ledger: MessageLedger,
        desk: Desk,
        clock: Clock,
        has_callbacks: bool,
    ) -> None:
        self.wake = desk.read
        self._store = store
        self._messengers = messengers
        self._unfit_variable = unfit_variable
        self._ledger = ledger
        self._desk = desk
        self._clock = clock
        self._has_callbacks = has_callbacks
        self._template_at_s = clock.steady_s()
        self._doubted_at_s = float("-inf")
        self._calm_until_s = float("-inf")
        self._read_sid = ""
        self._hints: deque[MessageSid | None] = deque(maxlen=_HINTS_MAX)

    def hint(self, message_sid: MessageSid) -> None:
        """Look a message up soon, on somebody's unproven word; the oldest hints give way."""
        if message_sid not in self._hints:
            self._hints.append(message_sid)
            self.wake.set()

    def read_now(self) -> None:
        """Look messages up at once, and read the template: what it allows now is released."""
        self._hints.append(None)
        self._desk.template_doubted = False
        self._template_at_s = self._clock.steady_s()
        self.wake.set()

    def read_template(self) -> None:
        """Read the template anew: one was chosen, be it the same again."""
        self._read_sid = ""
        self._desk.read.set()

    async def step(self) -> float | None:
        """Read the template where it is time; look up some of the messages whose time has come."""
        await self._follow_hints()
        failed = await self._tend_template()
        waits = [self._template_at_s - self._clock.steady_s()] if self._desk.by_template else []
        calm_s = self._calm_until_s - self._clock.steady_s()
        if calm_s <= 0:
            due = await self._store.next_look()
            if due is not None and is_time(due, self._clock.now()):
                failed = await self._look_up() or failed
                due = await self._store.next_look()
            calm_s = _CALM_S if due is None else (due - self._clock.now()) / 1000
            self._calm_until_s = self._clock.steady_s() + min(_CALM_S, calm_s)
            waits.append(_LOOKS_EVERY_S if due is None else min(_LOOKS_EVERY_S, calm_s))
        else:
            waits.append(calm_s)
        if failed is not None:
            raise failed
        return max(0.001, min(waits)) if waits else None

    async def _follow_hints(self) -> None:
        """Take up the hints that are there; those that come meanwhile are for the next step."""
        for _ in range(len(self._hints)):
            await self._store.look_soon(self._hints.popleft(), self._clock.now())
            self._calm_until_s = float("-inf")

    # --- the template

    async def _tend_template(self) -> ReadFailed | None:
        desk, now_s = self._desk, self._clock.steady_s()
        if desk.template_doubted:
            soon_s = max(now_s, self._doubted_at_s + TEMPLATE_AGAIN_S)
            self._template_at_s = min(self._template_at_s, soon_s)
        changed = desk.template.content_sid != self._read_sid
        if not desk.by_template or (not changed and now_s < self._template_at_s):
            return None
        content_sid = desk.template.content_sid
        doubted = desk.template_doubted
        self._doubted_at_s = now_s if doubted else self._doubted_at_s
        try:
            template = await self._messengers[Channel.WHATSAPP].template(content_sid)
        except ReadDenied:
            template = Template(content_sid, Approval.HIDDEN, reason="it may not read the template")
        except ReadFailed as problem:
            self._template_at_s = self._clock.steady_s() + TEMPLATE_AGAIN_S
            return problem
        if desk.template.content_sid != content_sid:
            return None
        was_read = desk.template.approval not in (*NEVER_READ, Approval.MISSING)
        if template.approval is Approval.HIDDEN and was_read:
            template = replace(desk.template, approval=Approval.UNREADABLE)
        no_better = doubted and not changed and desk.template.approval in USABLE
        desk.template_doubted = False
        await self._take_template(replace(template, content_sid=content_sid), no_better=no_better)
        return None

    async def _take_template(self, template: Template, *, no_better: bool) -> None:
        """Act on what was read.

        A template by which messages fail, and which is no better than before, releases nothing yet:
        all that it blocked would fail again.
        """
        desk = self._desk
        desk.unfit = self._unfit_variable(template)
        desk.template, self._read_sid = template, template.content_sid
        usable = template.approval in USABLE and not desk.unfit
        every_s = TEMPLATE_EVERY_S if usable else TEMPLATE_EVERY_WAITING_S
        self._template_at_s = self._clock.steady_s() + every_s
        desk.change()
        try:
            await self._let_go(template, released=usable and not no_better)
        except StoreUnavailable:
            self._read_sid = ""
            raise

    async def _let_go(self, template: Template, *, released: bool) -> None:
        """Make due what waited for the template's approval and, where it is usable, was blocked."""
        desk, now = self._desk, self._clock.now()
        known = template.approval not in NEVER_READ
        while known and await self._store.wake_follow_ups(WaitReason.TEMPLATE_UNREAD, now):
            desk.send.set()
        while released:
            released = bool(
                await self._store.release_blocked(
                    template.content_sid, template.approval, self._ledger.rules, now, _BY
                )
            )
            if released:
                desk.send.set()

    # --- messages

    async def _look_up(self) -> ReadFailed | None:
        """Look some messages up; give what went wrong where nothing could be read."""
        looks = await self._store.to_look_up(LOOKS_AT_ONCE_MAX, self._clock.now())
        if not looks:
            return None
        async with asyncio.TaskGroup() as asking:
            tasks = [asking.create_task(self._learned(look)) for look in looks]
        learned = [task.result() for task in tasks]
        facts = [one.fact for one in learned if one.fact is not None]
        settled = await self._ledger.record(*facts, by=_BY) if facts else ()
        now = self._clock.now()
        tries = {one.one_try.id: one.one_try for one in settled if one and one.one_try}
        await self._store.look_again(
            [
                (one.one_try.id, self._next(tries.get(one.one_try.id, one.one_try), one, now))
                for one in learned
            ]
        )
        problems = [one.problem for one in learned if one.problem is not None]
        return problems[0] if len(problems) == len(looks) else None

    async def _learned(self, look: Look) -> _Learned:
        """Ask the messenger about one try."""
        try:
            fact = await self._asked(look)
        except ReadFailed as problem:
            return _Learned(look.one_try, problem=problem)
        in_doubt = look.one_try.state is TryState.AMBIGUOUS
        return _Learned(look.one_try, fact, tells=fact is not None or not in_doubt)

    async def _asked(self, look: Look) -> FollowUpFact | None:
        one_try, messenger = look.one_try, self._messengers.get(look.one_try.channel)
        if messenger is None:
            return None
        if one_try.state is not TryState.AMBIGUOUS:
            return (
                None if one_try.message_sid is None else await messenger.news(one_try.message_sid)
            )
        follow_up = look.follow_up
        to = follow_up.email if one_try.channel is Channel.EMAIL else follow_up.to_number
        listing = await messenger.sent_to(one_try.channel, to, one_try.started_at)
        if listing is None:
            return None
        others = await self._store.known_messages((*listing.found, *listing.other_times))
        found = tuple(sid for sid in listing.found if sid not in others)
        other_times = tuple(sid for sid in listing.other_times if sid not in others)
        return MessagesListed(one_try.id, found, other_times)

    def _next(self, one_try: Try, learned: _Learned, now: Instant) -> Instant | None:
        """Give when a try is looked up next; None where only callbacks or people can say more."""
        if learned.problem is not None:
            return later(now, LOOK_FAILED_S)
        if not learned.tells:
            return None
        return next_look(one_try, now, has_callbacks=self._has_callbacks)


@dataclass(frozen=True, slots=True)
class _Learned:
    """What asking about one try came to; `tells` is False where asking can tell nothing."""

    one_try: Try
    fact: FollowUpFact | None = None
    problem: ReadFailed | None = None
    tells: bool = True
