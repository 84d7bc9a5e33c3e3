"""`POST /webhook/twilio`: what became of our messages, and what people write to us.

Only what Twilio signed is believed. The signature covers the address that Twilio was given, which
is put together from the settings and never from what a proxy made of it. Without the account's
token nothing can be checked: then news is a hint to ask Twilio ourselves, and a person's message is
not believed at all. News doubled or out of order is the ledger's business, so that each delivery
may come again at any time.

What is answered to a person's message must never be text: Twilio would send it to them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from voiceslot_tui import logs
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_facts import MessageNews
from voiceslot_tui.core.limits import FORM_BODY_BYTES_MAX
from voiceslot_tui.listener.access import Access
from voiceslot_tui.listener.answers import Refused, empty_answer, raw_answer
from voiceslot_tui.listener.bad_signatures import BadSignatures
from voiceslot_tui.listener.bodies import BodyKind, BodyReader
from voiceslot_tui.listener.front_door import FollowUpDoor, FrontDoor
from voiceslot_tui.listener.health import Health
from voiceslot_tui.ports import Clock
from voiceslot_tui.wire.elevenlabs_webhook import Verdict
from voiceslot_tui.wire.twilio_inbound import Inbound
from voiceslot_tui.wire.twilio_signature import SETTINGS_HEADER, SIGNATURE_HEADER, verify
from voiceslot_tui.wire.twilio_webhook import REFERENCE, read_form, read_webhook

_BY: Final = "webhook"
_SAY_NOTHING: Final = b"<Response/>"
"""TwiML without a reply."""

Form = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TwilioSigning:
    """What Twilio signs with and over: the account's token, none where it is not set, and our host.

    `base_url` is asked at each webhook, because a port may be known only once we listen.
    """

    tokens: tuple[bytes, ...]
    base_url: Callable[[], str]


@dataclass(slots=True)
class WebhooksSeen:
    """When the last believed webhook came, and how many were refused."""

    at: Instant | None = None
    refused: int = 0


class TwilioRoute:
    """Answers Twilio's webhooks. `seen` is what the figures show of them."""

    def __init__(
        self,
        engine: FrontDoor,
        access: Access,
        signing: TwilioSigning,
        bodies: BodyReader,
        bad_signatures: BadSignatures,
        health: Health,
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._access = access
        self._signing = signing
        self._bodies = bodies
        self._bad_signatures = bad_signatures
        self._health = health
        self._clock = clock
        self.seen = WebhooksSeen()

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer one webhook, once what it tells is committed."""
        follow_ups = self._engine.follow_ups
        if follow_ups is None:
            raise Refused(404, "no_messages", "No messages are sent here; see FOLLOW_UP_CHANNELS.")
        raw = await self._bodies.read(request, FORM_BODY_BYTES_MAX, BodyKind.FORM)
        form = read_form(raw)
        is_trusted = self._is_trusted(request, form)
        told = read_webhook(form, _reference(request))
        if not is_trusted:
            return self._take_hint(follow_ups, told)
        response = await self._take(follow_ups, told)
        self.seen.at = self._clock.now()
        return response

    def _is_trusted(self, request: web.BaseRequest, form: Form) -> bool:
        """Tell whether the form may state facts; raise Refused where it may not even hint."""
        if self._access.has_key(request):
            return True
        if not self._signing.tokens:
            return False
        verdict = verify(
            self._signing.base_url() + request.raw_path,
            form,
            _only(request, SIGNATURE_HEADER),
            self._signing.tokens,
            _only(request, SETTINGS_HEADER),
        )
        if verdict is Verdict.GOOD:
            return True
        self.seen.refused += 1
        raise self._bad_signatures.refusal(request, verdict, 403)

    async def _take(
        self, follow_ups: FollowUpDoor, told: MessageNews | Inbound | None
    ) -> web.Response:
        match told:
            case MessageNews():
                await follow_ups.tell(told, by=_BY)
                self._health.write_succeeded()
                return empty_answer()
            case Inbound():
                await self._hear(follow_ups, told)
                return raw_answer(_SAY_NOTHING, kind="text/xml")
            case None:
                logs.info(logs.Event.WEBHOOK_IGNORED, {logs.Field.KIND: "twilio"})
                return empty_answer()

    async def _hear(self, follow_ups: FollowUpDoor, inbound: Inbound) -> None:
        """Pass on who wrote, and whether they want to be left alone."""
        if inbound.matters:
            await follow_ups.person_wrote(inbound.wrote(self._clock.now()), by=_BY)
            self._health.write_succeeded()
        elif not inbound.number:
            logs.warning(logs.Event.WEBHOOK_IGNORED, {logs.Field.KIND: "message without a number"})

    def _take_hint(
        self, follow_ups: FollowUpDoor, told: MessageNews | Inbound | None
    ) -> web.Response:
        """Take news that nothing proves as a reason to ask Twilio ourselves."""
        if isinstance(told, Inbound):
            self.seen.refused += 1
            raise Refused(
                403,
                "signature_unchecked",
                "Without TWILIO_AUTH_TOKEN nobody can tell who wrote this.",
            )
        if told is not None and told.message_sid is not None:
            follow_ups.hint(told.message_sid)
        return empty_answer()


def _reference(request: web.BaseRequest) -> str:
    """Give what the address itself says about the try that it is for."""
    given = request.rel_url.query.getall(REFERENCE, [])
    return given[0] if len(given) == 1 else ""


def _only(request: web.BaseRequest, name: str) -> str | None:
    """Give a header that came once; one that came twice proves nothing."""
    given = request.headers.getall(name, ())
    return given[0] if len(given) == 1 else None
