"""A rig of real processes: the simulator and the engine, started, killed and judged from outside.

The engine is started as a user would start it, with settings in its environment. What happened is
read from the simulator, which knows who was really rung, and from the engine's own API.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
API_KEY: Final = "simulator-key"
WEBHOOK_SECRET: Final = "simulator-webhook-secret"
AGENT: Final = "agent_sim_reminders"
DEADLINE_S: Final = 30.0

_SIMULATOR: Final = """
import json, sys, time
from voiceslot_tui.simulator.launch import run
from voiceslot_tui.simulator.settings import WorldSettings
given = json.loads(sys.argv[1])
ahead_s, real = given.pop("ahead_s", 0.0), time.time
time.time = lambda: real() + ahead_s
world = WorldSettings(seed=given.pop("seed", 1)).changed(given)
run(world, port=int(sys.argv[2]))
"""


class RigError(AssertionError):
    """The rig did not come to the state that was waited for."""


def wait_for(
    what: str, check: Callable[[], Any], deadline_s: float = DEADLINE_S, every_s: float = 0.05
) -> Any:
    """Wait until a check gives something true and give it; fail with the words otherwise."""
    until = time.monotonic() + deadline_s
    last: object = None
    while time.monotonic() < until:
        try:
            last = check()
        except (OSError, urllib.error.URLError, ValueError) as problem:
            last = problem
        else:
            if last:
                return last
        time.sleep(every_s)
    raise RigError(f"not in {deadline_s:g} s: {what} (last: {last!r})")


def call_json(
    url: str,
    body: object | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = 5.0,
) -> Any:
    """GET, or POST a body, and give the answer's JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    with urllib.request.urlopen(request, timeout=timeout_s) as answer:
        return json.load(answer)


@dataclass
class Simulator:
    """The simulated telephone world in a process of its own."""

    process: subprocess.Popen[str]
    address: str

    def truth(self) -> dict[str, Any]:
        """Read what really happened."""
        return call_json(f"{self.address}/_simulator/truth")

    def change(self, **settings: object) -> None:
        """Change settings of the world while it runs."""
        call_json(f"{self.address}/_simulator/settings", settings)

    def faults(self, *rules: Mapping[str, object], clear: bool = True) -> None:
        """Let the platform misbehave by these rules, instead of the earlier ones."""
        call_json(f"{self.address}/_simulator/faults", {"faults": list(rules), "clear": clear})

    def foreign(self, count: int, talk_s: float) -> None:
        """Let others use slots."""
        call_json(f"{self.address}/_simulator/foreign", {"count": count, "talk_s": talk_s})

    def script(self, **numbers: object) -> None:
        """Decide how calls to some numbers go."""
        call_json(f"{self.address}/_simulator/numbers", numbers)

    def dials(self) -> list[dict[str, Any]]:
        """Read the dial log from its beginning."""
        calls: list[dict[str, Any]] = []
        while True:
            page = call_json(f"{self.address}/_simulator/calls?after={len(calls) - 1}")
            calls += page["calls"]
            if not page["has_more"]:
                return calls


