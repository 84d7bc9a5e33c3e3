"""The official Twilio SDK against the messages: sent, read, listed, refused, told about."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from urllib.parse import parse_qsl

import httpx
import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.contract.simulator.conftest import SETTINGS, LoopbackHttpClient, ServerThread

PERSON = "whatsapp:+12025550110"
OURS = f"whatsapp:{SETTINGS.whatsapp_senders[0]}"
OUR_SMS = SETTINGS.sms_senders[0]
TEMPLATE = f"HX{2:032x}"
VARIABLES = json.dumps({"1": "Ana", "2": "the front desk"})
WITHIN_S = 10.0


class Receiver(ThreadingHTTPServer):
    """Takes callbacks, and keeps them if the official client finds them genuine."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Reception)
        self.taken: Queue[dict[str, str]] = Queue()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/webhook/twilio?ref=follow-1"


class Reception(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        validator = RequestValidator(SETTINGS.account_token)
        url = f"http://127.0.0.1:{self.server.server_port}{self.path}"
        is_genuine = validator.validate(url, form, self.headers.get("X-Twilio-Signature", ""))
        if is_genuine:
            self.server.taken.put(form)
        self.send_response(204 if is_genuine else 403)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join(WITHIN_S)


def test_a_template_is_sent_and_its_message_fetched(twilio: Client) -> None:
    made = twilio.messages.create(
        to=PERSON, from_=OURS, content_sid=TEMPLATE, content_variables=VARIABLES
    )
    assert made.sid is not None
    assert (made.status, made.direction, made.error_code) == ("queued", "outbound-api", None)
    assert (made.to, made.from_, made.num_segments) == (PERSON, OURS, "1")
    assert made.date_created is not None
    assert made.date_sent is None
    assert made.account_sid == SETTINGS.account_sid
    assert set(made.subresource_uris or {}) == {"media", "feedback"}
    found = twilio.messages(made.sid).fetch()
    assert (found.status, found.body) == ("read", made.body)
    assert found.date_sent is not None


def test_the_headers_of_an_answer_reach_who_asks_for_them(twilio: Client) -> None:
    answer = twilio.messages.create_with_http_info(to="+12025550110", from_=OUR_SMS, body="Hello")
    assert answer.status_code == 201
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert headers["twilio-concurrent-requests"] == "1"


def test_free_text_fails_afterwards_unless_the_person_wrote(
    twilio: Client, judge: httpx.Client
) -> None:
    refused = twilio.messages.create(to=PERSON, from_=OURS, body="Hello")
    assert refused.status == "queued"
    assert twilio.messages(str(refused.sid)).fetch().error_code == 63016
    judge.post("/inbound", json={"from": "+12025550110", "body": "Hi"}).raise_for_status()
    taken = twilio.messages.create(to=PERSON, from_=OURS, body="Hello")
    assert twilio.messages(str(taken.sid)).fetch().status == "read"


def test_a_messaging_service_accepts(twilio: Client) -> None:
    made = twilio.messages.create(
        to="+12025550110", messaging_service_sid=SETTINGS.messaging_service_sid, body="Hello"
    )
    assert (made.status, made.from_) == ("accepted", None)
    assert twilio.messages(str(made.sid)).fetch().from_ == OUR_SMS


def test_messages_are_listed_over_pages_and_by_both_sides(
    twilio: Client, judge: httpx.Client
) -> None:
    sids = [
        twilio.messages.create(to=f"+1202555011{index}", from_=OUR_SMS, body="Hello").sid
        for index in range(5)
    ]
    assert [message.sid for message in twilio.messages.list(page_size=2)] == sids[::-1]
    assert [message.sid for message in twilio.messages.list(limit=3)] == sids[:1:-1]
    [found] = twilio.messages.list(to="+12025550113", from_=OUR_SMS)
    assert found.sid == sids[3]
    written = {"from": "+12025550113", "channel": "sms", "body": "Hi"}
    judge.post("/inbound", json=written).raise_for_status()
    [inbound] = twilio.messages.list(from_="+12025550113")
    assert (inbound.direction, inbound.status) == ("inbound", "received")


def test_what_people_wrote_is_listed_by_whom_it_was_written_to(
    twilio: Client, judge: httpx.Client
) -> None:
    twilio.messages.create(to=PERSON, from_=OURS, content_sid=TEMPLATE, content_variables=VARIABLES)
    began = datetime.now(UTC) - timedelta(seconds=1)
    for channel, body in (("whatsapp", "Baja"), ("sms", "STOP")):
        written = {"from": "+12025550110", "channel": channel, "body": body}
        judge.post("/inbound", json=written).raise_for_status()
    since = datetime.now(UTC) - timedelta(days=1)
    (found,) = twilio.messages.list(to=OURS, date_sent_after=since)
    assert (found.from_, found.to, found.body) == (PERSON, OURS, "Baja")
    assert (found.direction, found.status, found.error_code) == ("inbound", "received", None)
    assert found.date_created is not None
    assert found.date_sent == found.date_created
    assert timedelta() <= found.date_created - began < timedelta(seconds=60)
    (by_sms,) = twilio.messages.list(to=OUR_SMS)
    assert (by_sms.body, by_sms.direction) == ("STOP", "inbound")
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    assert twilio.messages.list(to=OURS, date_sent_after=in_an_hour) == []
    assert twilio.messages.list(to=OURS, date_sent_before=since) == []


def test_messages_are_listed_by_the_time_of_sending(twilio: Client) -> None:
    made = twilio.messages.create(to="+12025550110", from_=OUR_SMS, body="Hello")
    an_hour, now = timedelta(hours=1), datetime.now(UTC)
    assert [message.sid for message in twilio.messages.list(date_sent_after=now - an_hour)] == [
        made.sid
    ]
    assert twilio.messages.list(date_sent_after=now + an_hour) == []
    assert twilio.messages.list(date_sent_before=now - an_hour) == []


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        ({"to": "whatsapp:12", "from_": OURS, "body": "Hello"}, 400, 21211),
        ({"to": PERSON, "from_": OUR_SMS, "body": "Hello"}, 400, 21910),
        ({"to": PERSON, "from_": "whatsapp:+12025550179", "body": "Hello"}, 400, 63007),
        ({"to": PERSON, "from_": OURS}, 400, 21619),
        ({"to": PERSON, "from_": OURS, "content_sid": "HX9"}, 400, 21655),
    ],
)
def test_a_refusal_has_its_code(
    twilio: Client, arguments: dict[str, str], status: int, code: int
) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        twilio.messages.create(**arguments)
    assert (refusal.value.status, refusal.value.code) == (status, code)


