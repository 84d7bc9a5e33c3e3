"""The judge's endpoints for messages, under /_simulator/ like the others.

GET  /_simulator/messages?after=N   the messages after a sequence number, as they really went
GET  /_simulator/templates          the templates with their states
POST /_simulator/people             {number: {"fate"} or {"refusal", "failure", "channel", ...}}
POST /_simulator/templates          {sid: {"status", "category", "rejection_reason", "failure"}}
POST /_simulator/inbound            {"from", "body", "channel", "to", "profile_name", ...}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from voiceslot_tui.simulator.correspondents import FATES, NOTHING_SCRIPTED, MessageScript
from voiceslot_tui.simulator.exchange import Reply, Request, json_reply
from voiceslot_tui.simulator.message_forms import Written
from voiceslot_tui.simulator.message_words import (
    Channel,
    Fate,
    TemplateCategory,
    TemplateStatus,
)
from voiceslot_tui.simulator.messages import Message
from voiceslot_tui.simulator.settings import SettingsError
from voiceslot_tui.simulator.starts import E164
from voiceslot_tui.simulator.world import World

MOST_MESSAGES = 10_000
Read = Callable[[object], bool]


def _is_code(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


SCRIPT_PARTS: dict[str, Read] = {
    "refusal": _is_code,
    "failure": _is_code,
    "channel": lambda value: value in set(Channel),
    "is_delivered": lambda value: isinstance(value, bool),
    "is_read": lambda value: isinstance(value, bool),
    "queue_s": _is_seconds,
    "delivery_s": _is_seconds,
    "read_s": _is_seconds,
}
TEMPLATE_PARTS: dict[str, Read] = {
    "status": lambda value: value in set(TemplateStatus),
    "category": lambda value: value in set(TemplateCategory),
    "rejection_reason": lambda value: isinstance(value, str),
    "failure": _is_code,
}
TEMPLATE_WORDS: dict[str, Callable[[Any], Any]] = {
    "status": TemplateStatus,
    "category": TemplateCategory,
}
WRITTEN_PARTS = {
    "from": "number",
    "to": "sender",
    "channel": "channel",
    "body": "text",
    "profile_name": "profile_name",
    "button_text": "button_text",
    "button_payload": "button_payload",
}


def read_messages(world: World, request: Request) -> Reply:
    """Give the messages after a sequence number, in order."""
    after = parse_qs(request.query).get("after", ["-1"])[0]
    try:
        first = max(0, int(after) + 1)
    except ValueError as error:
        raise SettingsError("after: must be an integer") from error
    found = world.messenger.all[first : first + MOST_MESSAGES]
    body = {
        "messages": [sent_body(message) for message in found],
        "has_more": first + len(found) < len(world.messenger.all),
    }
    return json_reply(body)


def read_templates(world: World, request: Request) -> Reply:
    """Give the templates with their states."""
    templates = world.messenger.templates.values()
    body = {
        template.sid: {
            "name": template.name,
            "language": template.language,
            "text": template.text,
            **{name: getattr(template, name) for name in TEMPLATE_PARTS},
        }
        for template in templates
    }
    return json_reply(body)


def sent_body(message: Message) -> dict[str, Any]:
    """Give one message as it really went."""
    order = message.order
    return {
        "sequence": message.sequence,
        "sid": message.sid,
        "direction": message.direction,
        "channel": order.channel,
        "from": order.sender,
        "to": order.to,
        "text": order.text,
        "content_sid": None if order.template is None else order.template.sid,
        "variables": dict(order.variables),
        "reference": order.reference,
        "status": message.status,
        "error_code": message.error_code,
        "created_at": message.created_at,
        "sent_at": message.sent_at,
        "history": message.history,
    }


def script_people(world: World, body: Mapping[str, Any]) -> Reply:
    """Decide what becomes of the messages to some numbers; an empty object leaves it to chance."""
    scripts = {number: _script(number, script) for number, script in body.items()}
    for number, script in scripts.items():
        world.messenger.people[number].script = script
    return json_reply({"scripted": sorted(scripts)})


def change_templates(world: World, body: Mapping[str, Any]) -> Reply:
    """Change the states of some templates, all or none."""
    templates = world.messenger.templates
    for sid, changes in body.items():
        if sid not in templates:
            raise SettingsError(f"{sid}: no such template")
        _check(changes, TEMPLATE_PARTS)
    for sid, changes in body.items():
        for name, value in changes.items():
            setattr(templates[sid], name, TEMPLATE_WORDS.get(name, lambda value: value)(value))
    return json_reply({"changed": sorted(body)})


def hear_person(world: World, body: Mapping[str, Any]) -> Reply:
    """Let a person write to us."""
    _check(body, dict.fromkeys(WRITTEN_PARTS, lambda value: isinstance(value, str)))
    if not E164.fullmatch(body.get("from", "")):
        raise SettingsError("from: must be a number")
    if body.get("channel", Channel.WHATSAPP) not in set(Channel):
        raise SettingsError(f"channel: must be one of {', '.join(Channel)}")
    channel = Channel(body.get("channel", Channel.WHATSAPP))
    settings = world.settings
    own = settings.whatsapp_senders if channel is Channel.WHATSAPP else settings.sms_senders
    given: dict[str, Any] = {"sender": next(iter(own), settings.sandbox_sender), "text": ""}
    given |= {WRITTEN_PARTS[name]: value for name, value in body.items()}
    message = world.messenger.hear(Written(**{**given, "channel": channel}), world.now)
    return json_reply({"sid": message.sid})


READINGS: dict[str, Callable[[World, Request], Reply]] = {
    "messages": read_messages,
    "templates": read_templates,
}
CHANGES: dict[str, Callable[[World, Mapping[str, Any]], Reply]] = {
    "people": script_people,
    "templates": change_templates,
    "inbound": hear_person,
}


def _script(number: str, body: object) -> MessageScript:
    if not E164.fullmatch(number):
        raise SettingsError(f"{number}: must be a number")
    if not isinstance(body, dict):
        raise SettingsError(f"{number}: must be an object")
    parts = dict(body)
    fate = parts.pop("fate", None)
    if fate is not None and fate not in set(Fate):
        raise SettingsError(f"fate: must be one of {', '.join(Fate)}")
    _check(parts, SCRIPT_PARTS)
    start = NOTHING_SCRIPTED if fate is None else FATES[Fate(fate)]
    if "channel" in parts:
        parts["channel"] = Channel(parts["channel"])
    return replace(start, **parts)


def _check(body: object, parts: Mapping[str, Read]) -> None:
    if not isinstance(body, dict):
        raise SettingsError("body: must be an object")
    for name, value in body.items():
        if name not in parts:
            raise SettingsError(f"{name}: must be one of {', '.join(parts)}")
        if not parts[name](value):
            raise SettingsError(f"{name}: no such value")
