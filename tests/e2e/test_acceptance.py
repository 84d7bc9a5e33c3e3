"""The defects measured in the system that this one replaces; each is a test that passes here.

The names T1 to T6 are those of the measurement. The simulator says what really happened; it has
more slots than the engine may use, so that going over the limit would be dialled, not refused.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.outside import (
    enqueue,
    enqueue_body,
    post,
    read_batch,
    sign,
    submit_batch,
    tell,
    told_over,
)
from tests.e2e.rig import call_json, number, rig, wait_for
from tests.e2e.seen import (
    LONG,
    NEVER_POLLS,
    QUICK,
    after_two_more_readings,
    first_dial,
    own_dials,
    readings,
    starts,
    states,
)

LIMIT = 5
ENV = {
    "ELEVENLABS_CONCURRENCY_LIMIT": str(LIMIT),
    "POLLING_INTERVAL_MS": "300",
    "LIST_LAG_S": "0",
    "UNKNOWN_AFTER_S": "1",
}
WEBHOOKS_ONLY = {**ENV, **NEVER_POLLS}


def test_t1_twenty_at_once_start_no_more_than_the_limit(tmp_path: Path) -> None:
    """It started 20 of 20 at a limit of 5, because a slot was counted after the answer only."""
    with rig(tmp_path, ENV, **LONG, start_delay_s=0.3) as made:
        made.start()
        with ThreadPoolExecutor(20) as producers:
            ids = list(producers.map(lambda index: made.enqueue(number(index)), range(20)))
        assert len(set(ids)) == 20
        wait_for("five are live", lambda: states(made, live=LIMIT, queued=15))
        after_two_more_readings(made)
        truth, stats = made.simulator.truth(), made.stats()
        assert truth["max_live"] == truth["dials"]["own"] == LIMIT
        assert (stats["inFlight"], stats["queueSize"], stats["availableSlots"]) == (LIMIT, 15, 0)


def test_t1b_twenty_one_after_another_start_no_more_than_the_limit(tmp_path: Path) -> None:
    """The same while no start has been answered yet."""
    with rig(tmp_path, ENV, **LONG, start_delay_s=1.5) as made:
        made.start()
        for index in range(20):
            made.enqueue(number(index))
        wait_for("five are dialled", lambda: own_dials(made) == LIMIT)
        stats = made.stats()
        assert (stats["inFlight"], stats["queueSize"]) == (LIMIT, 15)
        wait_for("five are live", lambda: states(made, live=LIMIT, queued=15))
        after_two_more_readings(made)
        assert own_dials(made) == LIMIT


def test_t2_the_real_webhook_frees_the_slot(tmp_path: Path) -> None:
    """It answered 400 to the vendor's own body and kept the slot."""
    with rig(tmp_path, WEBHOOKS_ONLY, **QUICK) as made:
        made.start()
        for index in range(20):
            made.enqueue(number(index))
        wait_for("all have ended", lambda: states(made, ended=20))
        truth = made.simulator.truth()
        assert truth["webhooks"]["statuses"] == {"200": 20}
        assert truth["max_live"] <= LIMIT
        assert truth["people_rung"] == 20
        assert readings(made) <= 2


def test_t2b_a_flat_body_that_says_done_frees_the_slot(tmp_path: Path) -> None:
    """It answered 200 and kept the slot, because it knew other words for the end."""
    with rig(tmp_path, WEBHOOKS_ONLY, **LONG, webhook_enabled=False) as made:
        made.start(ELEVENLABS_CONCURRENCY_LIMIT=1)
        first, second = number(0), number(1)
        made.simulator.script(**{first: {"talk_s": 0.1}})
        made.enqueue(first)
        made.enqueue(second)
        wait_for("the first is over", lambda: first_dial(made)["settled_at"])
        assert own_dials(made) == 1
        body = json.dumps(
            {"conversation_id": first_dial(made)["conversation_id"], "status": "done"}
        )
        assert tell(made, body.encode()).status == 401
        assert own_dials(made) == 1
        assert tell(made, body.encode(), sign(body.encode())).status == 200
        wait_for("the second is rung", lambda: own_dials(made) == 2)


