"""Alerts by whatever ALERT_URLS names: through a stand-in for the optional library."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from voiceslot_tui import logs
from voiceslot_tui.providers import heralds
from voiceslot_tui.providers.heralds import AppriseHerald

TOKEN = "123456:secret-of-the-bot"
URLS = f"tgram://{TOKEN}/1,slack://b"
TALKATIVE = logging.getLogger("apprise")


class Library(ModuleType):
    """The library as far as it is used: its manager, whose servers work or do not."""

    def __init__(self) -> None:
        super().__init__("apprise")
        self.told: list[tuple[str, str, str]] = []
        self.broken: set[str] = set()
        self.raises: set[str] = set()
        self.hangs = threading.Event()
        self.hangs.set()
        library = self

        class Apprise:
            def __init__(self) -> None:
                self.servers: list[str] = []

            def __iter__(self) -> Iterator[str]:
                return iter(self.servers)

            def add(self, servers: str) -> bool:
                known = [one for one in servers.split(",") if "://" in one]
                TALKATIVE.error("Unparseable URL %s", servers)
                self.servers += known
                return len(known) == len(servers.split(","))

            def notify(self, body: str, title: str, body_format: str) -> bool:
                assert body_format == "text"
                (server,) = self.servers
                library.hangs.wait(20)
                if server in library.raises:
                    raise RuntimeError(f"could not reach {server}")
                if server in library.broken:
                    TALKATIVE.warning("Failed to send to %s", server)
                    return False
                library.told.append((server, title, body))
                return True

        self.Apprise: Any = Apprise


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    made = Library()
    monkeypatch.setitem(sys.modules, "apprise", made)
    return made


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "log"
    log = logs.open_log(path, secrets=[URLS])
    yield path
    log.close()


def a_herald(urls: str = URLS) -> AppriseHerald:
    return AppriseHerald(lambda: urls, timeout_s=20)


async def test_every_address_is_told_once(library: Library) -> None:
    herald = a_herald()
    assert await herald.tell("subject", "text")
    assert [server for server, _, _ in library.told] == URLS.split(",")
    assert library.told[0][1:] == ("subject", "text")
    assert await herald.tell("subject 2", "text")
    assert len(library.told) == 4


async def test_only_the_address_that_failed_is_told_again(library: Library) -> None:
    herald = a_herald()
    library.broken = {"slack://b"}
    assert not await herald.tell("subject", "text")
    assert not await herald.tell("subject", "text")
    library.broken = set()
    assert await herald.tell("subject", "text")
    assert [server for server, _, _ in library.told] == URLS.split(",")


@pytest.mark.parametrize("urls", ["", "nonsense"])
async def test_without_an_address_that_is_understood_nobody_was_told(
    urls: str, library: Library
) -> None:
    assert not await a_herald(urls).tell("subject", "text")
    assert library.told == []


async def test_no_word_of_the_library_reaches_the_log(library: Library, log_file: Path) -> None:
    herald = a_herald(f"{URLS},nonsense-{TOKEN}")
    library.broken, library.raises = {f"tgram://{TOKEN}/1"}, {"slack://b"}
    assert not await herald.tell("subject", "text")
    library.raises = {f"tgram://{TOKEN}/1"}
    assert not await herald.tell("subject", "text")
    written = log_file.read_text()
    assert written.count("alert_not_told") >= 3
    assert "RuntimeError" in written
    assert "secret-of-the-bot" not in written
    assert "tgram" not in written


async def test_where_the_library_is_missing_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch, log_file: Path
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    herald = a_herald()
    for _ in range(3):
        assert not await herald.tell("subject", "text")
    written = log_file.read_text()
    assert written.count("pip install") == 1
    assert "voiceslot[alerts]" in written


async def test_a_library_that_hangs_is_not_waited_for_nor_asked_twice(library: Library) -> None:
    library.hangs.clear()
    herald = AppriseHerald(lambda: URLS, timeout_s=0.2)
    try:
        assert await herald.tell("subject", "text"), "it may have arrived"
        assert not await herald.tell("another", "text"), "one thread at most"
        assert library.told == []
    finally:
        library.hangs.set()


def test_the_library_is_not_loaded_with_the_heralds() -> None:
    assert "import apprise" not in Path(heralds.__file__).read_text()
