"""Twilio's Messages resource: send, list, read, call off, redact, delete.

A list of the account holds what people wrote as well as what was sent to them, newest first.
It may lag behind, and it can be asked for when something was sent but not for when it was
created, which is what somebody looks for who has lost an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from voiceslot_tui.simulator.exchange import Reply, json_reply
from voiceslot_tui.simulator.message_errors import refusal
from voiceslot_tui.simulator.message_orders import read_message
from voiceslot_tui.simulator.message_words import MessageStatus
from voiceslot_tui.simulator.messages import ENDED, Message, message_body
from voiceslot_tui.simulator.twilio import API_VERSION, DEFAULT_PAGE, LARGEST_PAGE
from voiceslot_tui.simulator.visits import Visit
from voiceslot_tui.simulator.words import FaultKind

DAY_S = 86_400.0
UNKNOWN_STATUS_WORD = "partially_delivered"
PAGE_TOKEN = "PA"
CONCURRENCY_HEADER = "Twilio-Concurrent-Requests"


def create_message(visit: Visit) -> Reply:
    """Take a message, or refuse it."""
    messenger = visit.world.messenger
    if not messenger.pace.opens(visit.now):
        messenger.truth.refused(20429)
        return refusal(20429)
    order = read_message(messenger, visit.request.body, visit.now)
    if isinstance(order, Reply):
        return order
    message = messenger.take(order, visit.now)
    body = message_body(messenger.settings, message)
    if visit.is_struck_by(FaultKind.NO_SID):
        del body["sid"]
    reply = json_reply(body, 201, ((CONCURRENCY_HEADER, str(messenger.pace.open_now)),))
    reply.delay_s = messenger.settings.message_answer_delay_s
    return reply


def fetch_message(visit: Visit) -> Reply:
    """Answer one message."""
    message = _message(visit)
    return _no_message(visit) if message is None else json_reply(_shown(visit, message))


def update_message(visit: Visit) -> Reply:
    """Call a scheduled message off with `Status=canceled`, or redact one with an empty `Body`."""
    message = _message(visit)
    if message is None:
        return _no_message(visit)
    form = dict(parse_qsl(visit.request.body.decode(errors="replace"), keep_blank_values=True))
    if form.get("Status") == MessageStatus.CANCELED:
        if not visit.world.messenger.cancel(message, visit.now):
            return refusal(30409)
    elif form.get("Body") == "" and message.status in ENDED | {MessageStatus.DELIVERED}:
        message.text = ""
    else:
        return refusal(20001, "Status must be canceled, or Body empty once the message has ended")
    return json_reply(_shown(visit, message))


def delete_message(visit: Visit) -> Reply:
    """Forget a message; what happened stays in the truth."""
    message = _message(visit)
    if message is None:
        return _no_message(visit)
    message.is_deleted = True
    return Reply(204, b"")


def list_messages(visit: Visit) -> Reply:
    """Answer the messages of the account, filtered by To, From and DateSent."""
    query = {name: found[-1] for name, found in parse_qs(visit.request.query).items()}
    size_text, page_text = query.get("PageSize", str(DEFAULT_PAGE)), query.get("Page", "0")
    token = query.get("PageToken", "").removeprefix(PAGE_TOKEN)
    if not (size_text.isdecimal() and page_text.isdecimal() and (token or "0").isdecimal()):
        return refusal(20001, "PageSize, Page and PageToken")
    try:
        spans = _spans(query)
    except ValueError:
        return refusal(20001, "DateSent must be a date or a time in ISO 8601")
    size, page = max(1, min(int(size_text), LARGEST_PAGE)), int(page_text)
    # A page begins below the last message of the one before it, so that new ones shift nothing.
    before = int(token) if token else len(visit.world.messenger.all)
    skipped = 0 if token else page * size
    found: list[Message] = []
    for index, message in enumerate(_matching(visit, query, spans, before)):
        if len(found) > size:
            break
        if index >= skipped:
            found.append(message)
    return json_reply(_page_body(visit, query, found, page, size))


def _spans(query: dict[str, str]) -> list[tuple[float, float]]:
    """Read the bounds of the sending time. Raises ValueError where one is no time."""
    spans: list[tuple[float, float]] = []
    if "DateSent" in query:
        day = _moment(query["DateSent"]) // DAY_S * DAY_S
        spans.append((day, day + DAY_S))
    if "DateSent>" in query:
        spans.append((_moment(query["DateSent>"]), float("inf")))
    if "DateSent<" in query:
        spans.append((float("-inf"), _moment(query["DateSent<"])))
    return spans


def _moment(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _matching(
    visit: Visit, query: dict[str, str], spans: list[tuple[float, float]], before: int
) -> Iterator[Message]:
    messenger = visit.world.messenger
    known_by = visit.now - messenger.settings.message_list_lag_s
    asked = query.get("To") or query.get("From")
    candidates = messenger.all if asked is None else messenger.by_address.get(asked, [])
    for message in reversed(candidates):
        if (
            message.sequence < before
            and message.created_at <= known_by
            and not message.is_deleted
            and query.get("To", message.order.to) == message.order.to
            and query.get("From", message.order.sender) == message.order.sender
            and all(_is_within(message.sent_at, span) for span in spans)
        ):
            yield message


def _is_within(moment: float | None, span: tuple[float, float]) -> bool:
    return moment is not None and span[0] <= moment <= span[1]


def _page_body(
    visit: Visit, query: dict[str, str], found: list[Message], page: int, size: int
) -> dict[str, Any]:
    base = f"/{API_VERSION}/Accounts/{visit.world.settings.account_sid}/Messages.json"
    has_more, shown = len(found) > size, found[:size]
    kept = {name: value for name, value in query.items() if not name.startswith("Page")}

    def uri(number: int, token: str | None = None) -> str:
        place = {"PageSize": size, "Page": number}
        return f"{base}?{urlencode({**kept, **place, **({'PageToken': token} if token else {})})}"

    return {
        "messages": [_shown(visit, message) for message in shown],
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + max(0, len(shown) - 1),
        "uri": uri(page),
        "first_page_uri": uri(0),
        "previous_page_uri": uri(page - 1) if page else None,
        "next_page_uri": uri(page + 1, f"{PAGE_TOKEN}{shown[-1].sequence}") if has_more else None,
    }


def _shown(visit: Visit, message: Message) -> dict[str, Any]:
    body = message_body(visit.world.settings, message)
    if visit.is_struck_by(FaultKind.UNKNOWN_STATUS):
        body["status"] = UNKNOWN_STATUS_WORD
    return body


def _message(visit: Visit) -> Message | None:
    message = visit.world.messenger.by_sid.get(visit.key)
    return None if message is None or message.is_deleted else message


def _no_message(visit: Visit) -> Reply:
    return refusal(20404, visit.request.path)
