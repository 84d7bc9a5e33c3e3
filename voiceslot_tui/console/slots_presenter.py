"""From a view to the words of the slots pane, and of the notice that stands in for it. Pure.

Nothing here changes while nothing happens: ages are coarse, so that an idle console writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import Final

from voiceslot_tui.console import formats, glyphs
from voiceslot_tui.console.header_presenter import bar, failing
from voiceslot_tui.console.phrases import (
    Phrase,
    Segment,
    cut,
    fitted,
    joined,
    phrase,
    say,
    width,
    wrapped,
)
from voiceslot_tui.console.view import LinkState, View
from voiceslot_tui.console.widgets.cells import Line, Tone
from voiceslot_tui.console.wording import DISPOSITIONS, STATES, hold_words
from voiceslot_tui.core.calls import FINAL_STATES, CallState, Hold, Instant, seconds_between
from voiceslot_tui.core.snapshot import EngineState, Health, Slots, Snapshot

_GAP: Final = "   "
_BLIND: Final = "The engine cannot read its database now, and goes on trying."
_JUST_GONE: Final = ("the engine is gone", "no engine answers")
"""How reasons begin that say no more than that."""
_HOW_TO_START: Final = "If nothing starts it again: voiceslot serve. This console then goes on."


def slots_lines(view: View, now: Instant, cells: int, zone: tzinfo | None) -> tuple[Line, ...]:
    """Say who uses the slots, why nothing starts, and how fresh that knowledge is.

    The most important line comes first: a small pane shows the head of this list.
    """
    snapshot = view.snapshot
    if snapshot is None:
        return tuple(wrapped(_waiting_sentence(view), cells, Tone.DIM))
    slots = snapshot.slots
    drawn = bar(slots, max(4, min(40, cells - 20)))
    used = Segment(phrase(say(_used(slots), Tone.STRONG)))
    over = Segment(_over_phrase(slots), 1)
    lines = _stale_lines(view, cells, zone)
    lines.append(Line(fitted([Segment(drawn), used, over], cells)))
    lines += why_lines(snapshot, cells, zone)
    lines += _flow(_slot_parts(slots), cells)
    lines += _limit_lines(snapshot, cells)
    lines += _trouble_lines(snapshot, now, cells)
    if view.current:
        lines += wrapped(_reading_sentence(slots), cells, _reading_tone(slots))
    lines += _flow(_queue_parts(snapshot), cells)
    lines += _flow(_outcome_parts(snapshot), cells)
    lines += wrapped(_since_sentence(snapshot, now, zone), cells, Tone.DIM)
    return tuple(lines)


def _stale_lines(view: View, cells: int, zone: tzinfo | None) -> list[Line]:
    if view.current or view.stood_at is None:
        return []
    at = formats.time_of_day(view.stood_at, zone)
    if view.link is LinkState.LIVE:
        return wrapped(f"{_BLIND} This is how it stood at {at}.", cells, Tone.BAD)
    gone = wrapped(f"The engine is gone. This is how it stood at {at}.", cells, Tone.BAD)
    return [*gone, *_reason_lines(view, cells), *wrapped(_HOW_TO_START, cells, Tone.DIM)]


def _reason_lines(view: View, cells: int) -> list[Line]:
    """Say why the engine cannot be reached, where that is more than that it is gone.

    An engine of another version is there, and turns this console away until one is updated.
    """
    if not view.why_gone or view.why_gone.startswith(_JUST_GONE):
        return []
    return wrapped(f"{glyphs.WARNING} {view.why_gone}", cells, Tone.WARNING, indent="  ")


def _waiting_sentence(view: View) -> str:
    why = f": {view.why_gone}" if view.why_gone else ""
    return f"Nothing is known yet; the engine has not answered{why}"


def _used(slots: Slots) -> str:
    others = slots.holding - slots.live
    foreign = f"+{slots.foreign} foreign" if slots.foreign else ""
    return f"{slots.live}+{others}{foreign} of {slots.effective}"


def _over_phrase(slots: Slots) -> Phrase:
    return phrase(say(f"over by {slots.over_by}", Tone.WARNING)) if slots.over_by else ()


_USUAL: Final = frozenset({Hold.NO_SLOT, Hold.PACING, Hold.RETRY_WAIT})
"""Reasons for not dialling that are no cause for alarm."""


def why_lines(snapshot: Snapshot, cells: int, zone: tzinfo | None) -> list[Line]:
    """Say why nothing more starts, the binding reason first and prominent."""
    if not snapshot.idle:
        sentence = "Dialling." if snapshot.ready else "Nothing waits to be dialled."
        return wrapped(sentence, cells, Tone.GOOD if snapshot.ready else Tone.DIM)
    first, *others = snapshot.idle
    usual = first.hold in _USUAL
    text = f"{'Waiting' if usual else 'Not dialling'}: {first.sentence}"
    lines = wrapped(text, cells, Tone.STRONG if usual else Tone.WARNING, indent="  ")
    if snapshot.engine is EngineState.PAUSED:
        lines += wrapped(f"  {_pause_sentence(snapshot, zone)}", cells, indent="  ")
    for reason in others:
        lines += wrapped(f"  also: {reason.sentence}", cells, Tone.DIM, indent="    ")
    return lines


def notice(view: View, cells: int, zone: tzinfo | None) -> list[Line]:
    """Say why nothing starts where that is no usual wait, for a screen without the slots pane."""
    snapshot = view.snapshot
    if view.link is LinkState.GONE:
        return _reason_lines(view, cells)
    if snapshot is None or not view.current or not snapshot.idle:
        return []
    hold = snapshot.idle[0].hold
    said_by_header = (hold is Hold.RECOVERING and not failing(snapshot)) or (
        hold is Hold.ENGINE_PAUSED and not snapshot.paused_why
    )
    return [] if hold in _USUAL or said_by_header else why_lines(snapshot, cells, zone)


def _pause_sentence(snapshot: Snapshot, zone: tzinfo | None) -> str:
    by = f"by {snapshot.paused_by}" if snapshot.paused_by else "by nobody named"
    at = f" at {formats.short_time(snapshot.paused_at, zone)}" if snapshot.paused_at else ""
    why = f": {snapshot.paused_why}" if snapshot.paused_why else ""
    return f"paused {by}{at}{why}"


def _slot_parts(slots: Slots) -> list[Phrase]:
    talking = max(0, slots.live - slots.ringing)
    parts = [
        ("in call", talking, Tone.GOOD),
        ("ringing", slots.ringing, Tone.ACCENT),
        ("dialling", slots.dialing, Tone.ACCENT),
        ("uncertain", slots.uncertain, Tone.WARNING),
        ("unknown", slots.unknown_holding, Tone.BAD),
        ("foreign", slots.foreign, Tone.WARNING),
        ("reserve", slots.reserve, Tone.PLAIN),
        ("free", slots.free, Tone.STRONG),
    ]
    return [_counted(name, number, tone) for name, number, tone in parts]


def _counted(name: str, number: int, tone: Tone) -> Phrase:
    shown = say(formats.count(number), tone if number else Tone.DIM)
    return phrase(say(f"{name} ", Tone.PLAIN if number else Tone.DIM), shown)


def _flow(parts: Iterable[Phrase], cells: int) -> list[Line]:
    """Lay phrases out on as few lines as they fit."""
    rows: list[list[Phrase]] = [[]]
    for part in parts:
        if rows[-1] and width(joined([*rows[-1], part], _GAP)) > cells:
            rows.append([])
        rows[-1].append(part)
    return [Line(cut(joined(row, _GAP), cells)) for row in rows if row]


def _limit_lines(snapshot: Snapshot, cells: int) -> list[Line]:
    slots = snapshot.slots
    by = f", set by {snapshot.limit_set_by}" if snapshot.limit_set_by else ""
    sentence = f"limit {slots.limit}{by}"
    if slots.effective < slots.limit:
        sentence += f"; {slots.effective} in use after refusals, growing back"
    lines = wrapped(sentence, cells)
    if slots.over_by:
        drains = f"over by {slots.over_by} - draining; nothing is hung up"
        lines += wrapped(drains, cells, Tone.WARNING)
    return lines


def _trouble_lines(snapshot: Snapshot, now: Instant, cells: int) -> list[Line]:
    lines: list[Line] = []
    for service in snapshot.services:
        if service.health is Health.FAILING:
            since = formats.age(seconds_between(service.since, now))
            sentence = f"{service.name} failing for {since}: {service.error or 'no reason given'}"
            lines += wrapped(f"{glyphs.WARNING} {sentence}", cells, Tone.BAD, indent="  ")
    for warning in snapshot.warnings:
        lines += wrapped(f"{glyphs.WARNING} {warning}", cells, Tone.WARNING, indent="  ")
    if snapshot.webhook_refused:
        refused = formats.plural(snapshot.webhook_refused, "webhook")
        lines += wrapped(f"{glyphs.WARNING} {refused} refused", cells, Tone.WARNING)
    return lines


def _reading_sentence(slots: Slots) -> str:
    if slots.reading_age_s is None:
        return "the platform's live calls were not read yet"
    how = f" by {slots.strategy}" if slots.strategy else ""
    stale = f", too old after {slots.reading_bound_s:.0f} s" if slots.reading_bound_s else ""
    return f"platform read {formats.fine_age(slots.reading_age_s)} ago{how}{stale}"


def _reading_tone(slots: Slots) -> Tone:
    stale = slots.reading_age_s is None or slots.reading_age_s > slots.reading_bound_s > 0
    return Tone.WARNING if stale else Tone.DIM


def _queue_parts(snapshot: Snapshot) -> list[Phrase]:
    parts = [_counted("queue", snapshot.queued, Tone.STRONG)]
    parts.append(_counted("ready", snapshot.ready, Tone.GOOD))
    held = sorted(snapshot.holds.items(), key=lambda item: -item[1])
    return parts + [
        _counted(hold_words(hold), number, Tone.WARNING) for hold, number in held if number
    ]


def _outcome_parts(snapshot: Snapshot) -> list[Phrase]:
    finished = [(state, snapshot.calls.get(state, 0)) for state in CallState]
    parts = [
        _counted(STATES[state].text, number, STATES[state].tone)
        for state, number in finished
        if number and (state in FINAL_STATES or state is CallState.WRAPPING_UP)
    ]
    return parts + [
        _counted(shown.text, snapshot.dispositions[disposition], shown.tone)
        for disposition, shown in DISPOSITIONS.items()
        if snapshot.dispositions.get(disposition)
    ]


def _since_sentence(snapshot: Snapshot, now: Instant, zone: tzinfo | None) -> str:
    since = formats.short_time(snapshot.started_at, zone)
    webhook = "no webhook came yet"
    if snapshot.webhook_at is not None:
        age_s = seconds_between(snapshot.webhook_at, now)
        webhook = f"last webhook {formats.age(age_s)} ago"
    dials, ends = formats.plural(snapshot.dials, "dial"), formats.plural(snapshot.ends, "end")
    return f"since {since}: {dials}, {ends}; {webhook}; engine {snapshot.version}"
