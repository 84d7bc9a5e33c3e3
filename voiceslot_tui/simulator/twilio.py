"""Twilio's call endpoints: read one, list them, hang up.

The carrier tells how a call really stands, also where the platform has lost track of it. Only
calls that went over a Twilio number are Twilio's.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from voiceslot_tui.simulator.calls import Call
from voiceslot_tui.simulator.errors import carrier_error
from voiceslot_tui.simulator.exchange import Reply, Request, json_reply
from voiceslot_tui.simulator.settings import WorldSettings
from voiceslot_tui.simulator.visits import Visit
from voiceslot_tui.simulator.words import Direction, Outcome, Provider

API_VERSION = "2010-04-01"
DEFAULT_PAGE = 50
LARGEST_PAGE = 1000
NOT_IN_PROGRESS = 21220
ENDINGS = {
    Outcome.BUSY: "busy",
    Outcome.NO_ANSWER: "no-answer",
    Outcome.FAILED: "failed",
}


def is_authentic(settings: WorldSettings, request: Request, account_sid: str) -> bool:
    """Check the basic authentication of a request: the account's token, or an API key of it."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        sid, _, token = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return False
    is_known = (sid, token) in (
        (settings.account_sid, settings.account_token),
        (settings.account_key_sid, settings.account_key_secret),
    )
    return scheme.lower() == "basic" and is_known and account_sid == settings.account_sid


def fetch_call(visit: Visit) -> Reply:
    """Answer one call."""
    call = _call(visit)
    return _no_call(visit) if call is None else json_reply(call_body(visit, call))


def update_call(visit: Visit) -> Reply:
    """Hang up: `Status=completed` ends a call, `Status=canceled` one that is not answered yet."""
    call = _call(visit)
    if call is None:
        return _no_call(visit)
    wanted = dict(parse_qsl(visit.request.body.decode(errors="replace"))).get("Status")
    if wanted not in ("completed", "canceled"):
        return carrier_error(400, 21200, "Status must be completed or canceled")
    too_late = wanted == "canceled" and call.picked_up_at is not None
    if too_late or not visit.world.hang_up(call, visit.now):
        text = "Call is not in-progress. Cannot redirect."
        return carrier_error(400, NOT_IN_PROGRESS, text)
    return json_reply(call_body(visit, call))


def list_calls(visit: Visit) -> Reply:
    """Answer the calls of the account, newest first, filtered by Status, To, From and StartTime."""
    query = {name: found[-1] for name, found in parse_qs(visit.request.query).items()}
    size_text, page_text = query.get("PageSize", str(DEFAULT_PAGE)), query.get("Page", "0")
    if not (size_text.isdecimal() and page_text.isdecimal()):
        return carrier_error(400, 20001, "PageSize and Page must be integers")
    size, page = max(1, min(int(size_text), LARGEST_PAGE)), int(page_text)
    first = page * size
    try:
        matching = _matching(
            visit, query, _moment(query, "StartTime>"), _moment(query, "StartTime<")
        )
    except ValueError:
        return carrier_error(400, 20001, "StartTime must be a date or a time in ISO 8601")
    calls = []
    for index, call in enumerate(matching):
        if index > first + size:
            break
        if index >= first:
            calls.append(call)
    return json_reply(_page_body(visit, query, calls, page, size))


def call_status(call: Call, now: float) -> str:
    """Give the carrier's word for how a call stands."""
    if call.hung_up_at is not None and call.hung_up_at <= now:
        if call.cut_by_carrier and call.picked_up_at is None:
            return "canceled"
        return ENDINGS.get(call.outcome or Outcome.FAILED, "completed")
    return "ringing" if call.picked_up_at is None else "in-progress"


def call_body(visit: Visit, call: Call) -> dict[str, Any]:
    """Give a call in Twilio's words."""
    account = visit.world.settings.account_sid
    number = call.order.number.phone_number if call.order.number else ""
    is_inbound = call.order.direction is Direction.INBOUND
    callee, caller = (
        (number, call.order.to_number) if is_inbound else (call.order.to_number, number)
    )
    uri = f"/{API_VERSION}/Accounts/{account}/Calls/{call.carrier_sid}.json"
    empty = (
        "answered_by",
        "parent_call_sid",
        "forwarded_from",
        "caller_name",
        "group_sid",
        "trunk_sid",
        "stir_verstat",
        "price",
    )
    return {
        "sid": call.carrier_sid,
        "account_sid": account,
        "status": call_status(call, visit.world.now),
        "to": callee,
        "to_formatted": callee,
        "from": caller,
        "from_formatted": caller,
        "direction": "inbound" if is_inbound else "outbound-api",
        "duration": _duration(call),
        "start_time": _date(call.started_at),
        "end_time": _date(call.hung_up_at),
        "date_created": _date(call.started_at),
        "date_updated": _date(call.hung_up_at or call.picked_up_at or call.started_at),
        "price_unit": "USD",
        "phone_number_sid": "PN" + "0" * 32,
        "queue_time": "0",
        "api_version": API_VERSION,
        "uri": uri,
        "subresource_uris": {},
        **dict.fromkeys(empty),
    }


def _matching(
    visit: Visit, query: dict[str, str], after: float | None, before: float | None
) -> Iterator[Call]:
    for call in _candidates(visit, query):
        if after is not None and call.started_at < after:
            return
        status = call_status(call, visit.world.now)
        caller = call.order.number.phone_number if call.order.number else ""
        if (
            _is_twilio(call)
            and query.get("Status", status) == status
            and query.get("To", call.order.to_number) == call.order.to_number
            and query.get("From", caller) == caller
            and (before is None or call.started_at <= before)
        ):
            yield call


def _moment(query: dict[str, str], name: str) -> float | None:
    """Read a bound of the start. Raises ValueError where it is no time."""
    if name not in query:
        return None
    moment = datetime.fromisoformat(query[name])
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _candidates(visit: Visit, query: dict[str, str]) -> Iterator[Call]:
    """Look only among the live where only the live are asked for."""
    if query.get("Status") in ("queued", "ringing", "in-progress"):
        return reversed(visit.world.live.values())
    return reversed(visit.world.calls)


def _page_body(
    visit: Visit, query: dict[str, str], calls: list[Call], page: int, size: int
) -> dict[str, Any]:
    base = f"/{API_VERSION}/Accounts/{visit.world.settings.account_sid}/Calls.json"
    has_more, shown = len(calls) > size, calls[:size]

    def uri(number: int) -> str:
        return f"{base}?{urlencode({**query, 'PageSize': size, 'Page': number})}"

    return {
        "calls": [call_body(visit, call) for call in shown],
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + max(0, len(shown) - 1),
        "uri": uri(page),
        "first_page_uri": uri(0),
        "previous_page_uri": uri(page - 1) if page else None,
        "next_page_uri": uri(page + 1) if has_more else None,
    }


def _call(visit: Visit) -> Call | None:
    call = visit.world.by_carrier_sid.get(visit.key)
    return call if call is not None and _is_twilio(call) else None


def _is_twilio(call: Call) -> bool:
    number = call.order.number
    return number is not None and number.provider is Provider.TWILIO


def _no_call(visit: Visit) -> Reply:
    text = f"The requested resource {visit.request.path} was not found"
    return carrier_error(404, 20404, text)


def _duration(call: Call) -> str | None:
    if call.hung_up_at is None:
        return None
    if call.picked_up_at is None:
        return "0"
    return str(int(call.hung_up_at - call.picked_up_at))


def _date(moment: float | None) -> str | None:
    return None if moment is None else formatdate(moment, usegmt=False)
