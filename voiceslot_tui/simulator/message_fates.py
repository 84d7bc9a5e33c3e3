"""What becomes of a message that was taken: the rules that fail it, and its draw of luck.

The rules stand in one table and are asked when the message leaves the queue, because a window
may have closed and a template been paused meanwhile. The draw depends on the seed, the number
and how many messages it got, not on the order in which requests arrive.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from voiceslot_tui.simulator.correspondents import Correspondent
from voiceslot_tui.simulator.message_words import Channel, TemplateCategory, TemplateStatus
from voiceslot_tui.simulator.messages import Message, address
from voiceslot_tui.simulator.templates import SANDBOX_TEMPLATE_SID

if TYPE_CHECKING:
    from voiceslot_tui.simulator.settings import WorldSettings

LONGEST_TEMPLATE_TEXT = 1024
NO_MARKETING_COUNTRY = "+1"
STOPPED_TEMPLATES = {
    TemplateStatus.REJECTED: 63040,
    TemplateStatus.PAUSED: 63041,
    TemplateStatus.DISABLED: 63042,
}
UNDELIVERED = {Channel.WHATSAPP: 63024, Channel.SMS: 30003}


@dataclass(frozen=True, slots=True)
class Luck:
    """What chance has in store for one message."""

    queue_s: float
    delivery_s: float
    read_s: float
    is_on_whatsapp: bool
    is_undelivered: bool
    is_confirmed: bool
    is_read: bool


@dataclass(frozen=True, slots=True)
class Departure:
    """A message about to leave: all that the rules ask about."""

    message: Message
    person: Correspondent
    settings: WorldSettings
    luck: Luck
    now: float

    @property
    def is_whatsapp(self) -> bool:
        """Say whether it goes by WhatsApp."""
        return self.message.order.channel is Channel.WHATSAPP

    @property
    def is_from_sandbox(self) -> bool:
        """Say whether the sandbox sends it."""
        sandbox = address(Channel.WHATSAPP, self.settings.sandbox_sender)
        return self.message.order.sender == sandbox

    @property
    def has_window(self) -> bool:
        """Say whether free text may go out."""
        return self.person.has_window(self.message.order.sender, self.now)


Rule = Callable[[Departure], int | None]


def draw_luck(settings: WorldSettings, person: Correspondent, channel: Channel) -> Luck:
    """Draw how a message will go, from the seed, the number and how many it got."""
    seed = f"message {settings.seed} {person.number}"
    # Whether somebody has WhatsApp is the same for every message.
    is_on_whatsapp = Random(f"{seed} whatsapp").random() >= settings.not_on_whatsapp_share
    chance = Random(f"{seed} {channel} {person.messages_taken}")
    means = (settings.message_queue_s, settings.message_delivery_s, settings.message_read_s)
    queue_s, delivery_s, read_s = (
        mean * (1 + settings.message_spread * (2 * chance.random() - 1)) / settings.speed
        for mean in means
    )
    return Luck(
        queue_s,
        delivery_s,
        read_s,
        is_on_whatsapp,
        is_undelivered=chance.random() < settings.message_undelivered_share,
        is_confirmed=chance.random() >= settings.message_unconfirmed_share,
        is_read=chance.random() < settings.message_read_share,
    )


def failure_of(departure: Departure) -> int | None:
    """Give the code a message fails with, if it does."""
    rules = WHATSAPP_RULES if departure.is_whatsapp else SMS_RULES
    return next((code for rule in rules if (code := rule(departure)) is not None), None)


def _sender(departure: Departure) -> int | None:
    return departure.settings.sender_failure or None


def _sandbox(departure: Departure) -> int | None:
    is_stranger = departure.is_from_sandbox and not departure.person.has_joined(departure.now)
    return 63015 if is_stranger else None


def _person(departure: Departure) -> int | None:
    code = departure.person.script.failure_on(departure.message.order.channel)
    template = departure.message.order.template
    is_marketing = template is not None and template.category is TemplateCategory.MARKETING
    return None if code == 63033 and not is_marketing else code


def _whatsapp_user(departure: Departure) -> int | None:
    return None if departure.luck.is_on_whatsapp else 63003


def _template(departure: Departure) -> int | None:
    template = departure.message.order.template
    if template is None:
        return None
    if template.status in STOPPED_TEMPLATES:
        return STOPPED_TEMPLATES[template.status]
    if template.failure:
        return template.failure
    if template.placeholders - set(departure.message.order.variables):
        return 63028
    return 63021 if len(departure.message.text) > LONGEST_TEMPLATE_TEXT else None


def _window(departure: Departure) -> int | None:
    if departure.has_window:
        return None
    template = departure.message.order.template
    if template is None or template.status is not TemplateStatus.APPROVED:
        return 63016
    is_foreign = departure.is_from_sandbox and template.sid != SANDBOX_TEMPLATE_SID
    return 63016 if is_foreign else None


def _marketing(departure: Departure) -> int | None:
    template = departure.message.order.template
    if template is None or template.category is not TemplateCategory.MARKETING:
        return None
    is_refused = departure.message.order.number.startswith(NO_MARKETING_COUNTRY)
    return 63049 if is_refused else None


def _pair(departure: Departure) -> int | None:
    passed_s = departure.message.passed_s
    least_s = departure.settings.message_pair_interval_s / departure.settings.speed
    return 63018 if passed_s is not None and passed_s < least_s else None


def _chance(departure: Departure) -> int | None:
    is_lost = departure.luck.is_undelivered
    return UNDELIVERED[departure.message.order.channel] if is_lost else None


WHATSAPP_RULES: tuple[Rule, ...] = (
    _sender,
    _sandbox,
    _person,
    _whatsapp_user,
    _template,
    _window,
    _marketing,
    _pair,
    _chance,
)
SMS_RULES: tuple[Rule, ...] = (_sender, _person, _chance)
