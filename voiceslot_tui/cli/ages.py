"""How long something lasts, in words."""

from __future__ import annotations

from voiceslot_tui.core.calls import Instant, seconds_between


def age(start: Instant, end: Instant) -> str:
    """Say how long something lasts, in at most two units: `12 s`, `3 min 5 s`, `2 d 4 h`."""
    seconds = max(0, round(seconds_between(start, end)))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    amounts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    while len(amounts) > 1 and not amounts[0][0]:
        amounts.pop(0)
    return " ".join(f"{amount} {unit}" for amount, unit in amounts[:2] if amount) or "0 s"
