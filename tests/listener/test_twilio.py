"""What Twilio's webhooks may do: state facts where signed, hint where nothing proves them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator
from yarl import URL

from tests.listener.conftest import (
    API_KEY,
    BEARER,
    NOW_S,
    FakeFollowUps,
    MakeRig,
    Rig,
)
from tests.unit.simulator.correspondence import SETTINGS, Correspondence
from voiceslot_tui.core.errors import StoreUnavailable
from voiceslot_tui.core.follow_up_facts import Delivery, Failure, MessageNews
from voiceslot_tui.core.follow_ups import MessageSid, TryId
from voiceslot_tui.core.limits import (
    BAD_SIGNATURES_PER_MINUTE,
    FORM_BODY_BYTES_MAX,
    FORM_FIELDS_MAX,
)

TOKEN = "not-a-real-token"
BASE = "https://calls.example.org"
PATH = "/webhook/twilio"
SID = f"SM{7:032x}"
PERSON = "+12025550110"
SENT = {
    "AccountSid": f"AC{0:032x}",
    "ApiVersion": "2010-04-01",
    "MessageSid": SID,
    "SmsSid": SID,
    "MessageStatus": "sent",
    "SmsStatus": "sent",
    "From": "whatsapp:+12025550170",
    "To": f"whatsapp:{PERSON}",
    "EventType": "",
}
FORM = "application/x-www-form-urlencoded"
FORM_HEADERS = {"Content-Type": f"{FORM}; charset=UTF-8", "Host": "calls.example.org"}


def wrote(body: str, **more: str) -> dict[str, str]:
    """Give the form of what a person wrote on WhatsApp."""
    return {
        "MessageSid": SID,
        "SmsStatus": "received",
        "From": f"whatsapp:{PERSON}",
        "To": "whatsapp:+12025550170",
        "Body": body,
        "ProfileName": "Ana",
        **more,
    }


def signed(url: str, form: dict[str, str], token: str = TOKEN) -> str:
    """Sign a form as the official SDK does."""
    return str(RequestValidator(token).compute_signature(url, form))


@dataclass(frozen=True)
class Answered:
    status: int
    kind: str
    body: str


class Twilio:
    """Posts forms to a listener, with or without a signature."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig

    @property
    def told(self) -> FakeFollowUps:
        assert self.rig.engine.follow_ups is not None
        return self.rig.engine.follow_ups

    def untouched(self) -> bool:
        return not (self.told.news or self.told.wrote or self.told.hints)

    async def send(self, data: bytes, target: str = PATH, **headers: str) -> Answered:
        async with self.rig.client.post(
            URL(self.rig.url + target, encoded=True), data=data, headers={**FORM_HEADERS, **headers}
        ) as response:
            kind = response.headers.get("Content-Type", "")
            return Answered(response.status, kind, (await response.read()).decode())

    async def post(
        self, form: dict[str, str], target: str = PATH, signature: str | None = None
    ) -> Answered:
        given = signed(BASE + target, form) if signature is None else signature
        return await self.send(urlencode(form).encode(), target, **{"X-Twilio-Signature": given})


@pytest.fixture
async def twilio(make_rig: MakeRig) -> Twilio:
    return Twilio(await make_rig(twilio_token=TOKEN, api_key=API_KEY, public_base_url=BASE))


@pytest.fixture
async def unproven(make_rig: MakeRig) -> Twilio:
    """Give a listener that knows an API key of Twilio's, and no token."""
    return Twilio(await make_rig(api_key=API_KEY, public_base_url=BASE))


# --- news of our messages


