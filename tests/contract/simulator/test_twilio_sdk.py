"""The official Twilio SDK against the call endpoints."""

from __future__ import annotations

from datetime import timedelta

import pytest
from elevenlabs import ElevenLabs
from elevenlabs.core.request_options import RequestOptions
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.contract.simulator.conftest import SETTINGS, LoopbackHttpClient, ServerThread


def start(sdk: ElevenLabs, to_number: str = "+12025550110", **variables: float) -> str:
    answer = sdk.conversational_ai.twilio.outbound_call(
        agent_id="agent_sim_reminders",
        agent_phone_number_id="phnum_sim_twilio",
        to_number=to_number,
        conversation_initiation_client_data={"dynamic_variables": variables},
        request_options=RequestOptions(max_retries=0),
    )
    assert answer.call_sid is not None
    return answer.call_sid


def test_a_call_is_fetched(elevenlabs: ElevenLabs, twilio: Client) -> None:
    sid = start(elevenlabs, sim_talk_s=1000)
    call = twilio.calls(sid).fetch()
    assert call.status == "in-progress"
    assert call.to == "+12025550110"
    assert call._from == "+12025550100"
    assert call.direction == "outbound-api"
    assert call.start_time is not None
    assert call.end_time is None
    assert call.account_sid == SETTINGS.account_sid


def test_a_call_is_hung_up_once(elevenlabs: ElevenLabs, twilio: Client) -> None:
    sid = start(elevenlabs, sim_talk_s=1000)
    assert twilio.calls(sid).update(status="completed").status == "completed"
    assert elevenlabs.conversational_ai.analytics.live_count.get().count == 0
    with pytest.raises(TwilioRestException) as too_late:
        twilio.calls(sid).update(status="completed")
    assert (too_late.value.status, too_late.value.code) == (400, 21220)


def test_cancelling_ends_only_what_is_not_answered(elevenlabs: ElevenLabs, twilio: Client) -> None:
    ringing, talking = start(elevenlabs, sim_ring_s=1000), start(elevenlabs, sim_talk_s=1000)
    assert twilio.calls(ringing).update(status="canceled").status == "canceled"
    with pytest.raises(TwilioRestException) as refusal:
        twilio.calls(talking).update(status="canceled")
    assert refusal.value.code == 21220


def test_calls_are_listed_over_pages_and_by_status(elevenlabs: ElevenLabs, twilio: Client) -> None:
    over = [start(elevenlabs, f"+1202555011{index}") for index in range(4)]
    live = start(elevenlabs, "+12025550119", sim_talk_s=1000)
    assert [call.sid for call in twilio.calls.list(page_size=2)] == [live, *over[::-1]]
    assert [call.sid for call in twilio.calls.list(status="in-progress")] == [live]
    assert [call.sid for call in twilio.calls.list(to="+12025550111")] == [over[1]]
    an_hour = timedelta(hours=1)
    started_at = twilio.calls(live).fetch().start_time
    assert started_at is not None
    assert len(twilio.calls.list(start_time_after=started_at - an_hour)) == 5
    assert twilio.calls.list(start_time_after=started_at + an_hour) == []
    assert twilio.calls.list(start_time_before=started_at - an_hour) == []


def test_an_api_key_opens_the_account(simulator: ServerThread) -> None:
    http_client = LoopbackHttpClient(simulator.address)
    keyed = Client(
        SETTINGS.account_key_sid,
        SETTINGS.account_key_secret,
        SETTINGS.account_sid,
        http_client=http_client,
    )
    assert keyed.calls.list() == []
    assert http_client.session is not None
    http_client.session.close()


def test_an_unknown_call_and_a_wrong_token_are_refused(
    simulator: ServerThread, twilio: Client
) -> None:
    with pytest.raises(TwilioRestException) as unknown:
        twilio.calls("CA" + "0" * 32).fetch()
    assert (unknown.value.status, unknown.value.code) == (404, 20404)
    http_client = LoopbackHttpClient(simulator.address)
    stranger = Client(SETTINGS.account_sid, "not-the-token", http_client=http_client)
    with pytest.raises(TwilioRestException) as refusal:
        stranger.calls("CA" + "0" * 32).fetch()
    assert (refusal.value.status, refusal.value.code) == (401, 20003)
    assert http_client.session is not None
    http_client.session.close()
