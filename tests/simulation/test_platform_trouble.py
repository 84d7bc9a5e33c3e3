"""A platform in trouble for minutes, lived through in virtual time.

What takes an hour at a telephone takes a second here; the engine, its adapters and its database
are the real ones.
"""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.simulation.town import Town, person, town
from tests.simulation.virtual_time import simulate
from voiceslot_tui.core.calls import CallState, ConversationId, Hold
from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.facts import Wish
from voiceslot_tui.core.limits import ASK_WITHIN_S, READ_DEADLINE_S
from voiceslot_tui.core.pages import Filter, PageQuery
from voiceslot_tui.core.snapshot import Snapshot
from voiceslot_tui.core.talks import Talk

PEOPLE = 40
OUTAGE_S = 600.0
QUICK: dict[str, Any] = {
    "limit": 50,
    "ring_s": 3.0,
    "talk_s": 20.0,
    "answered_weight": 1.0,
    "voicemail_weight": 0.0,
    "no_answer_weight": 0.0,
    "busy_weight": 0.0,
    "failed_weight": 0.0,
}
OUTAGE = {"kind": "error_503", "target": "start"}


def starts(made: Town) -> int:
    """Count the starts that the platform has read."""
    return int(made.truth()["requests_read"].get("start_twilio", 0))


def count(seen: Snapshot, *states: CallState) -> int:
    """Count the calls in some states."""
    return sum(seen.calls.get(state, 0) for state in states)


UNANSWERED = (CallState.UNCERTAIN, CallState.UNKNOWN)


async def outage(made: Town) -> dict[str, Any]:
    """Refuse every start for ten minutes; give what was seen, in virtual seconds."""
    made.faults(OUTAGE)
    await made.start()
    await made.enqueue_people(PEOPLE)
    opened = await made.until("the breaker opens", lambda seen: seen.breaker_open)
    after = made.clock.steady_s()
    opened_at_starts = starts(made)
    await asyncio.sleep(OUTAGE_S - after)
    during = await made.snapshot()
    assert count(during, CallState.QUEUED, *UNANSWERED) == PEOPLE
    assert made.truth()["dials"] == {}
    refused = starts(made)
    made.faults()
    ended_at = made.clock.steady_s()
    await made.until("it dials again", lambda _: bool(made.world.calls), 3600.0)
    dials_at = made.clock.steady_s()
    await made.until(
        "what is queued is dialled and over",
        lambda seen: count(seen, *UNANSWERED, CallState.ENDED) == PEOPLE,
        3600.0,
    )
    return {
        "opened": opened,
        "opened_after_starts": opened_at_starts,
        "refused": refused,
        "during": during,
        "resumed_after_s": dials_at - ended_at,
        "last": await made.snapshot(),
    }


def test_ten_minutes_of_503_open_the_breaker_and_leave_the_queue_a_queue(tmp_path: Path) -> None:
    """Three starts, then one a minute; a minute after the platform is back, so are we."""

    async def main() -> None:
        limits = {"ELEVENLABS_CONCURRENCY_LIMIT": 20, "CALLS_PER_SECOND": 1}
        async with town(tmp_path, settings=limits, **QUICK) as made:
            seen = await outage(made)
            print(
                f"\nopen after {seen['opened_after_starts']} starts, {seen['refused']} in ten "
                f"minutes, dialling again after {seen['resumed_after_s']:.0f} s"
            )
            assert seen["opened_after_starts"] == 3
            assert seen["opened"].idle[0].hold is Hold.BREAKER_OPEN
            assert 3 + 8 <= seen["refused"] <= 3 + 10
            assert seen["during"].breaker_open
            assert seen["resumed_after_s"] <= 61
            assert not seen["last"].breaker_open
            await the_operator_says_they_were_not_dialled(made)
            await made.until("all have ended", lambda s: s.calls == {CallState.ENDED: PEOPLE})
            truth = made.truth()
            assert (truth["people_rung"], truth["people_rung_again"]) == (PEOPLE, {})
            assert truth["max_live"] <= 20

    simulate(main)


def test_where_the_outage_fills_every_slot_they_come_free_when_nobody_can_be_talking(
    tmp_path: Path,
) -> None:
    """Each unanswered start keeps its slot for as long as it could ring and talk."""

    async def main() -> None:
        limits = {"ELEVENLABS_CONCURRENCY_LIMIT": 5, "MAX_CALL_MINUTES": 15}
        async with town(tmp_path, settings={**limits, "CALLS_PER_SECOND": 1}, **QUICK) as made:
            seen = await outage(made)
            print(
                f"\n{seen['refused']} starts, dialling again after {seen['resumed_after_s']:.0f} s"
            )
            assert seen["refused"] == 5
            assert seen["during"].slots.unknown_holding == 5
            assert 0 < seen["resumed_after_s"] <= (15 + 1) * 60 - OUTAGE_S + 10
            assert made.truth()["people_rung_again"] == {}

    simulate(main)


async def the_operator_says_they_were_not_dialled(made: Town) -> None:
    """Answer the question that every unknown call asks, as somebody who has looked them up."""
    await made.until("none is uncertain", lambda s: not count(s, CallState.UNCERTAIN), 600.0)
    wanted = Filter(states=frozenset({CallState.UNKNOWN}))
    page = await made.engine.page(PageQuery(where=wanted, count=100))
    unknown = [row.call.id for row in page.rows]
    done = await made.engine.wish(unknown, Wish.CONFIRM_NOT_DIALLED, by="operator")
    assert done.refused == ()


