"""The messenger in front of a server of the test's choice, and what it is told to send."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx

from tests.contract.providers.conftest import SetClock
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_ups import Channel, TryId
from voiceslot_tui.follow_up_ports import MessageOrder
from voiceslot_tui.ports import Clock
from voiceslot_tui.providers.http import Http
from voiceslot_tui.providers.twilio_messages import TwilioMessenger
from voiceslot_tui.simulator.settings import WorldSettings

SETTINGS = WorldSettings()
OUR_WHATSAPP, OUR_SMS = SETTINGS.whatsapp_senders[0], SETTINGS.sms_senders[0]
SERVICE = SETTINGS.messaging_service_sid
ACCOUNT, TOKEN = SETTINGS.account_sid, SETTINGS.account_token
PERSON, ANOTHER = "+12025550110", "+447700900123"
TEMPLATE = f"HX{2:032x}"
VARIABLES = json.dumps({"1": "Ana", "2": "the front desk"})
SHORT_S = 0.4


def an_order(
    try_id: str = "try-1", *, channel: Channel = Channel.WHATSAPP, to: str = PERSON, body: str = ""
) -> MessageOrder:
    """Make an order for a fictitious person: a template, unless there is a text."""
    if body:
        return MessageOrder(TryId(try_id), channel, to, body)
    return MessageOrder(
        TryId(try_id), channel, to, content_sid=TEMPLATE, content_variables=VARIABLES
    )


def now(clock: Clock | None = None) -> Instant:
    """Give the moment by the machine's clock, or another."""
    return (clock or SetClock()).now()


@asynccontextmanager
async def a_messenger(
    base_url: str,
    *,
    hosts: Sequence[str] = (),
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Clock | None = None,
    token: str = TOKEN,
    whatsapp_number: str = OUR_WHATSAPP,
    sms_number: str = OUR_SMS,
    service: str = "",
    callback_url: str = "",
    timeout_s: float = 5.0,
) -> AsyncIterator[TwilioMessenger]:
    """Make the adapter and close its client afterwards."""
    http = Http(base_urls=hosts or [base_url], transport=transport)
    try:
        yield TwilioMessenger(
            http,
            account_sid=ACCOUNT,
            username=ACCOUNT,
            password=lambda: token,
            clock=clock or SetClock(),
            base_url=base_url,
            whatsapp_number=whatsapp_number,
            sms_number=sms_number,
            messaging_service_sid=service,
            callback_url=callback_url,
            send_timeout_s=timeout_s,
            read_timeout_s=timeout_s,
        )
    finally:
        await http.aclose()
