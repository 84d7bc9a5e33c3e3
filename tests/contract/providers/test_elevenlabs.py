"""The adapter in front of the simulator: every way it is asked, and what the world says of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from elevenlabs import AsyncElevenLabs

from tests.contract.providers.conftest import AGENT, TWILIO_NUMBER, an_adapter, an_order
from tests.contract.providers.misbehaving import answer, answering, serving
from voiceslot_tui.core.calls import ConversationId, Disposition
from voiceslot_tui.core.errors import ReadDenied, ReadFailed
from voiceslot_tui.core.facts import Accepted, NotTaken, Refusal, Unanswered
from voiceslot_tui.core.talks import BatchCalls, Talk, TalkState
from voiceslot_tui.providers.elevenlabs import ElevenLabs
from voiceslot_tui.simulator.batches import Invited
from voiceslot_tui.simulator.directory import AgentPhoneNumber
from voiceslot_tui.simulator.faults import fits, make_rule
from voiceslot_tui.simulator.server import SimulatorServer
from voiceslot_tui.simulator.words import FaultKind, FaultTarget, OverLimitMode, Provider

EVER = 1e9
"""Seconds: longer ago than any call."""
LONG = {"sim_ring_s": 1000}
TALKING = {"sim_talk_s": 1000}


def variables(**named: Any) -> bytes:
    return json.dumps({"dynamic_variables": named}).encode()


async def started(platform: ElevenLabs, attempt_id: str = "attempt-1", **named: Any) -> Accepted:
    found = await platform.start_call(an_order(attempt_id, client_data=variables(**named)))
    assert isinstance(found, Accepted), found
    return found


async def read(platform: ElevenLabs, call: Accepted) -> Talk:
    talk = await platform.talk(call.conversation_id)
    assert talk is not None
    return talk


# --- starts


@pytest.mark.parametrize(
    ("number", "endpoint"),
    [
        ("phnum_sim_twilio", "start_twilio"),
        ("phnum_sim_sip", "start_sip_trunk"),
        ("phnum_sim_exotel", "start_exotel"),
    ],
)
async def test_a_call_takes_the_road_of_its_number(
    simulator: SimulatorServer, platform: ElevenLabs, number: str, endpoint: str
) -> None:
    answers = [await platform.start_call(an_order(f"a{n}", number=number)) for n in range(2)]
    assert all(isinstance(found, Accepted) for found in answers)
    assert simulator.world.truth.requests_read == {"list_numbers_paged": 1, endpoint: 2}


async def test_a_start_says_all_that_was_ordered(
    simulator: SimulatorServer, platform: ElevenLabs
) -> None:
    data = json.dumps({"user_id": "person-7", "dynamic_variables": {"name": "Añá"}}).encode()
    found = await platform.start_call(an_order("attempt-9", client_data=data))
    assert isinstance(found, Accepted)
    call = simulator.world.by_id[found.conversation_id]
    assert (call.order.to_number, call.order.ring_timeout_s) == ("+12025550123", 45)
    assert call.order.client_data == {
        "user_id": "person-7",
        "dynamic_variables": {"name": "Añá", "voiceslot_attempt_id": "attempt-9"},
    }
    assert found.call_sid == call.carrier_sid


async def test_a_number_that_is_not_there_goes_to_twilio_and_is_refused(
    simulator: SimulatorServer, platform: ElevenLabs
) -> None:
    for _ in range(2):
        found = await platform.start_call(an_order(number="phnum_nobody"))
        assert isinstance(found, NotTaken)
        assert found.refusal is Refusal.ROUTE_DENIED
    assert simulator.world.truth.requests_read == {"list_numbers_paged": 1, "start_twilio": 2}


async def test_a_number_that_is_new_is_asked_about(
    simulator: SimulatorServer, platform: ElevenLabs
) -> None:
    await platform.start_call(an_order())
    new = AgentPhoneNumber("phnum_new", "+12025550103", "New trunk", Provider.SIP_TRUNK)
    simulator.world.numbers[new.phone_number_id] = new
    assert isinstance(await platform.start_call(an_order(number="phnum_new")), Accepted)


async def test_a_list_of_numbers_that_cannot_be_read_does_not_stop_twilio(
    simulator: SimulatorServer, platform: ElevenLabs
) -> None:
    simulator.world.faults.add(make_rule(FaultKind.FORBIDDEN, FaultTarget.READ))
    for attempt_id in ("a1", "a2"):
        assert isinstance(await platform.start_call(an_order(attempt_id)), Accepted)
    assert simulator.world.truth.requests_read == {"list_numbers_paged": 1, "start_twilio": 2}


async def test_what_is_read_for_the_screen_also_shows_the_road(
    simulator: SimulatorServer, platform: ElevenLabs
) -> None:
    await platform.phone_numbers()
    assert isinstance(await platform.start_call(an_order(number="phnum_sim_sip")), Accepted)
    assert simulator.world.truth.requests_read == {"list_numbers_paged": 1, "start_sip_trunk": 1}


async def test_the_start_address_replaces_the_road_of_twilio_only(
    simulator: SimulatorServer,
) -> None:
    body = b'{"success":true,"conversation_id":"conv_elsewhere","callSid":null}'
    async with (
        serving(answering(answer(200, body))) as (elsewhere, seen),
        an_adapter(simulator.address, start_call_url=f"{elsewhere}/my/start") as platform,
    ):
        over_twilio = await platform.start_call(an_order())
        over_trunk = await platform.start_call(an_order(number="phnum_sim_sip"))
        assert isinstance(over_twilio, Accepted)
        assert over_twilio.conversation_id == "conv_elsewhere"
        assert isinstance(over_trunk, Accepted)
        assert seen.read == 1
    assert simulator.world.truth.requests_read["start_twilio"] == 0


@pytest.mark.parametrize(
    ("mode", "refusal"),
    [
        (OverLimitMode.REFUSE_CONCURRENT, Refusal.CAPACITY),
        (OverLimitMode.REFUSE_RATE, Refusal.RATE),
        (OverLimitMode.SUCCESS_FALSE, Refusal.NO_SUCCESS),
    ],
)
async def test_a_full_platform_says_so(
    simulator: SimulatorServer, platform: ElevenLabs, mode: OverLimitMode, refusal: Refusal
) -> None:
    simulator.world.configure({"limit": 0, "over_limit": mode})
    found = await platform.start_call(an_order())
    assert isinstance(found, NotTaken)
    assert found.refusal is refusal
    assert found.retry_after_s == (1.0 if refusal is Refusal.RATE else None)
    assert simulator.world.truth.dials.total() == 0


async def test_a_number_dialled_that_is_none_is_that_calls_own_fault(platform: ElevenLabs) -> None:
    found = await platform.start_call(an_order(to_number="555"))
    assert isinstance(found, NotTaken)
    assert found.refusal is Refusal.CALL_DENIED


async def test_a_wrong_key_is_the_accounts_fault(simulator: SimulatorServer) -> None:
    async with an_adapter(simulator.address, api_key="not-the-key") as platform:
        found = await platform.start_call(an_order())
        assert isinstance(found, NotTaken)
        assert found.refusal is Refusal.ACCOUNT_DENIED
        with pytest.raises(ReadDenied, match="invalid_api_key"):
            await platform.live_count()


CERTAIN = {
    FaultKind.RATE_LIMITED,
    FaultKind.UNAUTHORIZED,
    FaultKind.FORBIDDEN,
    FaultKind.NUMBER_REFUSED,
    FaultKind.AGENT_REFUSED,
}
NO_FAILURES = {FaultKind.SLOW, FaultKind.STUCK_INITIATED, FaultKind.STUCK_IN_PROGRESS}
STRIKES_STARTS = {kind for kind in FaultKind if fits(kind, FaultTarget.START)} - NO_FAILURES


@pytest.mark.parametrize("kind", sorted(STRIKES_STARTS))
async def test_whatever_strikes_a_start_it_is_sent_once_and_judged_safely(
    simulator: SimulatorServer, kind: FaultKind
) -> None:
    simulator.world.faults.add(make_rule(kind))
    async with an_adapter(simulator.address, start_timeout_s=0.4) as platform:
        found = await platform.start_call(an_order())
    assert isinstance(found, NotTaken if kind in CERTAIN else Unanswered)
    truth = simulator.world.truth
    assert truth.requests_read["start_twilio"] <= 1
    if isinstance(found, NotTaken):
        assert truth.dials.total() == 0


# --- what became of calls


@pytest.mark.parametrize(
    ("outcome", "disposition"),
    [
        ("answered", Disposition.ANSWERED),
        ("voicemail", Disposition.VOICEMAIL),
        ("busy", Disposition.BUSY),
        ("no_answer", Disposition.NO_ANSWER),
        ("failed", Disposition.FAILED),
    ],
)
async def test_an_outcome_is_read(
    platform: ElevenLabs, outcome: str, disposition: Disposition
) -> None:
    call = await started(platform, sim_outcome=outcome)
    talk = await read(platform, call)
    assert talk.state is TalkState.ANALYSED
    assert talk.outcome is not None
    assert talk.outcome.disposition is disposition
    assert (talk.attempt_id, talk.call_sid, talk.agent_id) == ("attempt-1", call.call_sid, AGENT)


async def test_a_live_call_has_no_outcome(platform: ElevenLabs) -> None:
    ringing = await read(platform, await started(platform, "a1", **LONG))
    talking = await read(platform, await started(platform, "a2", **TALKING))
    over = await read(platform, await started(platform, "a3", sim_analysis_s=1000))
    states = [talk.state for talk in (ringing, talking, over)]
    assert states == [TalkState.RINGING, TalkState.TALKING, TalkState.OVER]
    assert {talk.outcome for talk in (ringing, talking, over)} == {None}


async def test_a_burst_is_read(simulator: SimulatorServer, platform: ElevenLabs) -> None:
    simulator.world.configure({"limit": 1, "over_limit": OverLimitMode.BURST})
    await started(platform, "a1", **TALKING)
    talk = await read(platform, await started(platform, "a2"))
    assert talk.outcome is not None
    assert talk.outcome.burst


async def test_a_call_that_is_not_there_is_none(
    simulator: SimulatorServer, platform: ElevenLabs
) -> None:
    assert await platform.talk(ConversationId("conv_nobody")) is None
    for odd in ("", ".", "..", "x/../../user", "../../v1/user?x=1", "x" * 1000, "\x1b[2J"):
        assert await platform.talk(ConversationId(odd)) is None
    assert set(simulator.world.truth.requests_read) == {"get_conversation"}


async def test_a_word_nobody_knows_is_no_end(
    simulator: SimulatorServer, platform: ElevenLabs
) -> None:
    call = await started(platform, **TALKING)
    simulator.world.faults.add(make_rule(FaultKind.UNKNOWN_STATUS, FaultTarget.READ))
    assert (await read(platform, call)).state is TalkState.UNHEARD_OF
    (listed,) = await platform.live_talks(EVER)
    assert listed.state is TalkState.UNHEARD_OF


# --- what is live


async def test_all_pages_of_the_live_calls_are_read(
    simulator: SimulatorServer, platform: ElevenLabs
) -> None:
    simulator.world.start_foreign(250, 1000.0, simulator.now())
    ours = await started(platform, **LONG)
    await started(platform, "over")
    talks = await platform.live_talks(EVER)
    assert {talk.conversation_id for talk in talks} == set(simulator.world.live)
    assert len(talks) == 251
    assert simulator.world.truth.requests_read["list_conversations"] == 3
    states = {talk.conversation_id: talk.state for talk in talks}
    assert states.pop(ours.conversation_id) is TalkState.RINGING
    assert set(states.values()) == {TalkState.TALKING}
    assert await platform.live_count() == 251


async def test_only_calls_since_then_are_listed(
    simulator: SimulatorServer, platform: ElevenLabs
) -> None:
    simulator.world.start_foreign(3, 1000.0, simulator.now() - 10_000)
    recent = await started(platform, **TALKING)
    talks = await platform.live_talks(60.0)
    assert [talk.conversation_id for talk in talks] == [recent.conversation_id]


async def test_batches_are_read_and_who_waits_in_them(
    simulator: SimulatorServer, platform: ElevenLabs
) -> None:
    world = simulator.world
    world.configure({"batch_dispatch_s": 1000.0})
    people = [Invited(f"+1202555{n:04d}") for n in range(100, 130)]
    batch = world.batches.submit(
        name="Reminders",
        agent_id=AGENT,
        number=world.numbers[TWILIO_NUMBER],
        people=people,
        now=simulator.now(),
        target=7,
    )
    world.advance(simulator.now())
    (read_batch,) = await platform.batches()
    assert (read_batch.batch_id, read_batch.status) == (batch.batch_id, "in_progress")
    assert (read_batch.scheduled, read_batch.dispatched, read_batch.finished) == (30, 7, 0)
    assert read_batch.target_concurrency == 7
    assert await platform.batch_calls(batch.batch_id) == BatchCalls(unnamed=7)
    with pytest.raises(ReadFailed):
        await platform.batch_calls("btcal_nobody")


async def test_agents_and_numbers_are_read(platform: ElevenLabs) -> None:
    assert [agent.agent_id for agent in await platform.agents()] == [
        "agent_sim_reminders",
        "agent_sim_surveys",
    ]
    numbers = await platform.phone_numbers()
    assert {number.provider for number in numbers} == {"twilio", "sip_trunk", "exotel"}


# --- reads that fail


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.ERROR_500,
        FaultKind.ERROR_502_HTML,
        FaultKind.ERROR_503,
        FaultKind.RESET_AFTER_READING,
        FaultKind.RESET_HALF_HEADERS,
        FaultKind.CUT_BODY,
        FaultKind.TOO_MANY_PLAIN,
    ],
)
async def test_a_read_that_fails_once_is_tried_again(
    simulator: SimulatorServer, platform: ElevenLabs, kind: FaultKind
) -> None:
    simulator.world.faults.add(make_rule(kind, FaultTarget.READ, requests=1))
    assert await platform.live_count() == 0


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.ERROR_503, ReadFailed),
        (FaultKind.HTML_200, ReadFailed),
        (FaultKind.TRUNCATED_JSON, ReadFailed),
        (FaultKind.REDIRECT_307, ReadFailed),
        (FaultKind.UNAUTHORIZED, ReadDenied),
        (FaultKind.FORBIDDEN, ReadDenied),
    ],
)
async def test_a_read_that_goes_on_failing_is_an_error_and_never_nothing(
    simulator: SimulatorServer, platform: ElevenLabs, kind: FaultKind, error: type[Exception]
) -> None:
    call = await started(platform, **TALKING)
    simulator.world.faults.add(make_rule(kind, FaultTarget.READ))
    for asking in (
        platform.live_talks(EVER),
        platform.live_count(),
        platform.talk(call.conversation_id),
        platform.batches(),
        platform.agents(),
        platform.phone_numbers(),
    ):
        with pytest.raises(error) as failed:
            await asking
        assert "simulator-key" not in str(failed.value)


async def test_an_unreachable_platform_is_a_failed_read() -> None:
    async with an_adapter("http://127.0.0.1:1") as platform:
        with pytest.raises(ReadFailed, match="cannot be reached"):
            await platform.live_talks(EVER)


# --- the official SDK reads the same


@pytest.fixture
async def sdk(simulator: SimulatorServer) -> AsyncIterator[AsyncElevenLabs]:
    async with httpx.AsyncClient() as client:
        yield AsyncElevenLabs(
            base_url=simulator.address, api_key="simulator-key", httpx_client=client
        )


@pytest.mark.parametrize("outcome", ["answered", "voicemail", "busy", "no_answer", "failed"])
async def test_the_official_sdk_reads_a_conversation_as_we_do(
    platform: ElevenLabs, sdk: AsyncElevenLabs, outcome: str
) -> None:
    call = await started(platform, sim_outcome=outcome)
    ours = await read(platform, call)
    theirs = await sdk.conversational_ai.conversations.get(call.conversation_id)
    phone_call, charging = theirs.metadata.phone_call, theirs.metadata.charging
    sent = theirs.conversation_initiation_client_data
    assert phone_call is not None
    assert charging is not None
    assert sent is not None
    assert sent.dynamic_variables is not None
    assert ours.outcome is not None
    assert theirs.status in ("done", "failed")
    assert (ours.conversation_id, ours.agent_id) == (theirs.conversation_id, theirs.agent_id)
    assert ours.started_at == theirs.metadata.start_time_unix_secs * 1000
    assert ours.attempt_id == sent.dynamic_variables["voiceslot_attempt_id"] == theirs.user_id
    assert ours.call_sid == phone_call.call_sid
    assert ours.outcome.disposition == phone_call.call_result
    assert ours.outcome.talk_s == theirs.metadata.call_duration_secs
    assert ours.outcome.burst == charging.is_burst


async def test_the_official_sdk_reads_the_lists_as_we_do(
    simulator: SimulatorServer, platform: ElevenLabs, sdk: AsyncElevenLabs
) -> None:
    simulator.world.start_foreign(5, 1000.0, simulator.now())
    listed = await sdk.conversational_ai.conversations.list(
        exclude_statuses=["processing", "done", "failed"], call_start_after_unix=0
    )
    ours = await platform.live_talks(EVER)
    assert [talk.conversation_id for talk in ours] == [
        item.conversation_id for item in listed.conversations
    ]
    numbers = await sdk.conversational_ai.phone_numbers.list()
    assert [(one.phone_number_id, one.provider) for one in await platform.phone_numbers()] == [
        (one.phone_number_id, one.provider) for one in numbers
    ]
    agents = await sdk.conversational_ai.agents.list()
    assert [one.name for one in await platform.agents()] == [one.name for one in agents.agents]
    count = await sdk.conversational_ai.analytics.live_count.get()
    assert await platform.live_count() == count.count
