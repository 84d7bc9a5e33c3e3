"""Ways to tell people of trouble: by mail, and by whatever ALERT_URLS names.

A telling that may have arrived counts as told: the trouble is told again in some hours anyway, and
nobody is to be flooded by a server that takes mail and never says so.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from voiceslot_tui import logs
from voiceslot_tui.core.follow_up_facts import MessageRefused, MessageTaken, MessageUnanswered
from voiceslot_tui.core.follow_ups import TryId
from voiceslot_tui.core.limits import ALERT_PUSH_TIMEOUT_S
from voiceslot_tui.logs import Event, Field
from voiceslot_tui.providers.mail import Mail, Mailer

_APPRISE: Final = "apprise"
_TALKATIVE: Final = (_APPRISE, "requests", "urllib3", "paho", "slixmpp")
"""Libraries under apprise whose lines may hold an address with its secrets: none is written."""
_NO_LINE: Final = logging.CRITICAL + 1


class MailHerald:
    """Tells by one mail to all addresses of ALERT_EMAIL."""

    def __init__(self, mailer: Mailer, to: tuple[str, ...]) -> None:
        self._mailer = mailer
        self._to = to

    async def tell(self, subject: str, text: str) -> bool:
        """Tell; False where the mail server certainly did not take it. Raises nothing."""
        # The same words, told again, are the same mail.
        name = hashlib.sha256(f"{subject}\n{text}".encode()).hexdigest()[:32]
        answer = await self._mailer.send(Mail(TryId(f"alert-{name}"), self._to, subject, text))
        match answer:
            case MessageTaken():
                return True
            case MessageUnanswered():
                _warn("mail", f"it may have been told: {answer.detail}")
                return True
            case MessageRefused():
                _warn("mail", answer.detail)
                return False


class AppriseHerald:
    """Tells all addresses of ALERT_URLS, each on its own: one that fails is told again alone.

    The addresses are secrets: they go to the library and nowhere else, and no word of the library,
    which may hold one, is passed on.
    """

    def __init__(self, urls: Callable[[], str], *, timeout_s: float = ALERT_PUSH_TIMEOUT_S) -> None:
        self._urls = urls
        self._timeout_s = timeout_s
        self._ways: list[Any] | None = None
        self._is_missing = False
        self._is_pushing = False
        self._letter = ("", "")
        self._told_by: set[int] = set()

    async def tell(self, subject: str, text: str) -> bool:
        """Tell; False where an address was certainly not told. Raises nothing."""
        # A thread that hangs cannot be ended: it is waited for, so that there is one at most.
        if self._is_missing or self._is_pushing:
            return False
        if self._letter != (subject, text):
            self._letter, self._told_by = (subject, text), set()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.to_thread(self._push, subject, text, self._told_by)
        except TimeoutError:
            _warn(_APPRISE, f"it may have been told: no answer within {self._timeout_s:g} s")
            return True
        except ImportError:
            self._is_missing = True
            _warn(_APPRISE, "ALERT_URLS needs apprise: pip install 'voiceslot[alerts]'")
            return False
        except _Broken as problem:
            _warn(_APPRISE, f"it failed by {problem}")
            return False

    def _push(self, subject: str, text: str, told_by: set[int]) -> bool:
        """Tell by every way that has not told this yet; runs in a thread."""
        self._is_pushing = True
        try:
            if self._ways is None:
                self._ways = _ways_of(import_module(_APPRISE), self._urls())
            for place, way in enumerate(self._ways):
                if place not in told_by and _told(way, subject, text):
                    told_by.add(place)
        finally:
            self._is_pushing = False
        failed = len(self._ways) - len(told_by)
        if failed:
            _warn(_APPRISE, f"{failed} of {len(self._ways)} addresses were not told")
        return bool(self._ways) and not failed


class _Broken(Exception):
    """The library failed; named by its error's kind alone, because the words may hold a secret."""


def _told(way: Any, subject: str, text: str) -> bool:
    try:
        return bool(way.notify(title=subject, body=text, body_format="text"))
    except Exception as problem:
        raise _Broken(type(problem).__name__) from problem


def _ways_of(apprise: Any, urls: str) -> list[Any]:
    """Make one way for each address; the library says which it understands, and is not repeated."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(_NO_LINE)
    everything = apprise.Apprise()
    if not everything.add(urls):
        _warn(_APPRISE, "an address of ALERT_URLS is none that apprise understands")
    ways = []
    for server in everything:
        way = apprise.Apprise()
        way.add(server)
        ways.append(way)
    return ways


def _warn(kind: str, detail: str) -> None:
    logs.warning(Event.ALERT_NOT_TOLD, {Field.KIND: kind, Field.DETAIL: detail})
