"""From the checks of the batches to the words of their pane. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from voiceslot_tui.console import formats, glyphs
from voiceslot_tui.console.batch_wording import batch_name, batch_state
from voiceslot_tui.console.phrases import wrapped
from voiceslot_tui.console.widgets.cells import Line, Tone
from voiceslot_tui.core.batch_progress import BatchChecks
from voiceslot_tui.core.batch_words import trouble_words
from voiceslot_tui.core.calls import Instant, seconds_between
from voiceslot_tui.core.text import clean
from voiceslot_tui.wire.batch_control import BatchRow


def note(checks: BatchChecks, now: Instant) -> str:
    """Say beside the pane's title whether batches are watched, how often, and when last."""
    watching = f"every {checks.interval_s:g} s" if checks.watching else "NOT WATCHED"
    if checks.last_at is None:
        return f"{watching}  not checked yet"
    ago = formats.age(seconds_between(checks.last_at, now))
    return f"{watching}  checked {ago} ago in {checks.took_s:.1f} s"


def status_lines(checks: BatchChecks, rows: Sequence[BatchRow], cells: int) -> list[Line]:
    """Say what keeps the batches from being seen, the most binding first; often nothing."""
    said: list[tuple[str, Tone]] = []
    if not checks.watching:
        missed = "calls that end in them get no message until they are; O watches"
        said.append((f"the batches are not watched: {missed}", Tone.WARNING))
    if checks.error:
        said.append((f"the last check failed in part: {clean(checks.error)}", Tone.BAD))
    for row in rows:
        trouble = trouble_words(row.view)
        if trouble:
            said.append((f"{batch_name(row.view)} {trouble}", Tone.BAD))
    return [
        line
        for sentence, tone in said
        for line in wrapped(f"{glyphs.WARNING} {sentence}", cells, tone, indent="  ")
    ]


def recipients_note(row: BatchRow | None, filtered: str, unreadable: int) -> str:
    """Say beside the title whose recipients these are, which of them, and how many are missing."""
    if row is None:
        return ""
    missing = f"{formats.count(unreadable)} not readable" if unreadable else ""
    state = batch_state(row.view.batch.count.status).text
    text = f"/{filtered}" if filtered else ""
    return "  ".join(part for part in (batch_name(row.view, 30), state, text, missing) if part)