@dataclass
class Rig:
    """One data folder with a simulator and, most of the time, an engine."""

    folder: Path
    simulator: Simulator
    env: dict[str, str] = field(default_factory=dict)
    engine: subprocess.Popen[str] | None = None
    port: int = 0
    without: tuple[str, ...] = ()
    """Settings that the rig would give and that this engine is to find elsewhere."""

    @property
    def data_dir(self) -> Path:
        """Give the engine's data folder."""
        return self.folder / "data"

    @property
    def url(self) -> str:
        """Give the address of the engine's listener."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self, **more: object) -> dict[str, str]:
        """Give the environment of an engine that talks to this rig's simulator."""
        address = self.simulator.address
        given = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "ELEVENLABS_API_KEY": API_KEY,
            "ELEVENLABS_BASE_URL": address,
            "TWILIO_BASE_URL": address,
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_AUTH_TOKEN": "simulator-token",
            "WEBHOOK_SECRET": WEBHOOK_SECRET,
            "CALLS_PER_SECOND": "0",
            "PORT": str(self.port),
            "VOICESLOT_DATA_DIR": str(self.data_dir),
            **self.env,
            **{name: str(value) for name, value in more.items()},
        }
        return {name: value for name, value in given.items() if name not in self.without}

    def start(
        self,
        *,
        wait: bool = True,
        program: Sequence[str] = ("-m", "voiceslot_tui", "serve"),
        **more: object,
    ) -> None:
        """Start an engine; more settings may be given by name."""
        with (self.folder / "engine.out").open("a") as out:
            self.engine = subprocess.Popen(
                [sys.executable, *program],
                cwd=self.folder,
                env=self.environment(**more),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                text=True,
            )
        if wait:
            wait_for("the engine answers", self.healthy)

    def healthy(self) -> bool:
        """Tell whether the engine answers; fail at once where it has died."""
        if self.engine is not None and self.engine.poll() is not None:
            raise RigError(f"the engine ended with {self.engine.returncode}: {self.output()}")
        return bool(call_json(f"{self.url}/health", timeout_s=1.0))

    def output(self) -> str:
        """Read what the engines of this rig printed."""
        return (self.folder / "engine.out").read_text()[-4000:]

    def kill(self, number: int = signal.SIGKILL) -> int:
        """Send the engine a signal and wait for its end; give its exit code."""
        assert self.engine is not None
        self.engine.send_signal(number)
        code = self.engine.wait(DEADLINE_S)
        self.engine = None
        return code

    def enqueue(self, number: str, priority: int = 0, key: str = "", **variables: object) -> str:
        """Put one call into the queue over HTTP; give its id."""
        payload: dict[str, object] = {
            "agentId": AGENT,
            "agentPhoneNumberId": "phnum_sim_twilio",
            "toNumber": number,
        }
        if variables:
            payload["conversationInitiationClientData"] = {"dynamic_variables": variables}
        headers = {"Idempotency-Key": key} if key else {}
        body = {"payload": payload, "priority": priority}
        return str(call_json(f"{self.url}/enqueue-call", body, headers)["id"])

    def stats(self) -> dict[str, Any]:
        """Read the engine's own figures."""
        return call_json(f"{self.url}/stats")

    def states(self) -> dict[str, int]:
        """Count the engine's calls by state."""
        return dict(self.stats()["snapshot"]["calls"])

    def stop(self) -> None:
        """End what this rig started."""
        if self.engine is not None and self.engine.poll() is None:
            self.engine.terminate()
            try:
                self.engine.wait(15)
            except subprocess.TimeoutExpired:
                self.engine.kill()
                self.engine.wait()


def free_port() -> int:
    """Find a port of the loopback interface that is free now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def number(index: int) -> str:
    """Give one of the invented people: numbers reserved for fiction."""
    area = 201 + index // 100
    return f"+1{area}55501{index % 100:02d}"


@contextmanager
def simulator(port: int = 0, **settings: object) -> Iterator[Simulator]:
    """Run a simulator for as long as the block lasts; its clock may be `ahead_s` of ours."""
    command = [sys.executable, "-c", _SIMULATOR, json.dumps(settings), str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = next(word for word in line.split() if word.startswith("http"))
        yield Simulator(process, address.rstrip("/"))
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def rig(folder: Path, env: Mapping[str, str] | None = None, **world: object) -> Iterator[Rig]:
    """Run a simulator with its webhooks aimed at an engine that the test starts itself."""
    port = free_port()
    hook = f"http://127.0.0.1:{port}/webhook/elevenlabs"
    with simulator(**{"webhook_url": hook, "webhook_secret": WEBHOOK_SECRET, **world}) as world_:
        folder.mkdir(parents=True, exist_ok=True)
        made = Rig(folder, world_, dict(env or {}), port=port)
        try:
            yield made
        finally:
            made.stop()
