"""Makes what the engine asks of the world, as the settings say: platform, carrier, messengers.

A simulation makes the same adapters over another transport.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from voiceslot_tui.core.follow_ups import Channel
from voiceslot_tui.follow_up_assembly import Outside
from voiceslot_tui.follow_up_ports import Herald, Messenger
from voiceslot_tui.ports import Clock
from voiceslot_tui.providers.elevenlabs import ElevenLabs
from voiceslot_tui.providers.elevenlabs_workspace import ElevenLabsWorkspace
from voiceslot_tui.providers.heralds import AppriseHerald, MailHerald
from voiceslot_tui.providers.http import Http
from voiceslot_tui.providers.mail import Mailer, MailMessenger
from voiceslot_tui.providers.twilio import TwilioCarrier
from voiceslot_tui.providers.twilio_client import TWILIO_HOSTS
from voiceslot_tui.providers.twilio_messages import TwilioMessenger
from voiceslot_tui.settings import Settings

_TWILIO_ROUTE: Final = "/webhook/twilio"


def hosts(settings: Settings) -> list[str]:
    """Name every host that may be reached: those of the settings, and no other."""
    named = (
        settings.elevenlabs_base_url,
        settings.elevenlabs_start_call_url,
        settings.elevenlabs_active_calls_url,
        *([settings.twilio_base_url] if settings.twilio_base_url else TWILIO_HOSTS),
    )
    return [url for url in named if url]


def platform_of(settings: Settings, http: Http, clock: Clock) -> ElevenLabs:
    """Make the platform."""
    return ElevenLabs(
        http,
        api_key=settings.elevenlabs_api_key.reveal,
        base_url=settings.elevenlabs_base_url,
        clock=clock,
        start_timeout_s=settings.start_timeout_s,
        ring_timeout_s=settings.ring_timeout_s,
        start_call_url=settings.elevenlabs_start_call_url,
        active_calls_url=settings.elevenlabs_active_calls_url,
    )


def carrier_of(settings: Settings, http: Http) -> TwilioCarrier | None:
    """Make the carrier where there are credentials."""
    credentials = _credentials(settings)
    if credentials is None:
        return None
    username, password = credentials
    return TwilioCarrier(
        http,
        account_sid=settings.twilio_account_sid,
        username=username,
        password=password,
        base_url=settings.twilio_base_url,
    )


def outside_of(settings: Settings, http: Http, clock: Clock) -> Outside:
    """Make what the follow-ups need of the world."""
    workspace = ElevenLabsWorkspace(
        http,
        api_key=settings.elevenlabs_api_key.reveal,
        base_url=settings.elevenlabs_base_url,
        clock=clock,
        active_calls_url=settings.elevenlabs_active_calls_url,
    )
    return Outside(
        workspace,
        _messengers(settings, http, clock),
        has_callbacks=_has_callbacks(settings),
        platform_now=workspace.told_now,
    )


def _has_callbacks(settings: Settings) -> bool:
    """Tell whether Twilio can tell us by itself, so that we can believe it."""
    return bool(settings.public_base_url and settings.twilio_tokens)


def _messengers(settings: Settings, http: Http, clock: Clock) -> Mapping[Channel, Messenger]:
    found: dict[Channel, Messenger] = {}
    credentials = _credentials(settings)
    by_twilio = [one for one in settings.channels if one is not Channel.EMAIL]
    if by_twilio and credentials is not None:
        username, password = credentials
        twilio = TwilioMessenger(
            http,
            account_sid=settings.twilio_account_sid,
            username=username,
            password=password,
            clock=clock,
            base_url=settings.twilio_base_url,
            whatsapp_number=settings.twilio_whatsapp_number,
            sms_number=settings.twilio_sms_number,
            messaging_service_sid=settings.twilio_messaging_service_sid,
            callback_url=settings.public_base_url and settings.public_base_url + _TWILIO_ROUTE,
        )
        found |= dict.fromkeys(by_twilio, twilio)
    if Channel.EMAIL in settings.channels:
        found[Channel.EMAIL] = MailMessenger(
            _mailer(settings, clock, settings.follow_up_sender_name)
        )
    return found


def heralds_of(settings: Settings, clock: Clock) -> tuple[Herald, ...]:
    """Make the ways by which people are told that something needs them."""
    found: list[Herald] = []
    if settings.alert_email:
        addresses = tuple(part.strip() for part in settings.alert_email.split(","))
        found.append(MailHerald(_mailer(settings, clock, "voiceslot"), addresses))
    if settings.alert_urls:
        found.append(AppriseHerald(settings.alert_urls.reveal))
    return tuple(found)


def _mailer(settings: Settings, clock: Clock, sender_name: str) -> Mailer:
    return Mailer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        sender=settings.smtp_from,
        clock=clock,
        sender_name=sender_name,
        username=settings.smtp_username,
        password=settings.smtp_password.reveal,
    )


def _credentials(settings: Settings) -> tuple[str, Callable[[], str]] | None:
    """Give who we are at Twilio: an API key, or else the account's own token."""
    if not settings.twilio_account_sid:
        return None
    by_key = bool(settings.twilio_api_key_sid)
    username = settings.twilio_api_key_sid if by_key else settings.twilio_account_sid
    password = settings.twilio_api_key_secret if by_key else settings.twilio_auth_token
    return (username, password.reveal) if password else None
