"""Twilio behind the Messenger port: WhatsApp and text messages, and the templates they use.

A send is one POST whose answer becomes a value, whatever happens; reads are made once and raise
ReadFailed or ReadDenied. What is judged is always the raw answer: of a refusal the SDK keeps no
header, and of a success without an id it makes a message.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urljoin

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.errors import ReadDenied, ReadFailed
from voiceslot_tui.core.follow_up_facts import (
    Approval,
    Failure,
    MessageNews,
    MessageRefused,
    MessageUnanswered,
    SendAnswer,
)
from voiceslot_tui.core.follow_up_policy import Template
from voiceslot_tui.core.follow_ups import Channel, MessageSid, TryId
from voiceslot_tui.core.inbound import Received
from voiceslot_tui.core.limits import (
    LOOKUP_SKEW_S,
    MESSAGE_LIST_MAX,
    MESSAGE_TIMEOUT_S,
    MESSAGE_UNDER_WAY_S,
    READ_TIMEOUT_S,
    WINDOW_S,
)
from voiceslot_tui.core.listings import Listing
from voiceslot_tui.core.text import clean
from voiceslot_tui.follow_up_ports import MessageOrder
from voiceslot_tui.ports import Clock
from voiceslot_tui.providers.http import Answer, Http, NoAnswer, NotSent
from voiceslot_tui.providers.reading import NotThere, deadline
from voiceslot_tui.providers.twilio_client import (
    TWILIO_API,
    TWILIO_CONTENT,
    NotMade,
    TwilioClient,
)
from voiceslot_tui.wire.elevenlabs_starts import read_retry_after
from voiceslot_tui.wire.twilio_content import (
    CONTENT_SID,
    read_approval,
    read_template,
    read_templates,
)
from voiceslot_tui.wire.twilio_inbound import read_inbound
from voiceslot_tui.wire.twilio_messages import (
    PREFIXES,
    address_of,
    candidates,
    is_message_sid,
    read_error,
    read_message,
    read_messages,
    read_send_answer,
)
from voiceslot_tui.wire.twilio_webhook import REFERENCE

_PAGE_SIZE: Final = 100
_PAGE_SIZE_MAX: Final = 1_000
_HIDDEN: Final = "it may not read the template; set the right credentials, or let them read Content"
_DENYING: Final = frozenset({401, 402, 403})
_ABSENT: Final = frozenset({404, 410})

_Request = Callable[[Any], Awaitable[object]]
"""One request of the SDK's, made with its client."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Apart:
    """How far Twilio's clock was seen behind ours, and ahead of it."""

    behind_s: float = 0.0
    ahead_s: float = 0.0


_AGAIN: Final = "#rc=3&rp=ct,rt,5xx"
"""Asks Twilio to repeat a callback that was not taken; by itself it gives up after a connect
time-out. A fragment is neither sent nor signed."""


