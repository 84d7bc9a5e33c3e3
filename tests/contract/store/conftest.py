"""The stores that the conformance suite is run against; another one is added to `FACTORIES`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.store.messages import Messages
from tests.contract.store.stores import FACTORIES, Opened


@pytest.fixture(params=FACTORIES, ids=lambda factory: factory.__name__)
async def opened(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opened]:
    """Give an empty store that can be closed and opened again."""
    opened = Opened(request.param, tmp_path / "data" / "voiceslot.db")
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def messages(opened: Opened) -> Messages:
    """Give the messages of the empty store."""
    return Messages(opened)
