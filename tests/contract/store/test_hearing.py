"""What people write is heard once, whichever road brings it, and through any crash (P4, P5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contract.store.messages import POLICY, Messages, number_of, wrote
from tests.contract.store.stores import Opened, new_call
from voiceslot_tui.core.calls import CallState, later
from voiceslot_tui.core.follow_up_pages import Suppressed
from voiceslot_tui.core.follow_ups import Channel, FollowUpState, Form
from voiceslot_tui.core.inbound import PersonWrote
from voiceslot_tui.core.limits import HEARD_KEPT_DAYS
from voiceslot_tui.store import hearing

_WHY = "asked to stop by message"


async def hear(opened: Opened, one: PersonWrote, by: str = "webhook") -> Suppressed | None:
    return await opened.store.hear(one, _WHY, opened.now, by)


async def listed(opened: Opened) -> list[str]:
    return [one.number for one in await opened.store.suppressions("", 10)]


async def test_a_stop_takes_all_that_waits_with_it(messages: Messages) -> None:
    opened = messages.opened
    (call,) = await opened.queue(1)
    await messages.add(1, 2)
    gone = await hear(opened, wrote(1, opened.now, wants_out=True))
    assert gone == Suppressed(number_of(1), calls=1, messages=1)
    assert await opened.states(call) == [CallState.SUPPRESSED]
    assert [await messages.state(talk) for talk in (1, 2)] == [
        FollowUpState.SKIPPED,
        FollowUpState.DUE,
    ]
    (one,) = await opened.store.suppressions("", 10)
    assert (one.number, one.by, one.why) == (number_of(1), "webhook", _WHY)


@pytest.mark.parametrize("again", ["webhook", "messenger (poll)"])
async def test_a_stop_heard_already_does_not_overrule_an_operator(
    opened: Opened, again: str
) -> None:
    stop = wrote(1, opened.now, wants_out=True)
    assert await hear(opened, stop) is not None
    await opened.store.unsuppress(number_of(1), opened.now, "olga")
    await opened.reopen()
    assert await opened.store.unheard((stop,)) == ()
    assert await hear(opened, stop, again) is None
    assert await listed(opened) == []


async def test_another_stop_of_the_same_person_is_heard(opened: Opened) -> None:
    await hear(opened, wrote(1, opened.now, wants_out=True))
    await opened.store.unsuppress(number_of(1), opened.now, "olga")
    another = wrote(1, opened.now, wants_out=True, message=2)
    assert await opened.store.unheard((another,)) == (another,)
    assert await hear(opened, another) is not None
    assert await listed(opened) == [number_of(1)]


async def test_a_message_without_an_id_is_heard_each_time(opened: Opened) -> None:
    nameless = replace(wrote(1, opened.now, wants_out=True), sid=None)
    for _ in range(2):
        assert await hear(opened, nameless) is not None
        await opened.store.unsuppress(number_of(1), opened.now, "olga")
    assert await opened.store.unheard((nameless,)) == (nameless,)


async def test_a_stop_of_which_no_number_is_told_is_heard_and_puts_nobody_on_the_list(
    opened: Opened,
) -> None:
    stop = replace(wrote(1, opened.now, wants_out=True), number="")
    assert await hear(opened, stop) is None
    assert await opened.store.unheard((stop,)) == ()
    assert await listed(opened) == []


async def test_only_whatsapp_opens_a_window(messages: Messages) -> None:
    opened = messages.opened
    await messages.add(1, 2)
    await hear(opened, wrote(1, opened.now))
    await hear(opened, replace(wrote(2, opened.now), channel=Channel.SMS))
    forms = [one.one_try.form for one in (await messages.take()).sendings]
    assert forms == [Form.FREE_TEXT, Form.TEMPLATE]


@pytest.mark.parametrize(
    ("heard", "dialled"),
    [("+552360000001", "+5523960000001"), ("+5491100000001", "+541100000001")],
)
async def test_a_window_opens_for_the_line_however_it_is_written(
    messages: Messages, heard: str, dialled: str
) -> None:
    opened = messages.opened
    for talk, number in enumerate((dialled, heard), 1):
        await messages.add(talk, to_number=number)
    await hear(opened, replace(wrote(1, opened.now), number=heard))
    any_number = replace(POLICY, per_day=0)
    forms = [one.one_try.form for one in (await messages.take(policy=any_number)).sendings]
    assert forms == [Form.FREE_TEXT, Form.FREE_TEXT]


async def test_a_stop_from_another_number_of_the_line_takes_all_with_it(
    messages: Messages,
) -> None:
    opened = messages.opened
    (call,) = (await opened.add(new_call(1, to_number="+5523960000001"))).ids
    await messages.add(1, to_number="+5523960000001")
    stop = replace(wrote(1, opened.now, wants_out=True), number="+552360000001")
    assert await hear(opened, stop) == Suppressed("+552360000001", calls=1, messages=1)
    assert await opened.states(call) == [CallState.SUPPRESSED]
    assert await messages.state() is FollowUpState.SKIPPED


async def test_up_to_when_a_list_was_read_never_goes_back(opened: Opened) -> None:
    store, now = opened.store, opened.now
    assert await store.read_to(Channel.WHATSAPP) is None
    await store.read_up_to(Channel.WHATSAPP, now)
    await store.read_up_to(Channel.WHATSAPP, later(now, -5))
    await store.read_up_to(Channel.SMS, later(now, -60))
    await opened.reopen()
    found = [await opened.store.read_to(channel) for channel in Channel]
    assert dict(zip(Channel, found, strict=True)) == {
        Channel.WHATSAPP: now,
        Channel.SMS: later(now, -60),
        Channel.EMAIL: None,
    }


async def test_who_wrote_is_forgotten_once_no_list_can_show_it(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "FOLLOW_UPS_MOVED_MAX", 1)
    began = opened.now
    old = tuple(wrote(person, began, wants_out=True) for person in (1, 2))
    for one in old:
        await hear(opened, one)
    kept_s = HEARD_KEPT_DAYS * 86_400
    opened.wait(kept_s + 1)
    await opened.store.read_up_to(Channel.WHATSAPP, later(began, kept_s))
    assert not await opened.store.tidy_follow_ups(opened.now)
    assert await opened.store.unheard(old) == ()
    await opened.store.read_up_to(Channel.WHATSAPP, later(began, kept_s + 1))
    tidied = [await opened.store.tidy_follow_ups(opened.now) for _ in range(3)]
    assert tidied == [True, True, False]
    assert await opened.store.unheard(old) == old
    assert await listed(opened) == [number_of(1), number_of(2)]
