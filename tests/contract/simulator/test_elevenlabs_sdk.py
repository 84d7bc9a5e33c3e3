"""The official ElevenLabs SDK against every endpoint that the simulator serves."""

from __future__ import annotations

import httpx
import pytest
from elevenlabs import (
    ConversationInitiationClientDataRequestInput,
    ElevenLabs,
    GetConversationResponseModel,
    OutboundCallRecipient,
)
from elevenlabs.core.api_error import ApiError
from elevenlabs.core.request_options import RequestOptions
from elevenlabs.errors import UnprocessableEntityError

from tests.contract.simulator.conftest import ServerThread
from tests.contract.simulator.required_fields import lacking

AGENT = "agent_sim_reminders"
TWILIO_NUMBER = "phnum_sim_twilio"
ONCE = RequestOptions(max_retries=0)


def client_data(**variables: str | float) -> ConversationInitiationClientDataRequestInput:
    return ConversationInitiationClientDataRequestInput(
        user_id="person-7", dynamic_variables={"voiceslot_attempt_id": "attempt-1", **variables}
    )


def start(sdk: ElevenLabs, to_number: str = "+12025550110", **variables: str | float) -> str:
    answer = sdk.conversational_ai.twilio.outbound_call(
        agent_id=AGENT,
        agent_phone_number_id=TWILIO_NUMBER,
        to_number=to_number,
        conversation_initiation_client_data=client_data(**variables),
        request_options=ONCE,
    )
    assert answer.conversation_id is not None
    return answer.conversation_id


def detail(sdk: ElevenLabs, conversation_id: str) -> GetConversationResponseModel:
    return sdk.conversational_ai.conversations.get(conversation_id)


def test_a_call_over_twilio_is_started(elevenlabs: ElevenLabs) -> None:
    answer = elevenlabs.conversational_ai.twilio.outbound_call(
        agent_id=AGENT,
        agent_phone_number_id=TWILIO_NUMBER,
        to_number="+12025550110",
        request_options=ONCE,
    )
    assert lacking(answer) == []
    assert answer.success is True
    assert answer.conversation_id is not None
    assert answer.conversation_id.startswith("conv_")
    assert answer.call_sid is not None
    assert answer.call_sid.startswith("CA")
    assert len(answer.call_sid) == 34


def test_a_call_over_a_sip_trunk_is_started(elevenlabs: ElevenLabs) -> None:
    answer = elevenlabs.conversational_ai.sip_trunk.outbound_call(
        agent_id=AGENT,
        agent_phone_number_id="phnum_sim_sip",
        to_number="+12025550110",
        request_options=ONCE,
    )
    assert lacking(answer) == []
    assert answer.success is True
    assert answer.sip_call_id is not None
    assert answer.conversation_id is not None
    phone_call = detail(elevenlabs, answer.conversation_id).metadata.phone_call
    assert phone_call is not None
    assert phone_call.type == "sip_trunking"


def test_a_call_over_exotel_is_started(elevenlabs: ElevenLabs) -> None:
    answer = elevenlabs.conversational_ai.exotel.outbound_call(
        agent_id=AGENT,
        agent_phone_number_id="phnum_sim_exotel",
        to_number="+12025550110",
        request_options=ONCE,
    )
    assert lacking(answer) == []
    assert answer.call_sid is not None
    assert answer.conversation_id is not None
    phone_call = detail(elevenlabs, answer.conversation_id).metadata.phone_call
    assert phone_call is not None
    assert phone_call.type == "exotel"


def test_a_number_is_refused_on_another_carriers_route(elevenlabs: ElevenLabs) -> None:
    with pytest.raises(ApiError) as refusal:
        elevenlabs.conversational_ai.sip_trunk.outbound_call(
            agent_id=AGENT,
            agent_phone_number_id=TWILIO_NUMBER,
            to_number="+12025550110",
            request_options=ONCE,
        )
    assert refusal.value.status_code == 400
    assert refusal.value.body["detail"]["param"] == "agent_phone_number_id"


def test_a_number_that_is_none_is_named(elevenlabs: ElevenLabs) -> None:
    with pytest.raises(UnprocessableEntityError) as refusal:
        start(elevenlabs, to_number="555")
    assert refusal.value.body["detail"][0]["loc"] == ["body", "to_number"]


