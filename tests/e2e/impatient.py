"""Starts the engine as `serve` does, with every wait before an alert a hundred times shorter.

So is every wait for an account that may not send. Run as a program:
`python -m tests.e2e.impatient`.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from voiceslot_tui.core import limits

TIMES_SHORTER: Final = 100
WAITS: Final = (
    "ALERT_AGAIN_S",
    "ALERT_CLEAR_S",
    "ALERT_EVERY_S",
    "ALERT_RETRY_S",
    "MESSENGER_REST_S",
    "TEMPLATE_EVERY_WAITING_S",
)


def shorten_limits() -> None:
    """Shorten what is a limit; nothing that reads it may have been imported."""
    for name in WAITS:
        setattr(limits, name, getattr(limits, name) / TIMES_SHORTER)


def shorten_tables() -> None:
    """Shorten how long a trouble lasts before it is told, and the wait of a refused message."""
    from voiceslot_tui.core import follow_up_facts, troubles

    told = {
        trouble: replace(rule, lasts_s=rule.lasts_s / TIMES_SHORTER)
        for trouble, rule in troubles.TROUBLES.items()
    }
    troubles.TROUBLES = MappingProxyType(told)  # type: ignore[misc]
    refused = follow_up_facts.FAILURES[follow_up_facts.Failure.ACCOUNT]
    waits_s = tuple(seconds / TIMES_SHORTER for seconds in refused.retry_after_s)
    follow_up_facts.FAILURES = MappingProxyType(  # type: ignore[misc]
        {
            **follow_up_facts.FAILURES,
            follow_up_facts.Failure.ACCOUNT: replace(refused, retry_after_s=waits_s),
        }
    )


if __name__ == "__main__":
    shorten_limits()
    shorten_tables()
    sys.argv = ["voiceslot", "serve"]
    from voiceslot_tui.cli.main import main

    main()
