"""A sender of messages in the simulated world: what the messenger's unit tests speak through."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.unit.simulator.telephone import Telephone, read
from voiceslot_tui.simulator.api import handle
from voiceslot_tui.simulator.exchange import Reply, Request
from voiceslot_tui.simulator.settings import WorldSettings

SETTINGS = WorldSettings()
ACCOUNT = SETTINGS.account_sid
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
FOLLOW_UP = f"HX{2:032x}"
OFFER = f"HX{3:032x}"
UNAPPROVED = f"HX{4:032x}"
NAMES = {"1": "Ana", "2": "the front desk"}
PERSON = "+12025550110"
BRITON = "+447700900123"
OURS, SANDBOX = SETTINGS.whatsapp_senders[0], SETTINGS.sandbox_sender
STEADY: dict[str, Any] = {
    "message_queue_s": 1.0,
    "message_delivery_s": 2.0,
    "message_read_s": 10.0,
    "message_spread": 0.0,
    "message_read_share": 1.0,
}
"""Sent after 1 s, delivered 2 s later, read 10 s after that."""


class Correspondence(Telephone):
    """One world, asked in Twilio's way."""

    def __init__(self, **changes: Any) -> None:
        super().__init__(**(STEADY | changes))

    def ask(
        self,
        method: str,
        path: str,
        form: dict[str, str] | bytes | None = None,
        query: str = "",
        token: str = SETTINGS.account_token,
    ) -> Reply:
        credentials = b64encode(f"{ACCOUNT}:{token}".encode()).decode()
        headers = {"authorization": f"Basic {credentials}"}
        body = form if isinstance(form, bytes) else urlencode(form or {}).encode()
        return handle(self.world, self.now, Request(method, path, query, headers, body))

    def post(self, to: str = PERSON, *, channel: str = "whatsapp", **form: str) -> Reply:
        prefix = "whatsapp:" if channel == "whatsapp" else ""
        sender = OURS if channel == "whatsapp" else SETTINGS.sms_senders[0]
        given = {"To": f"{prefix}{to}", "From": f"{prefix}{sender}", "Body": "Hello"} | form
        if "ContentSid" in given:
            given.pop("Body")
        return self.ask("POST", MESSAGES, {name: text for name, text in given.items() if text})

    def post_template(self, to: str = PERSON, sid: str = FOLLOW_UP, **form: str) -> Reply:
        return self.post(to, **{"ContentSid": sid, "ContentVariables": json.dumps(NAMES)} | form)

    def sent(self, *arguments: Any, **form: str) -> str:
        """Send a template that must be taken, and give its sid."""
        reply = self.post_template(*arguments, **form)
        assert reply.status == 201, reply.body
        return str(read(reply)["sid"])

    def texted(self, *arguments: Any, **form: str) -> str:
        """Send free text that must be taken, and give its sid."""
        reply = self.post(*arguments, **form)
        assert reply.status == 201, reply.body
        return str(read(reply)["sid"])

    def message(self, sid: str) -> dict[str, Any]:
        reply = self.ask("GET", MESSAGES.replace(".json", f"/{sid}.json"))
        assert reply.status == 200, reply.body
        return read(reply)

    def ended(self, sid: str) -> tuple[str, int | None]:
        """Let everything happen, and give the status and the code."""
        self.let_all_end()
        body = self.message(sid)
        return body["status"], body["error_code"]

    def listing(self, **query: object) -> dict[str, Any]:
        reply = self.ask("GET", MESSAGES, query=urlencode(query))
        assert reply.status == 200, reply.body
        return read(reply)

    def sids(self, **query: object) -> list[str]:
        return [message["sid"] for message in self.listing(**query)["messages"]]

    def hear(self, body: str, number: str = PERSON, **more: str) -> str:
        reply = self.control("POST", "inbound", {"from": number, "body": body, **more})
        assert reply.status == 200, reply.body
        return str(read(reply)["sid"])

    def script(self, number: str = PERSON, **script: object) -> None:
        assert self.control("POST", "people", {number: script}).status == 200

    def message_truth(self) -> dict[str, Any]:
        truth = self.truth()["messages"]
        assert isinstance(truth, dict)
        return truth

    def news(self) -> list[dict[str, str]]:
        """Give the forms of the deliveries that are due now."""
        return [form_of(delivery.body) for delivery in self.deliveries()]

    def all_news(self) -> list[dict[str, str]]:
        """Let everything happen, and give the forms in the order they went out."""
        forms = self.news()
        while (due := self.world.next_event_at()) is not None:
            self.now = max(self.now, due)
            forms += self.news()
        return forms


def form_of(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def refusal_of(reply: Reply) -> tuple[int, int]:
    body = read(reply)
    assert set(body) == {"code", "message", "more_info", "status"}
    assert body["status"] == reply.status
    return reply.status, body["code"]