def test_t2c_a_queue_whose_webhooks_are_all_lost_is_worked_off(tmp_path: Path) -> None:
    """It stood still for ever after as many calls as there are slots."""
    with rig(tmp_path, ENV, **QUICK, webhook_loss_share=1.0) as made:
        made.start()
        for index in range(4 * LIMIT):
            made.enqueue(number(index))
        wait_for("all have ended", lambda: states(made, ended=4 * LIMIT))
        truth = made.simulator.truth()
        assert truth["webhooks"]["lost"] == 4 * LIMIT
        assert truth["webhooks"]["statuses"] == {}
        assert truth["max_live"] <= LIMIT
        assert truth["people_rung_again"] == {}


def test_t2d_nobody_without_the_secret_frees_a_slot_or_queues_a_call(tmp_path: Path) -> None:
    """It believed an unsigned body, and took calls from everybody."""
    key = "an-api-key-that-is-not-real"
    with rig(tmp_path, {**WEBHOOKS_ONLY, "VOICESLOT_API_KEY": key}, **LONG) as made:
        made.start(ELEVENLABS_CONCURRENCY_LIMIT=1)
        bearer = {"Authorization": f"Bearer {key}"}
        for index in range(2):
            assert enqueue(made, enqueue_body(number(index)), bearer).status == 202
        wait_for("the first is rung", lambda: own_dials(made) == 1)
        conversation = first_dial(made)["conversation_id"]
        for body in (
            told_over(conversation),
            json.dumps({"conversation_id": conversation, "status": "completed"}).encode(),
        ):
            assert tell(made, body).status == 401
            assert tell(made, body, sign(body, secret="somebody-else's")).status == 401
        refused = enqueue(made, enqueue_body(number(2)))
        assert (refused.status, refused.error["code"]) == (401, "key_needed")
        found = call_json(f"{made.url}/stats", None, bearer)
        assert (found["inFlight"], found["queueSize"]) == (1, 1)
        assert own_dials(made) == 1


def test_t3_a_batch_counts_by_the_calls_it_has_live(tmp_path: Path) -> None:
    """A batch with 300 dispatched and 299 finished took 300 slots, and nothing was dialled."""
    quick = {"ring_s": 0.0, "talk_s": 0.02, "analysis_s": 0.0, "outcome": "answered"}
    people = [f"+4477009{index:05d}" for index in range(300)]
    with rig(tmp_path, ENV, **LONG, batch_dispatch_s=0.01) as made:
        made.simulator.script(**dict.fromkeys(people[:-1], quick))
        batch_id = submit_batch(made.simulator, people, target_concurrency_limit=60)

        def counted() -> bool:
            batch = read_batch(made.simulator, batch_id)
            figures = (batch["total_calls_dispatched"], batch["total_calls_finished"])
            return figures == (300, 299) and batch["status"] == "in_progress"

        wait_for("299 of 300 have finished", counted)
        made.start()
        for index in range(8):
            made.enqueue(number(index))
        wait_for("four of ours are live", lambda: states(made, live=LIMIT - 1))
        after_two_more_readings(made)
        stats = made.stats()
        assert (stats["remoteActive"], stats["inFlight"]) == (1, LIMIT - 1)
        assert made.simulator.truth()["live"] == LIMIT


@pytest.mark.parametrize("acts", [False, True], ids=["not dialled", "dialled"])
def test_t4_an_error_to_a_start_is_not_answered_by_dialling_again(
    tmp_path: Path, acts: bool
) -> None:
    """It tried one number 21 times in ten seconds."""
    with rig(tmp_path, ENV, **LONG) as made:
        made.simulator.faults({"kind": "error_500", "target": "start", "acts": acts})
        made.start()
        made.enqueue(number(0))
        if acts:
            wait_for("it was found again", lambda: states(made, live=1))
        else:
            wait_for("it waits for the operator", lambda: states(made, unknown=1))
        after_two_more_readings(made)
        assert starts(made) == 1
        assert own_dials(made) == int(acts)