@pytest.mark.parametrize(
    ("target", "try_id"),
    [
        (PATH, None),
        (f"{PATH}?ref=try_1", TryId("try_1")),
        (f"{PATH}?ref=try%5F1&x=", TryId("try_1")),
        (f"{PATH}?ref=a&ref=b", None),
        (f"{PATH}?ref=", None),
        (f"{PATH}?ref=two%20words", None),
    ],
)
async def test_signed_news_is_told_with_the_try_that_the_address_names(
    twilio: Twilio, target: str, try_id: TryId | None
) -> None:
    assert await twilio.post(SENT, target) == Answered(204, "", "")
    assert twilio.told.news == [MessageNews(Delivery.SENT, try_id, MessageSid(SID))]
    assert twilio.told.told_by == {"webhook"}


async def test_the_signature_may_be_of_the_address_with_its_port(twilio: Twilio) -> None:
    with_port = signed(f"{BASE}:443{PATH}", SENT)
    assert (await twilio.post(SENT, PATH, with_port)).status == 204


async def test_without_a_public_address_the_one_we_listen_on_is_signed(make_rig: MakeRig) -> None:
    rig = await make_rig(twilio_token=TOKEN)
    good = signed(rig.url + PATH, SENT)
    headers = {"X-Twilio-Signature": good, "Host": "localhost"}
    assert (await Twilio(rig).send(urlencode(SENT).encode(), **headers)).status == 204


async def test_what_a_proxy_says_of_the_address_changes_nothing(twilio: Twilio) -> None:
    body = urlencode(SENT).encode()
    proxied = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example", "Via": "1.1 x"}
    good = {"X-Twilio-Signature": signed(BASE + PATH, SENT)}
    assert (await twilio.send(body, **good, **proxied)).status == 204
    forged = {"X-Twilio-Signature": signed(f"http://evil.example{PATH}", SENT)}
    assert (await twilio.send(body, **forged, **proxied)).status == 403


@pytest.mark.parametrize(
    ("signature", "code"),
    [
        ("", "signature_missing"),
        ("nonsense", "signature_wrong"),
        ("ñ€", "signature_wrong"),
        (signed(BASE + PATH, SENT, "another-token"), "signature_wrong"),
        (signed(BASE + PATH, {**SENT, "MessageStatus": "read"}), "signature_wrong"),
        (signed(f"http://calls.example.org{PATH}", SENT), "signature_wrong"),
        (signed(f"https://other.example.org{PATH}", SENT), "signature_wrong"),
        (signed(f"{BASE}{PATH}?ref=try_1", SENT), "signature_wrong"),
        (signed(f"{BASE}/webhook/elevenlabs", SENT), "signature_wrong"),
        (signed(f"{BASE}:8443{PATH}", SENT), "signature_wrong"),
    ],
)
async def test_what_is_not_proven_changes_nothing(
    twilio: Twilio, signature: str, code: str
) -> None:
    answered = await twilio.post(SENT, PATH, signature)
    assert (answered.status, code in answered.body) == (403, True)
    assert answered.kind == "application/json"
    assert twilio.untouched()
    assert twilio.rig.engine.seen == []


async def test_news_replayed_about_another_try_is_refused(twilio: Twilio) -> None:
    good = signed(f"{BASE}{PATH}?ref=try_1", SENT)
    for target in (f"{PATH}?ref=try_2", f"{PATH}?ref=try_1&ref=try_2", f"{PATH}?REF=try_1"):
        assert (await twilio.post(SENT, target, good)).status == 403
    assert twilio.untouched()


async def test_two_signatures_prove_nothing(twilio: Twilio) -> None:
    good = signed(BASE + PATH, SENT)
    headers = [*FORM_HEADERS.items(), ("X-Twilio-Signature", good), ("X-Twilio-Signature", good)]
    more: dict[str, Any] = {"data": urlencode(SENT).encode(), "headers": headers}
    assert (await twilio.rig.ask("POST", PATH, **more))[0] == 403


async def test_the_key_stands_for_a_signature(twilio: Twilio) -> None:
    assert (await twilio.send(urlencode(SENT).encode(), **BEARER)).status == 204
    assert len(twilio.told.news) == 1
    wrong = {"Authorization": "Bearer wrong"}
    assert (await twilio.send(urlencode(SENT).encode(), **wrong)).status == 403


