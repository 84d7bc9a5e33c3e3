"""How fast messages may be asked for, and how fast they leave."""

from __future__ import annotations

import pytest

from tests.unit.simulator.correspondence import (
    BRITON,
    FOLLOW_UP,
    PERSON,
    SANDBOX,
    Correspondence,
    refusal_of,
)
from tests.unit.simulator.telephone import people
from voiceslot_tui.simulator.templates import SANDBOX_TEMPLATE_SID

HOUR_S, DAY_S = 3600.0, 86_400.0


def test_the_sandbox_wants_people_to_join_and_its_own_template() -> None:
    world = Correspondence()
    sender = {"From": f"whatsapp:{SANDBOX}"}
    stranger = world.sent(PERSON, SANDBOX_TEMPLATE_SID, **sender)
    assert world.ended(stranger) == ("undelivered", 63015)
    world.hear("join purple-otter", to=SANDBOX)
    free = world.texted(**sender)
    assert world.ended(free) == ("read", None)
    world.let_pass(DAY_S)
    world.hear("hello", BRITON, to=SANDBOX)
    foreign = world.sent(PERSON, FOLLOW_UP, **sender)
    assert world.ended(foreign) == ("undelivered", 63016)
    assert world.ended(world.sent(PERSON, SANDBOX_TEMPLATE_SID, **sender)) == ("read", None)
    assert world.ended(world.sent(BRITON, SANDBOX_TEMPLATE_SID, **sender))[1] == 63015
    world.let_pass(3 * DAY_S)
    assert world.ended(world.sent(PERSON, SANDBOX_TEMPLATE_SID, **sender))[1] == 63015


def test_the_sandbox_takes_one_message_in_three_seconds() -> None:
    world = Correspondence()
    sender = {"From": f"whatsapp:{SANDBOX}"}
    world.sent(**sender)
    world.let_pass(2.9)
    assert refusal_of(world.post_template(**sender)) == (429, 63018)
    world.let_pass(0.2)
    world.sent(**sender)
    world.sent()
    assert world.message_truth()["taken"] == {"whatsapp": 3}


def test_a_sender_sends_so_many_a_second_and_queues_the_rest() -> None:
    world = Correspondence(messages_per_second=2.0)
    for number in people(5):
        world.sent(number)
    world.let_pass(1.0)
    assert world.message_truth()["statuses"] == {"queued": 4, "sent": 1}
    world.let_pass(1.0)
    assert world.message_truth()["statuses"] == {"queued": 2, "sent": 3}


@pytest.mark.parametrize(
    ("channel", "queue_s", "refusal"),
    [("whatsapp", 4 * HOUR_S, (429, 63018)), ("sms", 10 * HOUR_S, (400, 21611))],
)
def test_a_queue_that_is_too_long_takes_no_more(
    channel: str, queue_s: float, refusal: tuple[int, int]
) -> None:
    world = Correspondence(messages_per_second=1 / HOUR_S)
    for number in people(int(queue_s / HOUR_S) + 1):
        world.texted(number, channel=channel)
    assert refusal_of(world.post(channel=channel)) == refusal


def test_a_day_may_have_its_limit() -> None:
    world = Correspondence(messages_a_day=2)
    world.sent()
    world.let_pass(HOUR_S)
    world.sent()
    assert refusal_of(world.post_template()) == (429, 63038)
    world.let_pass(DAY_S - HOUR_S)
    world.sent()


def test_the_same_two_may_be_too_quick_for_meta() -> None:
    world = Correspondence(message_pair_interval_s=6.0)
    first, second = world.sent(), world.sent()
    world.let_pass(6)
    third = world.sent()
    assert [world.ended(sid)[1] for sid in (first, second, third)] == [None, 63018, None]


def test_only_so_many_requests_may_stand_open() -> None:
    world = Correspondence(message_requests_at_once=2, message_answer_delay_s=1.0)
    first, second = world.post_template(), world.post_template()
    assert (first.delay_s, second.delay_s) == (1.0, 1.0)
    assert dict(second.headers)["Twilio-Concurrent-Requests"] == "2"
    assert refusal_of(world.post_template()) == (429, 20429)
    world.let_pass(1)
    world.sent()