class TwilioMessenger:
    """The messenger for WhatsApp and SMS."""

    def __init__(
        self,
        http: Http,
        *,
        account_sid: str,
        username: str,
        password: Callable[[], str],
        clock: Clock,
        base_url: str = "",
        whatsapp_number: str = "",
        sms_number: str = "",
        messaging_service_sid: str = "",
        callback_url: str = "",
        send_timeout_s: float = MESSAGE_TIMEOUT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        """Prepare the adapter.

        A messaging service, where there is one, sends instead of the numbers. `callback_url` is
        where Twilio tells what becomes of a message; empty where it cannot reach us.
        """
        self._twilio = TwilioClient(
            http,
            account_sid=account_sid,
            username=username,
            password=password,
            base_url=base_url,
            timeout_s=read_timeout_s,
        )
        self._numbers = MappingProxyType(
            {Channel.WHATSAPP: whatsapp_number, Channel.SMS: sms_number}
        )
        self._service_sid = messaging_service_sid
        self._callback_url = callback_url
        self._clock = clock
        self._send_timeout_s = send_timeout_s

    async def send(self, order: MessageOrder) -> SendAnswer:
        """Send once. Raises nothing for what Twilio or the network do; never repeats."""
        try:
            form = self._form(order)
        except ValueError as problem:
            return MessageRefused(order.try_id, Failure.FINAL, detail=clean(str(problem)))
        try:
            answer = await self._twilio.ask(
                lambda client: client.messages.create_async(**form), self._send_timeout_s
            )
        except NotMade as problem:
            return MessageRefused(order.try_id, Failure.FINAL, detail=str(problem))
        except NotSent as problem:
            return MessageRefused(order.try_id, Failure.NOT_SENT, detail=str(problem))
        except NoAnswer as problem:
            return MessageUnanswered(order.try_id, str(problem))
        return read_send_answer(
            order.try_id,
            answer.status,
            answer.body,
            to_number=order.to,
            retry_after_s=read_retry_after(answer.headers.get("retry-after")),
        )

    async def news(self, message_sid: MessageSid) -> MessageNews | None:
        """Read where a message stands; None where Twilio does not know it, or no word."""
        if not is_message_sid(message_sid):
            return None
        try:
            async with deadline("a message"):
                answer = await self._read(lambda client: client.messages(message_sid).fetch_async())
        except NotThere:
            return None
        return read_message(answer.body).news()

    async def sent_to(self, channel: Channel, to: str, since: Instant) -> Listing | None:
        """List completely what we sent to somebody since a try began, by our clock.

        Twilio cannot be asked for when a message was made: its filter knows when it was sent, which
        one that was just taken was not. So all that ever went to this person is read and dated
        here. Which of its senders a messaging service chose is unknown, so all of them count.

        Twilio dates in whole seconds by its own clock. How far that is ahead of ours, or behind, is
        seen now; where our clock was set since, what lies outside may be the try's all the same,
        whether it was slow before or, by less than a day, fast.
        """
        if channel not in PREFIXES:
            return None
        query: dict[str, object] = {"to": address_of(channel, to), "page_size": _PAGE_SIZE}
        if not self._service_sid and self._numbers[channel]:
            query["from_"] = address_of(channel, self._numbers[channel])
        async with deadline("the messages to a person"):
            messages, apart = await self._all(
                lambda client: client.messages.page_async(**query),
                _following_messages,
                read_messages,
            )
        over_s = MESSAGE_UNDER_WAY_S + LOOKUP_SKEW_S + apart.ahead_s
        return candidates(
            messages,
            earliest=later(since, -LOOKUP_SKEW_S - apart.behind_s),
            latest=later(since, over_s),
        )

    async def received(self, channel: Channel, since: Instant | None, more: str = "") -> Received:
        """Read a page of what people wrote to our number on a channel since a moment of Twilio's.

        Where a messaging service sends and no number is set, nobody tells which numbers are its
        own: then all that the account has received counts, and is found among all that it sent.
        """
        if channel not in PREFIXES:
            return Received()
        filtered_from = later(self._clock.now(), -WINDOW_S) if since is None else since
        request = _following_messages(more) if more else self._inbox(channel, filtered_from)
        async with deadline("what people write"):
            answer = await self._read(request)
        page = read_inbound(answer.body)
        now, dated_s = self._clock.now(), answer.dated_s
        read_at = None if dated_s is None else Instant(round(dated_s * 1000))
        if since is None:
            since = later(now if read_at is None else read_at, -WINDOW_S)
        messages = tuple(
            message.wrote(_by_our_clock(message.dated, read_at, now))
            for message in page.messages
            if message.channel is channel and message.matters
            if message.dated is None or message.dated >= since
        )
        more = "" if page.ends_before(since) else page.next_page
        return Received(messages, page.newest, read_at, more)

    def _inbox(self, channel: Channel, since: Instant) -> _Request:
        """Ask for the newest messages to us; the filter is by days, and given a day to spare."""
        day = datetime.fromtimestamp(since / 1000, UTC).date() - timedelta(days=1)
        query: dict[str, object] = {"date_sent_after": datetime.combine(day, time(), UTC)}
        if self._numbers[channel]:
            to = address_of(channel, self._numbers[channel])
            query |= {"to": to, "page_size": _PAGE_SIZE}
        else:
            query["page_size"] = _PAGE_SIZE_MAX
        return lambda client: client.messages.page_async(**query)

    async def template(self, content_sid: str) -> Template:
        """Read a template and its approval.

        One that is not there is `Approval.MISSING`, one that we may not read `Approval.HIDDEN`.
        """
        if not CONTENT_SID.fullmatch(content_sid):
            return Template(content_sid, Approval.MISSING)
        try:
            async with deadline("a template"):
                answer = await self._read(
                    lambda client: client.content.v1.contents(content_sid).fetch_async()
                )
                template = read_template(answer.body)
                approval, reason = await self._approval(content_sid)
        except NotThere:
            return Template(content_sid, Approval.MISSING)
        except ReadDenied:
            return Template(content_sid, Approval.HIDDEN, reason=_HIDDEN)
        return replace(template, content_sid=content_sid, approval=approval, reason=reason)

    async def templates(self) -> tuple[Template, ...]:
        """Read all templates of the account with their approvals."""
        async with deadline("the templates"):
            found, _ = await self._all(
                lambda client: client.content.v1.content_and_approvals.page_async(
                    page_size=_PAGE_SIZE
                ),
                _following_templates,
                read_templates,
            )
        return tuple({template.content_sid: template for template in found}.values())

    async def _all(
        self,
        request: _Request,
        following: Callable[[str], _Request],
        read: Callable[[bytes], tuple[tuple[_T, ...], str | None]],
    ) -> tuple[list[_T], _Apart]:
        """Read all pages of a list, and how far Twilio's clock and ours are apart."""
        found: list[_T] = []
        apart = _Apart()
        for _ in range(MESSAGE_LIST_MAX // _PAGE_SIZE):
            answer = await self._read(request)
            apart = self._apart(answer, apart)
            items, next_page = read(answer.body)
            found += items
            if next_page is None:
                return found, apart
            request = following(next_page)
        raise ReadFailed(f"Twilio's list has more than {MESSAGE_LIST_MAX} entries")

    async def _approval(self, content_sid: str) -> tuple[Approval, str]:
        try:
            answer = await self._read(
                lambda client: (
                    client.content.v1.contents(content_sid).approval_fetch().fetch_async()
                )
            )
        except (NotThere, ReadDenied):
            return Approval.UNREADABLE, ""
        return read_approval(answer.body)

    async def _read(self, request: _Request) -> Answer:
        """Read once.

        Raises ReadDenied where Twilio refuses our credentials, NotThere where it knows no such
        thing, ReadFailed for all else. Call it within `deadline`.
        """
        try:
            answer = await self._twilio.ask(request)
        except (NotMade, NotSent, NoAnswer) as problem:
            raise ReadFailed(
                f"Twilio cannot be read; see to the network and to TWILIO_BASE_URL ({problem})"
            ) from None
        if answer.status != 200:
            raise _failure(answer)
        return answer

    def _form(self, order: MessageOrder) -> dict[str, str]:
        """Give what the SDK is to send. Raises ValueError for an order that cannot be sent."""
        if bool(order.body) == bool(order.content_sid):
            raise ValueError("a message has either a text or a template")
        if not order.to:
            raise ValueError("a message is for somebody")
        form = {
            **self._sender(order.channel),
            "to": address_of(order.channel, order.to),
            "body": order.body,
            "content_sid": order.content_sid,
            "content_variables": order.content_variables,
            "status_callback": self._callback(order.try_id),
        }
        return {name: value for name, value in form.items() if value}

    def _sender(self, channel: Channel) -> dict[str, str]:
        if channel not in PREFIXES:
            raise ValueError(f"Twilio carries no {channel} messages")
        if self._service_sid:
            return {"messaging_service_sid": self._service_sid}
        if not self._numbers[channel]:
            raise ValueError(f"there is no number for {channel} messages")
        return {"from_": address_of(channel, self._numbers[channel])}

    def _callback(self, try_id: TryId) -> str:
        """Give the address for news of a try, by which it is known although its answer is lost."""
        if not self._callback_url:
            return ""
        return f"{self._callback_url}?{urlencode({REFERENCE: try_id})}{_AGAIN}"

    def _apart(self, answer: Answer, before: _Apart) -> _Apart:
        """Tell how far the clocks are apart, as the answer is dated: never less than before.

        A clock of ours that is fast would make every message look older than the try it is of, and
        one that is slow would make it look younger.
        """
        if answer.dated_s is None:
            return before
        behind_s = self._clock.now() / 1000 - answer.dated_s
        return _Apart(max(before.behind_s, behind_s), max(before.ahead_s, -behind_s))


def _by_our_clock(dated: Instant | None, read_at: Instant | None, now: Instant) -> Instant:
    """Date a message of Twilio's by our own clock; never in its future."""
    if dated is None:
        return now
    return min(now, dated if read_at is None else Instant(dated + now - read_at))


def _following_messages(uri: str) -> _Request:
    return lambda client: client.messages.get_page_async(urljoin(TWILIO_API, uri))


def _following_templates(uri: str) -> _Request:
    return lambda client: client.content.v1.content_and_approvals.get_page_async(
        urljoin(TWILIO_CONTENT, uri)
    )


def _failure(answer: Answer) -> ReadFailed:
    """Judge an answer without success: without a code of Twilio's it may be a proxy's word."""
    code, detail = read_error(answer.body)
    if code is None or code == answer.status:
        return ReadFailed(f"Twilio does not answer a read (HTTP {answer.status})")
    text = f"Twilio does not answer a read (HTTP {answer.status}, {code}: {detail})"
    if answer.status in _DENYING:
        return ReadDenied(f"{text}; see to the rights of the Twilio token or key, or set another")
    return NotThere(text) if answer.status in _ABSENT else ReadFailed(text)
