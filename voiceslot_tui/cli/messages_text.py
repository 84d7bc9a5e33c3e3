"""Messages as lines of plain text, and as JSON. Pure: the same messages, the same words.

Numbers are shown as far as their last digits unless asked for; everything foreign is cleaned.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from voiceslot_tui.cli.ages import age
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_pages import FollowUpDetail, Suppression
from voiceslot_tui.core.follow_up_words import why_not_sent
from voiceslot_tui.core.follow_ups import REACHED_FOLLOW_UPS, FollowUp, FollowUpState, Try
from voiceslot_tui.core.text import clean
from voiceslot_tui.wire.twilio_errors import explained

_SAYS_WHY = frozenset(
    {
        FollowUpState.DUE,
        FollowUpState.SKIPPED,
        FollowUpState.BLOCKED,
        FollowUpState.AMBIGUOUS,
    }
)


def as_json(value: object) -> str:
    """Write something as indented JSON in ASCII; times are milliseconds since 1970 in UTC."""
    plain = msgspec.to_builtins(value, str_keys=True)
    return json.dumps(plain, indent=2).replace("\x7f", "\\u007f")


def message_line(row: FollowUp, now: Instant) -> str:
    """Write a message on one line: id, state, channel, whom, how long ago, and why not."""
    parts = (
        f"{row.id:>7}",
        f"{row.state:<10}",
        f"{row.channel:<8}",
        f"{clean(row.to_number or row.email, 40) or '-':<16}",
        f"{clean(row.name, 24) or '-':<24}",
        f"{age(row.ended_at, now):>10} ago",
        why(row),
    )
    return "  ".join(parts).rstrip()


def why(row: FollowUp) -> str:
    """Say why a message has not reached the person; nothing where it has, or is on its way."""
    if row.state in REACHED_FOLLOW_UPS:
        return ""
    if row.code is not None:
        return failure_words(row.code)
    if row.state in _SAYS_WHY:
        return why_not_sent(row)
    return clean(row.detail)


def failure_words(code: int) -> str:
    """Say what a code of the messenger means, and what to do."""
    known = explained(code)
    return f"{code}: {known.meaning}; {known.remedy}"


def message_lines(detail: FollowUpDetail, preview: str, now: Instant) -> Iterator[str]:
    """Write all about one message: how it stands, its tries, and what it says."""
    row = detail.follow_up
    yield f"message {row.id}: {row.state}" + (f" ({why(row)})" if why(row) else "")
    number = clean(row.to_number) or "-"
    yield f"to        {clean(row.name) or '-'}, {number} {clean(row.email)}".rstrip()
    yield f"call      ended {age(row.ended_at, now)} ago, {row.disposition}"
    for named, value in (
        ("conversation", row.conversation_id),
        ("batch", row.batch_id),
        ("our call", row.call_id),
    ):
        if value:
            yield f"          {named} {clean(str(value))}"
    for one in detail.tries:
        yield f"try {one.number}     {_try_words(one, now)}"
    yield from (f"reads     {clean(line, 2000)}" for line in preview.splitlines())


def _try_words(one: Try, now: Instant) -> str:
    sid = f", {clean(one.message_sid, 40)}" if one.message_sid else ""
    code = f"; {failure_words(one.code)}" if one.code is not None else ""
    form = str(one.form).replace("_", " ")
    return f"{one.channel}, {form}, {one.state} {age(one.changed_at, now)} ago{sid}{code}"


def suppression_line(one: Suppression, now: Instant) -> str:
    """Write a number of the suppression list on one line."""
    since = f"{age(one.at, now):>10} ago"
    return f"{clean(one.number, 40):<16}  {since}  {clean(one.by)}: {clean(one.why) or '-'}"