def test_variables_given_as_an_object_are_spoilt_by_the_sdk_and_refused(twilio: Client) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        twilio.messages.create(
            to=PERSON,
            from_=OURS,
            content_sid=TEMPLATE,
            content_variables={"1": "Ana"},  # type: ignore[arg-type]
        )
    assert refusal.value.code == 21656


def test_an_opted_out_person_is_refused(twilio: Client, judge: httpx.Client) -> None:
    judge.post("/inbound", json={"from": "+12025550110", "channel": "sms", "body": "STOP"})
    with pytest.raises(TwilioRestException) as refusal:
        twilio.messages.create(to="+12025550110", from_=OUR_SMS, body="Hello")
    assert (refusal.value.status, refusal.value.code) == (400, 21610)


def test_a_scheduled_message_is_called_off_and_a_sent_one_is_not(twilio: Client) -> None:
    planned = twilio.messages.create(
        to="+12025550110",
        messaging_service_sid=SETTINGS.messaging_service_sid,
        body="Hello",
        schedule_type="fixed",
        send_at=datetime.now(UTC) + timedelta(hours=1),
    )
    assert planned.status == "scheduled"
    assert twilio.messages(str(planned.sid)).update(status="canceled").status == "canceled"
    sent = twilio.messages.create(to="+12025550110", from_=OUR_SMS, body="Hello")
    with pytest.raises(TwilioRestException) as refusal:
        twilio.messages(str(sent.sid)).update(status="canceled")
    assert refusal.value.code == 30409


