"""The reconciler: what webhooks would have told is found by asking, and nothing is made up."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.engine.fakes import FakeIds, conversation_of, silent
from tests.engine.rig import ANSWERED, LAG_S, LONGEST_S, POLL_S, RING_S, Rig, new_call, running
from voiceslot_tui.core.calls import (
    AttemptId,
    AttemptState,
    CallSid,
    CallState,
    ConversationId,
    Disposition,
    Hold,
    Instant,
)
from voiceslot_tui.core.errors import ReadDenied, ReadFailed, StoreUnavailable
from voiceslot_tui.core.facts import Outcome, Wish, Wished
from voiceslot_tui.core.limits import ASK_AT_ONCE_MAX, WRAP_UP_MAX_S
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.core.snapshot import Health
from voiceslot_tui.core.talks import Search, Talk, TalkState
from voiceslot_tui.engine.readings import Strategy
from voiceslot_tui.engine.service import PartlyFailed, Service

OVERDUE_S = LONGEST_S + RING_S + 120.0


async def dialled(rig: Rig, *numbers: int) -> list[StartOrder]:
    await rig.queue(*(numbers or (1,)))
    await rig.dispatch()
    return list(rig.platform.dialled)


async def test_an_end_that_no_webhook_told_is_found_at_the_next_poll(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (order,) = await dialled(rig)
        await rig.poll()
        assert await rig.state(order.call_id) is CallState.LIVE
        rig.platform.ends(conversation_of(order))
        await rig.poll()
        assert await rig.state(order.call_id) is CallState.WRAPPING_UP
        assert rig.board.bells.dispatch.is_set()
        rig.platform.ends(conversation_of(order), ANSWERED)
        await rig.polls(60)
        call = await rig.call(order.call_id)
        assert (call.state, call.disposition) == (CallState.ENDED, Disposition.ANSWERED)


async def test_a_list_that_lacks_a_call_never_ends_it(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (order,) = await dialled(rig)
        rig.platform.unlisted.add(conversation_of(order))
        await rig.polls(600)
        assert await rig.state(order.call_id) is CallState.LIVE
        assert conversation_of(order) in rig.platform.asked


@pytest.mark.parametrize("listed", [True, False])
async def test_a_status_word_nobody_knows_never_ends_a_call(tmp_path: Path, listed: bool) -> None:
    async with running(tmp_path) as rig:
        (order,) = await dialled(rig)
        name = conversation_of(order)
        rig.platform.talks[name] = replace(rig.platform.talks[name], state=TalkState.UNHEARD_OF)
        if not listed:
            rig.platform.unlisted.add(name)
        await rig.polls(600)
        assert await rig.state(order.call_id) is CallState.LIVE


async def test_a_platform_that_cannot_be_read_ends_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (order,) = await dialled(rig)
        rig.platform.ends(conversation_of(order), ANSWERED)
        rig.platform.failing = True
        for _ in range(5):
            with pytest.raises(ReadFailed):
                await rig.poll()
        assert await rig.state(order.call_id) is CallState.LIVE
        rig.platform.failing = False
        await rig.poll()
        assert await rig.state(order.call_id) is CallState.ENDED


async def test_an_end_that_could_not_be_stored_is_asked_about_at_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a disk in trouble is seen as long as it lasts, and its end found at once."""

    async def full(*_: object, **__: object) -> None:
        raise StoreUnavailable("the disk is full")

    async with running(tmp_path) as rig:
        (order,) = await dialled(rig)
        rig.platform.ends(conversation_of(order), ANSWERED)
        with monkeypatch.context() as trouble:
            trouble.setattr(rig.ledger, "record", full)
            for _ in range(5):
                with pytest.raises(StoreUnavailable):
                    await rig.poll()
        await rig.poll()
        assert await rig.state(order.call_id) is CallState.ENDED


