"""Webhooks whose signature proves nothing: refused, and slowed down where one sends many.

Good signatures are never counted, so that a flood of bad ones keeps no good one out.
"""

from __future__ import annotations

from collections import OrderedDict

from aiohttp import web

from voiceslot_tui import logs
from voiceslot_tui.core.limits import ADDRESSES_REMEMBERED_MAX, BAD_SIGNATURES_PER_MINUTE
from voiceslot_tui.listener.answers import Refused
from voiceslot_tui.ports import Clock
from voiceslot_tui.wire.elevenlabs_webhook import Verdict


class BadSignatures:
    """Refuses webhooks with a bad signature, and knows who sent how many."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._strikes = Strikes()

    def refusal(self, request: web.BaseRequest, verdict: Verdict, status: int) -> Refused:
        """Count one more, and give what to answer: `status`, or 429 where there were too many."""
        address = request.remote or ""
        wait_s = self._strikes.strike(address, self._clock.steady_s())
        if wait_s is not None:
            return Refused(
                429,
                "too_many_bad_signatures",
                "Too many webhooks with a bad signature came from here.",
                headers={"Retry-After": str(wait_s)},
            )
        fields = {logs.Field.CODE: verdict, logs.Field.ADDRESS: address}
        logs.warning(logs.Event.WEBHOOK_REFUSED, fields)
        return Refused(
            status, f"signature_{verdict}", "The signature does not prove who sent this."
        )


class Strikes:
    """Counts bad signatures by address, by the minute, for a bounded number of addresses."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    @property
    def remembered(self) -> int:
        """Count the addresses remembered."""
        return len(self._counts)

    def strike(self, address: str, now_s: float) -> int | None:
        """Count one more; give the seconds to wait where there were too many."""
        since_s, count = self._counts.pop(address, (now_s, 0))
        if now_s - since_s >= 60:
            since_s, count = now_s, 0
        self._counts[address] = (since_s, count + 1)
        if len(self._counts) > ADDRESSES_REMEMBERED_MAX:
            self._counts.popitem(last=False)
        if count < BAD_SIGNATURES_PER_MINUTE:
            return None
        return max(1, round(60 - (now_s - since_s)))
