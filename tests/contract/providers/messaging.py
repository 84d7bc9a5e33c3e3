"""The messenger in front of a server of the test's choice, what it sends, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx

from tests.contract.providers.conftest import SetClock
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_facts import Failure
from voiceslot_tui.core.follow_ups import Channel, MessageSid, TryId
from voiceslot_tui.follow_up_ports import MessageOrder, Messenger
from voiceslot_tui.ports import Clock
from voiceslot_tui.providers.http import Http
from voiceslot_tui.providers.twilio_messages import TwilioMessenger
from voiceslot_tui.simulator import messages
from voiceslot_tui.simulator.faults import FaultRule, fits, make_rule
from voiceslot_tui.simulator.message_words import Channel as WorldChannel
from voiceslot_tui.simulator.messages import Message
from voiceslot_tui.simulator.server import SimulatorServer
from voiceslot_tui.simulator.settings import SettingsError, WorldSettings
from voiceslot_tui.simulator.words import FaultKind, FaultTarget

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
) -> AsyncIterator[Messenger]:
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


def taken(simulator: SimulatorServer) -> list[Message]:
    """Give what the messenger really took from us, by its own word."""
    every = simulator.world.messenger.all
    sent = [message for message in every if message.direction == "outbound-api"]
    assert sum(simulator.world.messenger.truth.taken.values()) == len(sent)
    return sent


def put(simulator: SimulatorServer, to: str, sender: str, at: float) -> MessageSid:
    """Let the messenger have taken a message at a moment."""
    channel = WorldChannel.WHATSAPP if to.startswith("whatsapp:") else WorldChannel.SMS
    order = messages.MessageOrder(to=to, sender=sender, channel=channel, text="Hello")
    return MessageSid(simulator.world.messenger.take(order, at).sid)


REFUSALS = {
    FaultKind.RATE_LIMITED: Failure.NOT_SENT,
    FaultKind.UNAUTHORIZED: Failure.ACCOUNT,
    FaultKind.FORBIDDEN: Failure.ACCOUNT,
}
"""Faults that are Twilio's own word that nothing was done; the world does nothing then."""


def troubles(target: FaultTarget) -> list[FaultRule]:
    """Make every fault that can strike: where the message is taken all the same, or not."""
    made: list[FaultRule] = []
    for kind in FaultKind:
        for acts in (True, False):
            if not fits(kind, target) or (acts and kind in REFUSALS):
                continue
            try:
                made.append(make_rule(kind, target, acts=acts, delay_s=4 * SHORT_S, requests=1))
            except SettingsError:
                continue
    return made


def named(rule: FaultRule) -> str:
    """Name a fault in a report of tests."""
    return f"{rule.kind}-{'acts' if rule.acts else 'idle'}"