async def test_doubled_news_is_told_each_time_and_answered_alike(twilio: Twilio) -> None:
    assert {await twilio.post(SENT) for _ in range(5)} == {Answered(204, "", "")}
    assert len(set(twilio.told.news)) == 1


async def test_what_tells_nothing_is_taken(twilio: Twilio) -> None:
    for form in ({}, {"MessageStatus": "a-new-word", "MessageSid": SID}, {"CallSid": "CA1"}):
        assert await twilio.post(form) == Answered(204, "", "")
    assert twilio.untouched()


# --- everything that the simulated Twilio sends


class Post:
    """Carries what a simulated Twilio sends to a listener, and tells it the answers."""

    def __init__(self, world: Correspondence, twilio: Twilio) -> None:
        self.world = world
        self.twilio = twilio
        self.statuses: dict[bool, set[int]] = {True: set(), False: set()}

    async def deliver_all(self) -> None:
        await self._deliver()
        while (due := self.world.world.next_event_at()) is not None:
            self.world.now = max(self.world.now, due)
            await self._deliver()

    async def _deliver(self) -> None:
        for one in self.world.deliveries():
            target = one.url.removeprefix(BASE)
            headers = {**one.headers, "Host": "calls.example.org"}
            answered = await self.twilio.send(one.body, target, **headers)
            self.statuses[one.is_forged].add(answered.status)
            self.world.world.report(one, answered.status, self.world.now)


@pytest.fixture
async def post(make_rig: MakeRig) -> Post:
    rig = await make_rig(twilio_token=SETTINGS.account_token, public_base_url=BASE)
    world = Correspondence(
        inbound_url=BASE + PATH,
        callback_duplicate_share=0.5,
        callback_reorder_share=0.3,
        callback_delay_max_s=1.0,
        callback_forged_share=0.5,
    )
    return Post(world, Twilio(rig))


@pytest.mark.parametrize("service", ["", SETTINGS.messaging_service_sid])
async def test_every_callback_of_the_simulated_twilio_is_understood(
    post: Post, service: str
) -> None:
    world = post.world
    sender = {"From": "", "MessagingServiceSid": service} if service else {}
    sids = {}
    for number in range(20):
        hook = f"{BASE}{PATH}?ref=try-{number}#rc=3&rp=5xx"
        sids[f"try-{number}"] = world.sent(StatusCallback=hook, **sender)
    world.texted(StatusCallback=f"{BASE}{PATH}?ref=refused")
    world.texted(channel="sms", StatusCallback=f"{BASE}{PATH}?ref=sms")
    await post.deliver_all()
    world.control("POST", "settings", {"callback_error_word": "InvalidSandboxRequest"})
    world.texted(StatusCallback=f"{BASE}{PATH}?ref=word")
    await post.deliver_all()
    assert post.statuses == {True: {403}, False: {204}}
    seen: dict[str, set[Delivery]] = {}
    for one in post.twilio.told.news:
        seen.setdefault(str(one.try_id), set()).add(one.delivery)
        assert sids.get(str(one.try_id), one.message_sid) == one.message_sid
    arrived = {Delivery.SENT, Delivery.DELIVERED, Delivery.READ}
    arrived |= {Delivery.ACCEPTED} if service else set()
    assert all(seen[ref] == arrived for ref in sids)
    assert Delivery.DELIVERED in seen["sms"]
    failures = {(one.try_id, one.failure, one.code) for one in post.twilio.told.news if one.failure}
    assert failures == {
        ("refused", Failure.OUTSIDE_WINDOW, 63016),
        ("word", Failure.FINAL, None),
    }


