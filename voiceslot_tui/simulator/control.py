"""The judge's own endpoints: read the truth, change the world.

GET  /_simulator/truth              everything that was counted
GET  /_simulator/calls?after=N      the calls after a sequence number, as they really were
GET  /_simulator/settings           the settings in force
POST /_simulator/settings           {name: value, ...}: change settings
POST /_simulator/faults             {"faults": [rule, ...], "clear": bool}: see faults.read_rule
POST /_simulator/foreign            {"count", "talk_s"}: callers ring in
POST /_simulator/numbers            {number: {"outcome", "ring_s", "talk_s", "analysis_s"}}
POST /_simulator/hide               {"conversation_ids": [...]}: exactly these are in no list
POST /_simulator/reset              begin anew with the first settings (the server's own)

Those for messages stand in `message_control`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs

from voiceslot_tui.simulator.calls import Call, Script
from voiceslot_tui.simulator.exchange import Reply, Request, json_reply, read_json_object
from voiceslot_tui.simulator.faults import read_rule
from voiceslot_tui.simulator.message_control import CHANGES, READINGS
from voiceslot_tui.simulator.settings import SettingsError
from voiceslot_tui.simulator.words import Outcome
from voiceslot_tui.simulator.world import World

PREFIX = "/_simulator/"
MOST_CALLS = 10_000
MOST_FOREIGN = 1_000


def control(world: World, now: float, request: Request) -> Reply:
    """Answer a control request; wrong input is answered with 400 and the reason."""
    world.advance(now)
    name = request.path.removeprefix(PREFIX)
    try:
        if request.method == "GET":
            return _read(world, name, request)
        body = read_json_object(request.body or b"{}")
        if body is None:
            raise SettingsError("body: must be a JSON object")
        return _change(world, name, body)
    except SettingsError as error:
        return json_reply({"error": str(error)}, 400)


def truth_body(world: World) -> dict[str, Any]:
    """Give all that a judge asks for."""
    return {
        **world.truth.as_json(world.now),
        "platform_live": len(world.live),
        "webhooks": world.webhooks.as_json(),
        "messages": world.messenger.truth.as_json(),
        "callbacks": world.messenger.callbacks.as_json(),
        "faults": [rule.as_json() for rule in world.faults.rules],
    }


def dial_body(call: Call) -> dict[str, Any]:
    """Give one call as it really was."""
    return {
        "sequence": call.sequence,
        "conversation_id": call.conversation_id,
        "carrier_sid": call.carrier_sid,
        "attempt_id": call.attempt_id,
        "number": call.order.to_number,
        "provider": None if call.order.number is None else call.order.number.provider,
        "owner": call.order.owner,
        "rang": not call.fails_later,
        "is_burst": call.is_burst,
        "stuck": call.stuck,
        "started_at": call.started_at,
        "picked_up_at": call.picked_up_at,
        "hung_up_at": call.hung_up_at,
        "settled_at": call.settled_at,
        "outcome": call.outcome,
        "cut_by_carrier": call.cut_by_carrier,
    }


def _read(world: World, name: str, request: Request) -> Reply:
    match name:
        case "truth":
            return json_reply(truth_body(world))
        case "calls":
            return json_reply(_dial_log(world, request))
        case "settings":
            return json_reply(world.settings.as_json())
        case _ if name in READINGS:
            return READINGS[name](world, request)
        case _:
            return json_reply({"error": f"no such reading: {name}"}, 404)


def _dial_log(world: World, request: Request) -> dict[str, Any]:
    """Give the calls after a sequence number, in order."""
    after = parse_qs(request.query).get("after", ["-1"])[0]
    try:
        first = max(0, int(after) + 1)
    except ValueError as error:
        raise SettingsError("after: must be an integer") from error
    calls = world.calls[first : first + MOST_CALLS]
    return {
        "calls": [dial_body(call) for call in calls],
        "has_more": first + len(calls) < len(world.calls),
    }


def _change(world: World, name: str, body: Mapping[str, Any]) -> Reply:
    match name:
        case "settings":
            world.configure(body)
            return json_reply(world.settings.as_json())
        case "faults":
            return _change_faults(world, body)
        case "foreign":
            return _start_foreign(world, body)
        case "numbers":
            world.scripts.update({number: _script(script) for number, script in body.items()})
            return json_reply({"scripted": len(world.scripts)})
        case "hide":
            return _hide(world, body)
        case _ if name in CHANGES:
            return CHANGES[name](world, body)
        case _:
            return json_reply({"error": f"no such change: {name}"}, 404)


def _change_faults(world: World, body: Mapping[str, Any]) -> Reply:
    """Add the rules of `faults`, after clearing where `clear` is true."""
    rules = body.get("faults", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise SettingsError("faults: must be a list of objects")
    read = [read_rule(rule) for rule in rules]
    if body.get("clear") is True:
        world.faults.clear()
    for rule in read:
        world.faults.add(rule)
    return json_reply({"faults": [rule.as_json() for rule in world.faults.rules]})


def _start_foreign(world: World, body: Mapping[str, Any]) -> Reply:
    count, talk_s = body.get("count", 1), body.get("talk_s", 60.0)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_FOREIGN:
        raise SettingsError(f"count: must be 1 to {MOST_FOREIGN}")
    calls = world.start_foreign(count, _seconds("talk_s", talk_s), world.now)
    return json_reply({"conversation_ids": [call.conversation_id for call in calls]})


def _hide(world: World, body: Mapping[str, Any]) -> Reply:
    ids = body.get("conversation_ids", [])
    if not isinstance(ids, list):
        raise SettingsError("conversation_ids: must be a list")
    world.hidden_ids = {str(conversation_id) for conversation_id in ids}
    return json_reply({"hidden": sorted(world.hidden_ids)})


def _script(body: object) -> Script:
    if not isinstance(body, dict) or set(body) - set(asdict(Script())):
        raise SettingsError("numbers: expected outcome, ring_s, talk_s, analysis_s by number")
    outcome = body.get("outcome")
    if outcome is not None and outcome not in set(Outcome):
        raise SettingsError(f"outcome: must be one of {', '.join(Outcome)}")
    times = {
        name: _seconds(name, body[name])
        for name in ("ring_s", "talk_s", "analysis_s")
        if body.get(name) is not None
    }
    return Script(None if outcome is None else Outcome(outcome), **times)


def _seconds(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise SettingsError(f"{name}: must be a number of seconds")
    return float(value)
