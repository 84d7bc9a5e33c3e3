"""From a view to the header: where we are, how fresh that is, how the engine stands. Pure.

Nothing here changes while nothing happens: ages are coarse, so that an idle console writes nothing.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from voiceslot_tui.console import formats, glyphs, messages_presenter
from voiceslot_tui.console.phrases import (
    Phrase,
    Segment,
    cut,
    fitted,
    phrase,
    say,
)
from voiceslot_tui.console.view import LinkState, View
from voiceslot_tui.console.widgets.cells import Line, Span, Tone
from voiceslot_tui.core.calls import CallState, Instant, seconds_between
from voiceslot_tui.core.snapshot import EngineState, Health, Slots, Snapshot
from voiceslot_tui.core.text import clean

_HEADER_BAR_CELLS: Final = 10


def header(view: View, now: Instant, cells: int, zone: tzinfo | None) -> Line:
    """Say in one line where we are, how fresh that is, and how the engine stands."""
    snapshot = view.snapshot
    segments = [
        Segment(_tag(view)),
        Segment(link_phrase(view)),
        Segment(stale_phrase(view, now), 4),
    ]
    if snapshot is not None:
        slots = snapshot.slots
        segments += [
            Segment(engine_phrase(view, snapshot, now)),
            Segment(bar(slots, _HEADER_BAR_CELLS), 8),
            Segment(phrase(usage(slots)), 2),
            Segment(phrase(f"queue {formats.count(snapshot.queued)}"), 1),
            *_alarms(snapshot),
            Segment(messages_presenter.alarm(snapshot.follow_ups), 6),
            Segment(phrase(formats.plural(snapshot.consoles, "console")), 10),
            Segment(_webhook_phrase(snapshot, now), 9),
        ]
    clock = Segment(phrase(say(formats.short_time(now, zone), Tone.DIM)), 3)
    return Line(fitted([*segments, clock], cells))


def summary(view: View, cells: int) -> Line:
    """Say all there is room for on a screen too small for anything else."""
    snapshot = view.snapshot
    if snapshot is None:
        return Line(cut(phrase("waiting for the engine"), cells))
    slots = snapshot.slots
    segments = [
        Segment(phrase(f"{slots.holding}/{slots.effective}")),
        Segment(phrase(f"queue {formats.count(snapshot.queued)}"), 1),
        Segment(phrase(_engine_word(view, snapshot))),
        Segment(phrase("- enlarge"), 2),
    ]
    return Line(fitted(segments, cells, gap=" "))


def _engine_word(view: View, snapshot: Snapshot) -> str:
    if view.current:
        return _ENGINE_WORDS[snapshot.engine]
    return "ENGINE GONE" if view.link is LinkState.GONE else "STALE"


def _tag(view: View) -> Phrase:
    demo = view.demo or (view.snapshot is not None and view.snapshot.demo)
    return phrase(say(" demo " if demo else " prod ", Tone.HEADING))


def link_phrase(view: View) -> Phrase:
    """Say how the link stands."""
    match view.link:
        case LinkState.LIVE if view.blind_since is not None:
            return phrase(say("the engine cannot read its database", Tone.BAD))
        case LinkState.LIVE if view.snapshot is not None:
            return phrase(say(f"{glyphs.LIVE} live", Tone.GOOD))
        case LinkState.GONE:
            return phrase(say(f"engine gone - reconnecting ({view.tries})", Tone.BAD))
        case _:
            tries = f" ({view.tries})" if view.tries else ""
            return phrase(say(f"{glyphs.GONE} waiting for the engine{tries}", Tone.WARNING))


def stale_phrase(view: View, now: Instant) -> Phrase:
    """Say how old the picture is where it is not the present; nothing where it is."""
    if view.current or view.snapshot is None or view.stood_at is None:
        return ()
    age = formats.fine_age(seconds_between(view.stood_at, now))
    return phrase(say(f"{glyphs.GONE} stale {age}", Tone.WARNING))


_ENGINE_WORDS: Final = {
    EngineState.RUNNING: "RUNNING",
    EngineState.PAUSED: "PAUSED",
    EngineState.RECOVERING: "RECOVERING",
    EngineState.STOPPING: "STOPPING",
}
_ENGINE_TONES: Final = {
    EngineState.RUNNING: Tone.GOOD,
    EngineState.PAUSED: Tone.WARNING,
    EngineState.RECOVERING: Tone.ACCENT,
    EngineState.STOPPING: Tone.WARNING,
}


def engine_phrase(view: View, snapshot: Snapshot, now: Instant) -> Phrase:
    """Say what the engine does, or did last, and where it is paused, by whom and since when."""
    word = _ENGINE_WORDS[snapshot.engine]
    state = say(word, _ENGINE_TONES[snapshot.engine])
    if not view.current:
        state = say(f"was {word}", Tone.DIM)
    if snapshot.engine is not EngineState.PAUSED:
        return phrase(state)
    by = f" by {clean(snapshot.paused_by, 16)}" if snapshot.paused_by else ""
    if snapshot.paused_at is None:
        return phrase(state, by)
    return phrase(state, f"{by} {formats.age(seconds_between(snapshot.paused_at, now))}")


def usage(slots: Slots) -> str:
    """Say how the slots are used: in call + other holdings (+ foreign) / what we dare to use."""
    others = slots.holding - slots.live
    foreign = f"+{slots.foreign}f" if slots.foreign else ""
    return f"{slots.live}+{others}{foreign}/{slots.effective}"


def _alarms(snapshot: Snapshot) -> list[Segment]:
    alarms = [f"{clean(name, 20)} failing" for name in failing(snapshot)]
    alarms += ["breaker open"] if snapshot.breaker_open else []
    if snapshot.slots.over_by:
        alarms.append(f"over by {snapshot.slots.over_by}")
    unknown = snapshot.calls.get(CallState.UNKNOWN, 0)
    alarms += [f"{unknown} unknown"] if unknown else []
    return [
        Segment(phrase(say(f"{glyphs.WARNING} {alarm}", Tone.BAD)), 5 + min(index, 2))
        for index, alarm in enumerate(alarms)
    ]


def _webhook_phrase(snapshot: Snapshot, now: Instant) -> Phrase:
    if snapshot.webhook_at is None:
        return phrase(say("no webhook yet", Tone.DIM))
    return phrase(f"webhook {formats.age(seconds_between(snapshot.webhook_at, now))}")


def failing(snapshot: Snapshot) -> list[str]:
    """Name the services that fail now."""
    return [one.name for one in snapshot.services if one.health is Health.FAILING]


# --- the bar of slots


def bar(slots: Slots, cells: int) -> Phrase:
    """Draw who uses the slots in so many cells; each part that is not empty gets a cell."""
    total = max(slots.effective, slots.holding + slots.foreign + slots.reserve, 1)
    parts = (
        (slots.live, glyphs.BAR_LIVE, Tone.GOOD),
        (slots.holding - slots.live, glyphs.BAR_HELD, Tone.ACCENT),
        (slots.foreign, glyphs.BAR_FOREIGN, Tone.WARNING),
        (slots.reserve, glyphs.BAR_RESERVE, Tone.DIM),
    )
    drawn: list[Span] = []
    room = cells if total > cells else total
    for used, sign, tone in parts:
        share = min(room, max(1, round(used * cells / total) if total > cells else used))
        if used and share:
            drawn.append(say(sign * share, tone))
            room -= share
    return (*drawn, say(glyphs.BAR_FREE * room, Tone.DIM)) if room else tuple(drawn)
