"""The commands about messages: look at them, send them again, pause them, change the template."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TypeVar

import click

from voiceslot_tui.cli.asking import with_engine
from voiceslot_tui.cli.explained import Explained, ExplainedGroup
from voiceslot_tui.cli.failures import DONE, FAILED, say
from voiceslot_tui.cli.messages_text import as_json, message_line, message_lines
from voiceslot_tui.cli.numbers import ERROR_CODE, ROW_ID
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_facts import FollowUpWish
from voiceslot_tui.core.follow_up_pages import FollowUpFilter, FollowUpPage, FollowUpQuery
from voiceslot_tui.core.follow_ups import FollowUp, FollowUpId, FollowUpState
from voiceslot_tui.core.limits import COMMAND_CALLS_MAX, PAGE_ROWS_MAX
from voiceslot_tui.link.client import Link
from voiceslot_tui.wire import control
from voiceslot_tui.wire import follow_up_control as asked

_IDS = click.argument("message_ids", metavar="ID...", nargs=-1, type=ROW_ID)
_STATES = click.Choice([str(state) for state in FollowUpState])

_Act = TypeVar("_Act", bound=asked.MessageAct)


@click.command(
    cls=Explained,
    examples=(
        "voiceslot messages",
        "voiceslot messages --state failed --code 63016",
        "voiceslot messages --json | jq '.[].state'",
    ),
)
@click.option("--state", "states", multiple=True, type=_STATES, help="Only those in this state.")
@click.option("--code", type=ERROR_CODE, help="Only those failed by this code.")
@click.option("--batch", default="", help="Only those after calls of this batch.")
@click.option("--words", default="", help="Only those whose number or name holds these words.")
@click.option("--count", default=50, type=click.IntRange(1, PAGE_ROWS_MAX), show_default=True)
@click.option("--json", "wants_json", is_flag=True, help="Print them as JSON.")
def messages(
    states: tuple[str, ...], code: int | None, batch: str, words: str, count: int, wants_json: bool
) -> int:
    """Show the messages after ended calls, newest first."""
    where = FollowUpFilter(
        words=tuple(words.lower().split()),
        states=frozenset(FollowUpState(state) for state in states),
        code=code,
        batch_id=batch,
    )

    async def ask(link: Link) -> FollowUpPage:
        return await _newest(link, count, where)

    page = with_engine(ask)
    if wants_json:
        click.echo(as_json(page.rows))
        return DONE
    for row in page.rows:
        click.echo(message_line(row, _now()))
    if page.more:
        say(f"the newest {len(page.rows)}; --count shows more")
    return DONE


@click.command(cls=Explained, examples=("voiceslot message 17", "voiceslot message 17 --json"))
@click.argument("message_id", metavar="ID", type=ROW_ID)
@click.option("--json", "wants_json", is_flag=True, help="Print it as JSON.")
def message(message_id: int, wants_json: bool) -> int:
    """Show all about one message: its tries, and what it says or would say."""
    follow_up_id = FollowUpId(message_id)

    async def ask(link: Link) -> tuple[asked.TheMessage, asked.ThePreview]:
        found = await link.ask(asked.GetMessage(follow_up_id))
        return found, await link.ask(asked.GetPreview(follow_up_id))

    found, preview = with_engine(ask)
    if wants_json:
        click.echo(as_json({"detail": found.detail, "preview": preview.text}))
        return DONE
    for line in message_lines(found.detail, preview.text, _now()):
        click.echo(line)
    return DONE


@click.group(
    name="follow-ups",
    cls=ExplainedGroup,
    examples=("voiceslot follow-ups pause", "voiceslot follow-ups retry --code 63016"),
)
def follow_ups() -> None:
    """Pause, resume, retry or leave out messages, or change their template.

    Calls go on whatever is done here.
    """


@follow_ups.command(cls=Explained, examples=("voiceslot follow-ups pause",))
def pause() -> int:
    """Send no more messages until they are resumed; survives a restart."""
    return _act(asked.PauseMessages())


@follow_ups.command(cls=Explained, examples=("voiceslot follow-ups resume",))
def resume() -> int:
    """Send messages again."""
    return _act(asked.ResumeMessages())


@follow_ups.command(
    cls=Explained,
    examples=("voiceslot follow-ups retry 17 18", "voiceslot follow-ups retry --code 63016"),
)
@_IDS
@click.option("--code", type=ERROR_CODE, help="All that failed by this code.")
def retry(message_ids: tuple[int, ...], code: int | None) -> int:
    """Send messages again; exits with 1 if any of them could not be.

    Of a message that may have been sent this says that it was not: look before you say so. Give
    either ids or --code.
    """
    if bool(message_ids) == (code is not None):
        raise click.UsageError("give either ids or --code")
    if code is not None:
        failed = FollowUpFilter(states=frozenset({FollowUpState.FAILED}), code=code)
        return _act(asked.RetryMessages(failed))
    return _want(message_ids, FollowUpWish.RETRY)


@follow_ups.command(cls=Explained, examples=("voiceslot follow-ups skip 17",))
@_IDS
def skip(message_ids: tuple[int, ...]) -> int:
    """Leave messages out; exits with 1 if any of them could not be."""
    return _want(message_ids, FollowUpWish.SKIP)


@follow_ups.command(cls=Explained, examples=("voiceslot follow-ups release 17 18",))
@_IDS
def release(message_ids: tuple[int, ...]) -> int:
    """Send blocked messages although nothing says that they can be sent now.

    Exits with 1 if any of them could not be released.
    """
    return _want(message_ids, FollowUpWish.RELEASE)


@follow_ups.command(
    cls=Explained, examples=("voiceslot follow-ups template HX00000000000000000000000000000000",)
)
@click.argument("content_sid", metavar="HX...")
def template(content_sid: str) -> int:
    """Send by another approved template from now on; blocked messages are released by it."""
    return _act(asked.UseTemplate(content_sid))


@follow_ups.command(cls=Explained, examples=("voiceslot follow-ups check",))
def check() -> int:
    """Read the template's approval, and what became of messages, at once."""
    return _act(asked.ReadMessenger())


