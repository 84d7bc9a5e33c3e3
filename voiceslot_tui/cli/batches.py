"""The commands about batches: look at them and their recipients, cancel, retry, watch."""

from __future__ import annotations

import time
from collections.abc import Callable

import click

from voiceslot_tui.cli.asking import with_engine
from voiceslot_tui.cli.batches_text import batch_line, recipient_line
from voiceslot_tui.cli.explained import Explained, ExplainedGroup
from voiceslot_tui.cli.failures import DONE, FAILED, say
from voiceslot_tui.cli.messages_text import as_json
from voiceslot_tui.cli.standing_text import checks_words
from voiceslot_tui.core.batch_progress import BatchView
from voiceslot_tui.core.batch_words import what_cancelling_does, what_retrying_does
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_pages import BatchRecipientRow, RecipientQuery
from voiceslot_tui.core.limits import BATCH_INTERVAL_MAX_S, BATCH_INTERVAL_MIN_S, PAGE_ROWS_MAX
from voiceslot_tui.link.client import Link
from voiceslot_tui.wire import batch_control as asked
from voiceslot_tui.wire import control

_ID = click.argument("batch_id", metavar="ID")
_YES = click.option("--yes", is_flag=True, help="Do it; without this people are only counted.")
_JSON = click.option("--json", "wants_json", is_flag=True, help="Print them as JSON.")
_NOT_WATCHED = "whom it concerns is not known: this batch is not among the watched ones"


def _interval(_context: click.Context, _parameter: click.Parameter, seconds: float) -> float:
    # click's own range takes "nan" for a number in it.
    if not BATCH_INTERVAL_MIN_S <= seconds <= BATCH_INTERVAL_MAX_S:
        bounds = f"{BATCH_INTERVAL_MIN_S:g} to {BATCH_INTERVAL_MAX_S:g}"
        raise click.BadParameter(f"the interval is from {bounds} seconds")
    return seconds


@click.group(
    cls=ExplainedGroup,
    invoke_without_command=True,
    examples=("voiceslot batches", "voiceslot batches --json", "voiceslot batches show btcal_1"),
)
@_JSON
@click.pass_context
def batches(context: click.Context, wants_json: bool) -> int | None:
    """Show the workspace's batches, or act on them.

    Without a command, show the watched ones: how far each is, and what became of its messages.
    """
    if context.invoked_subcommand is not None:
        if wants_json:
            raise click.UsageError(
                "--json stands after the command: voiceslot batches show ID --json"
            )
        return None
    found = with_engine(_read)
    if wants_json:
        click.echo(as_json(found))
        return DONE
    for row in found.rows:
        click.echo(batch_line(row))
    say(checks_words(found.checks, _now()))
    return DONE


@batches.command(
    cls=Explained,
    examples=("voiceslot batches show btcal_1", "voiceslot batches show btcal_1 --status failed"),
)
@_ID
@click.option("--status", default="", help="Only those of this status, as the platform words it.")
@click.option("--words", default="", help="Only those whose number or name holds these words.")
@_JSON
def show(batch_id: str, status: str, words: str, wants_json: bool) -> int:
    """Show the recipients of a batch, in the platform's order."""
    query = RecipientQuery(batch_id, 0, PAGE_ROWS_MAX, status, tuple(words.lower().split()))

    async def ask(link: Link) -> tuple[list[BatchRecipientRow], int]:
        found: list[BatchRecipientRow] = []
        while True:
            at = RecipientQuery(query.batch_id, len(found), query.count, query.status, query.words)
            page = (await link.ask(asked.GetRecipients(at))).page
            found += page.rows
            if not page.rows or len(found) >= page.total:
                return found, page.unreadable

    found, unreadable = with_engine(ask)
    if wants_json:
        click.echo(as_json(found))
    else:
        for row in found:
            click.echo(recipient_line(row))
    if unreadable:
        say(f"{unreadable:,} recipients could not be read and are not shown")
    return DONE


@batches.command(
    cls=Explained,
    examples=("voiceslot batches cancel btcal_1", "voiceslot batches cancel btcal_1 --yes"),
)
@_ID
@_YES
def cancel(batch_id: str, yes: bool) -> int:
    """Cancel a batch: who was not called yet is not called.

    Calls under way go on. Without --yes people are only counted. Exits with 1 where ElevenLabs
    gives no clear answer: look at the batch before trying again.
    """
    if yes:
        return _act(asked.CancelBatch(batch_id))
    return _counted(batch_id, what_cancelling_does)


@batches.command(
    cls=Explained,
    examples=("voiceslot batches retry btcal_1", "voiceslot batches retry btcal_1 --yes"),
)
@_ID
@_YES
def retry(batch_id: str, yes: bool) -> int:
    """Have the platform call all recipients of a batch again who failed.

    Without --yes they are only counted. Exits with 1 where ElevenLabs gives no clear answer: look
    at the batch before trying again, so that nobody is called twice.
    """
    if yes:
        return _act(asked.RetryBatch(batch_id))
    return _counted(batch_id, what_retrying_does)


@batches.command(cls=Explained, examples=("voiceslot batches check",))
def check() -> int:
    """Check the batches now instead of when the interval is over."""
    return _act(asked.CheckBatches())


@batches.command(cls=Explained, examples=("voiceslot batches every 5",))
@click.argument("seconds", metavar="SECONDS", type=float, callback=_interval)
def every(seconds: float) -> int:
    """Check the batches so often from now on; survives a restart."""
    return _act(asked.SetBatchInterval(seconds))


@batches.command(
    cls=Explained, examples=("voiceslot batches watch off", "voiceslot batches watch on")
)
@click.argument("switch", metavar="on|off", type=click.Choice(["on", "off"]))
def watch(switch: str) -> int:
    """Watch the batches, or stop; survives a restart.

    Calls that end in batches nobody watches get no message until they are watched again.
    """
    return _act(asked.WatchBatches(switch == "on"))


async def _read(link: Link) -> asked.TheBatches:
    return await link.ask(asked.GetBatches())


def _counted(batch_id: str, words: Callable[[BatchView], str]) -> int:
    """Say whom an act would concern, and do nothing; fails where that is not known."""
    rows = with_engine(_read).rows
    row = next((row for row in rows if row.view.batch.count.batch_id == batch_id), None)
    say(_NOT_WATCHED if row is None else words(row.view))
    say("nothing was changed; --yes does it")
    return FAILED if row is None else DONE


def _act(act: control.Act) -> int:
    async def ask(link: Link) -> control.TheDone:
        return await link.ask(act)

    done = with_engine(ask).done
    say(done.message)
    return FAILED if done.unclear else DONE


def _now() -> Instant:
    return Instant(time.time_ns() // 1_000_000)
