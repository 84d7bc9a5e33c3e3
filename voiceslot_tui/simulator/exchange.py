"""Request and reply as values, without any transport.

A reply also says what becomes of its bytes, because half of what a client must survive happens
below HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voiceslot_tui.simulator.words import Transport

JSON_TYPE = "application/json"
HTML_PAGE = (
    b"<!DOCTYPE html><html><head><title>Bad gateway</title></head>"
    b"<body><h1>502</h1><p>The web server reported a bad gateway error.</p></body></html>"
)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was read. `headers` must be found by lower-case names."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Reply:
    """What to answer, when, and what happens to it on the way."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    headers: tuple[tuple[str, str], ...] = ()
    transport: Transport = Transport.COMPLETE
    delay_s: float = 0.0


def json_reply(body: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """Answer with JSON."""
    return Reply(status, json.dumps(body).encode(), headers=headers)


def html_reply(status: int) -> Reply:
    """Answer as a proxy in front of the platform does when it has a bad day."""
    return Reply(status, HTML_PAGE, "text/html; charset=utf-8")


def read_json_object(body: bytes) -> dict[str, Any] | None:
    """Read a JSON object; None where it is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