@follow_ups.command(
    cls=Explained,
    examples=(
        "voiceslot follow-ups since 2026-11-20",
        "voiceslot follow-ups since '2026-11-20 18:00' --yes",
    ),
)
@click.argument("moment", metavar="MOMENT", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M"]))
@click.option("--yes", is_flag=True, help="Do it; without this they are only counted.")
def since(moment: datetime, yes: bool) -> int:
    """Send messages after calls of batches that ended before a channel was first set up.

    Such calls get none by themselves, nor do our own calls of that time, which are not counted
    here. MOMENT is UTC: a day, or a day and a time. Without --yes they are only counted.
    """
    milliseconds = Instant(round(moment.replace(tzinfo=UTC).timestamp() * 1000))
    code = _act(asked.SendSince(milliseconds, confirmed=yes))
    if code == DONE and not yes:
        say("nothing was changed; --yes sends them")
    return code


async def _newest(link: Link, count: int, where: FollowUpFilter) -> FollowUpPage:
    """Read the newest that match, and go on where the engine stopped its search at its bound."""
    rows: tuple[FollowUp, ...] = ()
    than: FollowUpId | None = None
    while True:
        # One at least: where all are found, it says whether there are more.
        query = FollowUpQuery(max(1, count - len(rows)), than, where=where)
        page = (await link.ask(asked.GetMessages(query))).page
        rows, than = rows + page.rows, page.searched_to
        if than is None or len(rows) > count:
            return FollowUpPage(rows[:count], page.more or len(rows) > count)


def _want(message_ids: tuple[int, ...], wish: FollowUpWish) -> int:
    if not message_ids:
        raise click.UsageError("name at least one message")
    ids = tuple(FollowUpId(message_id) for message_id in dict.fromkeys(message_ids))
    starts = range(0, len(ids), COMMAND_CALLS_MAX)
    acts = (asked.WantMessages(ids[at : at + COMMAND_CALLS_MAX], wish) for at in starts)
    return max(_act(act) for act in acts)


def _act(act: control.Act) -> int:
    async def ask(link: Link) -> control.TheDone:
        return await link.ask(act)

    done = with_engine(ask).done
    say(done.message)
    for message_id, reason in done.refused:
        say(f"message {message_id}: {reason}")
    return FAILED if done.refused else DONE


def _now() -> Instant:
    return Instant(time.time_ns() // 1_000_000)