async def test_what_people_write_in_the_simulated_world_is_heard(post: Post) -> None:
    post.world.hear("Gracias", button_text="Sí", button_payload="yes")
    post.world.hear("baja")
    post.world.hear(" stop ", channel="sms")
    await post.deliver_all()
    assert post.statuses[False] == {200}
    assert {(number, out) for number, out, _ in post.twilio.told.wrote} == {
        (PERSON, False),
        (PERSON, True),
    }


# --- what people write


@pytest.mark.parametrize(
    "body",
    ["STOP", "stop", " Stop. ", "BAJA", "Baja!", "dar de baja", "Cancelar", "NO", "No, gracias"],
)
@pytest.mark.parametrize("channel", ["whatsapp:", ""])
async def test_a_person_who_asks_to_stop_is_suppressed(
    twilio: Twilio, body: str, channel: str
) -> None:
    answered = await twilio.post(wrote(body, From=channel + PERSON))
    assert answered == Answered(200, "text/xml", "<Response/>")
    ((number, wants_out, at),) = twilio.told.wrote
    assert (number, wants_out, at) == (PERSON, True, NOW_S * 1000)


async def test_the_log_tells_nothing_about_a_person(
    twilio: Twilio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "voiceslot")
    for form in (wrote("no me llamen"), wrote("mi clave es 4711"), wrote("Hola", From="nobody")):
        await twilio.post(form)
    written = [(record.getMessage(), record.__dict__["told"]) for record in caplog.records]
    assert written == [("webhook_ignored", {"kind": "message without a number"})]
    for secret in (PERSON[1:], "llamen", "4711", "Hola", "Ana"):
        assert secret not in str(written)


async def test_twilios_own_word_for_an_opt_out_is_taken(twilio: Twilio) -> None:
    await twilio.post(wrote("ΣΤΟΠ", OptOutType="STOP"))
    assert [wants_out for _, wants_out, _ in twilio.told.wrote] == [True]
    await twilio.post(wrote("START", OptOutType="START"))
    assert [wants_out for _, wants_out, _ in twilio.told.wrote] == [True, False]


@pytest.mark.parametrize("body", ["¿A qué hora?", "No, gracias, mañana mejor", "", "don't stop"])
async def test_a_message_of_another_kind_is_remembered_as_one(twilio: Twilio, body: str) -> None:
    answered = await twilio.post(wrote(body))
    assert answered == Answered(200, "text/xml", "<Response/>")
    assert twilio.told.wrote == [(PERSON, False, NOW_S * 1000)]


async def test_an_sms_opens_no_window_on_whatsapp(twilio: Twilio) -> None:
    answered = await twilio.post(wrote("Gracias", From=PERSON))
    assert answered == Answered(200, "text/xml", "<Response/>")
    assert twilio.told.wrote == []


@pytest.mark.parametrize("sender", ["", "whatsapp:", "whatsapp:nobody", "messenger:123"])
async def test_of_whom_no_number_is_told_only_the_wish_to_stop_is_passed_on(
    twilio: Twilio, sender: str
) -> None:
    for body in ("Hola", "STOP"):
        answered = await twilio.post(wrote(body, From=sender))
        assert answered == Answered(200, "text/xml", "<Response/>")
    assert twilio.told.wrote == [("", True, NOW_S * 1000)]


async def test_a_forged_wish_to_stop_suppresses_nobody(twilio: Twilio) -> None:
    assert (await twilio.post(wrote("STOP"), PATH, "forged")).status == 403
    assert twilio.untouched()


# --- without the account's token


async def test_news_that_cannot_be_checked_is_a_hint(unproven: Twilio) -> None:
    answered = await unproven.post({**SENT, "MessageStatus": "failed"}, f"{PATH}?ref=try_1")
    assert answered == Answered(204, "", "")
    assert unproven.told.hints == [SID]
    assert unproven.told.news == []


async def test_unchecked_news_without_an_id_is_not_even_a_hint(unproven: Twilio) -> None:
    assert (await unproven.post({"MessageStatus": "sent"}, f"{PATH}?ref=try_1")).status == 204
    assert unproven.untouched()


