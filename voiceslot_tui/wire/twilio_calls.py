"""Twilio's words for calls, read into ours.

The carrier is the second witness of a live call: its word counts as an end only where it is one of
those it documents.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

CALL_IS_OVER: Final = MappingProxyType(
    {
        "queued": False,
        "initiated": False,
        "ringing": False,
        "in-progress": False,
        "completed": True,
        "busy": True,
        "failed": True,
        "no-answer": True,
        "canceled": True,
    }
)
"""Every status of a call, and whether it is an end."""

ENDED: Final = "completed"
"""The status that ends a call, whether it is queued, ringing or talking."""

NOT_IN_PROGRESS: Final = 21220
"""The code with which Twilio refuses to end a call that is over already."""

_CALL_SID: Final = re.compile(r"CA[0-9a-fA-F]{32}")


def is_call_sid(text: str) -> bool:
    """Tell whether Twilio gave this id; calls over a SIP trunk carry ids of their own."""
    return _CALL_SID.fullmatch(text) is not None


def is_over(status: object) -> bool | None:
    """Tell whether a status is an end; None for a word we do not know."""
    return CALL_IS_OVER.get(status) if isinstance(status, str) else None


def is_certain_refusal(status: int) -> bool:
    """Tell whether an HTTP status proves that nothing was done: a 4xx, but for a time-out."""
    return 400 <= status < 500 and status != 408
