"""A link with a fake engine behind it, in a folder of its own."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from tests.link.fake_engine import FakeClock, FakeEngine
from voiceslot_tui.link.server.serving import LinkServer

if TYPE_CHECKING:
    from voiceslot_tui.engine.engine import Engine

DEADLINE_S = 10.0


@asynccontextmanager
async def served(engine: FakeEngine, path: Path, group: str = "") -> AsyncIterator[LinkServer]:
    """Serve an engine at a path; nobody answers there any more afterwards."""
    server = LinkServer(cast("Engine", engine), path, clock=FakeClock(), version="9.9", group=group)
    server.open()
    running = asyncio.get_running_loop().create_task(server.run())
    try:
        yield server
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        server.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder whose path is short enough for a socket."""
    made = Path(tempfile.mkdtemp(prefix="vs"))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "s" / "engine.sock"


@pytest.fixture
async def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
async def server(engine: FakeEngine, path: Path) -> AsyncIterator[LinkServer]:
    async with served(engine, path) as server:
        yield server