def test_a_message_is_redacted_and_deleted(twilio: Client) -> None:
    sent = twilio.messages.create(to="+12025550110", from_=OUR_SMS, body="Hello")
    message = twilio.messages(str(sent.sid))
    assert message.update(body="").body == ""
    assert message.delete() is True
    with pytest.raises(TwilioRestException) as unknown:
        message.fetch()
    assert (unknown.value.status, unknown.value.code) == (404, 20404)


def test_a_wrong_token_is_refused(simulator: ServerThread) -> None:
    http_client = LoopbackHttpClient(simulator.address)
    stranger = Client(SETTINGS.account_sid, "not-the-token", http_client=http_client)
    with pytest.raises(TwilioRestException) as refusal:
        stranger.messages.create(to=PERSON, from_=OURS, body="Hello")
    assert (refusal.value.status, refusal.value.code) == (401, 20003)
    with pytest.raises(TwilioException, match="Unable to fetch page"):
        stranger.messages.list()
    assert http_client.session is not None
    http_client.session.close()


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("error_500", 500, 20500), ("error_503", 503, 20503), ("rate_limited", 429, 20429)],
)
def test_a_broken_answer_may_hide_a_message_that_was_taken(
    twilio: Client, judge: httpx.Client, kind: str, status: int, code: int
) -> None:
    rule = {"kind": kind, "target": "message", "acts": True, "requests": 1}
    judge.post("/faults", json={"faults": [rule]}).raise_for_status()
    with pytest.raises(TwilioRestException) as refusal:
        twilio.messages.create(to=PERSON, from_=OURS, body="Hello")
    assert (refusal.value.status, refusal.value.code) == (status, code)
    assert len(twilio.messages.list(to=PERSON, from_=OURS)) == 1
    assert judge.get("/truth").json()["messages"]["taken"] == {"whatsapp": 1}


def test_an_answer_without_a_sid_is_parsed_all_the_same(
    twilio: Client, judge: httpx.Client
) -> None:
    rule = {"kind": "no_sid", "target": "message", "requests": 1}
    judge.post("/faults", json={"faults": [rule]}).raise_for_status()
    assert twilio.messages.create(to=PERSON, from_=OURS, body="Hello").sid is None


def test_callbacks_arrive_and_are_genuine_to_the_official_client(
    twilio: Client, judge: httpx.Client, receiver: Receiver
) -> None:
    made = twilio.messages.create(
        to=PERSON,
        from_=OURS,
        content_sid=TEMPLATE,
        content_variables=VARIABLES,
        status_callback=receiver.url,
    )
    forms = [receiver.taken.get(timeout=WITHIN_S) for _ in range(3)]
    assert {form["MessageStatus"] for form in forms} == {"sent", "delivered", "read"}
    assert {form["MessageSid"] for form in forms} == {made.sid}
    judge.post("/settings", json={"inbound_url": receiver.url}).raise_for_status()
    judge.post("/inbound", json={"from": "+12025550110", "body": "¿Quién es? 🙂"})
    inbound = receiver.taken.get(timeout=WITHIN_S)
    assert (inbound["From"], inbound["Body"]) == (PERSON, "¿Quién es? 🙂")


def test_callbacks_may_be_there_before_the_answer(
    twilio: Client, judge: httpx.Client, receiver: Receiver
) -> None:
    judge.post("/settings", json={"message_answer_delay_s": 1.0}).raise_for_status()
    made = twilio.messages.create(
        to="+12025550110", from_=OUR_SMS, body="Hello", status_callback=receiver.url
    )
    assert [receiver.taken.get_nowait()["MessageSid"] for _ in range(2)] == [made.sid] * 2
