"""By which address a call from a phone number is started: it depends on who carries the number.

ElevenLabs has one start for each carrier and refuses a number on another's. The list of numbers is
read before the first dial from a number not seen yet; where it cannot be read, or does not hold the
number, the Twilio road is taken, and for a while the list is not asked for that number again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from types import MappingProxyType
from typing import Final

import httpx

from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.limits import ROUTE_DEADLINE_S, ROUTE_UNKNOWN_S
from voiceslot_tui.core.talks import PhoneNumberSummary
from voiceslot_tui.providers.reading import deadline

_TWILIO: Final = "twilio"
_PATHS: Final = MappingProxyType(
    {
        _TWILIO: "twilio/outbound-call",
        "sip_trunk": "sip-trunk/outbound-call",
        "exotel": "exotel/outbound-call",
    }
)


class Roads:
    """The start address of each phone number, as far as it is known."""

    def __init__(
        self,
        convai: httpx.URL,
        start_call_url: str,
        read: Callable[[], Awaitable[Sequence[PhoneNumberSummary]]],
    ) -> None:
        """Know none yet; `read` reads the list of numbers and tells `learned`."""
        self._by_provider = {name: convai.join(path) for name, path in _PATHS.items()}
        if start_call_url:
            self._by_provider[_TWILIO] = httpx.URL(start_call_url)
        self._by_number: dict[str, httpx.URL] = {}
        self._read = read
        self._reading = asyncio.Lock()
        self._unread_until = float("-inf")
        self._unheld_until: dict[str, float] = {}

    @property
    def urls(self) -> frozenset[httpx.URL]:
        """Give every address that a start may go to."""
        return frozenset(self._by_provider.values())

    def known(self, phone_number_id: str) -> httpx.URL | None:
        """Give the address of a number whose carrier is known."""
        return self._by_number.get(phone_number_id)

    def learned(self, numbers: Iterable[PhoneNumberSummary]) -> None:
        """Take over who carries which number."""
        twilio = self._by_provider[_TWILIO]
        self._by_number = {
            number.phone_number_id: self._by_provider.get(number.provider, twilio)
            for number in numbers
        }

    async def learn(self, phone_number_id: str) -> httpx.URL:
        """Give the address of a number, reading the list first. Never raises for a failed read."""
        async with self._reading:
            now = asyncio.get_running_loop().time()
            asked_until = max(self._unread_until, self._unheld_until.get(phone_number_id, now))
            if phone_number_id not in self._by_number and asked_until <= now:
                await self._try_reading(phone_number_id, now)
        return self._by_number.get(phone_number_id) or self._by_provider[_TWILIO]

    async def _try_reading(self, phone_number_id: str, now: float) -> None:
        again_at = now + ROUTE_UNKNOWN_S
        try:
            async with deadline("the phone numbers", ROUTE_DEADLINE_S):
                await self._read()
        except ReadFailed:
            self._unread_until = again_at
            return
        self._unheld_until = {one: at for one, at in self._unheld_until.items() if at > now}
        if phone_number_id not in self._by_number:
            self._unheld_until[phone_number_id] = again_at
