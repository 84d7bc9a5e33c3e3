"""What a demo starts: the simulated world and an engine that knows no other.

Settings and `.env` of whoever starts it are not read: the children see a fixed environment, in
which every address is loopback and every key is the simulator's.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final
from urllib.request import ProxyHandler, Request, build_opener

from voiceslot_tui.cli.child_process import LOOK_EVERY_S, ChildProcess, DiedEarly
from voiceslot_tui.cli.demo_folder import DemoFolder
from voiceslot_tui.cli.ending_signals import EndingSignals
from voiceslot_tui.cli.engine_process import START_TIMEOUT_S, await_engine, start_engine
from voiceslot_tui.core.limits import LINK_ANSWER_TIMEOUT_S
from voiceslot_tui.simulator.templates import FOLLOW_UP_TEMPLATE_SID

LOOPBACK: Final = "127.0.0.1"
LIMIT: Final = 5
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "TZ", "XDG_RUNTIME_DIR")
_ENGINE_SETTINGS: Final = {
    "ELEVENLABS_API_KEY": "simulator-key",
    "ELEVENLABS_CONCURRENCY_LIMIT": str(LIMIT),
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "simulator-token",
    "WEBHOOK_SECRET": "simulator-webhook-secret",
    "VOICESLOT_API_KEY": "the-api-key-of-a-simulated-world",
    "CALLS_PER_SECOND": "2",
    "LIST_LAG_S": "2",
    "TWILIO_WHATSAPP_NUMBER": "+12025550170",
    "FOLLOW_UP_CONTENT_SID": FOLLOW_UP_TEMPLATE_SID,
    "FOLLOW_UP_SENDER_NAME": "Clínica Sol",
    "FOLLOW_UP_QUIET_HOURS": "none",
    "BATCH_POLL_INTERVAL_S": "3",
    "HOST": LOOPBACK,
}


class World:
    """The simulated world of a demo, at an address on this machine."""

    def __init__(self, address: str) -> None:
        self.address = address

    def truth(self) -> dict[str, Any]:
        """Read what really happened."""
        return self._exchange("truth", None)

    def send_news_to(self, listener: str) -> None:
        """Tell it where the webhooks go, and what people write."""
        hooks = {"webhook_url": f"{listener}/webhook/elevenlabs"}
        self._exchange("settings", {**hooks, "inbound_url": f"{listener}/webhook/twilio"})

    def submit_batch(self, body: Mapping[str, object]) -> None:
        """Submit a batch call, as somebody else in the workspace does."""
        self._send("/v1/convai/batch-calling/submit", body)

    def _exchange(self, name: str, body: Mapping[str, object] | None) -> dict[str, Any]:
        return self._send(f"/_simulator/{name}", body)

    def _send(self, path: str, body: Mapping[str, object] | None) -> dict[str, Any]:
        raw = None if body is None else json.dumps(body).encode()
        headers = {
            "Content-Type": "application/json",
            "xi-api-key": _ENGINE_SETTINGS["ELEVENLABS_API_KEY"],
        }
        request = Request(self.address + path, raw, headers)  # noqa: S310 - loopback
        with build_opener(ProxyHandler({})).open(request, timeout=LINK_ANSWER_TIMEOUT_S) as answer:
            read: dict[str, Any] = json.load(answer)
        return read


@contextmanager
def running_world(folder: DemoFolder, ending: EndingSignals) -> Iterator[World]:
    """Run a simulated world as long as the block lasts. Raise DiedEarly where it does not start."""
    output = folder.places.folder / "simulator-output.log"
    arguments = ["simulator", "--demo", "--limit", str(LIMIT)]
    with ExitStack() as started:
        with ending.held():
            process = ChildProcess(arguments, output, _environment(folder))
            started.callback(process.stop)
            folder.note_process(process.pid)
        yield World(_address_of(process))


@contextmanager
def running_engine(
    folder: DemoFolder, world: World, ending: EndingSignals
) -> Iterator[ChildProcess]:
    """Run an engine on a simulated world as long as the block lasts."""
    port = _free_port()
    environment = {
        **_environment(folder),
        **_ENGINE_SETTINGS,
        "ELEVENLABS_BASE_URL": world.address,
        "TWILIO_BASE_URL": world.address,
        "PORT": str(port),
    }
    with ExitStack() as started:
        with ending.held():
            process = start_engine(folder.places, ["serve", "--demo"], environment)
            started.callback(process.stop)
            folder.note_process(process.pid)
        await_engine(process, folder.places)
        world.send_news_to(f"http://{LOOPBACK}:{port}")
        yield process


def _environment(folder: DemoFolder) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "VOICESLOT_DATA_DIR": str(folder.places.folder)}


def _address_of(simulator: ChildProcess) -> str:
    for _ in range(round(START_TIMEOUT_S / LOOK_EVERY_S)):
        _, _, address = simulator.printed().partition("listening on ")
        if address.endswith("\n"):
            return _loopback_only(address.split()[0])
        if simulator.ended():
            break
    raise DiedEarly(f"the simulated world did not start: {simulator.last_words()}")


def _loopback_only(address: str) -> str:
    if not address.startswith(f"http://{LOOPBACK}:"):
        raise DiedEarly(f"the simulated world listens at {address}, not on {LOOPBACK} alone")
    return address


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port
