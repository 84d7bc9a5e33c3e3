"""A story: what a town is like, and everything that happens to it, as values.

A seed draws a story; a story can be told, written down as JSON, cut shorter and told again. What
can happen stands in the table of `happenings`; a story only names it, with its moment and its
figures, so that any part of it can be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any, Final

Args = Mapping[str, Any]
"""The figures of an event: text, numbers, truth values and lists of them."""

_LIMITS: Final = (1, 1, 2, 2, 3, 4, 6)
_STRATEGIES: Final = ("conversations",) * 12 + ("live_count", "live_count", "outstanding")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens `at_s` seconds after the beginning; `name` is its happening."""

    at_s: float
    name: str
    args: Args


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that decides how a run goes. `lasts_s` is when all trouble ends."""

    seed: int
    settings: Mapping[str, Any]
    world: Mapping[str, Any]
    events: tuple[Event, ...]
    lasts_s: float

    def with_events(self, events: tuple[Event, ...]) -> Story:
        """Give the same story with other events."""
        return replace(self, events=events)

    def as_json(self) -> dict[str, Any]:
        """Give the story as a JSON object."""
        return asdict(self)


def story_from(body: Mapping[str, Any]) -> Story:
    """Read a story from its JSON object."""
    events = tuple(Event(event["at_s"], event["name"], event["args"]) for event in body["events"])
    return Story(body["seed"], body["settings"], body["world"], events, body["lasts_s"])


@dataclass(frozen=True, slots=True)
class Frame:
    """What events are drawn for: the length of the story and the main figures of its town."""

    lasts_s: float
    limit: int
    list_lag_s: float
    poll_s: float


WHATSAPP_SENDER: Final = "+12025550170"
SMS_SENDER: Final = "+12025550171"
TEMPLATE_SID: Final = f"HX{1:032x}"
OTHER_TEMPLATE_SID: Final = f"HX{2:032x}"
"""What the world begins with: the account's senders, and a template that is approved."""
ENGINE_URL: Final = "https://engine"
_FOLLOWED_UP: Final = 0.4
"""How many towns have follow-ups; the others stay quick."""
_QUIET_HOURS: Final = ("none",) * 6 + ("21:00-08:00", "10:00-10:25")
"""Stories begin at 14:13 by UTC: it is quiet never, or at the beginning in New York."""
_WHO_IS_FOLLOWED_UP: Final = (
    "",
    "",
    "answered,voicemail,no_answer,busy,declined,failed,unknown",
    "answered",
)


def draw_follow_ups(chance: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw the settings of engine and world that are about messages; none for most towns."""
    if chance.random() >= _FOLLOWED_UP:
        return {}, {}
    has_callbacks = chance.random() < 0.65
    settings: dict[str, Any] = {
        "TWILIO_WHATSAPP_NUMBER": WHATSAPP_SENDER,
        "TWILIO_SMS_NUMBER": SMS_SENDER,
        "FOLLOW_UP_CHANNELS": chance.choice(("whatsapp", "whatsapp,sms")),
        "FOLLOW_UP_CONTENT_SID": TEMPLATE_SID,
        "FOLLOW_UP_QUIET_HOURS": chance.choice(_QUIET_HOURS),
        "FOLLOW_UP_PER_DAY": chance.choice((0, 0, 1)),
        "FOLLOW_UP_AMBIGUOUS": "resend" if chance.random() < 0.15 else "hold",
        "FOLLOW_UP_ON": chance.choice(_WHO_IS_FOLLOWED_UP),
        "BATCH_POLL_INTERVAL_S": chance.choice((2, 5, 15)),
        "PUBLIC_BASE_URL": ENGINE_URL if has_callbacks else "",
    }
    world = {
        "inbound_url": f"{ENGINE_URL}/webhook/twilio",
        "message_delivery_s": chance.choice((0.2, 1.5, 10.0)),
        "message_read_share": chance.choice((0.0, 0.6)),
        "not_on_whatsapp_share": chance.choice((0.0, 0.0, 0.3)),
        "message_undelivered_share": chance.choice((0.0, 0.0, 0.2)),
        "advanced_opt_out": chance.random() < 0.3,
    }
    return settings, world


def draw_settings(chance: Random) -> dict[str, Any]:
    """Draw the engine's settings."""
    limit = chance.choice(_LIMITS)
    return {
        "ELEVENLABS_CONCURRENCY_LIMIT": limit,
        "ELEVENLABS_ACTIVE_COUNT_STRATEGY": chance.choice(_STRATEGIES),
        "POLLING_INTERVAL_MS": chance.choice((1000, 2000, 5000, 5000, 15_000)),
        "LIST_LAG_S": chance.choice((0, 5, 30)),
        "UNKNOWN_AFTER_S": chance.choice((10, 60, 120)),
        "START_TIMEOUT_S": chance.choice((10, 60)),
        "RING_TIMEOUT_S": chance.choice((20, 60)),
        "MAX_CALL_MINUTES": chance.choice((3, 5)),
        "CALLS_PER_SECOND": chance.choice((0, 0, 1, 3)),
        "SLOT_RESERVE": chance.choice((0, 0, 0, 1)) if limit > 1 else 0,
        "UNKNOWN_CALLS": "requeue" if chance.random() < 0.08 else "ask",
    }


def draw_world(chance: Random, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Draw the world: every call is shorter than the settings say that calls can be."""
    outcomes = (
        {},
        {"answered_weight": 1.0, "voicemail_weight": 0.0, "no_answer_weight": 0.0},
        {"answered_weight": 0.2, "busy_weight": 0.5, "failed_weight": 0.3, "ring_s": 0.2},
    )
    return {
        "limit": settings["ELEVENLABS_CONCURRENCY_LIMIT"] + chance.choice((0, 0, 1, 3)),
        "over_limit": chance.choice(
            ("refuse_concurrent", "refuse_rate", "success_false", "fail_later", "burst")
        ),
        "ring_s": chance.choice((1.0, 4.0, 8.0)),
        "no_answer_ring_s": 12.0,
        "talk_s": chance.choice((5.0, 20.0, 60.0)),
        "analysis_s": chance.choice((0.0, 0.5, 3.0)),
        "start_delay_s": chance.choice((0.0, 0.0, 0.5)),
        "webhook_enabled": chance.random() < 0.85,
        "webhook_retries": chance.random() < 0.5,
        "list_lag_s": chance.choice((0.0, 0.5, 0.9)) * settings["LIST_LAG_S"],
        "live_count_includes_initiated": chance.random() < 0.8,
        **chance.choice(outcomes),
    }
