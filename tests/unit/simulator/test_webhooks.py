"""The platform's news: signed as the vendor signs, lost and doubled on request, retried by rule."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import pytest
from elevenlabs import ElevenLabs
from elevenlabs.errors import BadRequestError

from tests.unit.simulator.telephone import BEGIN, Telephone, people
from voiceslot_tui.simulator.webhooks import RETRY_WAITS_S, Delivery, sign

SECRET = "simulator-webhook-secret"
DAY_S = 86_400


@pytest.fixture(scope="module")
def sdk() -> ElevenLabs:
    return ElevenLabs(api_key="unused")


def opened(sdk: ElevenLabs, delivery: Delivery) -> dict[str, object]:
    header = delivery.headers["ElevenLabs-Signature"]
    event = sdk.webhooks.construct_event(delivery.body.decode(), header, SECRET)
    assert isinstance(event, dict)
    return event


def at_the_clock_of_the_sdk(monkeypatch: pytest.MonkeyPatch, telephone: Telephone) -> None:
    monkeypatch.setattr("time.time", lambda: telephone.now)


def ended(**changes: object) -> Telephone:
    telephone = Telephone(**changes)
    telephone.started("+12025550110", variables={"customer": "Ana"}, user_id="person-7")
    telephone.let_all_end()
    return telephone


def test_the_official_client_accepts_the_signature(
    sdk: ElevenLabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    telephone = ended()
    at_the_clock_of_the_sdk(monkeypatch, telephone)
    [delivery] = telephone.deliveries()
    event = opened(sdk, delivery)
    data = event["data"]
    assert isinstance(data, dict)
    assert event["type"] == "post_call_transcription"
    assert event["event_timestamp"] == int(BEGIN + 27)
    assert data["status"] == "done"
    assert data["user_id"] == "person-7"
    variables = data["conversation_initiation_client_data"]["dynamic_variables"]
    assert variables == {"customer": "Ana"}
    assert data["analysis"]["transcript_summary"]


@pytest.mark.parametrize(
    ("number_id", "route", "kind"),
    [("phnum_sim_twilio", "twilio", "twilio"), ("phnum_sim_sip", "sip-trunk", "sip")],
)
def test_a_call_that_failed_is_told_without_variables(
    number_id: str, route: str, kind: str
) -> None:
    telephone = Telephone()
    [call] = telephone.started(
        "+12025550110", number_id=number_id, route=route, variables={"sim_outcome": "no_answer"}
    )
    telephone.let_all_end()
    [delivery] = telephone.deliveries()
    body = json.loads(delivery.body)
    assert body["type"] == "call_initiation_failure"
    assert set(body["data"]) == {"agent_id", "conversation_id", "failure_reason", "metadata"}
    assert body["data"]["conversation_id"] == call
    assert body["data"]["failure_reason"] == "no-answer"
    assert body["data"]["metadata"]["type"] == kind


def test_a_voicemail_is_told_as_a_transcription() -> None:
    telephone = Telephone()
    telephone.started("+12025550110", variables={"sim_outcome": "voicemail"})
    telephone.let_all_end()
    assert [delivery.kind for delivery in telephone.deliveries()] == ["post_call_transcription"]


def test_news_comes_after_the_analysis() -> None:
    telephone = Telephone()
    telephone.started("+12025550110")
    telephone.let_pass(26.9)
    assert telephone.deliveries() == []
    telephone.let_pass(0.1)
    assert len(telephone.deliveries()) == 1
    assert telephone.deliveries() == []


def test_lost_news_never_comes() -> None:
    telephone = ended(webhook_loss_share=1.0)
    assert telephone.deliveries() == []
    assert telephone.truth()["webhooks"]["lost"] == 1


def test_doubled_news_comes_twice() -> None:
    first, second = ended(webhook_duplicate_share=1.0).deliveries()
    assert first.body == second.body


def test_news_may_come_late_and_out_of_order() -> None:
    telephone = Telephone(webhook_reorder_share=0.5, webhook_delay_min_s=1, webhook_delay_max_s=2)
    order = []
    for number in people(20):
        telephone.started(number)
        telephone.let_pass(1)
        order += [delivery.conversation_id for delivery in telephone.deliveries()]
    while (due := telephone.world.next_event_at()) is not None:
        telephone.let_pass(due - telephone.now)
        order += [delivery.conversation_id for delivery in telephone.deliveries()]
    assert sorted(order) == [call.conversation_id for call in telephone.world.calls]
    assert order != sorted(order)


@pytest.mark.parametrize("share", ["webhook_stale_share", "webhook_forged_share"])
def test_stale_and_forged_news_is_refused_by_the_official_client(
    sdk: ElevenLabs, monkeypatch: pytest.MonkeyPatch, share: str
) -> None:
    telephone = ended(**{share: 1.0})
    at_the_clock_of_the_sdk(monkeypatch, telephone)
    first = telephone.deliveries()[0]
    with pytest.raises(BadRequestError):
        opened(sdk, first)


def test_a_lie_says_that_a_call_is_over_while_it_rings() -> None:
    telephone = Telephone(webhook_forged_share=1.0)
    [call] = telephone.started("+12025550110")
    [lie] = telephone.deliveries()
    assert lie.is_forged
    assert json.loads(lie.body)["data"]["status"] == "done"
    assert telephone.status(call) == "initiated"
    telephone.let_all_end()
    assert [delivery.is_forged for delivery in telephone.deliveries()] == [False]


def test_news_may_be_dated_into_the_future() -> None:
    telephone = ended(webhook_future_share=1.0)
    [delivery] = telephone.deliveries()
    later = int(telephone.now) + DAY_S
    assert delivery.headers["ElevenLabs-Signature"] == sign(SECRET, delivery.body, later)


def retries(status: int | None, **variables: object) -> list[float]:
    telephone = Telephone(webhook_retries=True)
    telephone.started("+12025550110", variables=variables)
    sent_at = []
    while (due := telephone.world.next_event_at()) is not None:
        telephone.let_pass(due - telephone.now)
        for delivery in telephone.deliveries():
            sent_at.append(telephone.now)
            telephone.world.webhooks.report(delivery.delivery_id, status, telephone.now)
    return [later - earlier for earlier, later in pairwise(sent_at)]


@pytest.mark.parametrize("status", [503, 429, 408, None])
def test_a_transcription_climbs_the_retry_ladder(status: int | None) -> None:
    waits = retries(status)
    assert len(waits) == len(RETRY_WAITS_S)
    for waited, planned in zip(waits, RETRY_WAITS_S, strict=True):
        assert planned <= waited <= planned * 1.1


@pytest.mark.parametrize("status", [200, 400, 401])
def test_what_was_taken_or_refused_is_not_sent_again(status: int) -> None:
    assert retries(status) == []


def test_a_failed_initiation_is_told_once_only() -> None:
    assert retries(503, sim_outcome="busy") == []


def refused_ten_times(after_success_s: float | None) -> Telephone:
    telephone = Telephone()
    if after_success_s is not None:
        telephone.started("+12025550110")
        telephone.let_all_end()
        [delivery] = telephone.deliveries()
        telephone.world.webhooks.report(delivery.delivery_id, 200, telephone.now)
        telephone.let_pass(after_success_s)
    telephone.started(*people(10))
    telephone.let_all_end()
    for delivery in telephone.deliveries():
        assert telephone.world.webhooks.is_on
        telephone.world.webhooks.report(delivery.delivery_id, 500, telephone.now)
    return telephone


def test_ten_failures_switch_the_webhook_off_until_somebody_switches_it_on() -> None:
    telephone = refused_ten_times(None)
    assert telephone.truth()["webhooks"]["is_auto_disabled"] is True
    assert telephone.truth()["webhooks"]["statuses"] == {"500": 10}
    telephone.started("+12025550110")
    telephone.let_all_end()
    assert telephone.deliveries() == []
    telephone.control("POST", "settings", {"webhook_enabled": False})
    telephone.control("POST", "settings", {"webhook_enabled": True})
    telephone.started("+12025550110")
    telephone.let_all_end()
    assert len(telephone.deliveries()) == 1


def test_a_success_within_seven_days_keeps_the_webhook_alive() -> None:
    assert refused_ten_times(DAY_S).world.webhooks.is_on
    assert not refused_ten_times(8 * DAY_S).world.webhooks.is_on


def test_without_an_address_nothing_is_sent() -> None:
    assert ended(webhook_url="").deliveries() == []


def test_shares_are_about_what_they_say() -> None:
    telephone = Telephone(limit=2000, webhook_loss_share=0.2, webhook_duplicate_share=0.1)
    telephone.started(*people(1000))
    telephone.let_all_end()
    sent = Counter(delivery.conversation_id for delivery in telephone.deliveries())
    assert 750 < len(sent) < 850
    assert 50 < sum(1 for times in sent.values() if times == 2) < 120
