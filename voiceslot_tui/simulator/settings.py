"""Everything about the simulated world that can be chosen, with its bounds.

Settings are immutable; a change at run time makes a new object, so that nobody sees half of a
change. The defaults resemble a real outbound campaign; `demo_settings` is quicker, so that a
person in front of a screen sees calls begin and end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from voiceslot_tui.simulator.directory import AGENTS, PHONE_NUMBERS, Agent, AgentPhoneNumber
from voiceslot_tui.simulator.message_settings import (
    MESSAGE_SHARE_NAMES,
    SENDER_NAMES,
    MessengerSettings,
)
from voiceslot_tui.simulator.words import OverLimitMode

FIXED_NAMES = frozenset({"seed", "agents", "phone_numbers"}) | SENDER_NAMES
SHARE_NAMES = MESSAGE_SHARE_NAMES | frozenset(
    {
        "ring_spread",
        "talk_spread",
        "analysis_spread",
        "hidden_share",
        "webhook_loss_share",
        "webhook_duplicate_share",
        "webhook_reorder_share",
        "webhook_forged_share",
        "webhook_stale_share",
        "webhook_future_share",
    }
)


class SettingsError(ValueError):
    """A setting has no such name, or its value is out of bounds; the text names it."""


@dataclass(frozen=True, slots=True)
class WorldSettings(MessengerSettings):
    """Every setting of a world. Durations are seconds; a spread of 0.5 means ±50 %."""

    seed: int = 1
    agents: tuple[Agent, ...] = AGENTS
    phone_numbers: tuple[AgentPhoneNumber, ...] = PHONE_NUMBERS
    # The platform: its slots, what it does beyond them, and its keys.
    limit: int = 20
    over_limit: OverLimitMode = OverLimitMode.REFUSE_CONCURRENT
    tier: str = "pro"
    api_key: str = "simulator-key"
    account_sid: str = "AC" + "0" * 32
    account_token: str = "simulator-token"
    account_key_sid: str = "SK" + "0" * 32
    account_key_secret: str = "simulator-key-secret"
    start_delay_s: float = 0.0
    # Calls. `speed` divides every duration of a call and the webhook retry ladder; the clock
    # itself stays true, so that time stamps and signatures remain credible.
    speed: float = 1.0
    ring_s: float = 8.0
    ring_spread: float = 0.5
    no_answer_ring_s: float = 25.0
    talk_s: float = 60.0
    talk_spread: float = 0.6
    analysis_s: float = 2.0
    analysis_spread: float = 0.0
    answered_weight: float = 0.62
    voicemail_weight: float = 0.12
    no_answer_weight: float = 0.16
    busy_weight: float = 0.06
    failed_weight: float = 0.04
    # What the lists do not tell, or tell late.
    list_lag_s: float = 0.0
    detail_lag_s: float = 0.0
    hidden_share: float = 0.0
    shifting_pages: bool = False
    page_size_max: int = 100
    filters_ignored: bool = False
    live_count_includes_initiated: bool = True
    # Batches.
    batch_dispatch_s: float = 1.0
    batch_cancel_cuts_calls: bool = False
    batch_cancel_marks_live: bool = False
    batch_overrides_allowed: bool = True
    # How long a batch does not name the conversation of a recipient who has just moved.
    batch_ids_lag_s: float = 0.0
    # Webhooks: an empty address sends none.
    webhook_url: str = ""
    webhook_secret: str = "simulator-webhook-secret"
    webhook_enabled: bool = True
    webhook_delay_min_s: float = 0.0
    webhook_delay_max_s: float = 0.0
    webhook_loss_share: float = 0.0
    webhook_duplicate_share: float = 0.0
    webhook_reorder_share: float = 0.0
    webhook_reorder_s: float = 5.0
    webhook_forged_share: float = 0.0
    webhook_stale_share: float = 0.0
    webhook_future_share: float = 0.0
    webhook_retries: bool = False

    def __post_init__(self) -> None:
        """Refuse what no world could be made of."""
        for field in fields(self):
            _check_bounds(field.name, getattr(self, field.name))
        if self.speed <= 0:
            raise SettingsError("speed: must be above 0")
        if self.webhook_delay_max_s < self.webhook_delay_min_s:
            raise SettingsError("webhook_delay_max_s: below webhook_delay_min_s")
        if self.page_size_max < 1:
            raise SettingsError("page_size_max: must be at least 1")
        if self.callback_delay_max_s < self.callback_delay_min_s:
            raise SettingsError("callback_delay_max_s: below callback_delay_min_s")
        if sum(self.outcome_weights()) <= 0:
            raise SettingsError("answered_weight: all five weights are 0")

    def outcome_weights(self) -> tuple[float, float, float, float, float]:
        """Give the weights in the order of `Outcome`."""
        return (
            self.answered_weight,
            self.voicemail_weight,
            self.busy_weight,
            self.no_answer_weight,
            self.failed_weight,
        )

    def changed(self, changes: Mapping[str, object]) -> WorldSettings:
        """Apply changes as they come from JSON. Raises SettingsError naming the field."""
        known = {field.name: field.name for field in fields(self)}
        checked: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in known or name in FIXED_NAMES:
                raise SettingsError(f"{name}: no such setting, or not changeable at run time")
            checked[name] = _as_type_of(name, getattr(self, name), value)
        return replace(self, **checked)

    def as_json(self) -> dict[str, Any]:
        """Give the changeable settings by name."""
        names = (field.name for field in fields(self))
        return {name: getattr(self, name) for name in names if name not in FIXED_NAMES}


def demo_settings() -> WorldSettings:
    """Make a world whose calls are short enough to be watched."""
    return WorldSettings(
        limit=5,
        ring_s=2.0,
        no_answer_ring_s=5.0,
        talk_s=13.0,
        talk_spread=0.54,
        analysis_s=1.0,
        webhook_delay_min_s=0.1,
        webhook_delay_max_s=0.6,
        not_on_whatsapp_share=0.1,
        message_undelivered_share=0.05,
    )


def _check_bounds(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if value < 0 or value != value:
        raise SettingsError(f"{name}: must not be negative")
    if name in SHARE_NAMES and value > 1:
        raise SettingsError(f"{name}: must be between 0 and 1")


def _as_type_of(name: str, current: object, value: object) -> object:
    if isinstance(current, StrEnum):
        return _as_member(name, type(current), value)
    if isinstance(current, bool) or isinstance(value, bool):
        if isinstance(current, bool) and isinstance(value, bool):
            return value
    elif isinstance(current, float):
        if isinstance(value, int | float):
            return float(value)
    elif isinstance(value, type(current)):
        return value
    raise SettingsError(f"{name}: must be {type(current).__name__}")


def _as_member(name: str, words: type[StrEnum], value: object) -> StrEnum:
    if value not in set(words):
        raise SettingsError(f"{name}: must be one of {', '.join(words)}")
    return words(str(value))