def test_t4_success_false_is_tried_again_later_and_later(tmp_path: Path) -> None:
    """The first wait is five seconds; that it doubles and ends is tested on a virtual clock."""
    with rig(tmp_path, ENV, **{**LONG, "limit": 0}, over_limit="success_false") as made:
        made.start()
        before = made.simulator.truth()["now"]
        made.enqueue(number(0))
        wait_for("the first start", lambda: starts(made) == 1)
        wait_for("it waits", lambda: made.stats()["snapshot"]["holds"] == {"retry_wait": 1})
        wait_for("the second start", lambda: starts(made) == 2)
        assert made.simulator.truth()["now"] - before >= 5
        assert own_dials(made) == 0


def test_t5_a_queue_survives_a_crash(tmp_path: Path) -> None:
    """It kept its queue in memory: five queued, none left."""
    with rig(tmp_path, ENV, **QUICK) as made:
        made.simulator.faults({"kind": "error_503", "target": "read"})
        made.start()
        ids = [made.enqueue(number(index)) for index in range(5)]
        made.kill()
        made.start()
        assert states(made, queued=5)
        made.simulator.faults()
        wait_for("all have ended", lambda: states(made, ended=5))
        assert len(set(ids)) == made.simulator.truth()["people_rung"] == 5


BAD: dict[str, tuple[object, str]] = {
    "a priority in words": (enqueue_body(number(0), "high"), "priority"),
    "a priority beyond the bounds": (enqueue_body(number(0), 1001), "priority"),
    "a priority that is no integer": (enqueue_body(number(0), 1.5), "priority"),
    "a payload that is no object": ({"payload": "x"}, "payload"),
    "no payload": ({"priority": 1}, "payload"),
    "an empty number": (enqueue_body(""), "payload.toNumber"),
    "a number without its country": (enqueue_body("2025550123"), "payload.toNumber"),
    "a number that cannot be": (enqueue_body("+1202555012345678"), "payload.toNumber"),
    "no agent": (enqueue_body(number(0), agentId=""), "payload.agentId"),
    "client data that is no object": (
        enqueue_body(number(0), conversationInitiationClientData=[1]),
        "payload.conversationInitiationClientData",
    ),
    "a field that is unknown": (enqueue_body(number(0), toNumbr="x"), "payload"),
}


def test_t6_what_cannot_be_right_is_refused_and_the_field_named(tmp_path: Path) -> None:
    """It took all of these with 202."""
    with rig(tmp_path, ENV, **QUICK) as made:
        made.start()
        for what, (body, name) in BAD.items():
            answer = enqueue(made, body)
            assert 400 <= answer.status < 500, what
            assert answer.error["field"].startswith(name), (what, answer.error)
        no_json = post(f"{made.url}/enqueue-call", b"{")
        assert (no_json.status, no_json.error["code"]) == (400, "not_json")
        assert post(f"{made.url}/enqueue-call", b" " * 300_000).status == 413
        assert made.states() == {}
        assert starts(made) == 0


def test_news_of_an_end_that_overtakes_the_answer_leaks_no_slot(tmp_path: Path) -> None:
    """Read, not run: it deleted the slot first and added it afterwards, for good."""
    quick = {**QUICK, "ring_s": 0.01, "talk_s": 0.02, "analysis_s": 0.0}
    with rig(tmp_path, WEBHOOKS_ONLY, **quick, start_delay_s=0.5) as made:
        made.start(ELEVENLABS_CONCURRENCY_LIMIT=2)
        for index in range(8):
            made.enqueue(number(index))
        wait_for("all have ended", lambda: states(made, ended=8))
        assert made.simulator.truth()["max_live"] <= 2
        assert made.stats()["inFlight"] == 0


def test_a_list_of_more_than_one_page_is_read_to_its_end(tmp_path: Path) -> None:
    """Read, not run: it read the first page only."""
    with rig(tmp_path, ENV, **{**LONG, "limit": 500}) as made:
        made.simulator.foreign(150, 600.0)
        made.start(ELEVENLABS_CONCURRENCY_LIMIT=152)
        for index in range(5):
            made.enqueue(number(index))
        wait_for("two of ours are live", lambda: states(made, live=2))
        after_two_more_readings(made)
        assert made.stats()["remoteActive"] == 150
        assert own_dials(made) == 2
