"""Commands as a person runs them, with a fake engine behind a real socket."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from tests.link.conftest import folder, served  # noqa: F401 - the fixture is used here too
from tests.link.fake_engine import FakeEngine
from voiceslot_tui.cli.main import run

DEADLINE_S = 20.0


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    """Give a current folder with an engine's data folder in it, and no settings of anybody."""
    for name in list(os.environ):
        if name.startswith(("VOICESLOT_", "ELEVENLABS_", "TWILIO_", "WEBHOOK_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("VOICESLOT_DATA_DIR", str(folder / "data"))
    return folder


class Shell:
    """Runs commands in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Ran:
        reading, writing = os.pipe()
        # A pipe holds 64 KiB; what is longer is fed while the command reads.
        feeder = threading.Thread(target=_feed, args=(writing, stdin))
        feeder.start()
        with os.fdopen(reading, "rb", buffering=0) as source:
            self._monkeypatch.setattr("sys.stdin", source)
            try:
                code = run(list(arguments))
            finally:
                BytesIO(source.read())
                feeder.join(DEADLINE_S)
        out, err = self._capfd.readouterr()
        return Ran(code, out, err)


def _feed(descriptor: int, stdin: bytes) -> None:
    with os.fdopen(descriptor, "wb") as sink:
        sink.write(stdin)


@pytest.fixture
def shell(home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capfd)


@pytest.fixture
def engine(home: Path) -> Iterator[FakeEngine]:
    """Give a fake engine that answers at the data folder's socket, in a thread of its own."""
    ready, done = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    engines: list[FakeEngine] = []

    async def serve() -> None:
        engines.append(FakeEngine())
        loops.append(asyncio.get_running_loop())
        async with served(engines[0], home / "data" / "voiceslot.sock"):
            ready.set()
            await done.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(DEADLINE_S)
    yield engines[0]
    loops[0].call_soon_threadsafe(done.set)
    thread.join(DEADLINE_S)
    assert not thread.is_alive()
