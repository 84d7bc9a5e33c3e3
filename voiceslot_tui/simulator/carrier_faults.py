"""How Twilio's answers break: the same faults as the platform's, in Twilio's own envelopes."""

from __future__ import annotations

import json
from collections.abc import Callable

from voiceslot_tui.simulator.errors import carrier_error
from voiceslot_tui.simulator.exchange import Reply
from voiceslot_tui.simulator.words import FaultKind

PROBLEM = {
    "type": "https://www.twilio.com/docs/api/errors/20503",
    "title": "Service unavailable",
    "status": 503,
    "code": 20503,
    "detail": "The server is currently unavailable",
}
"""An error in the envelope of RFC 9457, which newer services of Twilio use."""

CARRIER_BREAKS: dict[FaultKind, Callable[[], Reply]] = {
    FaultKind.ERROR_500: lambda: carrier_error(500, 20500, "Internal Server Error"),
    FaultKind.ERROR_503: lambda: carrier_error(503, 20503, "Service unavailable"),
    FaultKind.EMPTY_500: lambda: Reply(500, b""),
    FaultKind.PROBLEM_503: lambda: Reply(
        503, json.dumps(PROBLEM).encode(), "application/problem+json"
    ),
    FaultKind.RATE_LIMITED: lambda: carrier_error(429, 20429, "Too Many Requests"),
    FaultKind.UNAUTHORIZED: lambda: carrier_error(401, 20003, "Authenticate"),
    FaultKind.FORBIDDEN: lambda: carrier_error(403, 20003, "Permission denied"),
}
"""The faults that speak; those of the wire are the same for everybody."""
