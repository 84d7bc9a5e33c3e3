"""The commands that ask the running engine for one thing and print what it came to.

Data goes to stdout, narration to stderr. They load no screen, no network client and no database.
"""

from __future__ import annotations

import click

from voiceslot_tui.cli.asking import pieces, with_engine
from voiceslot_tui.cli.explained import Explained
from voiceslot_tui.cli.failures import DONE, FAILED, SENTENCE_CHARS_MAX, say
from voiceslot_tui.cli.numbers import ROW_ID
from voiceslot_tui.cli.status_text import as_json, status_lines
from voiceslot_tui.core.calls import CallId
from voiceslot_tui.core.facts import Wish
from voiceslot_tui.core.limits import LIMIT_MAX, PRIORITY_MAX, PRIORITY_MIN
from voiceslot_tui.core.pages import Place
from voiceslot_tui.core.text import clean
from voiceslot_tui.core.undo import Done
from voiceslot_tui.link.client import Link
from voiceslot_tui.wire import control

_CHANGE = click.IntRange(PRIORITY_MIN - PRIORITY_MAX, PRIORITY_MAX - PRIORITY_MIN)


@click.command(
    cls=Explained,
    examples=("voiceslot pause", 'voiceslot pause "the agent greets with the wrong name"'),
)
@click.argument("why", default="")
def pause(why: str) -> int:
    """Start no more calls.

    No dial starts later than a second after this returns; live calls go on. The pause survives a
    restart. WHY is shown to everybody who looks.
    """
    return _act(control.Pause(why))


@click.command(cls=Explained, examples=("voiceslot resume",))
def resume() -> int:
    """Dial again."""
    return _act(control.Resume())


@click.command(cls=Explained, examples=("voiceslot cancel 17", "voiceslot cancel 17 18 19"))
@click.argument("call_ids", metavar="ID...", nargs=-1, required=True, type=ROW_ID)
def cancel(call_ids: tuple[int, ...]) -> int:
    """Cancel calls that have not ended.

    A queued call is cancelled at once, one being dialled if it turns out not to ring; a live one
    can only be hung up, in the console, where a cancelled one can be brought back for 30 seconds.
    Exits with 1 if any of the calls could not be cancelled.
    """
    return _act(*(control.Want(piece, Wish.CANCEL) for piece in pieces(call_ids)))


@click.command(
    cls=Explained,
    examples=(
        "voiceslot prioritise 17 --top",
        "voiceslot prioritise 17 18 --to 100",
        "voiceslot prioritise 19 --by -5",
    ),
)
@click.argument("call_ids", metavar="ID...", nargs=-1, required=True, type=ROW_ID)
@click.option("--to", type=click.IntRange(PRIORITY_MIN, PRIORITY_MAX), help="The new priority.")
@click.option("--by", type=_CHANGE, help="Raise (or, below 0, lower) the priority by so much.")
@click.option("--top", is_flag=True, help="Move to the top of the queue.")
@click.option("--bottom", is_flag=True, help="Move to the bottom of the queue.")
def prioritise(
    call_ids: tuple[int, ...], to: int | None, by: int | None, top: bool, bottom: bool
) -> int:
    """Change which queued calls go first.

    Give exactly one of --to, --by, --top and --bottom. Higher priorities go first, among equals
    who came first.
    """
    if [to is not None, by is not None, top, bottom].count(True) != 1:
        raise click.UsageError("give exactly one of --to, --by, --top and --bottom")
    named = pieces(call_ids)
    if top or bottom:
        # The last piece moved to the top stands first: the order asked for is kept by going back.
        ordered, place = (named[::-1], Place.TOP) if top else (named, Place.BOTTOM)
        return _act(*(control.Move(piece, place) for piece in ordered))
    return _act(*(control.Prioritise(piece, to=to, by=by) for piece in named))


@click.command(cls=Explained, examples=("voiceslot limit 8",))
@click.argument("slots", metavar="N", type=click.IntRange(1, LIMIT_MAX))
def limit(slots: int) -> int:
    """Set how many calls may be live at once.

    A lower limit hangs nothing up: calls above it drain. The limit survives a restart, until
    ELEVENLABS_CONCURRENCY_LIMIT itself is changed.
    """
    return _act(control.SetLimit(slots))


@click.command(
    cls=Explained, examples=("voiceslot status", "voiceslot status --json | jq .slots.free")
)
@click.option("--json", "wants_json", is_flag=True, help="Print the whole snapshot as JSON.")
def status(wants_json: bool) -> int:
    """Show what the engine is doing."""

    async def ask(link: Link) -> control.TheSnapshot:
        return await link.ask(control.GetSnapshot())

    snapshot = with_engine(ask).snapshot
    click.echo(as_json(snapshot) if wants_json else "\n".join(status_lines(snapshot)))
    return DONE


@click.command(cls=Explained, examples=("voiceslot explain", "voiceslot explain 17"))
@click.argument("call_id", metavar="[ID]", required=False, type=ROW_ID)
def explain(call_id: int | None) -> int:
    """Say why a call, or anything, is not dialled."""

    async def ask(link: Link) -> control.Sentences:
        return await link.ask(control.Explain(None if call_id is None else CallId(call_id)))

    for sentence in with_engine(ask).lines:
        click.echo(clean(sentence, SENTENCE_CHARS_MAX))
    return DONE


def _act(*bodies: control.Act) -> int:
    """Ask for one after another; what each came to is said before the next, which may fail."""

    async def ask(link: Link) -> list[int]:
        return [_tell((await link.ask(body)).done) for body in bodies]

    return max(with_engine(ask))


def _tell(done: Done) -> int:
    if done.message:
        say(done.message)
    for call_id, reason in done.refused:
        say(f"call {call_id}: {reason}")
    return FAILED if done.refused else DONE
