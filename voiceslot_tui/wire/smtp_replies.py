"""What a mail server's reply says about a message, by how far the exchange had come.

A server takes a message only when it says yes to its whole text (RFC 5321, 4.2.5), so everything
before that proves that nothing was taken. Which kind of no a code is, is our judgement: what one
address alone may be refused for is never taken for a trouble of the account, because that stops
all sending.
"""

from __future__ import annotations

import re
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.follow_up_facts import Failure


class Stage(StrEnum):
    """How far an exchange with a mail server has come."""

    SESSION = "session"
    """Until we are connected, private and logged in."""
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    """Asked whether the text may come; nothing of it has left."""
    TEXT = "text"
    """The text is on its way, or there."""


_NO_SUCH_ADDRESS: Final = dict.fromkeys((501, 550, 551, 552, 553, 556), Failure.NOT_ON_CHANNEL)
_LOG_IN_FIRST: Final = dict.fromkeys((530, 535, 538), Failure.ACCOUNT)
_REFUSALS: Final = MappingProxyType(
    {
        Stage.RECIPIENT: {**_NO_SUCH_ADDRESS, **_LOG_IN_FIRST},
        Stage.DATA: _LOG_IN_FIRST,
        Stage.TEXT: _LOG_IN_FIRST,
    }
)
"""What a lasting no (5yz) means by stage and code, where it is not what the stage says."""
_REFUSED: Final = MappingProxyType(
    {
        Stage.SESSION: Failure.ACCOUNT,
        Stage.SENDER: Failure.ACCOUNT,
        Stage.RECIPIENT: Failure.FINAL,
        Stage.DATA: Failure.CONTENT,
        Stage.TEXT: Failure.CONTENT,
    }
)
_SERVICE_ENDS: Final = 421
_SENT_ENOUGH: Final = re.compile(r"^5\.4\.5\b")
"""The extended code of a daily limit (RFC 3463: congestion; Google's "sending limit exceeded")."""


def is_yes(code: int) -> bool:
    """Tell whether a reply means that the server did what it was asked for."""
    return 200 <= code <= 299


def failure_of_reply(stage: Stage, code: int, text: str) -> Failure | None:
    """Say what follows from a no; None where the message may have been taken all the same.

    After the text only a clear no counts: 421 says that the service ends, and nothing about the
    message.
    """
    if 500 <= code <= 599:
        if stage is not Stage.SESSION and _SENT_ENOUGH.match(text):
            return Failure.LATER
        return _REFUSALS.get(stage, {}).get(code, _REFUSED[stage])
    if stage is not Stage.TEXT:
        return failure_of_break(stage)
    is_clear = 400 <= code <= 499 and code != _SERVICE_ENDS
    return Failure.AGAIN if is_clear else None


def failure_of_break(stage: Stage) -> Failure | None:
    """Say what follows from an exchange that broke off, or from a passing no."""
    if stage is Stage.TEXT:
        return None
    return Failure.NOT_SENT if stage is Stage.SESSION else Failure.AGAIN
