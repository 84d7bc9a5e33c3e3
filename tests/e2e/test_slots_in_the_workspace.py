"""Slots shared with others, a limit that moves, and a platform that sends no news.

Everything is judged by the simulator: how many phones were live at once, and whose.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from tests.e2e.outside import enqueue, enqueue_body, read_batch, status, submit_batch, voiceslot
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import (
    ALL_ANSWER,
    LONG,
    NEVER_POLLS,
    QUICK,
    after_two_more_readings,
    own_dials,
    own_live,
    slot_use,
    states,
)

LIMIT = 10
ENV = {
    "ELEVENLABS_CONCURRENCY_LIMIT": str(LIMIT),
    "POLLING_INTERVAL_MS": "250",
    "LIST_LAG_S": "0",
}


def queue(made: Rig, count: int, first: int = 0) -> None:
    """Put so many invented people into the queue."""
    for index in range(first, first + count):
        made.enqueue(number(index))


def live_by_owner(made: Rig) -> tuple[int, int]:
    """Give how many calls are really live: ours, and everybody else's."""
    live = made.simulator.truth()["live_by_owner"]
    own = int(live.pop("own", 0))
    return own, sum(live.values())


# --- a limit that moves


def test_a_lowered_limit_drains_and_a_raised_one_fills_at_once(tmp_path: Path) -> None:
    """Ten are live, four may be: it says so, hangs nobody up, and starts none until it is right.

    It polls once, at its start: what happens then happens by news of ends and by the wish itself.
    """
    with rig(tmp_path, {**ENV, **NEVER_POLLS}, **LONG) as made:
        ends_soon = {number(index): {"talk_s": 6.0 + index / 4} for index in range(6)}
        made.simulator.script(**ends_soon)
        made.start()
        queue(made, 30)
        wait_for("ten are live", lambda: own_live(made) == LIMIT and states(made, live=LIMIT))
        lowered = voiceslot(made, "limit", "4")
        assert (lowered.returncode, lowered.stderr) == (0, "the limit is 4 (was 10)\n")
        over = made.stats()["snapshot"]
        assert over["slots"]["limit"] == 4
        assert over["idle"][0]["sentence"] == "over by 6, draining: 10 ours of 4"
        assert re.search(r"of 4, over by \d, draining", voiceslot(made, "status").stdout)
        wait_for("six talks have ended", lambda: states(made, live=4))
        truth = made.simulator.truth()
        assert (truth["hang_ups"], truth["live"], truth["dials"]["own"]) == (0, 4, LIMIT)
        assert (
            made.stats()["snapshot"]["idle"][0]["sentence"] == "every slot is in use: 4 ours of 4"
        )
        assert voiceslot(made, "limit", "10").returncode == 0
        wait_for("it is full again", lambda: own_live(made) == LIMIT)
        assert own_dials(made) == LIMIT + 6
        assert made.simulator.truth()["max_live"] == LIMIT


# --- a platform that sends no news


def test_without_webhooks_every_call_settles_and_the_slots_are_used_as_predicted(
    tmp_path: Path,
) -> None:
    """Slot use by polling alone is D / (D + half the interval + the round trips)."""
    interval_s, people = 0.5, 50
    world = {**QUICK, **ALL_ANSWER, "talk_s": 1.5, "talk_spread": 0.5, "analysis_s": 0.2}
    env = {**ENV, "POLLING_INTERVAL_MS": f"{interval_s * 1000:.0f}"}
    with rig(tmp_path, env, **world, webhook_enabled=False) as made:
        made.start()
        queue(made, people)
        wait_for("all have ended", lambda: states(made, ended=people), 60, 0.2)
        truth, dials = made.simulator.truth(), made.simulator.dials()
        assert truth["webhooks"]["statuses"] == {}
        assert truth["max_live"] == LIMIT
        assert truth["people_rung"] == people
        assert truth["people_rung_again"] == {}
        call_s = mean(dial["hung_up_at"] - dial["started_at"] for dial in dials)
        predicted = call_s / (call_s + interval_s / 2)
        used = slot_use(dials, LIMIT)
        print(f"\ncalls of {call_s:.2f} s, polled every {interval_s} s: used {used:.3f}, ", end="")
        print(f"D / (D + P/2) is {predicted:.3f}")
        # Nobody polls twice without seeing an end: that would be less than half of what is used.
        assert used >= call_s / (call_s + 2.5 * interval_s)


# --- other people's calls


