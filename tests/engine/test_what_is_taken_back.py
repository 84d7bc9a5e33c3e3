"""What is taken back, paused or stopped reaches a message for as long as it may wait to leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.contract.providers.mail_sink import HOLD, Fault, a_sink
from tests.contract.providers.test_mail import USERS, a_mailer
from tests.engine.fakes import FakeIds
from tests.engine.message_rig import MessageRig, message_rig, sid_of, taken
from tests.engine.rig import running
from voiceslot_tui.core.calls import CallState, ConversationId, Disposition
from voiceslot_tui.core.facts import NotTaken, Refusal, StartAnswer
from voiceslot_tui.core.follow_up_facts import (
    Delivery,
    Failure,
    MessageNews,
    MessageRefused,
    SendAnswer,
)
from voiceslot_tui.core.follow_up_policy import FollowUpPolicy, Standing
from voiceslot_tui.core.follow_ups import Channel, EndedCall, follow_up_key
from voiceslot_tui.core.limits import (
    CONNECT_TIMEOUT_S,
    DIAL_STALE_S,
    MAIL_TIMEOUT_S,
    MAILS_AT_ONCE_MAX,
)
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.follow_up_ports import Ended, Judgement, MessageOrder
from voiceslot_tui.ports import STILL_WANTED
from voiceslot_tui.providers.mail import MailMessenger

CHANNELS = (Channel.WHATSAPP, Channel.SMS, Channel.EMAIL)
FIRST, ANOTHER = "+12025550101", "+12025550199"
PEOPLE = range(1, 13)
LONGEST_S = {
    Channel.WHATSAPP: DIAL_STALE_S + CONNECT_TIMEOUT_S,
    Channel.SMS: DIAL_STALE_S + CONNECT_TIMEOUT_S,
    Channel.EMAIL: DIAL_STALE_S + MAIL_TIMEOUT_S,
}


@pytest.fixture(params=CHANNELS)
async def rig(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[MessageRig]:
    async with message_rig(tmp_path, channels=(request.param,)) as made:
        yield made


def waits_s(rig: MessageRig) -> float:
    return LONGEST_S[rig.desk.policy.channels[0]]


def connecting(rig: MessageRig, meanwhile: Callable[[], Awaitable[bool]]) -> None:
    """Let the messenger wait for its connection, and send what is wanted all the same."""

    async def send(order: MessageOrder) -> SendAnswer:
        assert STILL_WANTED.get()()
        is_wanted = await meanwhile()
        assert STILL_WANTED.get()() is is_wanted
        if is_wanted:
            return taken(order)
        return MessageRefused(order.try_id, Failure.NOT_SENT, detail="withdrawn")

    rig.messenger.send = send  # type: ignore[method-assign]


@pytest.mark.parametrize("over_s", [-0.5, 0.5])
async def test_a_message_may_wait_as_long_as_its_channel_takes_and_no_longer(
    rig: MessageRig, over_s: float
) -> None:
    async def wait() -> bool:
        rig.clock.wait(waits_s(rig) + over_s)
        return over_s < 0

    connecting(rig, wait)
    await rig.ended(1, mail=True)
    await rig.send()
    assert await rig.states() == ["accepted" if over_s < 0 else "due"]
    assert rig.desk.trouble == "", "that is no trouble of the network"


async def test_who_was_taken_back_is_remembered_for_as_long_as_a_message_may_wait(
    rig: MessageRig,
) -> None:
    """Whoever is taken back afterwards makes nobody forgotten whose message still waits."""

    async def wait() -> bool:
        await rig.door.suppress(FIRST, "asked on the phone", by="ana")
        rig.clock.wait(waits_s(rig) - 1)
        await rig.door.suppress(ANOTHER, "asked on the phone", by="ana")
        return False

    connecting(rig, wait)
    await rig.ended(1, mail=True)
    await rig.send()
    rig.clock.wait(31)
    await rig.send()
    assert await rig.states() == ["skipped"]


async def test_another_message_waits_in_vain_once_the_messenger_says_that_they_opted_out(
    rig: MessageRig,
) -> None:
    await rig.ended(1, mail=True)
    await rig.send()
    (first,) = rig.messenger.orders
    await rig.ended_again(1, mail=True)

    async def is_wanted() -> bool:
        news = MessageNews(Delivery.FAILED, first.try_id, sid_of(first), Failure.OPTED_OUT, 21610)
        await rig.ledger.record(news, by="webhook")
        return False

    connecting(rig, is_wanted)
    await rig.send()
    rig.clock.wait(31)
    await rig.send()
    assert await rig.states() == ["failed", "skipped"]


async def test_nor_is_a_call_dialled_that_was_reserved_for_them(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (call_id,) = await rig.queue(1)
        number = (await rig.call(call_id)).to_number
        key = follow_up_key(ConversationId("conv_1"))
        call = EndedCall(key, number, rig.clock.now(), Disposition.NO_ANSWER, True)
        await rig.store.add_ended([Ended(call)], rig.clock.now())
        policy = FollowUpPolicy(channels=(Channel.SMS,), per_day=0)
        judgement = Judgement(policy, Standing(), lambda _: ())
        ids = FakeIds("message")
        claimed = await rig.store.take_due(judgement, ids.try_id, 1, rig.clock.now())
        (sending,) = claimed.sendings

        async def connecting(order: StartOrder) -> StartAnswer:
            assert STILL_WANTED.get()()
            refused = MessageRefused(sending.one_try.id, Failure.OPTED_OUT, 21610)
            await rig.follow_ups.ledger.record(refused, by="messenger")
            assert not STILL_WANTED.get()()
            return NotTaken(order.attempt_id, Refusal.NOT_SENT, "withdrawn before it was sent")

        with patch.object(rig.platform, "start_call", connecting):
            await rig.dispatch()
        assert await rig.state(call_id) is CallState.SUPPRESSED


async def _paused(rig: MessageRig) -> None:
    await rig.door.pause(by="ana")


async def _stopping(rig: MessageRig) -> None:
    rig.board.stopping = True


async def _all_stopped(rig: MessageRig) -> None:
    for person in PEOPLE:
        await rig.door.person_wrote(rig.wrote(person, wants_out=True), by="webhook")


@pytest.mark.parametrize(
    ("act", "state"), [(_paused, "due"), (_stopping, "due"), (_all_stopped, "skipped")]
)
async def test_no_mail_leaves_that_waited_for_its_turn_or_its_server(
    tmp_path: Path, act: Callable[[MessageRig], Awaitable[None]], state: str
) -> None:
    async with (
        a_sink(users=USERS, faults={"greeting": Fault(HOLD)}) as sink,
        message_rig(tmp_path, channels=(Channel.EMAIL,)) as rig,
    ):
        rig.sender._messengers = {Channel.EMAIL: MailMessenger(a_mailer(sink.port))}
        await rig.ended(*PEOPLE, mail=True)
        await rig.sender.step()
        await sink.held.wait()
        await act(rig)
        sink.go_on.set()
        await asyncio.wait_for(rig.sender.quiet.wait(), 10)
        assert (sink.taken, set(await rig.states())) == ([], {state})
        assert sink.connections <= MAILS_AT_ONCE_MAX
        assert rig.desk.trouble == "", "that is no trouble of the mail server"
