"""Twilio behind the Carrier port: hang up a live call, and ask whether a call is over.

A hang-up is one POST. What it came to is a value; nothing here raises for what Twilio or the
network does, so no error of the SDK, which may hold an address or a credential, gets further.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from voiceslot_tui.core.calls import CallSid
from voiceslot_tui.core.limits import READ_TIMEOUT_S
from voiceslot_tui.ports import HangUp
from voiceslot_tui.providers.http import Http, NoAnswer, NotSent
from voiceslot_tui.providers.twilio_client import TwilioClient
from voiceslot_tui.wire.twilio_calls import (
    ENDED,
    NOT_IN_PROGRESS,
    is_call_sid,
    is_certain_refusal,
    is_over,
)

_TROUBLE: Final = (NotSent, NoAnswer, ValueError, TypeError, AttributeError, KeyError)
"""No answer, or one that is not what the SDK takes for granted: it then trips over its own code."""


class TwilioCarrier:
    """The carrier of calls that ElevenLabs starts over our own Twilio account."""

    def __init__(
        self,
        http: Http,
        *,
        account_sid: str,
        username: str,
        password: Callable[[], str],
        base_url: str = "",
        timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        """Prepare the adapter.

        `username` and `password` are the account's SID and token, or an API key's SID and secret.
        """
        self._twilio = TwilioClient(
            http,
            account_sid=account_sid,
            username=username,
            password=password,
            base_url=base_url,
            timeout_s=timeout_s,
        )

    async def hang_up(self, call_sid: CallSid) -> HangUp:
        """End a call that is queued, ringing or in progress. Never repeats the request."""
        if not is_call_sid(call_sid):
            return HangUp.REFUSED
        sdk, client = await self._twilio.loaded()
        try:
            await client.calls(call_sid).update_async(status=ENDED)
        except (sdk.TwilioRestException, sdk.TwilioServiceException) as refusal:
            return _verdict(refusal.status, refusal.code)
        except (sdk.TwilioException, *_TROUBLE):
            return HangUp.UNCLEAR
        return HangUp.DONE

    async def is_over(self, call_sid: CallSid) -> bool | None:
        """Tell whether Twilio says that a call is over; None where it cannot tell."""
        if not is_call_sid(call_sid):
            return None
        sdk, client = await self._twilio.loaded()
        try:
            call = await client.calls(call_sid).fetch_async()
        except (sdk.TwilioException, *_TROUBLE):
            return None
        return is_over(call.status)


def _verdict(status: object, code: object) -> HangUp:
    if code == NOT_IN_PROGRESS:
        return HangUp.ALREADY_OVER
    return (
        HangUp.REFUSED if isinstance(status, int) and is_certain_refusal(status) else HangUp.UNCLEAR
    )