def test_a_wrong_key_is_refused(simulator: ServerThread) -> None:
    with httpx.Client() as client:
        sdk = ElevenLabs(base_url=simulator.address, api_key="not-the-key", httpx_client=client)
        with pytest.raises(ApiError) as refusal:
            sdk.conversational_ai.agents.list(request_options=ONCE)
    assert refusal.value.status_code == 401
    assert refusal.value.body["detail"]["code"] == "invalid_api_key"


def test_a_finished_conversation_is_read_in_full(elevenlabs: ElevenLabs) -> None:
    conversation = detail(elevenlabs, start(elevenlabs, customer="Ana"))
    assert lacking(conversation) == []
    assert conversation.status == "done"
    assert conversation.user_id == "person-7"
    sent = conversation.conversation_initiation_client_data
    assert sent is not None
    assert sent.dynamic_variables == {"voiceslot_attempt_id": "attempt-1", "customer": "Ana"}
    assert conversation.metadata.phone_call is not None
    assert conversation.metadata.phone_call.type == "twilio"
    assert conversation.metadata.phone_call.call_result == "answered"
    assert conversation.metadata.phone_call.external_number == "+12025550110"
    assert conversation.analysis is not None
    assert conversation.analysis.call_successful == "success"
    assert conversation.transcript[0].role == "agent"


def test_a_conversation_that_rings_has_no_analysis(elevenlabs: ElevenLabs) -> None:
    conversation = detail(elevenlabs, start(elevenlabs, sim_ring_s=1000))
    assert lacking(conversation) == []
    assert conversation.status == "initiated"
    assert conversation.analysis is None


def test_an_unknown_conversation_is_not_found(elevenlabs: ElevenLabs) -> None:
    with pytest.raises(ApiError) as refusal:
        detail(elevenlabs, "conv_nobody")
    assert refusal.value.status_code == 404


def test_the_summary_is_read(elevenlabs: ElevenLabs) -> None:
    conversation_id = start(elevenlabs)
    summary = elevenlabs.conversational_ai.conversations.get_summary(conversation_id)
    assert lacking(summary) == []
    assert summary.status == "done"
    assert summary.transcript_summary


def test_conversations_are_listed_page_by_page(elevenlabs: ElevenLabs) -> None:
    started = [start(elevenlabs, f"+1202555011{index}") for index in range(5)]
    conversations = elevenlabs.conversational_ai.conversations
    first = conversations.list(page_size=3)
    assert lacking(first) == []
    assert first.has_more is True
    second = conversations.list(page_size=3, cursor=first.next_cursor)
    assert second.has_more is False
    listed = [item.conversation_id for item in [*first.conversations, *second.conversations]]
    assert listed == started[::-1]


def test_the_live_ones_are_listed_by_excluding_the_others(elevenlabs: ElevenLabs) -> None:
    start(elevenlabs)
    talking = start(elevenlabs, sim_talk_s=1000)
    ringing = start(elevenlabs, sim_ring_s=1000)
    page = elevenlabs.conversational_ai.conversations.list(
        exclude_statuses=["processing", "done", "failed"], call_start_after_unix=0
    )
    assert {item.conversation_id: item.status for item in page.conversations} == {
        talking: "in-progress",
        ringing: "initiated",
    }


def test_conversations_are_found_by_person_and_by_attempt(elevenlabs: ElevenLabs) -> None:
    conversation_id = start(elevenlabs)
    conversations = elevenlabs.conversational_ai.conversations
    by_person = conversations.list(user_id="person-7")
    by_attempt = conversations.list(dynamic_variable_params=["voiceslot_attempt_id:eq:attempt-1"])
    by_nobody = conversations.list(dynamic_variable_params=["voiceslot_attempt_id:eq:attempt-2"])
    assert [item.conversation_id for item in by_person.conversations] == [conversation_id]
    assert [item.conversation_id for item in by_attempt.conversations] == [conversation_id]
    assert by_nobody.conversations == []


def test_the_live_ones_are_counted(elevenlabs: ElevenLabs) -> None:
    start(elevenlabs)
    start(elevenlabs, sim_talk_s=1000)
    answer = elevenlabs.conversational_ai.analytics.live_count.get()
    assert lacking(answer) == []
    assert answer.count == 1


