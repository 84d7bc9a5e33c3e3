"""A caller of the simulated world without sockets: what the unit tests speak through."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from voiceslot_tui.simulator.api import handle
from voiceslot_tui.simulator.control import control
from voiceslot_tui.simulator.exchange import Reply, Request
from voiceslot_tui.simulator.settings import WorldSettings
from voiceslot_tui.simulator.webhooks import Delivery
from voiceslot_tui.simulator.world import World

BEGIN = 1_900_000_000.0
KEYS = {"xi-api-key": "simulator-key"}
LIVE_ONLY = [
    ("exclude_statuses", "processing"),
    ("exclude_statuses", "done"),
    ("exclude_statuses", "failed"),
]
CALM = WorldSettings(
    ring_s=5.0,
    ring_spread=0.0,
    talk_s=20.0,
    talk_spread=0.0,
    analysis_s=2.0,
    answered_weight=1.0,
    voicemail_weight=0.0,
    no_answer_weight=0.0,
    busy_weight=0.0,
    failed_weight=0.0,
    webhook_url="http://127.0.0.1/webhook",
)
"""Everybody answers after 5 s and talks for 20 s; the analysis takes 2 s."""


class Telephone:
    """One world and the moment it stands at."""

    def __init__(self, **changes: Any) -> None:
        self.now = BEGIN
        self.world = World(replace(CALM, **changes), self.now)

    def send(
        self, method: str, path: str, query: str = "", body: object = None, **headers: str
    ) -> Reply:
        content = b"" if body is None else json.dumps(body).encode()
        request = Request(method, path, query, {**KEYS, **headers}, content)
        return handle(self.world, self.now, request)

    def start(
        self,
        to_number: str = "+12025550110",
        attempt: str | None = None,
        *,
        route: str = "twilio",
        number_id: str = "phnum_sim_twilio",
        variables: Mapping[str, object] | None = None,
        user_id: str | None = None,
        ring_timeout_s: int | None = None,
        agent_id: str = "agent_sim_reminders",
    ) -> Reply:
        known = {} if attempt is None else {"voiceslot_attempt_id": attempt}
        body: dict[str, object] = {
            "agent_id": agent_id,
            "agent_phone_number_id": number_id,
            "to_number": to_number,
            "conversation_initiation_client_data": {
                "dynamic_variables": {**known, **(variables or {})},
                **({} if user_id is None else {"user_id": user_id}),
            },
        }
        if ring_timeout_s is not None:
            body["telephony_call_config"] = {"ringing_timeout_secs": ring_timeout_s}
        return self.send("POST", f"/v1/convai/{route}/outbound-call", body=body)

    def started(self, *numbers: str, **options: Any) -> list[str]:
        """Start calls that must be accepted, and give their conversation ids."""
        return [read(self.start(number, **options))["conversation_id"] for number in numbers]

    def get(self, path: str, *query: tuple[str, object]) -> dict[str, Any]:
        reply = self.send("GET", path, urlencode(query))
        assert reply.status == 200, reply.body
        return read(reply)

    def listed(self, *query: tuple[str, object]) -> list[str]:
        """List one page and give the ids."""
        page = self.get("/v1/convai/conversations", *query)
        return [item["conversation_id"] for item in page["conversations"]]

    def status(self, conversation_id: str) -> str:
        return str(self.get(f"/v1/convai/conversations/{conversation_id}")["status"])

    def control(self, method: str, name: str, body: object = None, query: str = "") -> Reply:
        content = b"" if body is None else json.dumps(body).encode()
        request = Request(method, f"/_simulator/{name}", query, {}, content)
        return control(self.world, self.now, request)

    def truth(self) -> dict[str, Any]:
        return read(self.control("GET", "truth"))

    def let_pass(self, seconds: float) -> None:
        self.now += seconds
        self.world.advance(self.now)

    def deliveries(self) -> list[Delivery]:
        return self.world.take_deliveries(self.now)

    def let_all_end(self) -> None:
        """Go on until nothing more happens by itself."""
        while (due := self.world.next_event_at()) is not None:
            self.now = max(self.now, due)
            self.world.advance(self.now)


def read(reply: Reply) -> dict[str, Any]:
    body = json.loads(reply.body)
    assert isinstance(body, dict)
    return body


def people(count: int) -> list[str]:
    """Give so many numbers of a range reserved for fiction."""
    return [f"+1202555{index // 100 + 1:02d}{index % 100:02d}" for index in range(count)]
