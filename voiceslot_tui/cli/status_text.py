"""A snapshot as one screen of plain text, and as JSON. Pure: the same snapshot, the same words.

Everything foreign in it is cleaned; JSON is pure ASCII, so that nothing in it acts on a terminal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from voiceslot_tui.cli.ages import age
from voiceslot_tui.cli.standing_text import checks_words, message_lines
from voiceslot_tui.core.calls import CallState
from voiceslot_tui.core.snapshot import Health, Slots, Snapshot
from voiceslot_tui.core.text import clean

BAR_CELLS: Final = 24
NAME_CELLS: Final = 10
_ENDED: Final = (
    CallState.ENDED,
    CallState.CANCELLED,
    CallState.REFUSED,
    CallState.EXPIRED,
    CallState.SUPPRESSED,
)


def as_json(snapshot: Snapshot) -> str:
    """Write a snapshot as indented JSON in ASCII; times are milliseconds since 1970 in UTC."""
    plain = msgspec.to_builtins(snapshot, str_keys=True)
    return json.dumps(plain, indent=2).replace("\x7f", "\\u007f")


def status_lines(snapshot: Snapshot) -> list[str]:
    """Write a snapshot as lines for a person; ages are as of the snapshot."""
    rows = [
        ("", _engine(snapshot)),
        ("Slots", _bar(snapshot.slots)),
        ("", _slots(snapshot.slots)),
        ("Queue", _queue(snapshot)),
        ("Done", _done(snapshot)),
        *(("Waits", idle.sentence) for idle in snapshot.idle),
        ("Webhooks", _webhooks(snapshot)),
        *(("Messages", line) for line in message_lines(snapshot.follow_ups)),
        ("Batches", checks_words(snapshot.batch_watch, snapshot.at)),
        *(("Service", line) for line in _services(snapshot)),
        *(("Warning", warning) for warning in snapshot.warnings),
    ]
    lines = []
    shown = ""
    for name, text in rows:
        label = name if name != shown else ""
        shown = name or shown
        lines.append(f"{label:<{NAME_CELLS}}{clean(text, 400)}".rstrip())
    lines[0] = lines[0].strip()
    return lines


def _engine(snapshot: Snapshot) -> str:
    parts = [
        f"voiceslot {snapshot.version}",
        str(snapshot.engine),
        f"process {snapshot.pid}, up {age(snapshot.started_at, snapshot.at)}",
        _count(snapshot.consoles, "console"),
    ]
    if snapshot.demo:
        parts.insert(1, "DEMO")
    if snapshot.paused_at is not None:
        why = f": {snapshot.paused_why}" if snapshot.paused_why else ""
        ago = age(snapshot.paused_at, snapshot.at)
        parts.append(f"paused {ago} ago by {snapshot.paused_by}{why}")
    if snapshot.breaker_open:
        parts.append("the platform does not answer starts")
    return " · ".join(parts)


def _bar(slots: Slots) -> str:
    size = max(slots.limit, slots.holding + slots.foreign + slots.reserve, 1)
    cells = min(BAR_CELLS, size)

    def drawn(count: int) -> int:
        return round(count * cells / size)

    ours, foreign = drawn(slots.holding), drawn(slots.foreign)
    kept = drawn(slots.reserve)
    free = max(0, cells - ours - foreign - kept)
    return f"[{'#' * ours}{'x' * foreign}{'r' * kept}{'.' * free}] {_used(slots)}"


def _used(slots: Slots) -> str:
    used = slots.holding + slots.foreign + slots.reserve
    limit = f"{slots.limit:,}"
    if slots.effective != slots.limit:
        limit += f" (the platform takes {slots.effective:,} now)"
    over = f", over by {slots.over_by:,}, draining" if slots.over_by else f", {slots.free:,} free"
    return f"{used:,} of {limit}{over}"


def _slots(slots: Slots) -> str:
    parts = [f"{slots.live:,} live"]
    if slots.ringing:
        parts[0] += f" ({slots.ringing:,} ringing)"
    named = {
        "dialling": slots.dialing,
        "uncertain": slots.uncertain,
        "unknown": slots.unknown_holding,
        "foreign": slots.foreign,
        "in reserve": slots.reserve,
    }
    parts += [f"{count:,} {name}" for name, count in named.items() if count]
    if slots.reading_age_s is None:
        parts.append("the platform has not been read yet")
    else:
        parts.append(f"platform read {slots.reading_age_s:.0f} s ago ({slots.strategy})")
    return ", ".join(parts)


def _queue(snapshot: Snapshot) -> str:
    parts = [f"{snapshot.queued:,} queued"]
    if snapshot.queued:
        held = [f"{count:,} {_words(hold)}" for hold, count in snapshot.holds.items() if count]
        parts.append(", ".join([f"{snapshot.ready:,} ready", *held]))
    return ": ".join(parts) + _counts(
        snapshot.calls, (CallState.WRAPPING_UP, CallState.UNKNOWN), "; "
    )


def _done(snapshot: Snapshot) -> str:
    ended = _counts(snapshot.calls, _ENDED, "").lstrip(", ") or "nothing yet"
    how = ", ".join(
        f"{count:,} {_words(name)}" for name, count in snapshot.dispositions.items() if count
    )
    return f"{ended} ({how})" if how else ended


def _counts(calls: Mapping[CallState, int], states: tuple[CallState, ...], lead: str) -> str:
    found = [f"{calls[state]:,} {_words(state)}" for state in states if calls.get(state)]
    return lead + ", ".join(found) if found else ""


def _webhooks(snapshot: Snapshot) -> str:
    if snapshot.webhook_at is None:
        text = "none received yet; ends are found by polling"
    else:
        text = f"last one {age(snapshot.webhook_at, snapshot.at)} ago"
    return text + (f", {snapshot.webhook_refused:,} refused" if snapshot.webhook_refused else "")


def _services(snapshot: Snapshot) -> Iterator[str]:
    well = [one.name for one in snapshot.services if one.health is Health.WELL]
    if well:
        yield f"well: {', '.join(well)}"
    for one in snapshot.services:
        if one.health is not Health.WELL:
            since = age(one.since, snapshot.at)
            yield f"{one.name} has been failing for {since} ({one.failures:,} times): {one.error}"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _words(member: str) -> str:
    return str(member).replace("_", " ")