@pytest.mark.parametrize("body", ["STOP", "Gracias"])
async def test_a_person_who_cannot_be_checked_is_not_believed(unproven: Twilio, body: str) -> None:
    answered = await unproven.post(wrote(body))
    assert answered.status == 403
    assert "TWILIO_AUTH_TOKEN" in answered.body
    assert unproven.untouched()


# --- trouble


@pytest.mark.parametrize("form", [SENT, wrote("STOP"), wrote("Gracias")])
async def test_what_cannot_be_stored_is_answered_so_that_it_comes_again(
    twilio: Twilio, form: dict[str, str]
) -> None:
    twilio.told.fails = StoreUnavailable("the disk is full")
    answered = await twilio.post(form)
    assert (answered.status, "store_unavailable" in answered.body) == (503, True)
    assert answered.kind == "application/json"
    assert (await twilio.rig.ask("GET", "/health"))[0] == 503
    twilio.told.fails = None
    assert (await twilio.post(form)).status in (200, 204)
    assert (await twilio.rig.ask("GET", "/health"))[0] == 200


async def test_where_no_messages_are_sent_there_is_nothing_to_tell(twilio: Twilio) -> None:
    twilio.rig.engine.follow_ups = None
    answered = await twilio.post(SENT)
    assert (answered.status, "FOLLOW_UP_CHANNELS" in answered.body) == (404, True)


async def test_a_body_beyond_its_bound_is_not_read(twilio: Twilio) -> None:
    long = {**SENT, "Body": "x" * FORM_BODY_BYTES_MAX}
    assert (await twilio.post(long)).status == 413
    assert (await twilio.post({**SENT, "Body": "ñ" * 1600})).status == 204


async def test_a_form_of_too_many_fields_is_not_read(twilio: Twilio) -> None:
    many = {f"Field{number}": "" for number in range(FORM_FIELDS_MAX + 1)}
    answered = await twilio.post(many)
    assert (answered.status, "not_form" in answered.body) == (400, True)


@pytest.mark.parametrize("query", ["%ff%zz", "%", "%00", "a;b&&&==", "ref=%ED%A0%80", "ref=%0A"])
@pytest.mark.parametrize("body", [b"", b"&&&", b"\xff=\x00", b"MessageStatus=%ED%A0%80&To=%"])
async def test_nonsense_is_taken_for_nothing(twilio: Twilio, query: str, body: bytes) -> None:
    assert (await twilio.send(body, f"{PATH}?{query}", **BEARER)).status == 204
    assert (await twilio.send(body, f"{PATH}?{query}")).status in (403, 429)
    assert twilio.untouched()


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "multipart/form-data"])
async def test_only_a_form_is_read(twilio: Twilio, kind: str) -> None:
    answered = await twilio.send(b"a=1", **{"Content-Type": kind})
    assert (answered.status, "not_form_type" in answered.body) == (415, True)


@pytest.mark.parametrize("headers", [{"Origin": "https://calls.example.org"}, {"Host": "evil.x"}])
async def test_neither_a_web_page_nor_a_foreign_name_is_answered(
    twilio: Twilio, headers: dict[str, str]
) -> None:
    good = {"X-Twilio-Signature": signed(BASE + PATH, SENT)}
    assert (await twilio.send(urlencode(SENT).encode(), **good, **headers)).status == 403
    assert twilio.untouched()


async def test_a_flood_of_bad_signatures_is_slowed_and_good_ones_are_not(twilio: Twilio) -> None:
    bad = [(await twilio.post(SENT, PATH, "x")).status for _ in range(BAD_SIGNATURES_PER_MINUTE)]
    assert set(bad) == {403}
    assert (await twilio.post(SENT, PATH, "x")).status == 429
    assert (await twilio.post(SENT)).status == 204
