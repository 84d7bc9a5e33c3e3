"""Who may attach, under which name, and what becomes of links that break the rules."""

from __future__ import annotations

import asyncio
import getpass
import grp
import os
import socket
import stat
from pathlib import Path

import pytest

from tests.link.conftest import DEADLINE_S, served
from tests.link.fake_engine import FakeEngine
from voiceslot_tui.core.errors import Rejected, SettingsInvalid
from voiceslot_tui.core.limits import (
    LABEL_CHARS_MAX,
    LINK_CLIENTS_MAX,
    LINK_LINE_BYTES_MAX,
)
from voiceslot_tui.link.client import Dismissed, Link, LinkLost, NoEngine
from voiceslot_tui.link.server.peers import clean_label
from voiceslot_tui.link.watch import Connected, Lost, Watch
from voiceslot_tui.wire import control


async def answer_to(path: Path, said: bytes) -> list[control.FromEngine]:
    """Say something on a link of its own and give all that comes until the engine closes it."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(said)
    async with asyncio.timeout(DEADLINE_S):
        heard = await reader.read()
    writer.close()
    await writer.wait_closed()
    return [control.read_engine_line(line) for line in heard.splitlines()]


# --- the handshake


@pytest.mark.usefixtures("server")
async def test_another_protocol_is_told_what_to_do(path: Path) -> None:
    (goodbye,) = await answer_to(path, control.line(control.Hello(control.PROTOCOL + 1, "7.7")))
    assert isinstance(goodbye, control.Goodbye)
    assert goodbye.code == "protocol"
    assert "voiceslot 9.9" in goodbye.message
    assert f"end process {os.getpid()}" in goodbye.message


async def test_the_client_repeats_why_it_was_turned_away(folder: Path) -> None:
    def turn_away(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(control.line(control.Goodbye("protocol", "update the older of the two")))
        writer.close()

    newer = await asyncio.start_unix_server(turn_away, folder / "newer.sock")
    with pytest.raises(Dismissed, match="update the older of the two"):
        await Link.connect(folder / "newer.sock")
    newer.close()


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xfe\n",
        b'{"type":"ask","number":1,"body":{"type":"resume"}}\n',
        control.line(control.Hello(control.PROTOCOL, "1")) * 2,
        b"x" * (LINK_LINE_BYTES_MAX + 2),
    ],
    ids=["http", "bytes", "no-hello", "two-hellos", "too-long"],
)
async def test_an_unreadable_link_is_closed_and_no_other(path: Path, said: bytes) -> None:
    other = await Link.connect(path)
    *_, goodbye = await answer_to(path, said)
    assert isinstance(goodbye, control.Goodbye)
    assert goodbye.code == "unreadable"
    assert (await other.ask(control.Explain())).lines
    other.close()


@pytest.mark.usefixtures("server")
async def test_who_says_nothing_is_not_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voiceslot_tui.link.server.attached.LINK_HELLO_TIMEOUT_S", 0.05)
    (goodbye,) = await answer_to(path, b"")
    assert isinstance(goodbye, control.Goodbye)
    assert goodbye.code == "silent"


@pytest.mark.usefixtures("server")
async def test_one_console_too_many_is_turned_away(path: Path) -> None:
    links = [await Link.connect(path) for _ in range(LINK_CLIENTS_MAX)]
    with pytest.raises(Dismissed, match="attached already"):
        await Link.connect(path)
    assert (await links[0].ask(control.Explain())).lines
    for link in links:
        link.close()


# --- who it is


@pytest.mark.usefixtures("server")
async def test_the_name_is_the_kernels_and_the_label_a_claim(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "ana")
    monkeypatch.setenv("SSH_CONNECTION", "203.0.113.7 50122 10.0.0.1 22")
    link = await Link.connect(path)
    known_to_the_kernel = f"{getpass.getuser()} (uid {os.getuid()}"
    assert link.operator == f"{known_to_the_kernel}, says: ana from 203.0.113.7)"
    link.close()


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        ("ana from 203.0.113.7", "ana from 203.0.113.7"),
        ("x) root (uid 0", "x root uid 0"),
        ("\x1b]52;c;aGk=\x07ana\r\nb", "52caGkana b"),
        ("José", "José"),
        ("y" * 500, "y" * LABEL_CHARS_MAX),
        ("", ""),
    ],
)
def test_a_label_can_pretend_nothing(label: str, kept: str) -> None:
    assert clean_label(label) == kept


# --- the file


@pytest.mark.usefixtures("server")
def test_only_the_owner_may_open_the_socket(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_group_may_attach_where_the_settings_name_one(
    engine: FakeEngine, path: Path
) -> None:
    group = grp.getgrgid(os.getgid())
    async with served(engine, path, group.gr_name):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert path.stat().st_gid == group.gr_gid
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o710


async def test_a_group_that_does_not_exist_is_named(engine: FakeEngine, path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="no group 'nobody-knows-it'"):
        async with served(engine, path, "nobody-knows-it"):
            pass


async def test_a_dead_socket_is_taken_over(engine: FakeEngine, path: Path) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with served(engine, path):
        link = await Link.connect(path)
        link.close()
    assert not path.exists()


@pytest.mark.usefixtures("server")
async def test_a_living_socket_is_left_alone(engine: FakeEngine, path: Path) -> None:
    with pytest.raises(Rejected, match="already answers"):
        async with served(FakeEngine(), path):
            pass
    link = await Link.connect(path)
    await link.ask(control.SetLimit(3))
    assert engine.asked[-1][:2] == ("limit", "3")
    link.close()


async def test_a_file_in_the_way_is_not_removed(engine: FakeEngine, path: Path) -> None:
    path.parent.mkdir()
    path.write_text("precious")
    with pytest.raises(Rejected, match="in the way"):
        async with served(engine, path):
            pass
    assert path.read_text() == "precious"


async def test_the_socket_of_a_successor_is_not_removed(engine: FakeEngine, path: Path) -> None:
    async with served(engine, path):
        path.unlink()
        path.write_text("a successor's")
    assert path.exists()


# --- the end of an engine, seen from a console


async def test_an_engine_that_stops_says_so(engine: FakeEngine, path: Path) -> None:
    async with served(engine, path):
        link = await Link.connect(path, watch=True)
    with pytest.raises(LinkLost, match="the engine has stopped"):
        async for _ in link.news():
            pass


async def test_a_link_comes_back_with_the_engine(engine: FakeEngine, path: Path) -> None:
    watch = Watch(path, jitter=lambda: 0.0)
    states = aiter(watch)
    async with asyncio.timeout(DEADLINE_S):
        lost = await anext(states)
        assert isinstance(lost, Lost)
        assert "no engine answers" in lost.reason
        for _ in range(2):
            async with served(engine, path):
                state = await anext(states)
                while not isinstance(state, Connected):
                    state = await anext(states)
                assert watch.link is state.link
                assert isinstance(await anext(states), control.Pushed)
            state = await anext(states)
            assert isinstance(state, Lost)
            assert state.reason == "the engine has stopped"
            assert (state.tries, watch.link) == (1, None)


async def test_a_silent_engine_is_noticed(folder: Path) -> None:
    path = folder / "mute.sock"
    welcome = control.line(control.Welcome(control.PROTOCOL, "1", "ana"))
    open_links = []

    async def greet_and_freeze(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(welcome)
        open_links.append(writer)

    frozen = await asyncio.start_unix_server(greet_and_freeze, path)
    link = await Link.connect(path, watch=True)
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(LinkLost, match="fallen silent"):
            async for _ in link.news():
                pass
    plain = await Link.connect(path)
    assert not plain.lost, "a command waits for its answer, not for beats"
    plain.close()
    for writer in open_links:
        writer.close()
    frozen.close()


async def test_an_engine_that_never_greets_is_given_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voiceslot_tui.link.client.LINK_HELLO_TIMEOUT_S", 0.05)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(folder / "mute.sock"))
        mute.listen()
        with pytest.raises(NoEngine, match="suspended"):
            await Link.connect(folder / "mute.sock")
