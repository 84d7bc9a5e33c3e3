"""A rig whose engine follows up: its settings, its world, and what the messenger really took.

What was sent is read from the simulator. The engine's own rows are looked at only for what nobody
else can know: that a message which was not sent is neither forgotten nor without a reason.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, cast

from tests.e2e.outside import read_batch, submit_batch
from tests.e2e.rig import Rig, Simulator, call_json, wait_for
from tests.e2e.seen import QUICK
from voiceslot_tui.core.errors import VoiceslotError
from voiceslot_tui.core.follow_up_pages import FollowUpFilter, FollowUpQuery
from voiceslot_tui.core.follow_ups import FollowUp, FollowUpState
from voiceslot_tui.link.client import Link
from voiceslot_tui.paths import paths
from voiceslot_tui.simulator.templates import FOLLOW_UP_TEMPLATE_SID
from voiceslot_tui.wire import control
from voiceslot_tui.wire import follow_up_control as asked

ENV: Final = {
    "TWILIO_WHATSAPP_NUMBER": "+12025550170",
    "FOLLOW_UP_CONTENT_SID": FOLLOW_UP_TEMPLATE_SID,
    "FOLLOW_UP_SENDER_NAME": "Clínica Sol",
    "FOLLOW_UP_QUIET_HOURS": "none",
    "FOLLOW_UP_PER_SECOND": "80",
    # What keeps a person from a second message is then the promise, not the daily cap.
    "FOLLOW_UP_PER_DAY": "0",
    "BATCH_POLL_INTERVAL_S": "1",
    "POLLING_INTERVAL_MS": "250",
    "LIST_LAG_S": "0",
    "ELEVENLABS_CONCURRENCY_LIMIT": "30",
}
SMS_TOO: Final = {
    "FOLLOW_UP_CHANNELS": "whatsapp,sms",
    "TWILIO_SMS_NUMBER": "+12025550171",
}
"""And then a text message, to whoever WhatsApp certainly did not reach."""
WORLD: Final[dict[str, Any]] = {
    **QUICK,
    "batch_dispatch_s": 0.05,
    "message_queue_s": 0.05,
    "message_delivery_s": 0.05,
    "message_read_s": 0.1,
}
FOLLOWED_UP: Final = frozenset({"answered", "voicemail", "no_answer"})
"""How calls go that get a message: FOLLOW_UP_ON as it stands unless set otherwise."""
TAKEN: Final = frozenset(
    {FollowUpState.ACCEPTED, FollowUpState.SENT, FollowUpState.DELIVERED, FollowUpState.READ}
)


# --- the world


def truth(made: Rig) -> dict[str, Any]:
    """Read what the messenger really took."""
    return dict(made.simulator.truth()["messages"])


def taken(made: Rig) -> int:
    """Count the messages that the messenger really took, whatever it answered."""
    return sum(truth(made)["taken"].values())


def sent_to(made: Rig, channel: str = "") -> Counter[str]:
    """Count the messages that were really taken, by number."""
    messages = call_json(f"{made.simulator.address}/_simulator/messages")["messages"]
    return Counter(
        message["to"].removeprefix("whatsapp:")
        for message in messages
        if message["direction"] == "outbound-api" and channel in ("", message["channel"])
    )


def requests(made: Rig, name: str) -> int:
    """Count the requests of a kind that the simulator has read."""
    return int(made.simulator.truth()["requests_read"].get(name, 0))


def script_messages(world: Simulator, **numbers: object) -> None:
    """Decide what becomes of the messages to some numbers."""
    call_json(f"{world.address}/_simulator/people", numbers)


def change_template(world: Simulator, content_sid: str, **changes: object) -> None:
    """Let WhatsApp think otherwise of a template."""
    call_json(f"{world.address}/_simulator/templates", {content_sid: changes})


def write_to_us(world: Simulator, number: str, text: str) -> None:
    """Let a person write to our WhatsApp number."""
    call_json(f"{world.address}/_simulator/inbound", {"from": number, "body": text})


def hear_people(made: Rig) -> None:
    """Let the messenger tell the engine what people write."""
    made.simulator.change(inbound_url=f"{made.url}/webhook/twilio")


def outcomes(made: Rig) -> dict[str, str]:
    """Tell how the last call to each person really went."""
    return {dial["number"]: dial["outcome"] for dial in made.simulator.dials()}


def entitled(made: Rig) -> Counter[str]:
    """Count by number the calls that really ended so that a message is owed."""
    dials = made.simulator.dials()
    return Counter(dial["number"] for dial in dials if dial["outcome"] in FOLLOWED_UP)


def run_batch(made: Rig, people: list[str], **more: object) -> str:
    """Run a batch of the platform's own from beginning to end; give its id."""
    batch_id = submit_batch(made.simulator, people, **more)
    await_batches(made, [batch_id])
    return batch_id


def await_batches(made: Rig, batch_ids: Iterable[str]) -> None:
    """Wait until batches are over."""
    for batch_id in batch_ids:
        wait_for(
            "the batch is over",
            lambda name=batch_id: read_batch(made.simulator, name)["status"] == "completed",  # type: ignore[misc]
        )


# --- the engine


def standing(made: Rig) -> dict[str, Any]:
    """Read how the engine says that the messages stand."""
    return dict(made.stats()["snapshot"]["follow_ups"])


def stand(made: Rig, **wanted: int) -> bool:
    """Tell whether so many messages stand in these states, and in no other."""
    return bool(standing(made)["states"] == wanted)


def checks(made: Rig) -> int:
    """Count the checks of all batches since the engine started."""
    return int(made.stats()["snapshot"]["batch_watch"]["count"])


def after_checks(made: Rig, count: int) -> None:
    """Wait until all batches were checked so often from now on."""
    before = checks(made)
    wait_for(f"{count} more checks", lambda: checks(made) >= before + count)


def settled(made: Rig, rows: int) -> bool:
    """Tell whether there are so many messages and none of them waits or is under way."""
    states = standing(made)["states"]
    return sum(states.values()) == rows and not {"due", "sending"} & set(states)


def act(made: Rig, wish: control.Act) -> str:
    """Do what an operator wishes; give what the engine says to it."""
    return cast(control.TheDone, _ask(made, wish)).done.message


def suppress(made: Rig, number: str) -> asked.TheSuppressed:
    """Put a number on the suppression list, as an operator does."""
    return cast(asked.TheSuppressed, _ask(made, asked.Suppress(number, "told us by phone")))


def rows(made: Rig) -> dict[str, FollowUp]:
    """Read the messages by number, as a console does; nobody may have two."""
    query = FollowUpQuery(500, where=FollowUpFilter())
    found = cast(asked.TheMessages, _ask(made, asked.GetMessages(query))).page.rows
    by_number = {row.to_number: row for row in found}
    assert len(by_number) == len(found), "somebody has two rows"
    return by_number


def _ask(made: Rig, wish: Any) -> object:
    async def ask() -> object:
        link = await Link.connect(paths(made.data_dir).socket)
        try:
            return await link.ask(wish)
        finally:
            link.close()

    try:
        return asyncio.run(ask())
    except VoiceslotError as problem:
        raise AssertionError(f"{type(problem).__name__}: {problem}") from problem


# --- judging


def judge_one_each(made: Rig) -> None:
    """Hold the messenger's truth against the dials: one message for each call that earns one."""
    assert sent_to(made) == entitled(made)
    found = truth(made)
    assert (found["people_again"], found["contents_again"]) == ({}, {})
