"""Foreign text on every screen: shown as text, never obeyed, never a thing to click."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest

from tests.console.fake_batches import CHECKS, make_batch, make_recipient
from tests.console.fake_link import NOW, FakeLink, make_call, make_snapshot
from tests.console.fake_messages import make_message, make_try
from tests.console.stage import Stage, stage
from voiceslot_tui.core.calls import CallId, CallState, Hold
from voiceslot_tui.core.follow_up_facts import Approval
from voiceslot_tui.core.follow_up_pages import BatchRecipientRow
from voiceslot_tui.core.follow_up_snapshot import FollowUpStanding, TemplateStanding
from voiceslot_tui.core.follow_ups import Channel, FollowUp, FollowUpState
from voiceslot_tui.core.pages import JournalEntry
from voiceslot_tui.core.snapshot import EngineState, Health, Idle, ServiceHealth
from voiceslot_tui.core.undo import Done
from voiceslot_tui.link.client import Refused
from voiceslot_tui.wire.batch_control import BatchRow

CORPUS = [
    "\x1b]52;c;YQ==\x07clip",
    "\x1b[31mred",
    "\x9b31mc1",
    "\x1b]0;title\x1b\\",
    "a\u202eevil\u202c",
    "a\u2066b\u2069",
    "lone\ud800",
    "[@click=app.farewell('x')]click[/]",
    "[bold red]markup[/bold red]",
    "[link=https://example.invalid]link[/link]",
    "line\nbreak\rtab\tnull\x00",
    "zero\u200bwidth\ufeff",
    "Z" + "\u0301" * 40,
    "漢字かな交じり文👩‍👩‍👧‍👦",
]
FIRST = CORPUS[:3] + CORPUS[6:8]
"""What stands in every single place; the others stand in rows of their own beside it."""
SHOWN = [(CORPUS[0], (80, 24)), *((payload, (200, 60)) for payload in FIRST)]
OBEYED = {"Cc", "Cs", "Zl", "Zp"}
INVISIBLE = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200e\u200f\ufeff")


def hostile_link(*payloads: str) -> FakeLink:
    """Give an engine whose every foreign word is hostile; the first payload is in every place."""
    first = payloads[0]
    calls = [make_call(n, name=one, agent_id=one) for n, one in enumerate(payloads, start=1)]
    calls[0] = make_call(1, name=first, agent_id=first, agent_phone_number_id=first)
    link = FakeLink([*calls, make_call(98, to_number=first)])
    link.calls[CallId(99)] = make_call(99, name=first, state=CallState.LIVE)
    link.lines = [
        JournalEntry(n, NOW, one, one, CallId(1), None, one, one, one, one, one)
        for n, one in enumerate(payloads, start=1)
    ]
    link.snapshot = make_snapshot(
        engine=EngineState.PAUSED,
        version=first,
        paused_by=first,
        paused_why=first,
        paused_at=NOW,
        limit_set_by=first,
        idle=tuple(Idle(Hold.PARKED, one) for one in payloads),
        services=tuple(ServiceHealth(one, Health.FAILING, NOW, 1, one) for one in payloads),
        warnings=payloads,
        follow_ups=FollowUpStanding(
            channels=(Channel.WHATSAPP,),
            paused=True,
            paused_by=first,
            trouble=first,
            template=TemplateStanding(first, Approval.REJECTED, first, first, first),
            codes={99_999: 1},
        ),
        batch_watch=replace(CHECKS, error=first),
    )
    link.operator = first
    link.messages.add(*(hostile_message(n, one) for n, one in enumerate(payloads, start=1)))
    link.messages.add(hostile_message(99, first))
    link.batches.rows = [hostile_batch(n, one) for n, one in enumerate(payloads, start=1)]
    link.batches.rows.append(hostile_batch(99, first))
    link.batches.people["btcal_99"] = [
        hostile_recipient(n, one) for n, one in enumerate(payloads, start=1)
    ]
    link.messages.lines = tuple(link.lines)
    link.messages.text = first
    link.messages.tries = tuple(
        make_try(one, detail=first, code=99_999, content_sid=first)
        for one in link.messages.kept.values()
    )
    return link


def hostile_batch(number: int, word: str) -> BatchRow:
    """Give a batch every foreign word of which is hostile."""
    row = make_batch(number, status=word, error=word)
    batch = replace(row.view.batch, name=word, agent_id=word, agent_name=word)
    return BatchRow(replace(row.view, batch=batch), row.figures)


def hostile_recipient(number: int, word: str) -> BatchRecipientRow:
    """Give a recipient every foreign word of whom is hostile, with a message of such a kind."""
    return make_recipient(
        number,
        name=word,
        number=word,
        status=word,
        conversation_id=word,
        follow_up=hostile_message(number, word),
    )


def hostile_message(number: int, word: str) -> FollowUp:
    """Give a message every foreign word of which is hostile, in a state that shows it."""
    return make_message(
        number,
        state=FollowUpState.FAILED,
        name=word,
        summary=word,
        detail=word,
        email=word,
        to_number=word,
        agent_id=word,
        batch_id=word,
        content_sid=word,
        code=99_999,
    )


def assert_harmless(seen: Stage) -> None:
    for strip in seen.app.screen._compositor.render_strips():
        for text, style, _control in strip:
            assert not {unicodedata.category(character) for character in text} & OBEYED
            assert not set(text) & INVISIBLE
            assert style is None or not style.link
            assert style is None or not any(key.startswith("@") for key in style.meta)


@pytest.mark.parametrize("payload", FIRST, ids=lambda payload: ascii(payload))
async def test_foreign_text_is_shown_as_text_on_every_screen(payload: str) -> None:
    link = hostile_link(payload, *CORPUS)
    async with stage(link, (120, 40)) as seen:
        assert_harmless(seen)
        for keys in (("down", "enter"), ("6",), ("1", "E"), ("escape", "z"), ("z", "2", "z")):
            await seen.press(*keys)
            assert_harmless(seen)
        link.done = Done(message=payload, refused=((CallId(1), payload),))
        await seen.press("z", "1", "space", "space", "x")
        assert_harmless(seen)
        await seen.press("y")
        assert_harmless(seen)
        link.refusal = Refused(payload, code="rejected")
        await seen.press("T")
        assert_harmless(seen)
        seen.watch.lose(reason=payload)
        await seen.until(lambda: not seen.app.session.view.current)
        assert_harmless(seen)


@pytest.mark.parametrize(("payload", "size"), SHOWN, ids=ascii)
async def test_foreign_text_in_messages_is_shown_as_text(
    payload: str, size: tuple[int, int]
) -> None:
    async with stage(hostile_link(payload, *CORPUS), size) as seen:
        asked = (("5",), ("v",), ("escape", "E"), ("escape", "s"), ("n", "S"), ("n", "n"))
        for keys in (*asked, ("n", "N"), ("n", "W"), ("n", "enter"), ("escape", "space")):
            await seen.press(*keys)
            assert_harmless(seen)
        seen.link.done = Done(message=payload)
        await seen.press("s", "y")
        assert_harmless(seen)
        seen.link.refusal = Refused(payload, code="rejected")
        await seen.press("n", "y")
        assert_harmless(seen)


@pytest.mark.parametrize(("payload", "size"), SHOWN, ids=ascii)
async def test_foreign_text_in_batches_is_shown_as_text(
    payload: str, size: tuple[int, int]
) -> None:
    async with stage(hostile_link(payload, *CORPUS), size) as seen:
        asked = (("3",), ("C",), ("n", "A"), ("n", "y"), ("n", "O"), ("n", "enter"), ("E",))
        for keys in (*asked, ("escape", "down"), ("s",), ("n", "enter"), ("escape", "C")):
            await seen.press(*keys)
            assert_harmless(seen)
        seen.link.refusal = Refused(payload, code="rejected")
        await seen.press("y")
        assert_harmless(seen)
        seen.link.batches.refusal = Refused(payload, code="rejected")
        await seen.press("3", "down", "enter")
        assert_harmless(seen)


@pytest.mark.parametrize("payload", ["[@click=app.farewell('x')]click[/]", "[bold]x[/bold]"])
async def test_markup_in_a_name_stands_there_as_it_was_written(payload: str) -> None:
    async with stage(hostile_link(payload), (200, 60)) as seen:
        assert payload[:12] in seen.shown("queue")
        assert payload[:12] in seen.shown("events")
        assert payload[:12] in seen.shown("slots")


async def test_clicking_anywhere_on_foreign_text_runs_nothing() -> None:
    async with stage(hostile_link("[@click=app.farewell('x')]click[/]"), (120, 40)) as seen:
        for y in (*range(0, 20, 3), 30, 32, 39):
            for x in (4, 30, 60, 90):
                await seen.pilot.click(offset=(x, y))
        await seen.rest()
        assert not seen.app._exit
        assert seen.link.acts == []


async def test_what_is_pasted_on_the_command_line_stays_text() -> None:
    async with stage() as seen:
        await seen.press("colon")
        await seen.type("\x1b]52;c;YQ==\x07 \u202e", enter=False)
        assert_harmless(seen)


async def test_a_filter_that_looks_like_markup_stands_in_the_title_as_typed() -> None:
    async with stage() as seen:
        await seen.press("slash")
        await seen.type("[bold]x")
        assert seen.screen()[2].startswith("╭─ 1 Queue  /[bold]x ─")
