"""No message leaves with gaps of its template unfilled: the person would read its samples."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.message_rig import CONTENT_SID, TEMPLATE, MessageRig, message_rig
from voiceslot_tui.core.errors import ReadDenied
from voiceslot_tui.core.follow_up_facts import Approval
from voiceslot_tui.core.follow_up_policy import Template
from voiceslot_tui.core.follow_ups import WaitReason

HIDDEN = Template(CONTENT_SID, Approval.HIDDEN, reason="the key may not")


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[MessageRig]:
    async with message_rig(tmp_path) as made:
        yield made


def filled(rig: MessageRig) -> list[bool]:
    """Tell of each message that was sent whether its template's gaps were filled."""
    return ["1" in order.content_variables for order in rig.messenger.orders]


async def read_template(rig: MessageRig) -> None:
    rig.door.read_now()
    await rig.reader.step()


@pytest.mark.parametrize("chosen_first", [True, False])
async def test_the_template_chosen_again_while_a_claim_is_written_is_read_first(
    rig: MessageRig, chosen_first: bool
) -> None:
    await rig.ended(1)
    choosing = rig.door.use_template(CONTENT_SID, by="ana")
    steps = [choosing, rig.send()] if chosen_first else [rig.send(), choosing]
    await asyncio.gather(*steps)
    await read_template(rig)
    await rig.send(2)
    assert filled(rig) == [True]


async def test_a_template_that_may_not_be_read_any_more_is_filled_in_as_before(
    rig: MessageRig,
) -> None:
    rig.messenger.known_template = HIDDEN
    await read_template(rig)
    await rig.ended(1)
    await rig.send()
    assert filled(rig) == [True]


async def test_a_template_that_was_never_read_is_sent_once_it_is(rig: MessageRig) -> None:
    rig.messenger.known_template = HIDDEN
    await rig.door.use_template(CONTENT_SID, by="ana")
    await read_template(rig)
    await rig.ended(1)
    await rig.send(2)
    (row,) = await rig.rows()
    assert (row.waits_for, rig.messenger.orders) == (WaitReason.TEMPLATE_UNREAD, [])
    await rig.door.standing()
    assert rig.door.needs().messenger_denied.endswith("may not send by whatsapp: the key may not")
    rig.messenger.known_template = TEMPLATE
    await read_template(rig)
    await rig.send()
    assert filled(rig) == [True]


async def test_of_a_template_that_was_missing_and_is_hidden_now_nothing_is_known(
    rig: MessageRig,
) -> None:
    rig.messenger.known_template = Template(CONTENT_SID, Approval.MISSING)
    await rig.door.use_template(CONTENT_SID, by="ana")
    await read_template(rig)
    rig.messenger.known_template = HIDDEN
    await read_template(rig)
    await rig.ended(1)
    await rig.send()
    assert rig.messenger.orders == []


async def test_what_waits_for_a_hidden_template_is_not_judged_at_every_reading(
    rig: MessageRig,
) -> None:
    rig.messenger.known_template = HIDDEN
    await rig.door.use_template(CONTENT_SID, by="ana")
    await rig.ended(1)
    await read_template(rig)
    await rig.send()
    (before,) = await rig.rows()
    await read_template(rig)
    assert await rig.rows() == (before,)
    assert before.due_at is None


async def test_a_messenger_that_denies_all_reading_hides_the_template(
    rig: MessageRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def denied(content_sid: str) -> Template:
        raise ReadDenied(f"{content_sid} may not be read")

    monkeypatch.setattr(rig.messenger, "template", denied)
    await rig.door.use_template(CONTENT_SID, by="ana")
    await read_template(rig)
    await rig.ended(1)
    await rig.send()
    assert rig.messenger.orders == []


async def test_a_template_that_the_settings_have_overruled_does_not_come_back(
    rig: MessageRig,
) -> None:
    first, other = rig.door._configured_sid, "HX" + "2" * 32
    await rig.door.use_template(other, by="ana")
    await rig.door.restore()
    assert rig.door._switches.control.content_sid == other
    rig.door._configured_sid = "HX" + "3" * 32
    await rig.door.restore()
    rig.door._configured_sid = first
    await rig.door.restore()
    assert rig.door._switches.control.content_sid is None