def test_an_answer_without_success_is_asked_again_five_times_ever_later(tmp_path: Path) -> None:
    """At once, after 5, 10, 20 and 40 seconds; then the call is refused and nobody was rung."""

    async def main() -> None:
        world = {**QUICK, "limit": 0, "over_limit": "success_false"}
        async with town(tmp_path, **world) as made:
            await made.start()
            await made.enqueue(person(0))
            at_s: list[float] = []
            for asked in range(1, 6):
                await made.until("a start", lambda _, n=asked: starts(made) >= n, 120.0, 0.05)  # type: ignore[misc]
                at_s.append(made.clock.steady_s())
            await made.until("it is refused", lambda s: s.calls == {CallState.REFUSED: 1})
            await asyncio.sleep(600)
            waits = [later - earlier for earlier, later in pairwise(at_s)]
            print("waits:", ", ".join(f"{wait:.1f} s" for wait in waits))
            for wait, wanted in zip(waits, (5, 10, 20, 40), strict=True):
                assert wanted <= wait <= wanted + 2
            assert starts(made) == 5
            assert made.truth()["dials"] == {}

    simulate(main)


def test_nothing_is_dialled_on_an_old_reading_and_all_goes_on_after_it(tmp_path: Path) -> None:
    """The lists cannot be read for two minutes: dialling stops when the last reading is too old."""

    async def main() -> None:
        limits = {"ELEVENLABS_CONCURRENCY_LIMIT": 5}
        async with town(tmp_path, settings=limits, **QUICK) as made:
            await made.start()
            await made.enqueue_people(40)
            await made.until("five are live", lambda s: count(s, CallState.LIVE) == 5)
            made.faults({"kind": "error_503", "target": "read"})
            held = await made.until("it holds", is_stale, 60.0)
            assert "ElevenLabs answers a read" in held.idle[0].sentence
            dialled = len(made.world.calls)
            await asyncio.sleep(120)
            seen = await made.snapshot()
            assert is_stale(seen)
            assert len(made.world.calls) == dialled
            # Webhooks still tell of ends, so the slots are known to be free, and stay so.
            assert seen.slots.holding == 0
            made.faults()
            await made.until("all have ended", lambda s: s.calls == {CallState.ENDED: 40}, 1200.0)
            assert made.truth()["max_live"] == 5

    simulate(main)


def is_stale(seen: Snapshot) -> bool:
    """Tell whether nothing is dialled because the last reading is too old."""
    return bool(seen.idle) and seen.idle[0].hold is Hold.READING_STALE


def test_a_platform_out_of_reach_costs_nobody_anything(tmp_path: Path) -> None:
    """No connection for an hour: nothing was sent, so nothing is uncertain, and all is dialled."""

    async def main() -> None:
        limits = {"ELEVENLABS_CONCURRENCY_LIMIT": 5}
        async with town(tmp_path, settings=limits, **QUICK) as made:
            await made.start()
            await made.enqueue_people(20)
            await made.until("five are live", lambda s: count(s, CallState.LIVE) == 5)
            made.network.reachable = False
            await asyncio.sleep(3600)
            seen = await made.snapshot()
            assert count(seen, *UNANSWERED) == 0
            assert count(seen, CallState.QUEUED, CallState.ENDED) == 20
            made.network.reachable = True
            back_at = made.clock.steady_s()
            dialled = len(made.world.calls)
            await made.until("it dials", lambda _: len(made.world.calls) > dialled, 120.0)
            print(f"dialling again after {made.clock.steady_s() - back_at:.0f} s")
            await made.until("all have ended", lambda s: s.calls == {CallState.ENDED: 20}, 1200.0)
            truth = made.truth()
            assert (truth["people_rung"], truth["people_rung_again"]) == (20, {})

    simulate(main)


def test_a_conversation_that_cannot_be_read_keeps_no_reading_waiting(tmp_path: Path) -> None:
    """Each question about it hangs for half a minute; the list is read every few seconds."""

    async def main() -> None:
        settings = {"ELEVENLABS_CONCURRENCY_LIMIT": 5, "POLLING_INTERVAL_MS": 2000}
        talking = {**QUICK, "talk_s": 1200.0, "hidden_share": 1.0}
        async with town(tmp_path, settings=settings, **talking) as made:
            await made.start()
            await made.enqueue_people(1)
            await made.until("it is live", lambda s: count(s, CallState.LIVE) == 1)
            asked = 0

            async def hangs(conversation_id: ConversationId) -> Talk | None:
                nonlocal asked
                asked += 1
                await asyncio.sleep(READ_DEADLINE_S)
                raise ReadFailed("it took too long")

            assert made.life is not None
            oldest_s = 0.0
            with patch.object(made.life.parts.reconciler._platform, "talk", hangs):
                for _ in range(600):
                    await asyncio.sleep(1)
                    seen = await made.snapshot()
                    assert not is_stale(seen)
                    assert seen.slots.reading_age_s is not None
                    oldest_s = max(oldest_s, seen.slots.reading_age_s)
            print(f"asked {asked} times, the oldest reading was {oldest_s:.1f} s old")
            assert asked > 10
            assert oldest_s < ASK_WITHIN_S + 2 + 2
            began_s = made.clock.steady_s()
            await made.stop()
            assert made.clock.steady_s() - began_s < 1

    simulate(main)