def test_ours_keep_out_of_the_way_of_inbound_calls_and_of_a_batch(tmp_path: Path) -> None:
    """Three ring in and a batch of 300 runs: ours use what is left, and all of it afterwards."""
    world = {**QUICK, **ALL_ANSWER, "limit": LIMIT, "talk_s": 0.4, "batch_dispatch_s": 0.06}
    world["over_limit"] = "burst"
    quick = {"ring_s": 0.0, "talk_s": 0.06, "analysis_s": 0.0}
    others = [f"+4477009{index:05d}" for index in range(300)]
    with rig(tmp_path, ENV, **world) as made:
        made.simulator.script(**dict.fromkeys(others, quick))
        made.start()
        queue(made, 300)
        wait_for("ours fill the limit", lambda: own_live(made) == LIMIT)
        made.simulator.foreign(3, 8.0)
        batch = submit_batch(made.simulator, others, target_concurrency_limit=5)
        after_two_more_readings(made)
        wait_for("ours have drained", lambda: own_live(made) <= 2)
        settled = made.simulator.truth()
        seen = samples(made, lambda: live_by_owner(made)[1] > 0 and others_go_on(made, batch))
        after = made.simulator.truth()
        assert len(seen) > 10
        over = [(at, one) for at, one in enumerate(seen) if sum(one) > LIMIT]
        assert not over, (len(seen), over)
        assert max(foreign for _, foreign in seen) > 3
        went_over = starts_over_limit(after) - starts_over_limit(settled)
        assert went_over == 0
        wait_for("ours fill the limit again", lambda: own_live(made) == LIMIT)


def samples(made: Rig, goes_on: Callable[[], bool]) -> list[tuple[int, int]]:
    """Look at who is live (ours, others) for as long as something goes on."""
    seen: list[tuple[int, int]] = []

    def look() -> bool:
        seen.append(live_by_owner(made))
        return not goes_on()

    wait_for("the others have ended", look, 60)
    return seen[:-1]


def others_go_on(made: Rig, batch: str) -> bool:
    """Tell whether the batch still runs and the inbound calls still talk."""
    truth = made.simulator.truth()["live_by_owner"]
    running = read_batch(made.simulator, batch)["status"] == "in_progress"
    return running and truth.get("foreign", 0) == 3


def starts_over_limit(truth: dict[str, Any]) -> int:
    """Count how many of ours were ever started while every slot was taken."""
    return int(truth["starts_over_limit"].get("own", 0))


INBOUND, BATCH_LIVE, BATCH_OVER = 3, 4, 16
OURS = {
    "conversations": LIMIT - INBOUND - BATCH_LIVE,
    "live_count": LIMIT - INBOUND - BATCH_LIVE,
    "outstanding": LIMIT - BATCH_LIVE,
    "dispatched": 0,
    "batches": LIMIT - 1,
}
"""How many of ours each strategy lets live beside three inbound calls and a batch of which four are
live and sixteen are over: the last three do not see the inbound calls, the fourth counts the dead,
the last counts one."""


@pytest.mark.parametrize("strategy", OURS)
def test_each_strategy_leaves_as_many_slots_as_it_counts(strategy: str, tmp_path: Path) -> None:
    quick = {"ring_s": 0.0, "talk_s": 0.05, "analysis_s": 0.0, "outcome": "answered"}
    others = [f"+4477009{index:05d}" for index in range(300)]
    env = {**ENV, "ELEVENLABS_ACTIVE_COUNT_STRATEGY": strategy}
    with rig(tmp_path, env, **LONG, batch_dispatch_s=0.01) as made:
        made.simulator.script(**dict.fromkeys(others[:BATCH_OVER], quick))
        made.simulator.foreign(INBOUND, 600.0)
        batch = submit_batch(made.simulator, others, target_concurrency_limit=BATCH_LIVE)

        def steady() -> bool:
            found = read_batch(made.simulator, batch)
            return bool(found["total_calls_finished"] == BATCH_OVER) and live_by_owner(made)[1] == 7

        wait_for("the batch is in mid-work", steady)
        made.start()
        queue(made, 20)
        wait_for("ours are live", lambda: own_live(made) == OURS[strategy])
        after_two_more_readings_of(made, strategy)
        assert own_live(made) == OURS[strategy]
        snapshot = status(made)
        assert snapshot["slots"]["foreign"] == LIMIT - OURS[strategy] or strategy == "dispatched"
        warned = "Use conversations" in " ".join(snapshot["warnings"])
        assert warned == (strategy in ("dispatched", "batches"))


def after_two_more_readings_of(made: Rig, strategy: str) -> None:
    """Wait until the engine has read twice more by the requests that its strategy makes."""
    name = {"conversations": "list_conversations", "live_count": "live_count"}.get(
        strategy, "list_batches"
    )

    def read() -> int:
        return int(made.simulator.truth()["requests_read"].get(name, 0))

    before = read()
    wait_for("two more readings", lambda: read() >= before + 3)


# --- numbers of other carriers


def test_a_number_is_dialled_by_the_road_of_its_carrier(tmp_path: Path) -> None:
    """The platform refuses a number on another carrier's road."""
    carriers = {"twilio": "twilio", "sip": "sip_trunk", "exotel": "exotel"}
    with rig(tmp_path, ENV, **{**QUICK, **ALL_ANSWER}) as made:
        made.start()
        for index, name in enumerate(carriers):
            body = enqueue_body(number(index), agentPhoneNumberId=f"phnum_sim_{name}")
            assert enqueue(made, body).status == 202
        wait_for("all have ended", lambda: states(made, ended=len(carriers)))
        dialled = {dial["number"]: dial["provider"] for dial in made.simulator.dials()}
        assert dialled == {number(i): carrier for i, carrier in enumerate(carriers.values())}
        read = made.simulator.truth()["requests_read"]
        assert {read[f"start_{carrier}"] for carrier in carriers.values()} == {1}
