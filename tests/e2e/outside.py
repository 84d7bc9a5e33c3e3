"""What people and strangers do to a rig from outside: commands, requests, signed and forged news.

Nothing here raises for an answer that is no success: the answer is what a test looks at.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.e2e.rig import AGENT, API_KEY, WEBHOOK_SECRET, Rig, Simulator, call_json


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the listener; `headers` by lower-case names, `body` is its JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def error(self) -> dict[str, Any]:
        """Give the error that a refusal carries; empty where nothing was refused."""
        found = self.body.get("error", {}) if isinstance(self.body, dict) else {}
        return dict(found)


def post(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    """Send a JSON body as it is, and give the answer, whatever it is."""
    kind = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body, {**kind, **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=15) as found:
            return _answer(found.status, found.headers, found.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return _answer(refused.code, refused.headers, refused.read())


def _answer(status: int, headers: Any, body: bytes) -> Answer:
    return Answer(status, {k.lower(): v for k, v in headers.items()}, json.loads(body or b"null"))


def enqueue_body(number: object, priority: object = 0, **payload: object) -> dict[str, Any]:
    """Give a body for /enqueue-call; anything in it may be wrong on purpose."""
    given = {"agentId": AGENT, "agentPhoneNumberId": "phnum_sim_twilio", "toNumber": number}
    return {"payload": {**given, **payload}, "priority": priority}


def enqueue(made: Rig, body: object, headers: Mapping[str, str] | None = None) -> Answer:
    """Ask for a call over HTTP."""
    return post(f"{made.url}/enqueue-call", json.dumps(body).encode(), headers)


def sign(body: bytes, *, age_s: float = 0.0, secret: str = WEBHOOK_SECRET) -> dict[str, str]:
    """Sign a webhook so many seconds ago, as the vendor documents it; give the header."""
    timestamp = int(time.time() - age_s)
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"ElevenLabs-Signature": f"t={timestamp},v0={digest}"}


def tell(made: Rig, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    """Send a webhook to the engine."""
    return post(f"{made.url}/webhook/elevenlabs", body, headers)


def told_over(conversation_id: str) -> bytes:
    """Write the vendor's own webhook of a talk that was answered and is over."""
    data = {
        "agent_id": AGENT,
        "conversation_id": conversation_id,
        "status": "done",
        "transcript": [],
        "metadata": {"start_time_unix_secs": int(time.time()), "call_duration_secs": 3},
    }
    envelope = {"type": "post_call_transcription", "event_timestamp": int(time.time())}
    return json.dumps({**envelope, "data": data}).encode()


def submit_batch(world: Simulator, numbers: list[str], **more: object) -> str:
    """Let the platform run a batch of its own in the same workspace; give its id."""
    body = {
        "call_name": "a batch of somebody else",
        "agent_id": AGENT,
        "agent_phone_number_id": "phnum_sim_twilio",
        "recipients": [{"phone_number": number} for number in numbers],
        **more,
    }
    path = "/v1/convai/batch-calling/submit"
    return str(call_json(world.address + path, body, {"xi-api-key": API_KEY})["id"])


def read_batch(world: Simulator, batch_id: str) -> dict[str, Any]:
    """Read a batch as the platform tells it."""
    url = f"{world.address}/v1/convai/batch-calling/{batch_id}"
    return dict(call_json(url, None, {"xi-api-key": API_KEY}))


def voiceslot(made: Rig, *arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    """Run the command as an operator of this rig's engine would."""
    return subprocess.run(
        [sys.executable, "-m", "voiceslot_tui", *arguments],
        cwd=made.folder,
        env={**made.environment(**more), "TERM": os.environ.get("TERM", "dumb")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def status(made: Rig) -> dict[str, Any]:
    """Read the snapshot by `voiceslot status --json`."""
    ran = voiceslot(made, "status", "--json")
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout))
