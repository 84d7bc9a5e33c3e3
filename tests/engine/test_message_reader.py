"""When messages are looked up: when it is time, and without asking the database at every news."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.message_rig import MessageRig, message_rig, silence
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_facts import Delivery, MessageNews
from voiceslot_tui.core.follow_up_settlement import FollowUpRules
from voiceslot_tui.core.follow_ups import MessageSid


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[MessageRig]:
    async with message_rig(tmp_path) as made:
        yield made


@pytest.fixture
def questions(rig: MessageRig, monkeypatch: pytest.MonkeyPatch) -> list[Instant | None]:
    """List what the reader was told of the next look whenever it asked."""
    told: list[Instant | None] = []
    ask = rig.store.next_look

    async def asked() -> Instant | None:
        told.append(await ask())
        return told[-1]

    monkeypatch.setattr(rig.store, "next_look", asked)
    return told


async def test_news_within_a_second_cost_one_question(
    rig: MessageRig, questions: list[Instant | None]
) -> None:
    rig.clock.wait(1)
    for _ in range(3):
        wait_s = await rig.reader.step()
    assert questions == [None]
    assert wait_s is not None
    assert 0 < wait_s <= 1
    rig.clock.wait(wait_s)
    await rig.reader.step()
    assert questions == [None, None]


async def test_a_message_of_that_second_is_looked_up_in_its_time(rig: MessageRig) -> None:
    await rig.ended(1)
    await rig.send()
    assert await rig.states() == ["accepted"]
    looked_after_s, wait_s = 0.0, await rig.reader.step()
    while not rig.messenger.looked_up:
        assert wait_s is not None
        looked_after_s += wait_s
        rig.clock.wait(wait_s)
        wait_s = await rig.reader.step()
    assert 5 <= looked_after_s <= 6.1


async def test_who_asks_is_answered_at_once(
    rig: MessageRig, questions: list[Instant | None]
) -> None:
    await rig.ended(1)
    await rig.send()
    rig.clock.wait(1)
    await rig.reader.step()
    assert not rig.messenger.looked_up
    rig.reader.read_now()
    await rig.reader.step()
    assert rig.messenger.looked_up


@pytest.mark.parametrize("resend", [False, True])
@pytest.mark.parametrize("looks_before", [0, 2, 9])
async def test_what_others_wrote_at_other_times_is_not_a_message_in_doubt_and_no_proof_against_it(
    rig: MessageRig, looks_before: int, resend: bool
) -> None:
    answered, person = MessageSid("SM" + "a" * 32), "+12025550101"
    rig.messenger.answer = silence
    await rig.ended(1)
    await rig.send()
    for _ in range(looks_before):
        rig.clock.wait(20)
        await rig.reader.step()
    rig.ledger.rules = FollowUpRules(resend_ambiguous=resend)
    rig.messenger.other_times[person] = [answered]
    rig.messenger.stands[answered] = MessageNews(Delivery.DELIVERED, None, answered)
    for _ in range(9):
        rig.clock.wait(3600)
        await rig.reader.step()
    (row,) = await rig.rows()
    assert (row.state, len(rig.messenger.orders)) == ("ambiguous", 1)
    assert row.detail.endswith("dated too early or too late for this one; say whether it was sent")


async def test_a_message_of_our_own_of_another_time_hides_nothing(rig: MessageRig) -> None:
    rig.messenger.answer = silence
    await rig.ended(1)
    await rig.send()
    rig.messenger.answer = rig.messenger.takes_and_answers
    await rig.ended_again(1)
    await rig.send()
    rig.messenger.other_times, rig.messenger.really = rig.messenger.really, {}
    for _ in range(4):
        rig.clock.wait(20)
        await rig.reader.step()
    (older, _) = await rig.rows()
    assert older.detail.startswith("not found in 4 complete listings")
