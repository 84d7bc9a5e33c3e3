"""The link and the commands with the real engine, in processes, judged from outside."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import ROOT, Rig, number, rig, wait_for
from tests.link.conftest import DEADLINE_S
from tests.link.test_pushing import RawConsole
from voiceslot_tui.link.watch import Connected, Lost, Watch
from voiceslot_tui.wire import control


@pytest.fixture(scope="module")
def running() -> Iterator[Rig]:
    """Give an engine that dials nobody: paused before the first call is put into its queue."""
    folder = Path(tempfile.mkdtemp(prefix="vs"))
    with rig(folder) as made:
        made.start()
        yield made
    shutil.rmtree(folder)


def socket_of(made: Rig) -> Path:
    return made.data_dir / "voiceslot.sock"


def voiceslot(made: Rig, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command as a shell would."""
    return subprocess.run(
        [sys.executable, "-m", "voiceslot_tui", *arguments],
        env=made.environment(),
        cwd=made.folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_commands_do_what_they_say(running: Rig) -> None:
    assert voiceslot(running, "pause", "a test").returncode == 0
    one = ("--to", number(1), "--agent", "agent_sim_reminders", "--phone-number-id")
    ran = voiceslot(running, "enqueue", *one, "phnum_sim_twilio", "--name", "Ana")
    assert (ran.returncode, ran.stderr) == (0, "")
    first = ran.stdout.strip()
    payload = {"agentId": "agent_sim_reminders", "agentPhoneNumberId": "phnum_sim_twilio"}
    lines = [json.dumps({"payload": {**payload, "toNumber": number(n)}}) for n in range(2, 40)]
    ran = voiceslot(running, "enqueue", "--json", stdin="\n".join([*lines, "{}"]))
    assert ran.returncode == 1, "one line was bad"
    ids = json.loads(ran.stdout)["ids"]
    assert len(ids) == 38
    assert voiceslot(running, "prioritise", str(ids[-1]), "--top").returncode == 0
    assert voiceslot(running, "cancel", first).returncode == 0
    again = voiceslot(running, "cancel", first)
    assert (again.returncode, first in again.stderr) == (1, True)
    assert voiceslot(running, "limit", "3").returncode == 0
    assert "paused" in voiceslot(running, "explain", str(ids[0])).stdout
    assert voiceslot(running, "explain", "999999").returncode == 1
    snapshot = json.loads(voiceslot(running, "status", "--json").stdout)
    assert snapshot["calls"] == {"queued": 38, "cancelled": 1}
    assert snapshot["slots"]["limit"] == 3
    assert snapshot["paused_why"] == "a test"
    assert f"(uid {os.getuid()}" in snapshot["paused_by"]
    assert running.simulator.truth()["people_rung"] == 0


def test_batches_are_watched_as_often_as_said(running: Rig) -> None:
    assert voiceslot(running, "batches", "every", "7").returncode == 0
    shown = json.loads(voiceslot(running, "batches", "--json").stdout)
    assert (shown["checks"]["watching"], shown["checks"]["interval_s"]) == (True, 7.0)
    assert voiceslot(running, "batches", "watch", "off").returncode == 0
    assert "not watched" in voiceslot(running, "status").stdout
    assert voiceslot(running, "batches", "watch", "on").returncode == 0
    assert voiceslot(running, "batches", "check").returncode == 0
    ran = voiceslot(running, "batches", "show", "btcal_nobody")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert voiceslot(running, "messages").returncode == 0


async def test_an_idle_engine_sends_beats_only(running: Rig) -> None:
    console = await RawConsole.attach(socket_of(running))
    try:
        while not isinstance(await console.hear(), control.Beat):
            pass
        polls = running.simulator.truth()["requests_read"]
        heard = [await console.hear() for _ in range(5)]
        assert running.simulator.truth()["requests_read"] != polls, "it has read the platform since"
        pushed = [message for message in heard if isinstance(message, control.Pushed)]
        assert all(isinstance(message, control.Beat) for message in heard if message not in pushed)
        assert len(pushed) <= 1, "only a check of the batches may show something new"
    finally:
        console.leave()


async def test_a_killed_engine_is_noticed_and_found_again(running: Rig) -> None:
    assert voiceslot(running, "pause", "a test").returncode == 0
    watch = Watch(socket_of(running))
    states = aiter(watch)
    async with asyncio.timeout(DEADLINE_S * 3):
        assert isinstance(await anext(states), Connected)
        assert isinstance(await anext(states), control.Pushed)
        running.kill(signal.SIGKILL)
        state = await anext(states)
        while not isinstance(state, Lost):
            state = await anext(states)
        assert state.reason == "the engine is gone"
        assert socket_of(running).exists(), "it could not clean up"
        await asyncio.to_thread(running.start)
        while not isinstance(state, control.Pushed):
            state = await anext(states)
        assert state.snapshot.paused_why == "a test"
    watch.close()


def test_a_stopped_engine_leaves_no_socket(running: Rig) -> None:
    assert running.kill(signal.SIGTERM) == 0
    assert not socket_of(running).exists()
    ran = voiceslot(running, "status")
    assert (ran.returncode, ran.stdout) == (1, "")
    running.start()


# --- engines that commands start


def test_an_engine_is_started_where_none_runs(running: Rig) -> None:
    program = (
        "from voiceslot_tui.cli import asking, engine_process\n"
        "engine_process.ensure_engine(asking.places())"
    )
    running.kill(signal.SIGTERM)
    for _ in range(2):  # The second time there is nothing to do.
        ran = subprocess.run(
            [sys.executable, "-c", program],
            env=running.environment(),
            cwd=running.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
    snapshot = json.loads(voiceslot(running, "status", "--json").stdout)
    assert os.getsid(snapshot["pid"]) == snapshot["pid"], "it outlives the terminal"
    os.kill(snapshot["pid"], signal.SIGTERM)
    wait_for("the engine ends", lambda: not socket_of(running).exists())
    running.start()


def test_wrong_settings_are_listed_before_anything_starts(running: Rig, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    wrong = {"ELEVENLABS_CONCURRENCY_LIMIT": "five", "VOICESLOT_DATA_DIR": str(tmp_path / "data")}
    ran = subprocess.run(
        [sys.executable, "-m", "voiceslot_tui", "serve"],
        env={**environment, **wrong},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "ELEVENLABS_API_KEY: is missing" in ran.stderr
    assert "ELEVENLABS_CONCURRENCY_LIMIT: " in ran.stderr
    assert not (tmp_path / "data").exists()


# --- the demo


def processes_of(folder: Path) -> list[int]:
    """Name the living processes whose environment names a demo's folder."""
    sign = b"VOICESLOT_DATA_DIR=" + os.fsencode(folder)
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if sign in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def demo(folder: Path, seconds: int) -> subprocess.Popen[str]:
    """Start a demo without a terminal, in an environment that would reach the real platform."""
    misleading = {
        "ELEVENLABS_API_KEY": "a-real-key-would-stand-here",
        "ELEVENLABS_BASE_URL": "https://api.elevenlabs.io",
        "VOICESLOT_DATA_DIR": str(folder / "precious"),
    }
    (folder / ".env").write_text("ELEVENLABS_CONCURRENCY_LIMIT=999\nHOST=0.0.0.0\n")
    return subprocess.Popen(
        [sys.executable, "-m", "voiceslot_tui", "demo", "--seconds", str(seconds)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **misleading},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_demo_without_a_terminal_is_judged(folder: Path) -> None:
    with demo(folder, 8) as running_demo:
        out, err = running_demo.communicate(timeout=60)
    assert running_demo.returncode == 0, err
    assert "DEMO" in out
    assert "most calls live at once  5 of 5" in out
    assert "  kept: never above the limit" in out
    assert not (folder / "precious").exists()
    assert not processes_of(folder / ".demo")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_demo_that_is_ended_ends_what_it_started(folder: Path, ending: signal.Signals) -> None:
    with demo(folder, 60) as running_demo:
        wait_for("both are started", lambda: len(processes_of(folder / ".demo")) == 2)
        running_demo.send_signal(ending)
        running_demo.communicate(timeout=60)
    assert running_demo.returncode == 128 + ending
    assert not processes_of(folder / ".demo")
