"""Counters of messages are what counting would give, and nobody gets two, whatever happens."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.contract.store.messages import (
    CONTENT,
    MESSAGE_RULES,
    OTHER_CONTENT,
    STANDING,
    TEMPLATE,
    Messages,
    number_of,
)
from tests.contract.store.stores import FACTORIES, Factory, Opened
from voiceslot_tui.core.calls import Disposition
from voiceslot_tui.core.follow_up_facts import (
    Approval,
    Delivery,
    Failure,
    FollowUpWish,
    FollowUpWished,
    MessageNews,
    MessageRefused,
    MessagesListed,
    MessageTaken,
    MessageUnanswered,
    OutcomeRead,
)
from voiceslot_tui.core.follow_up_policy import Standing
from voiceslot_tui.core.follow_ups import (
    FollowUp,
    FollowUpState,
    MessageSid,
    Try,
    TryState,
    WaitReason,
)
from voiceslot_tui.follow_up_ports import Sending

T = TypeVar("T")
STANDINGS = (
    STANDING,
    Standing(paused=True),
    Standing(),
    Standing(template=replace(TEMPLATE, approval=Approval.UNREAD)),
    Standing(template=replace(TEMPLATE, approval=Approval.PAUSED)),
)
DAY_MS = 86_400_000
MAYBE_SENT = frozenset(TryState) - {TryState.NOT_SENT, TryState.FAILED}
TWICE_ALLOWED = replace(MESSAGE_RULES, resend_ambiguous=True)


class Counting(RuleBasedStateMachine):
    """A store with a few ended calls of a few people in it, to which anything may happen."""

    factory: Factory = FACTORIES[0]

    @initialize()
    def start(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.opened = Opened(type(self).factory, Path(self.folder.name) / "v.db")
        self.messages = Messages(self.opened)
        self.sendings: list[Sending] = []
        self.talks: set[int] = set()
        self.run(self.opened.open())

    def run(self, work: Awaitable[T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, 30))

    @rule(
        talks=st.lists(st.integers(1, 6), min_size=1, max_size=4),
        by_place=st.booleans(),
        known=st.booleans(),
        disposition=st.sampled_from((Disposition.ANSWERED, Disposition.NO_ANSWER)),
    )
    def add(self, talks: list[int], by_place: bool, known: bool, disposition: Disposition) -> None:
        others = {"outcome_known": known, "disposition": disposition}
        # Two calls each of three people, in two batches.
        calls = [
            self.messages.placed(talk, person=1 + talk % 3, batch_id=f"batch_{talk % 2}")
            if by_place
            else self.messages.ended(talk, 1 + talk % 3, batch_id=f"batch_{talk % 2}", **others)
            for talk in talks
        ]
        assert self.run(self.messages.told(*calls)) == len(set(talks) - self.talks)
        self.talks |= set(talks)

    @rule(count=st.integers(0, 3), standing=st.sampled_from(STANDINGS))
    def take(self, count: int, standing: Standing) -> None:
        taken = self.run(self.messages.take(count, standing=standing))
        assert len(taken.sendings) <= count
        self.sendings += taken.sendings
        for sending in taken.sendings:
            self.nobody_is_written_to_twice(sending)

    def nobody_is_written_to_twice(self, sending: Sending) -> None:
        """At the moment of a claim nothing else may have been sent to that person that day."""
        person = sending.follow_up.to_number
        for row in self.run(self.messages.all()):
            tries = self.run(self.messages.tries_of(row)) if row.to_number == person else ()
            for one in tries:
                today = one.started_at // DAY_MS == sending.one_try.started_at // DAY_MS
                mine = row.id == sending.follow_up.id
                if one.id != sending.one_try.id and one.state in MAYBE_SENT:
                    assert not mine, f"{one} may have been sent already"
                    assert not today, f"{one} was sent today"

    @rule(which=st.integers(0, 30), kind=st.integers(0, 10), other=st.integers(0, 30))
    def tell(self, which: int, kind: int, other: int) -> None:
        if not self.sendings:
            return
        name = self.sendings[which % len(self.sendings)].one_try.id
        sid = MessageSid(f"SM_{name}")
        # Now and then the messenger names a message that is another try's.
        if other % 7 == 0:
            sid = MessageSid(f"SM_{self.sendings[other % len(self.sendings)].one_try.id}")
        failures = (Failure.FINAL, Failure.AGAIN, Failure.NOT_ON_CHANNEL, Failure.TEMPLATE)
        facts = (
            MessageTaken(name, sid),
            MessageUnanswered(name),
            MessageRefused(name, Failure.OPTED_OUT, 21610),
            MessageRefused(name, failures[other % 4], 63000 + other % 3),
            MessageNews(Delivery.FAILED, name, sid, failures[other % 4], 63010 + other % 2),
            MessageNews(Delivery.SENT, name, sid),
            MessageNews(Delivery.DELIVERED, None, sid),
            MessageNews(Delivery.READ, name),
            MessagesListed(name),
            MessagesListed(name, (sid,)),
            MessagesListed(name, (sid, MessageSid("SM_other"))),
        )
        rules = TWICE_ALLOWED if other % 2 else MESSAGE_RULES
        self.run(self.messages.tell(facts[kind], rules=rules))

    @rule(wish=st.sampled_from(FollowUpWish), which=st.integers(0, 30))
    def wish(self, wish: FollowUpWish, which: int) -> None:
        rows = self.run(self.messages.all())
        if rows:
            row = rows[which % len(rows)]
            self.run(
                self.messages.tell(
                    OutcomeRead(row.id, Disposition.VOICEMAIL, "summary"),
                    FollowUpWished(row.id, wish, "olga"),
                )
            )

    @rule(reason=st.sampled_from(WaitReason), approval=st.sampled_from(Approval))
    def tend(self, reason: WaitReason, approval: Approval) -> None:
        store, now = self.opened.store, self.opened.now
        self.run(store.wake_follow_ups(reason, now))
        for sid in (CONTENT, OTHER_CONTENT):
            self.run(store.release_blocked(sid, approval, MESSAGE_RULES, now, "engine"))
        self.run(store.tidy_follow_ups(now))

    @rule(person=st.integers(1, 3), off=st.booleans())
    def suppress(self, person: int, off: bool) -> None:
        store, now = self.opened.store, self.opened.now
        if off:
            self.run(store.unsuppress(number_of(person), now, "olga"))
        else:
            self.run(store.suppress(number_of(person), "", now, "olga"))

    @rule(wait_s=st.sampled_from((1.0, 40.0, 5000.0, 90_000.0)))
    def wait(self, wait_s: float) -> None:
        self.opened.wait(wait_s)

    @rule()
    def restart(self) -> None:
        self.run(self.opened.reopen())

    @invariant()
    def counters_are_counts(self) -> None:
        if not hasattr(self, "opened"):
            return
        rows = self.run(self.messages.all())
        counts = self.run(self.opened.store.follow_up_counts())
        assert +Counter(counts.states) == Counter(row.state for row in rows)
        assert counts.waits == Counter(row.waits_for for row in rows if row.waits_for)
        assert counts.skips == Counter(row.skipped_for for row in rows if row.skipped_for)
        assert counts.blocks == Counter(row.blocked_for for row in rows if row.blocked_for)
        failed = [row for row in rows if row.state is FollowUpState.FAILED]
        assert counts.codes == Counter(row.code for row in failed if row.code is not None)
        listed = self.run(self.opened.store.suppressions("", 100))
        assert counts.suppressed == len(listed)
        for batch_id in ("batch_0", "batch_1"):
            found = self.run(self.opened.store.batch_figures([batch_id]))
            counted = Counter(row.state for row in rows if row.batch_id == batch_id)
            assert (found[0].follow_ups if found else {}) == counted
        self.rows_and_tries_agree(rows)

    def rows_and_tries_agree(self, rows: tuple[FollowUp, ...]) -> None:
        """No row has two requests under way, and no message is two."""
        assert len({row.key for row in rows}) == len(rows) == len(self.talks)
        every: list[Try] = []
        for row in rows:
            tries = self.run(self.messages.tries_of(row))
            every += tries
            assert [one.number for one in tries] == list(range(1, row.tries + 1))
            assert row.try_id is None or row.try_id in {one.id for one in tries}
            under_way = [one for one in tries if one.state is TryState.SENDING]
            assert len(under_way) <= 1
            assert bool(under_way) == (row.state is FollowUpState.SENDING)
        sids = [one.message_sid for one in every if one.message_sid]
        assert len(sids) == len(set(sids))
        cut_off = self.run(self.opened.store.tries_cut_off())
        assert set(cut_off) == {one.id for one in every if one.state is TryState.SENDING}

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            self.run(self.opened.close())
            self.loop.close()
            self.folder.cleanup()


@pytest.mark.parametrize("factory", FACTORIES)
def test_counters_of_messages_are_what_counting_gives(factory: Factory) -> None:
    class OfThisStore(Counting):
        pass

    OfThisStore.factory = staticmethod(factory)
    machine = OfThisStore.TestCase
    machine.settings = settings(
        max_examples=30,
        stateful_step_count=30,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )
    machine().runTest()
