"""Whatever happens to a message on its way: what we say of it against what was really taken.

The messenger's truth is the judge. Never is a message called refused that was taken, never one
taken that was not, and what was left in doubt is found again, it and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from tests.contract.providers.messaging import (
    ACCOUNT,
    ANOTHER,
    OUR_SMS,
    OUR_WHATSAPP,
    PERSON,
    REFUSALS,
    SERVICE,
    SHORT_S,
    TEMPLATE,
    TOKEN,
    VARIABLES,
    a_messenger,
    an_order,
    named,
    now,
    put,
    taken,
    troubles,
)
from tests.contract.providers.misbehaving import answer, answering, serving
from tests.contract.providers.test_certainty import MAY_BE_UNREAD, UNCERTAIN
from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.follow_up_facts import (
    Delivery,
    Failure,
    MessageNews,
    MessageRefused,
    MessageTaken,
    MessageUnanswered,
)
from voiceslot_tui.core.follow_ups import Channel, MessageSid, TryId
from voiceslot_tui.core.listings import Listing
from voiceslot_tui.follow_up_ports import MessageOrder, Messenger
from voiceslot_tui.providers.twilio_client import TWILIO_HOSTS
from voiceslot_tui.simulator.faults import FaultRule, make_rule
from voiceslot_tui.simulator.message_forms import Written
from voiceslot_tui.simulator.message_words import Channel as WorldChannel
from voiceslot_tui.simulator.server import SimulatorServer
from voiceslot_tui.simulator.settings import WorldSettings
from voiceslot_tui.simulator.words import FaultKind, FaultTarget
from voiceslot_tui.wire.elevenlabs_webhook import Verdict
from voiceslot_tui.wire.twilio_signature import verify
from voiceslot_tui.wire.twilio_webhook import REFERENCE, read_form, read_webhook

AT_ONCE = {"message_queue_s": 0.0, "message_delivery_s": 0.0, "message_read_s": 0.0}
WITHIN_S = 10.0


@pytest.fixture
async def messenger(simulator: SimulatorServer) -> AsyncIterator[Messenger]:
    """Give the adapter in front of the simulator."""
    async with a_messenger(simulator.address) as adapter:
        yield adapter


@pytest.fixture
async def hasty(simulator: SimulatorServer) -> AsyncIterator[Messenger]:
    """Give an adapter that waits for no answer for long."""
    async with a_messenger(simulator.address, timeout_s=SHORT_S) as adapter:
        yield adapter


def requests(simulator: SimulatorServer) -> int:
    return simulator.world.truth.requests_read["twilio_create_message"]


# --- what a message is made of


@pytest.mark.parametrize(
    ("order", "service", "wanted"),
    [
        (
            an_order(),
            "",
            {"To": f"whatsapp:{PERSON}", "From": f"whatsapp:{OUR_WHATSAPP}"}
            | {"ContentSid": TEMPLATE, "ContentVariables": VARIABLES},
        ),
        (
            an_order(body="Hello"),
            "",
            {"To": f"whatsapp:{PERSON}", "From": f"whatsapp:{OUR_WHATSAPP}", "Body": "Hello"},
        ),
        (
            an_order(channel=Channel.SMS, body="¿Sí? 🙂 & more=1"),
            "",
            {"To": PERSON, "From": OUR_SMS, "Body": "¿Sí? 🙂 & more=1"},
        ),
        (
            an_order(channel=Channel.SMS, body="Hello"),
            SERVICE,
            {"To": PERSON, "MessagingServiceSid": SERVICE, "Body": "Hello"},
        ),
        (
            MessageOrder(TryId("t"), Channel.WHATSAPP, PERSON, content_sid=TEMPLATE),
            SERVICE,
            {"To": f"whatsapp:{PERSON}", "MessagingServiceSid": SERVICE, "ContentSid": TEMPLATE},
        ),
    ],
)
@pytest.mark.parametrize("callback_url", ["", "https://calls.example.org/webhook/twilio"])
async def test_a_request_says_what_was_ordered_and_nothing_else(
    order: MessageOrder, service: str, wanted: dict[str, str], callback_url: str
) -> None:
    asked: list[httpx.Request] = []

    def twilio(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(201, json={"sid": "SM" + "0" * 32, "status": "queued"})

    transport = httpx.MockTransport(twilio)
    async with a_messenger(
        "", hosts=TWILIO_HOSTS, transport=transport, service=service, callback_url=callback_url
    ) as messenger:
        assert await messenger.send(order) == MessageTaken(
            order.try_id, MessageSid("SM" + "0" * 32)
        )
    (request,) = asked
    url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert (request.method, str(request.url)) == ("POST", url)
    callback = (
        {"StatusCallback": f"{callback_url}?ref={order.try_id}#rc=3&rp=ct,rt,5xx"}
        if callback_url
        else {}
    )
    assert dict(read_form(request.content)) == wanted | callback


async def test_a_message_is_taken_once_and_named(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    for order in (an_order(), an_order(channel=Channel.SMS, body="Hello")):
        verdict = await messenger.send(order)
        assert isinstance(verdict, MessageTaken)
        assert verdict.message_sid == taken(simulator)[-1].sid
    assert requests(simulator) == len(taken(simulator)) == 2


async def test_messages_sent_at_once_keep_their_own_answers(simulator: SimulatorServer) -> None:
    orders = [an_order(f"try-{index}", to=f"+120255501{index:02d}") for index in range(30)]
    url = "http://127.0.0.1:1/webhook/twilio"
    async with a_messenger(simulator.address, callback_url=url) as messenger:
        verdicts = await asyncio.gather(*(messenger.send(order) for order in orders))
    truth = {message.sid: message.order for message in taken(simulator)}
    for order, verdict in zip(orders, verdicts, strict=True):
        assert isinstance(verdict, MessageTaken)
        assert verdict.try_id == order.try_id
        sent = truth[verdict.message_sid]
        assert (sent.number, sent.reference) == (order.to, order.try_id)


# --- what the answer proves


@pytest.mark.parametrize("trouble", troubles(FaultTarget.MESSAGE), ids=named)
async def test_no_trouble_makes_us_wrong_about_a_message_and_a_lost_one_is_found(
    simulator: SimulatorServer,
    messenger: Messenger,
    hasty: Messenger,
    trouble: FaultRule,
) -> None:
    await a_crowd(simulator)
    before = len(taken(simulator))
    since = now()
    simulator.world.faults.add(replace(trouble))
    verdict = await hasty.send(an_order())
    sids = tuple(message.sid for message in taken(simulator)[before:])
    assert len(sids) == trouble.acts
    if trouble.kind in REFUSALS:
        assert isinstance(verdict, MessageRefused)
        assert verdict.failure is REFUSALS[trouble.kind]
    else:
        assert isinstance(verdict, MessageUnanswered), verdict
        assert verdict.detail
    assert await messenger.sent_to(Channel.WHATSAPP, PERSON, since) == Listing(sids)
    assert requests(simulator) == (trouble.kind is not FaultKind.RESET_BEFORE_READING)


async def a_crowd(simulator: SimulatorServer) -> None:
    """Let others be written to, and this person before, elsewhere, and by their own hand."""
    world, at = simulator.world.messenger, simulator.now()
    put(simulator, f"whatsapp:{PERSON}", f"whatsapp:{OUR_WHATSAPP}", at - 25 * 3600.0)
    put(simulator, f"whatsapp:{PERSON}", f"whatsapp:{simulator.world.settings.sandbox_sender}", at)
    put(simulator, f"whatsapp:{ANOTHER}", f"whatsapp:{OUR_WHATSAPP}", at)
    put(simulator, PERSON, OUR_SMS, at)
    world.hear(Written(PERSON, OUR_WHATSAPP, WorldChannel.WHATSAPP, "Hello"), at)


async def test_a_slow_answer_that_comes_in_time_is_an_answer(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    simulator.world.faults.add(make_rule(FaultKind.SLOW, FaultTarget.MESSAGE, delay_s=0.05))
    verdict = await messenger.send(an_order())
    assert isinstance(verdict, MessageTaken)
    assert [message.sid for message in taken(simulator)] == [verdict.message_sid]


@pytest.mark.parametrize("name", UNCERTAIN)
async def test_what_may_have_been_read_is_unanswered(name: str) -> None:
    async with (
        serving(UNCERTAIN[name]) as (base_url, seen),
        a_messenger(base_url, timeout_s=SHORT_S) as messenger,
    ):
        verdict = await messenger.send(an_order())
        assert isinstance(verdict, MessageUnanswered), verdict
        assert seen.connections == 1
        assert seen.begun == (0 if name in MAY_BE_UNREAD else 1)


@pytest.mark.parametrize(
    ("status", "body", "failure", "code"),
    [
        (400, b'{"code": 21610, "message": "Unsubscribed", "status": 400}', "opted_out", 21610),
        (400, b'{"code": 63016, "message": "Window", "status": 400}', "outside_window", 63016),
        (400, b'{"code": 99999, "message": "New", "status": 400}', "final", 99999),
        (401, b'{"code": 20003, "message": "Authenticate", "status": 401}', "account", 20003),
        (404, b'{"code": 20404, "message": "Not found", "status": 404}', "account", 20404),
        (429, b'{"code": 63018, "message": "Rate", "status": 429}', "not_sent", 63018),
        (
            400,
            b'{"type": "t", "title": "t", "status": 400, "code": 21614}',
            "not_on_channel",
            21614,
        ),
    ],
)
async def test_a_refusal_in_twilios_words_is_one(
    status: int, body: bytes, failure: str, code: int
) -> None:
    said = answer(status, body, "application/json", "Retry-After: 7")
    async with serving(answering(said)) as (base_url, seen), a_messenger(base_url) as messenger:
        verdict = await messenger.send(an_order())
    assert isinstance(verdict, MessageRefused)
    assert (str(verdict.failure), verdict.code) == (failure, code)
    assert verdict.retry_after_s == 7.0
    assert seen.read == 1


async def test_the_worlds_own_refusals_are_right(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    async with a_messenger(simulator.address, token="wrong-token") as stranger:
        verdict = await stranger.send(an_order())
    assert isinstance(verdict, MessageRefused)
    assert verdict.failure is Failure.ACCOUNT
    async with a_messenger(simulator.address, whatsapp_number="+12025550179") as impostor:
        verdict = await impostor.send(an_order())
    assert isinstance(verdict, MessageRefused)
    assert (verdict.failure, verdict.code) == (Failure.ACCOUNT, 63007)
    verdict = await messenger.send(an_order(to="12"))
    assert isinstance(verdict, MessageRefused)
    assert (verdict.failure, verdict.code) == (Failure.NOT_ON_CHANNEL, 21211)
    assert taken(simulator) == []


# --- what never left us


@pytest.mark.parametrize(
    "order",
    [
        an_order(channel=Channel.EMAIL, to="ana@example.com", body="Hello"),
        an_order(channel=Channel.SMS, body="Hello"),
        an_order(to=""),
        an_order(body="half a sign \ud83d"),
        an_order("half a sign \ud83d"),
        MessageOrder(TryId("t"), Channel.WHATSAPP, PERSON),
        MessageOrder(TryId("t"), Channel.WHATSAPP, PERSON, "Hello", TEMPLATE, VARIABLES),
    ],
)
async def test_an_order_that_cannot_be_sent_is_refused_for_good_and_never_sent(
    simulator: SimulatorServer, order: MessageOrder
) -> None:
    url = "http://127.0.0.1:1/webhook/twilio"
    async with a_messenger(simulator.address, sms_number="", callback_url=url) as messenger:
        verdict = await messenger.send(order)
    assert isinstance(verdict, MessageRefused)
    assert (verdict.failure, verdict.try_id) == (Failure.FINAL, order.try_id)
    assert verdict.detail
    assert not simulator.world.truth.requests_read


async def test_where_nobody_listens_nothing_was_sent() -> None:
    async with a_messenger("http://127.0.0.1:1") as messenger:
        verdict = await messenger.send(an_order())
        assert isinstance(verdict, MessageRefused)
        assert verdict.failure is Failure.NOT_SENT
        with pytest.raises(ReadFailed):
            await messenger.sent_to(Channel.WHATSAPP, PERSON, now())
    verdict = await messenger.send(an_order())
    assert isinstance(verdict, MessageRefused)
    assert verdict.failure is Failure.NOT_SENT


async def test_a_send_that_is_called_off_leaves_the_next_one_alone(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    rule = make_rule(FaultKind.NO_ANSWER, FaultTarget.MESSAGE, requests=1)
    simulator.world.faults.add(rule)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(SHORT_S / 4):
            await messenger.send(an_order())
    verdict = await messenger.send(an_order("try-2"))
    assert isinstance(verdict, MessageTaken)
    assert verdict.message_sid == taken(simulator)[-1].sid


# --- callbacks, secrets


async def test_callbacks_are_genuine_and_name_the_try_although_the_answer_was_lost() -> None:
    letters: asyncio.Queue[tuple[str, bytes, str]] = asyncio.Queue()

    async def hear(request: web.BaseRequest) -> web.StreamResponse:
        signature = request.headers.get("X-Twilio-Signature", "")
        letters.put_nowait((str(request.rel_url), await request.read(), signature))
        return web.Response(status=204)

    runner = web.ServerRunner(web.Server(hear))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    public = f"http://127.0.0.1:{runner.addresses[0][1]}"
    server = SimulatorServer(WorldSettings(message_read_share=1.0, **AT_ONCE))
    odd = "try 1&ref=other-ñ"
    try:
        async with (
            server.running(),
            a_messenger(server.address, callback_url=f"{public}/webhook/twilio") as messenger,
        ):
            server.world.faults.add(make_rule(FaultKind.CUT_BODY, FaultTarget.MESSAGE, requests=1))
            assert isinstance(await messenger.send(an_order()), MessageUnanswered)
            assert isinstance(await messenger.send(an_order(odd)), MessageTaken)
            async with asyncio.timeout(WITHIN_S):
                received = [await letters.get() for _ in range(6)]
            references = {message.order.reference for message in taken(server)}
    finally:
        await runner.cleanup()
    assert references == {"try-1", odd}
    deliveries = set()
    for path, body, signature in received:
        fields = read_form(body)
        assert verify(public + path, fields, signature, (TOKEN.encode(),)) is Verdict.GOOD
        assert RequestValidator(TOKEN).validate(public + path, dict(fields), signature)
        reference = httpx.URL(public + path).params[REFERENCE]
        news = read_webhook(fields, reference)
        assert isinstance(news, MessageNews)
        deliveries.add((reference, news.delivery))
        if reference == "try-1":
            assert news.try_id == "try-1"
    words = (Delivery.SENT, Delivery.DELIVERED, Delivery.READ)
    assert deliveries == {(reference, word) for reference in references for word in words}


async def test_no_error_holds_anything_of_the_sdk(
    simulator: SimulatorServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    shown: list[str] = []
    kinds = (FaultKind.HTML_200, FaultKind.ERROR_500, FaultKind.UNAUTHORIZED, FaultKind.NO_ANSWER)
    async with a_messenger(simulator.address, timeout_s=SHORT_S) as messenger:
        for kind in kinds:
            simulator.world.faults.add(make_rule(kind, FaultTarget.MESSAGE_READ, requests=1))
            with pytest.raises(ReadFailed) as failed:
                await messenger.sent_to(Channel.SMS, PERSON, now())
            error: BaseException | None = failed.value
            while error is not None:
                assert not type(error).__module__.startswith("twilio")
                frames = failed.traceback if error is failed.value else []
                assert all("/twilio/" not in str(frame.path) for frame in frames)
                shown.append(repr(error))
                error = error.__cause__ or error.__context__
            simulator.world.faults.add(make_rule(kind, FaultTarget.MESSAGE, requests=1))
            shown.append(repr(await messenger.send(an_order())))
    for text in (*shown, caplog.text):
        assert TOKEN not in text
        assert PERSON not in text
