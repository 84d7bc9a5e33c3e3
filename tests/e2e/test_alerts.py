"""An engine that needs a person says so by mail, and says it once.

That its end is told too, minutes later, is tested on a virtual clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.contract.providers.mail_sink import Delivery, Sink, a_sink
from tests.e2e.messaging import ENV, WORLD
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import ALL_ANSWER, own_dials
from voiceslot_tui.core.limits import ALERT_EVERY_S

WHO = "ops@example.com"


@contextmanager
def mail_server() -> Iterator[Sink]:
    """Serve mail in a thread of its own for as long as the block lasts."""
    made: list[Sink] = []
    ready, over = Event(), Event()

    async def serve() -> None:
        async with a_sink() as sink:
            made.append(sink)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield made[0]
    finally:
        over.set()
        thread.join(10)


def settings_for(sink: Sink) -> dict[str, str]:
    """Give the settings by which alerts go to a mail server."""
    return {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(sink.port),
        "SMTP_SECURITY": "none",
        "SMTP_FROM": "voiceslot@example.com",
        "ALERT_EMAIL": WHO,
    }


def a_refused_account(made: Rig) -> None:
    """Let the platform refuse our key at the first start that it is asked for."""
    made.simulator.faults({"kind": "unauthorized", "target": "start"})
    made.enqueue(number(0))
    wait_for("it pauses itself", lambda: made.stats()["snapshot"]["paused_by"] == "engine")


@pytest.mark.timeout(90)
def test_an_engine_that_pauses_itself_says_so_by_mail_once(tmp_path: Path) -> None:
    with mail_server() as sink, rig(tmp_path, ENV, **WORLD, **ALL_ANSWER) as made:
        made.env |= settings_for(sink)
        made.start()
        a_refused_account(made)
        wait_for("a mail comes", lambda: sink.taken, ALERT_EVERY_S + 10)
        judge(sink.taken[0])
        looks = looked(made)
        wait_for("it looked again", lambda: looked(made) > looks, ALERT_EVERY_S + 10)
        assert len(sink.taken) == 1
        assert own_dials(made) == 0


def judge(mail: Delivery) -> None:
    """Hold a mail against what the person who reads it must learn."""
    assert mail.recipients == [WHO]
    assert mail.message["subject"].endswith(": the engine paused itself")
    assert "The engine paused itself" in mail.text
    assert "See to the ElevenLabs key, plan and balance" in mail.text
    assert "simulator-key" not in mail.raw.decode()
    assert number(0) not in mail.raw.decode()


def looked(made: Rig) -> int:
    """Tell when the alerter looked last."""
    services = made.stats()["snapshot"]["services"]
    return next(int(one["last_step_at"] or 0) for one in services if one["name"] == "alerter")
