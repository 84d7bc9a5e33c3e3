"""`voiceslot enqueue`: one call from options, or many from JSON lines on standard input.

Every call goes through the same reader as POST /enqueue-call. A bad line is reported with its
number and the good ones are kept; what has been accepted is safe before it is counted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import click
import msgspec

from voiceslot_tui.cli.asking import with_engine
from voiceslot_tui.cli.ending_signals import Ended, EndingSignals
from voiceslot_tui.cli.explained import Explained
from voiceslot_tui.cli.failures import DONE, FAILED, say
from voiceslot_tui.core.calls import CallId
from voiceslot_tui.core.errors import VoiceslotError
from voiceslot_tui.core.limits import ATTEMPTS_MAX, PRIORITY_MAX, PRIORITY_MIN
from voiceslot_tui.link.client import Link, Refused
from voiceslot_tui.wire import control

BAD_LINES_SHOWN_MAX = 50
KEY_CHARS_MAX = 100


class Nothing(VoiceslotError):
    """Calls were to be read from standard input, and it held none."""


class Interrupted(VoiceslotError):
    """Many calls were being put into the queue, and it ended before the last."""


@dataclass(slots=True)
class Progress:
    """What has been put into the queue so far; its size once the engine has told it."""

    wants_ids: bool
    key: str = ""
    call_ids: list[CallId] = field(default_factory=list)
    enqueued: int = 0
    repeated: int = 0
    queue_size: int | None = None
    bad: int = 0
    last_line: int = 0
    under_way: tuple[int, int] | None = None
    """The first and last line of which the engine has yet to say whether it has them."""

    def count(self, answer: control.Enqueued) -> None:
        """Count what the engine has accepted."""
        self.repeated += len(answer.call_ids) if answer.repeated else 0
        self.enqueued += len(answer.call_ids)
        self.queue_size = answer.queue_size
        if self.wants_ids:
            self.call_ids.extend(answer.call_ids)


@click.command(
    cls=Explained,
    examples=(
        "voiceslot enqueue --to +12025550123 --agent agent_1 --phone-number-id phnum_1 --name Ana",
        "voiceslot enqueue --to +12025550123 --agent agent_1 --phone-number-id phnum_1 \\",
        "    --var order=1234 --priority 10 --max-attempts 3",
        "voiceslot enqueue < calls.jsonl",
        "voiceslot enqueue --key march-reminders < calls.jsonl",
        "tail -f orders.jsonl | voiceslot enqueue --lines",
        "where a line is",
        '    {"payload": {"toNumber": "+12025550123", "agentId": "agent_1",',
        '     "agentPhoneNumberId": "phnum_1"}, "priority": 10}',
    ),
)
@click.option("--to", "to_number", metavar="NUMBER", help="Whom to call: + and country code.")
@click.option("--agent", "agent_id", metavar="ID", help="The agent who talks.")
@click.option("--phone-number-id", metavar="ID", help="The agent's phone number to call from.")
@click.option("--name", help="The person's name, shown and given to the agent.")
@click.option("--var", "variables", multiple=True, metavar="KEY=VALUE", help="For the agent.")
@click.option("--priority", type=click.IntRange(PRIORITY_MIN, PRIORITY_MAX), help="Higher first.")
@click.option("--max-attempts", type=click.IntRange(1, ATTEMPTS_MAX), help="Dials at the most.")
@click.option(
    "--key",
    metavar="KEY",
    callback=lambda _context, _option, key: _checked_key(key),
    help="Makes repeating safe: calls that came before by this key are not queued again.",
)
@click.option("--lines", is_flag=True, help="Read JSON lines from standard input.")
@click.option("--json", "wants_json", is_flag=True, help="Print the new ids as JSON.")
def enqueue(key: str, lines: bool, wants_json: bool, **options: object) -> int:
    """Put calls into the queue.

    Either one call, from options, or many: one JSON object a line on standard input, each as the
    body of POST /enqueue-call. Bad lines are reported with their number and skipped; the exit code
    is then 1, and so it is where there is no line at all. Once this returns, what it counted is
    safe from a crash.

    Where it broke off, run it again with the same --key and the same calls: what is in the queue
    already is not queued again. A key is remembered for seven days; other calls need another one.
    """
    given = {name: value for name, value in options.items() if value not in (None, ())}
    if given and lines:
        raise click.UsageError("give the options of one call, or --lines, not both")
    if given:
        return _one(given, key, wants_json)
    if not lines and sys.stdin.isatty():
        raise click.UsageError("say whom to call (--to, --agent, --phone-number-id), or --lines")
    return _many(key, wants_json)


def _checked_key(key: str | None) -> str:
    is_plain = key is None or (key.isascii() and key.isprintable() and " " not in key and key)
    if not is_plain or len(key or "") > KEY_CHARS_MAX:
        raise click.BadParameter(f"must be one word of at most {KEY_CHARS_MAX} plain characters")
    return key or ""


def _one(options: Mapping[str, object], key: str, wants_json: bool) -> int:
    from voiceslot_tui.wire.enqueue_call import read

    required = {"to_number": "--to", "agent_id": "--agent", "phone_number_id": "--phone-number-id"}
    missing = [option for name, option in required.items() if name not in options]
    if missing:
        raise click.UsageError(f"missing: {', '.join(missing)}")
    call = read(msgspec.json.encode(_body(options)))

    async def work(link: Link) -> control.Enqueued:
        return await link.ask(control.Enqueue((call,), key))

    answer = with_engine(work)
    if wants_json:
        click.echo(_as_json(answer.call_ids, answer.queue_size, 0))
    else:
        click.echo(answer.call_ids[0])
    return DONE


def _body(options: Mapping[str, object]) -> dict[str, object]:
    """Put options together as the body of POST /enqueue-call."""
    payload: dict[str, object] = {
        "toNumber": options["to_number"],
        "agentId": options["agent_id"],
        "agentPhoneNumberId": options["phone_number_id"],
    }
    variables = _variables(options.get("variables", ()))
    if "name" in options:
        variables["name"] = options["name"]
    if variables:
        payload["conversationInitiationClientData"] = {"dynamic_variables": variables}
    body: dict[str, object] = {"payload": payload}
    if "priority" in options:
        body["priority"] = options["priority"]
    if "max_attempts" in options:
        body["maxAttempts"] = options["max_attempts"]
    return body


def _variables(pairs: object) -> dict[str, object]:
    assert isinstance(pairs, tuple)
    found: dict[str, object] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key:
            raise click.UsageError("--var needs KEY=VALUE, as in --var order=1234")
        if key in found:
            raise click.UsageError(f"--var {key} is given twice")
        found[key] = value
    return found


def _many(key: str, wants_json: bool) -> int:
    progress = Progress(wants_json, key)

    async def work(link: Link) -> None:
        await _send_all(link, progress)

    with EndingSignals(keep_ignored=True):
        try:
            with_engine(work)
        except Ended:
            _leave_the_count()
            say(_where(progress, "interrupted"))
            raise
    if not progress.enqueued and not progress.bad:
        raise Nothing("nothing was enqueued: standard input held no call; look at what writes it")
    if wants_json:
        click.echo(_as_json(progress.call_ids, progress.queue_size, progress.bad))
    say(_summary(progress))
    return FAILED if progress.bad else DONE


async def _send_all(link: Link, progress: Progress) -> None:
    from voiceslot_tui.cli.json_lines import batches

    key = progress.key
    for batch in batches(sys.stdin.fileno(), only_full=bool(key)):
        for number, why in batch.bad:
            progress.bad += 1
            if progress.bad <= BAD_LINES_SHOWN_MAX:
                say(f"line {number}: {why}")
        if batch.calls:
            progress.under_way = (batch.first_line, batch.last_line)
            try:
                asked = control.Enqueue(tuple(batch.calls), key and f"{key}.{batch.first_line}")
                progress.count(await link.ask(asked))
            except VoiceslotError as error:
                _leave_the_count()
                refused = isinstance(error, Refused)
                raise Interrupted(_where(progress, str(error), refused=refused)) from error
            progress.under_way = None
        progress.last_line = batch.last_line
        _show(progress)


def _where(progress: Progress, why: str, *, refused: bool = False) -> str:
    """Say where it ended: what is in the queue, what is not, and what may be."""
    before = (
        f"{why}; {progress.enqueued:,} calls up to line {progress.last_line:,} are in the queue"
    )
    again = "; run it again with the same --key and lines" if progress.key else ""
    if progress.under_way is None:
        return f"{before}, none of what follows{again}"
    first, last = progress.under_way
    if refused:
        return f"{before}, none of lines {first:,} to {last:,}"
    return f"{before}; lines {first:,} to {last:,} may or may not be{again}"


def _show(progress: Progress) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{progress.enqueued:,} enqueued", err=True, nl=False)


def _leave_the_count() -> None:
    """Let what is said next stand where the count stood."""
    if sys.stderr.isatty():
        click.echo("\r", err=True, nl=False)


def _summary(progress: Progress) -> str:
    _leave_the_count()
    text = f"{progress.enqueued - progress.repeated:,} enqueued"
    if progress.repeated:
        text += f"; {progress.repeated:,} by the same --key were there before"
    if progress.queue_size is not None:
        text += f"; the queue holds {progress.queue_size:,}"
    return text + (f"; {progress.bad:,} lines were bad" if progress.bad else "")


def _as_json(call_ids: Sequence[CallId], queue_size: int | None, bad: int) -> str:
    size = {} if queue_size is None else {"queueSize": queue_size}
    return json.dumps({"ids": list(call_ids), **size, "bad": bad})