async def test_a_failed_poll_is_tried_again_and_not_forgotten_until_the_next(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as rig:
        rig.platform.failing = True
        with pytest.raises(ReadFailed):
            await rig.poll()
        with pytest.raises(ReadFailed):
            await rig.poll(wait_s=1.0)
        rig.platform.failing = False
        assert await rig.poll(wait_s=1.0) == pytest.approx(POLL_S)


async def test_the_list_is_read_once_a_poll_however_often_the_step_is_woken(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as rig:
        lists = rig.platform.lists
        for _ in range(10):
            wait_s = await rig.poll(wait_s=1.0)
            assert wait_s is not None
            assert 0 < wait_s < POLL_S
        assert rig.platform.lists == lists
        rig.reconciler.read_now()
        await rig.reconciler.step()
        assert rig.platform.lists == lists + 1


# --- dials without an answer


async def uncertain(rig: Rig) -> StartOrder:
    rig.platform.replies.append(silent)
    (order,) = await dialled(rig)
    assert await rig.state(order.call_id) is CallState.UNCERTAIN
    return order


async def test_an_unanswered_dial_is_found_by_its_own_mark(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        order = await uncertain(rig)
        rig.platform.rings(order)
        await rig.poll()
        detail = await rig.engine.detail(order.call_id)
        assert detail.call.state is CallState.LIVE
        assert detail.attempts[0].conversation_id == conversation_of(order)
        assert len(rig.dialled) == 1


async def test_an_unanswered_dial_that_is_over_already_ends(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        order = await uncertain(rig)
        rig.platform.rings(order)
        rig.platform.ends(conversation_of(order), ANSWERED)
        await rig.poll()
        assert await rig.state(order.call_id) is CallState.ENDED


async def test_three_complete_searches_over_two_minutes_make_a_dial_unknown(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as rig:
        order = await uncertain(rig)
        began = rig.clock.now()
        while await rig.state(order.call_id) is CallState.UNCERTAIN:
            await rig.poll()
            assert rig.clock.now() < began + 600_000, "it never becomes unknown"
        attempt = (await rig.engine.detail(order.call_id)).attempts[0]
        assert attempt.state is AttemptState.UNKNOWN
        assert attempt.lookups >= 3
        assert attempt.first_lookup_at is not None
        assert attempt.first_lookup_at >= began + LAG_S * 1000
        assert rig.clock.now() - attempt.first_lookup_at >= 120_000
        assert (await rig.call(order.call_id)).holding
        assert len(rig.dialled) == 1


@pytest.mark.parametrize("why", ["incomplete", "failing"])
async def test_searches_that_saw_not_everything_prove_nothing(tmp_path: Path, why: str) -> None:
    async with running(tmp_path) as rig:
        order = await uncertain(rig)
        rig.platform.complete = why != "incomplete"
        for _ in range(60):
            if why == "failing":
                rig.platform.failing = True
                with pytest.raises(ReadFailed):
                    await rig.poll()
            else:
                await rig.poll()
        assert await rig.state(order.call_id) is CallState.UNCERTAIN


async def unfinished(order: StartOrder, since: Instant) -> Search:
    return Search(None, complete=False)


async def not_answered(conversation_id: ConversationId) -> Talk | None:
    raise ReadFailed("no answer")


async def not_told(conversation_id: ConversationId) -> Talk | None:
    raise ReadDenied("the key may not read conversations")


async def denied(order: StartOrder, since: Instant) -> Search:
    raise ReadDenied("the key may not read conversations")


async def failed(order: StartOrder, since: Instant) -> Search:
    raise ReadFailed("no answer")


GIVEN_UP_S = 660.0 + RING_S + LONGEST_S


@pytest.mark.parametrize("search", [unfinished, denied, failed])
async def test_a_dial_that_no_search_can_settle_is_given_up_when_it_cannot_talk_any_more(
    tmp_path: Path, search: Callable[[StartOrder, Instant], Awaitable[Search]]
) -> None:
    async with running(tmp_path, limit=1) as rig:
        order = await uncertain(rig)
        (waiting,) = await rig.queue(2)
        with patch.object(rig.platform, "search", search):
            await polled(rig, GIVEN_UP_S)
            call = await rig.call(order.call_id)
            assert (call.state, call.holding) == (CallState.UNCERTAIN, True)
            await polled(rig, 60)
        call = await rig.call(order.call_id)
        assert (call.state, call.holding) == (CallState.UNKNOWN, False)
        await rig.dispatch()
        assert rig.dialled == [order.call_id, waiting]
        await rig.operating.wish([order.call_id], Wish.CONFIRM_DIALLED, by="olga")
        assert await rig.state(order.call_id) is CallState.ENDED


async def polled(rig: Rig, seconds: float) -> None:
    """Poll for some time, whatever could not be read."""
    for _ in range(int(seconds / POLL_S)):
        with contextlib.suppress(PartlyFailed):
            await rig.poll()


async def test_a_question_that_is_denied_is_told_until_it_is_answered(tmp_path: Path) -> None:
    """Counted without conversations, a key that may not read them would be noticed by nobody."""
    async with running(tmp_path, strategy=Strategy.LIVE_COUNT) as rig:
        order = await uncertain(rig)
        service = Service(rig.reconciler, rig.clock, FakeIds(), rig.board.bells.change)
        with patch.object(rig.platform, "search", denied):
            for _ in range(3):
                with pytest.raises(PartlyFailed, match="may not read conversations") as told:
                    await rig.poll()
                assert told.value.wait_s == pytest.approx(POLL_S)
                with pytest.raises(PartlyFailed):
                    await rig.reconciler.step()
            await service._guarded_step()
        assert service.health.health is Health.FAILING
        assert service.health.error == "the key may not read conversations"
        with patch.object(rig.platform, "search", failed), pytest.raises(PartlyFailed):
            await rig.poll(60)
        rig.platform.rings(order)
        await rig.poll(60)
        await service._guarded_step()
        assert service.health.health is Health.WELL
        assert await rig.state(order.call_id) is CallState.LIVE


async def test_a_denial_is_told_no_more_once_there_is_nothing_to_ask(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (order,) = await dialled(rig)

        async def nothing_listed(_: float) -> tuple[Talk, ...]:
            return ()

        with (
            patch.object(rig.platform, "talk", not_told),
            patch.object(rig.platform, "live_talks", nothing_listed),
            pytest.raises(PartlyFailed),
        ):
            await rig.poll()
        await rig.poll()
        await rig.poll()
        assert await rig.state(order.call_id) is CallState.LIVE


async def test_a_denial_is_told_no_more_once_its_call_is_over(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        order = await uncertain(rig)
        with patch.object(rig.platform, "search", denied), pytest.raises(PartlyFailed):
            await rig.poll()
        await rig.over(order)
        await rig.poll()


async def test_what_strangers_name_and_we_may_not_read_is_no_trouble(tmp_path: Path) -> None:
    async def talk(conversation_id: ConversationId) -> Talk | None:
        raise ReadDenied("not yours")

    async with running(tmp_path) as rig:
        with patch.object(rig.platform, "talk", talk):
            rig.engine.hint(ConversationId("nobody"))
            await rig.reconciler.step()


async def test_a_dial_in_doubt_is_found_after_the_longest_outage(tmp_path: Path) -> None:
    """It is not given up before the platform could be asked about it once more."""
    async with running(tmp_path) as rig:
        order = await uncertain(rig)
        rig.platform.rings(order)
        with patch.object(rig.platform, "search", unfinished):
            await rig.poll()
        rig.platform.failing = True
        for _ in range(int(2 * GIVEN_UP_S / POLL_S)):
            with pytest.raises(ReadFailed):
                await rig.poll()
        rig.platform.failing = False
        await rig.poll()
        assert await rig.state(order.call_id) is CallState.LIVE


async def test_a_clock_set_ahead_gives_up_no_dial_that_cannot_be_searched_for(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as rig:
        order = await uncertain(rig)
        rig.clock.jump(86_400)
        with patch.object(rig.platform, "search", unfinished):
            await rig.polls(600)
        assert await rig.state(order.call_id) is CallState.UNCERTAIN


async def test_an_unknown_call_is_still_looked_for_and_gives_its_slot_up_in_the_end(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as rig:
        order = await uncertain(rig)
        await rig.polls(300)
        assert await rig.state(order.call_id) is CallState.UNKNOWN
        await rig.polls(LONGEST_S + RING_S)
        call = await rig.call(order.call_id)
        assert (call.state, call.holding) == (CallState.UNKNOWN, False)
        rig.platform.rings(order)
        rig.platform.ends(conversation_of(order), ANSWERED)
        await rig.polls(600)
        assert await rig.state(order.call_id) is CallState.ENDED


async def test_a_dial_cut_off_by_a_crash_is_looked_up_and_never_made_again(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as rig:
        rig.platform.holding_back = True
        await rig.queue(1, 2)
        await rig.dispatcher.step()
        await rig.platform.arrived(2)
        orders = await rig.store.open_calls()
        clock = rig.clock
        rig.board.stopping = True
        copy = tmp_path / "after"
        copy.mkdir()
        for file in tmp_path.glob("voiceslot.db*"):
            (copy / file.name).write_bytes(file.read_bytes())
        talks = dict(rig.platform.talks)
    async with running(copy, clock=clock, run="again") as rig:
        assert [await rig.state(one.call.id) for one in orders] == [CallState.UNCERTAIN] * 2
        rig.platform.talks = talks
        await rig.polls(60)
        await rig.dispatch()
        assert [await rig.state(one.call.id) for one in orders] == [CallState.LIVE] * 2
        assert rig.dialled == []


# --- wrapping up, and what takes far too long


async def test_an_outcome_is_waited_for_a_quarter_of_an_hour(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (order,) = await dialled(rig)
        rig.platform.ends(conversation_of(order))
        await rig.poll()
        await rig.polls(WRAP_UP_MAX_S - POLL_S)
        assert await rig.state(order.call_id) is CallState.WRAPPING_UP
        await rig.polls(POLL_S * 4)
        call = await rig.call(order.call_id)
        assert (call.state, call.disposition) == (CallState.ENDED, Disposition.UNKNOWN)


async def wrapping_up(rig: Rig) -> StartOrder:
    """Give a call that may be tried again, and that has wrapped up for two minutes."""
    await rig.enqueue(new_call(1, attempts=3))
    await rig.dispatch()
    (order,) = rig.platform.dialled
    rig.platform.ends(conversation_of(order))
    await rig.polls(120)
    assert await rig.state(order.call_id) is CallState.WRAPPING_UP
    return order


async def out_for(rig: Rig, seconds: float) -> None:
    """Let the platform be out for some time."""
    rig.platform.failing = True
    for _ in range(int(seconds / POLL_S)):
        with pytest.raises(ReadFailed):
            await rig.poll()
    rig.platform.failing = False


async def asleep_for(rig: Rig, seconds: float) -> None:
    """Let the machine sleep for some time."""
    rig.clock.wait(seconds)


@pytest.mark.parametrize("gone_for", [out_for, asleep_for])
@pytest.mark.parametrize("minutes_more", [0, 3])
async def test_an_outcome_that_is_told_after_an_outage_is_heeded(
    tmp_path: Path, gone_for: Callable[[Rig, float], Awaitable[None]], minutes_more: int
) -> None:
    """It is not given up before the platform could tell it; that may be late in its work, too."""
    async with running(tmp_path) as rig:
        order = await wrapping_up(rig)
        await gone_for(rig, WRAP_UP_MAX_S + 60)
        await rig.polls(minutes_more * 60)
        rig.platform.ends(conversation_of(order), Outcome(Disposition.BUSY))
        await rig.polls(60)
        assert await rig.hold(order.call_id) is Hold.RETRY_WAIT


async def test_a_question_that_fails_after_an_outage_loses_no_outcome(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        order = await wrapping_up(rig)
        rig.platform.ends(conversation_of(order), Outcome(Disposition.BUSY))
        for _ in range(2):
            await out_for(rig, WRAP_UP_MAX_S + 60)
            with patch.object(rig.platform, "talk", not_answered):
                await rig.poll()
        await rig.polls(60)
        assert await rig.hold(order.call_id) is Hold.RETRY_WAIT


@pytest.mark.parametrize("talk", [not_answered, not_told])
async def test_an_outcome_that_alone_cannot_be_read_is_not_waited_for_for_ever(
    tmp_path: Path, talk: Callable[[ConversationId], Awaitable[Talk | None]]
) -> None:
    async with running(tmp_path) as rig:
        order = await wrapping_up(rig)
        with patch.object(rig.platform, "talk", talk):
            await polled(rig, WRAP_UP_MAX_S + 180)
            assert await rig.state(order.call_id) is CallState.WRAPPING_UP
            await polled(rig, 600)
        call = await rig.call(order.call_id)
        assert (call.state, call.disposition) == (CallState.ENDED, Disposition.UNKNOWN)


async def test_an_outcome_of_a_conversation_that_nobody_finds_is_not_waited_for_for_ever(
    tmp_path: Path,
) -> None:
    """Its end was told by its own mark alone, and no search is ever completed."""
    async with running(tmp_path) as rig:
        order = await uncertain(rig)
        await rig.over(order, None)
        with patch.object(rig.platform, "search", unfinished):
            await rig.polls(WRAP_UP_MAX_S + 180)
            assert await rig.state(order.call_id) is CallState.WRAPPING_UP
            await rig.polls(WRAP_UP_MAX_S)
        assert await rig.state(order.call_id) is CallState.ENDED


async def test_an_outcome_is_not_waited_for_for_hours_where_questions_hang(tmp_path: Path) -> None:
    """Many calls are in question then, and each is asked about every few minutes only."""
    async with running(tmp_path) as rig:
        order = await wrapping_up(rig)
        with patch.object(rig.platform, "talk", not_answered):
            for _ in range(8):
                rig.clock.wait(300)
                await polled(rig, POLL_S)
        assert await rig.state(order.call_id) is CallState.ENDED


@pytest.mark.parametrize("said", [True, False, None])
async def test_a_call_long_overdue_is_released_on_the_carriers_word_alone(
    tmp_path: Path, said: bool | None
) -> None:
    async with running(tmp_path) as rig:
        (order,) = await dialled(rig)
        assert rig.carrier is not None
        call_sid = rig.platform.talks[conversation_of(order)].call_sid
        assert call_sid is not None
        rig.carrier.over[call_sid] = said
        await rig.polls(LONGEST_S)
        assert rig.carrier.asked == []
        await rig.polls(OVERDUE_S - LONGEST_S + 60)
        assert rig.carrier.asked != []
        expected = CallState.UNKNOWN if said else CallState.LIVE
        assert await rig.state(order.call_id) is expected


async def test_a_phone_that_rings_far_too_long_is_asked_about_sooner(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (order,) = await dialled(rig)
        assert rig.carrier is not None
        talk = rig.platform.rings(order, TalkState.RINGING)
        assert talk.call_sid is not None
        rig.carrier.over[talk.call_sid] = True
        await rig.polls(RING_S)
        assert await rig.state(order.call_id) is CallState.LIVE
        await rig.polls(120)
        call = await rig.call(order.call_id)
        assert (call.state, call.holding) == (CallState.UNKNOWN, False)


async def test_a_conversation_the_platform_forgot_is_not_held_for_ever(tmp_path: Path) -> None:
    """Retention of no time at all leaves nothing to read; then the carrier is the only witness."""
    async with running(tmp_path) as rig:
        (order,) = await dialled(rig)
        talk = rig.platform.talks.pop(conversation_of(order))
        assert rig.carrier is not None
        assert talk.call_sid is not None
        await rig.polls(LONGEST_S)
        assert await rig.state(order.call_id) is CallState.LIVE
        rig.carrier.over[talk.call_sid] = True
        await rig.polls(OVERDUE_S - LONGEST_S + 60)
        call = await rig.call(order.call_id)
        assert (call.state, call.holding) == (CallState.UNKNOWN, False)


@pytest.mark.parametrize("talk", [not_answered, not_told])
@pytest.mark.parametrize("strategy", [Strategy.CONVERSATIONS, Strategy.LIVE_COUNT])
async def test_a_call_that_cannot_be_read_is_not_held_for_ever(
    tmp_path: Path,
    strategy: Strategy,
    talk: Callable[[ConversationId], Awaitable[Talk | None]],
) -> None:
    """Its webhook was lost; the carrier knows the end, and alone is believed when it is overdue."""
    async with running(tmp_path, strategy=strategy) as rig:
        (order,) = await dialled(rig)
        name = conversation_of(order)
        call_sid = rig.platform.talks[name].call_sid
        assert rig.carrier is not None
        assert call_sid is not None
        rig.platform.ends(name, ANSWERED)
        with patch.object(rig.platform, "talk", talk):
            await polled(rig, LONGEST_S)
            assert rig.carrier.asked == []
            await polled(rig, OVERDUE_S - LONGEST_S + 60)
            assert rig.carrier.asked != []
            assert await rig.state(order.call_id) is CallState.LIVE
            rig.carrier.over[call_sid] = True
            await polled(rig, 60)
        call = await rig.call(order.call_id)
        assert (call.state, call.holding) == (CallState.UNKNOWN, False)
        await polled(rig, 600)
        assert await rig.state(order.call_id) is CallState.ENDED


async def test_whom_neither_may_be_asked_about_is_asked_once_each_and_told(tmp_path: Path) -> None:
    async with running(tmp_path, strategy=Strategy.LIVE_COUNT) as rig:
        (order,) = await dialled(rig)
        asked: list[CallSid] = []

        async def no_word(call_sid: CallSid) -> bool | None:
            asked.append(call_sid)
            raise ReadFailed("the carrier does not answer")

        assert rig.carrier is not None
        with (
            patch.object(rig.platform, "talk", not_told),
            patch.object(rig.carrier, "is_over", no_word),
        ):
            await polled(rig, OVERDUE_S)
            asked.clear()
            with pytest.raises(PartlyFailed, match="may not read conversations"):
                await rig.poll()
        assert asked == [f"sid_{order.attempt_id}"]
        assert await rig.state(order.call_id) is CallState.LIVE


async def test_without_a_carrier_time_alone_releases_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, carrier=False) as rig:
        (order,) = await dialled(rig)
        await rig.polls(OVERDUE_S * 2)
        assert await rig.state(order.call_id) is CallState.LIVE
        await rig.tell(Wished(order.call_id, Wish.RELEASE, "olga"))
        assert not (await rig.call(order.call_id)).holding


async def test_a_clock_set_back_delays_no_question(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        order = await uncertain(rig)
        await rig.poll()
        rig.platform.rings(order)
        rig.clock.jump(-7200)
        await rig.polls(60)
        assert await rig.state(order.call_id) is CallState.LIVE


# --- hints, and many questions


async def test_a_hint_is_followed_at_once_and_believed_only_of_the_platform(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as rig:
        (order,) = await dialled(rig)
        rig.engine.hint(conversation_of(order))
        assert rig.board.bells.reconcile.is_set()
        await rig.reconciler.step()
        assert await rig.state(order.call_id) is CallState.LIVE
        rig.platform.ends(conversation_of(order), ANSWERED)
        rig.engine.hint(conversation_of(order))
        await rig.reconciler.step()
        assert await rig.state(order.call_id) is CallState.ENDED


async def test_hints_are_bounded_and_none_harms(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        for number in range(5000):
            rig.engine.hint(ConversationId(f"nobody_{number}"))
        await rig.reconciler.step()
        assert len(rig.platform.asked) <= 200
        rig.platform.failing = True
        rig.engine.hint(ConversationId("nobody"))
        await rig.reconciler.step()


async def test_strangers_who_go_on_hinting_stop_no_poll(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        ask, asked = rig.platform.talk, 0

        async def another_hint(conversation_id: ConversationId) -> Talk | None:
            nonlocal asked
            asked += 1
            rig.engine.hint(ConversationId(f"nobody_{asked}"))
            return await ask(conversation_id)

        rig.engine.hint(ConversationId("nobody"))
        with patch.object(rig.platform, "talk", another_hint):
            lists = rig.platform.lists
            assert await rig.poll() == 0.0
            assert rig.platform.lists == lists + 1
            assert await rig.reconciler.step() == 0.0, "what is left is followed at once"
        assert asked == 2


async def test_a_clock_set_ahead_before_the_first_poll_gives_no_dial_up(tmp_path: Path) -> None:
    """The lists cannot know it yet, so that they do not show it proves nothing."""
    async with running(tmp_path) as rig:
        (call_id,) = await rig.queue(1)
        rig.platform.replies.append(silent)
        await rig.dispatch()
        rig.platform.unlisted.add(rig.platform.rings(rig.platform.dialled[0]).conversation_id)
        rig.clock.jump(86_400)
        for _ in range(int(LAG_S) - 1):
            rig.reconciler.read_now()
            await rig.poll(1.0)
        (attempt,) = (await rig.engine.detail(call_id)).attempts
        assert (attempt.state, attempt.lookups) == (AttemptState.UNCERTAIN, 0)


async def test_a_clock_set_ahead_while_a_call_wraps_up_loses_no_outcome(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (call_id,) = await rig.enqueue(new_call(1, attempts=3))
        await rig.dispatch()
        (order,) = rig.platform.dialled
        await rig.over(order, None)
        rig.clock.jump(86_400)
        await rig.poll()
        await rig.over(order, Outcome(Disposition.BUSY))
        assert await rig.hold(call_id) is Hold.RETRY_WAIT


async def test_many_ends_are_found_in_one_poll(tmp_path: Path) -> None:
    async with running(tmp_path, limit=ASK_AT_ONCE_MAX * 3) as rig:
        orders = await dialled(rig, *range(ASK_AT_ONCE_MAX * 3))
        for order in orders:
            rig.platform.ends(conversation_of(order), Outcome(Disposition.BUSY))
        await rig.poll()
        counts = await rig.store.counts()
        assert counts.states[CallState.ENDED] == len(orders)


@pytest.mark.parametrize("strategy", [one for one in Strategy if one is not Strategy.CONVERSATIONS])
async def test_ends_are_found_without_a_list_of_conversations(
    tmp_path: Path, strategy: Strategy
) -> None:
    async with running(tmp_path, strategy=strategy) as rig:
        (order,) = await dialled(rig)
        await rig.poll()
        assert await rig.state(order.call_id) is CallState.LIVE
        rig.platform.ends(conversation_of(order), ANSWERED)
        await rig.polls(60)
        assert await rig.state(order.call_id) is CallState.ENDED


async def test_a_retry_stands_in_line_when_the_janitor_finds_it_due(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (call_id,) = await rig.enqueue(new_call(1, attempts=2))
        await rig.dispatch()
        await rig.over(rig.platform.dialled[0], Outcome(Disposition.BUSY))
        assert rig.board.bells.tend.is_set()
        rig.clock.wait(899.5)
        assert await rig.janitor.step() == pytest.approx(0.5, abs=0.02)
        rig.clock.wait(0.5)
        await rig.janitor.step()
        rig.read_now()
        await rig.dispatch()
        assert rig.dialled == [call_id, call_id]


async def test_a_dial_whose_answer_nobody_waits_for_is_looked_up(tmp_path: Path) -> None:
    """As when writing its answer down broke off: the slot must not stay taken for ever."""
    async with running(tmp_path) as rig:
        await rig.queue(1)
        rig.read_now()
        rig.board.recovering = False
        reserved = await rig.store.reserve(
            rig.board.gate(rig.clock.steady_s()),
            frozenset(),
            lambda: AttemptId("att_lost"),
            LONGEST_S,
            rig.clock.now(),
        )
        (order,) = reserved.orders
        await rig.polls(600)
        assert await rig.state(order.call_id) is CallState.DIALING
        await rig.polls(120)
        assert await rig.state(order.call_id) is CallState.UNCERTAIN