def test_agents_are_listed_and_read_with_their_limits(elevenlabs: ElevenLabs) -> None:
    page = elevenlabs.conversational_ai.agents.list()
    assert lacking(page) == []
    agent = elevenlabs.conversational_ai.agents.get(page.agents[0].agent_id)
    assert lacking(agent) == []
    assert agent.platform_settings is not None
    limits = agent.platform_settings.call_limits
    assert limits is not None
    assert (limits.agent_concurrency_limit, limits.bursting_enabled) == (-1, True)


def test_numbers_are_listed_with_their_carriers_in_both_versions(elevenlabs: ElevenLabs) -> None:
    bare = elevenlabs.conversational_ai.phone_numbers.list()
    paged = elevenlabs.conversational_ai.phone_numbers.list_v_2()
    assert lacking(bare) == []
    assert lacking(paged) == []
    carriers = {"twilio", "sip_trunk", "exotel"}
    assert {number.provider for number in bare} == carriers
    assert {number.provider for number in paged.phone_numbers} == carriers


def test_the_plan_and_the_account_are_read(elevenlabs: ElevenLabs) -> None:
    subscription = elevenlabs.user.subscription.get()
    assert lacking(subscription) == []
    assert subscription.tier == "pro"
    assert lacking(elevenlabs.user.get()) == []


def test_a_batch_is_submitted_listed_read_cancelled_and_retried(elevenlabs: ElevenLabs) -> None:
    batches = elevenlabs.conversational_ai.batch_calls
    submitted = batches.create(
        call_name="Reminders",
        agent_id=AGENT,
        agent_phone_number_id=TWILIO_NUMBER,
        recipients=[
            OutboundCallRecipient(
                phone_number=f"+1202555011{index}",
                conversation_initiation_client_data=client_data(sim_talk_s=1000),
            )
            for index in range(4)
        ],
        target_concurrency_limit=1,
    )
    assert lacking(submitted) == []
    assert submitted.id.startswith("btcal_")
    listed = batches.list()
    assert lacking(listed) == []
    assert [batch.id for batch in listed.batch_calls] == [submitted.id]
    read = batches.get(submitted.id)
    assert lacking(read) == []
    statuses = [recipient.status for recipient in read.recipients]
    assert statuses == ["in_progress", "pending", "pending", "pending"]
    assert read.recipients[0].conversation_id is not None
    assert detail(elevenlabs, read.recipients[0].conversation_id).metadata.batch_call is not None
    cancelled = batches.cancel(submitted.id)
    assert cancelled.status == "cancelled"
    retried = batches.retry(submitted.id)
    assert retried.retry_count == 1
    with pytest.raises(ApiError):
        batches.get("btcal_nobody")


def test_a_batch_tells_how_each_person_was_met_is_exported_and_deleted(
    elevenlabs: ElevenLabs,
) -> None:
    batches = elevenlabs.conversational_ai.batch_calls
    outcomes = ("answered", "voicemail", "busy")
    submitted = batches.create(
        call_name="Reminders",
        agent_id="agent_sim_reminders",
        agent_phone_number_id="phnum_sim_twilio",
        recipients=[
            OutboundCallRecipient(
                id=f"row-{index}",
                phone_number=f"+1202555011{index}",
                conversation_initiation_client_data=client_data(sim_outcome=outcome),
            )
            for index, outcome in enumerate(outcomes)
        ],
    )
    read = batches.get(submitted.id)
    assert lacking(read) == []
    assert (read.status, read.total_calls_dispatched, read.total_calls_finished) == (
        "completed",
        3,
        3,
    )
    found = [(recipient.id, recipient.status) for recipient in read.recipients]
    assert found == [("row-0", "completed"), ("row-1", "voicemail"), ("row-2", "failed")]
    assert all(recipient.conversation_id for recipient in read.recipients)
    lines = b"".join(batches.export(submitted.id)).decode().splitlines()
    assert lines[0].startswith("id,phone_number,status")
    assert len(lines) == 4
    batches.delete(submitted.id)
    assert batches.list().batch_calls == []


def test_a_lacking_field_would_be_seen(elevenlabs: ElevenLabs) -> None:
    answer = elevenlabs.conversational_ai.analytics.live_count.get()
    crippled = type(answer).model_construct(_fields_set=set())
    assert lacking(crippled) == [".count"]
