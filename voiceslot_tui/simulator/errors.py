"""The error bodies of both vendors, in the envelopes that are met in the wild."""

from __future__ import annotations

from voiceslot_tui.simulator.exchange import Reply, json_reply


def platform_error(
    status: int,
    code: str,
    message: str,
    *,
    param: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Reply:
    """Refuse in ElevenLabs' present envelope; `status` inside repeats the code as of old."""
    detail = {
        "type": _error_type(status),
        "code": code,
        "message": message,
        "status": code,
        "request_id": "req_sim",
        "param": param,
    }
    return json_reply({"detail": detail}, status, headers)


def validation_error(*location: str, text: str = "Field required", kind: str = "missing") -> Reply:
    """Refuse with 422 and the array that names the field."""
    return json_reply({"detail": [{"loc": list(location), "msg": text, "type": kind}]}, 422)


def unknown_path() -> Reply:
    """Refuse a path that nobody serves, in the oldest envelope."""
    return json_reply({"detail": "Not Found"}, 404)


def carrier_error(status: int, code: int, message: str) -> Reply:
    """Refuse in Twilio's envelope."""
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": more_info, "status": status}
    return json_reply(body, status)


def _error_type(status: int) -> str:
    types = {
        400: "validation_error",
        401: "authentication_error",
        403: "authorization_error",
        404: "not_found",
        429: "rate_limit_error",
    }
    return types.get(status, "internal_error")
