"""What Twilio would not take is refused at once, by its code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.simulator.correspondence import (
    FOLLOW_UP,
    MESSAGES,
    PERSON,
    Correspondence,
    refusal_of,
)

SERVICE = "MG" + "0" * 32


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"To": ""}, 400, 21604),
        ({"To": "whatsapp:2025550110"}, 400, 21211),
        ({"From": ""}, 400, 21603),
        ({"From": "front desk"}, 400, 21212),
        ({"From": "+12025550171"}, 400, 21910),
        ({"To": PERSON}, 400, 21910),
        ({"From": "whatsapp:+12025550179"}, 400, 63007),
        ({"To": PERSON, "From": "+12025550179"}, 400, 21606),
        ({"From": "", "MessagingServiceSid": "MG1"}, 400, 21701),
        ({"Body": ""}, 400, 21619),
        ({"Body": "x" * 1601}, 400, 21617),
        ({"ContentVariables": '{"1": "Ana"}'}, 400, 21654),
        ({"ContentSid": "HX" + "9" * 32}, 400, 21655),
        ({"ContentSid": FOLLOW_UP, "ContentVariables": "1=Ana"}, 400, 21656),
        ({"ContentSid": FOLLOW_UP, "ContentVariables": '["Ana"]'}, 400, 21656),
        ({"ContentSid": FOLLOW_UP, "ContentVariables": '{"1": ""}'}, 400, 21656),
        ({"ContentSid": FOLLOW_UP, "ContentVariables": '{"1": "two\\nlines"}'}, 400, 21656),
        ({"ContentSid": FOLLOW_UP, "ContentVariables": '{"1": "a     b"}'}, 400, 21656),
        ({"ContentSid": FOLLOW_UP, "ContentVariables": '{"1": 7}'}, 400, 21656),
        ({"StatusCallback": "example.com/hook"}, 400, 21609),
        ({"StatusCallback": "https://my_host.example.com/"}, 400, 21609),
        ({"StatusCallback": "https://example.com:port/"}, 400, 21609),
    ],
)
def test_what_twilio_would_not_take_is_refused_by_its_code(
    form: dict[str, str], status: int, code: int
) -> None:
    world = Correspondence()
    assert refusal_of(world.post(**form)) == (status, code)
    truth = world.message_truth()
    assert (truth["taken"], truth["refusals"]) == ({}, {str(code): 1})


def test_a_stranger_is_refused() -> None:
    world = Correspondence()
    assert refusal_of(world.ask("GET", MESSAGES, token="wrong")) == (401, 20003)
    assert refusal_of(world.ask("GET", "/v1/Content", token="wrong")) == (401, 20003)
    other = MESSAGES.replace("AC" + "0" * 32, "AC" + "1" * 32)
    assert refusal_of(world.ask("GET", other)) == (401, 20003)


@given(
    form=st.dictionaries(
        st.sampled_from(
            [
                "To",
                "From",
                "Body",
                "ContentSid",
                "ContentVariables",
                "MessagingServiceSid",
                "StatusCallback",
                "ScheduleType",
                "SendAt",
                "MediaUrl",
            ]
        ),
        st.text()
        | st.sampled_from([f"whatsapp:{PERSON}", PERSON, FOLLOW_UP, SERVICE, "fixed", "{}"]),
    )
)
def test_no_form_is_too_odd_to_be_answered(form: dict[str, str]) -> None:
    world = Correspondence()
    reply = world.ask("POST", MESSAGES, form)
    if reply.status != 201:
        refusal_of(reply)
    world.let_all_end()


@pytest.mark.parametrize("path", [f"{MESSAGES[:-5]}", "/v1/Content/HX1/Nothing", "/v2/Content/HX1"])
def test_a_path_that_nobody_serves_is_not_found_in_twilios_words(path: str) -> None:
    assert refusal_of(Correspondence().ask("GET", path)) == (404, 20404)


def test_a_service_without_a_sender_is_refused() -> None:
    world = Correspondence(sms_senders=())
    reply = world.post(channel="sms", From="", MessagingServiceSid=SERVICE)
    assert refusal_of(reply) == (400, 21703)
