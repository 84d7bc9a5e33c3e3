"""Starts the engine as `serve` does, with one part that fails and says every secret it knows.

Run as a program: `python -m tests.e2e.leaking [crashes] [unmasked]`. Either a worker fails again
and again, or, with `crashes`, the engine ends by a defect. With `unmasked` nothing is hidden.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Final

from voiceslot_tui import bootstrap, logs
from voiceslot_tui.engine.janitor import Janitor
from voiceslot_tui.settings import Settings, load

NUMBER: Final = "+12025550147"


def fails(settings: Settings, *_: Any, **__: Any) -> int:
    """End by a defect whose message holds everything that must not be told."""
    raise RuntimeError(" and ".join((*settings.secrets(), NUMBER)))


async def failing_step(_: Janitor) -> None:
    """Fail with everything that must not be told."""
    fails(load(os.environ))


def unmasked(_: Any, text: str, name: str = "") -> str:
    """Hide nothing, whatever field it stands in."""
    del name
    return text


if __name__ == "__main__":
    if "unmasked" in sys.argv:
        logs._Masking.text = unmasked  # type: ignore[method-assign]
    if "crashes" in sys.argv:
        bootstrap.run_engine = fails
    Janitor.step = failing_step  # type: ignore[method-assign,assignment]
    sys.argv = ["voiceslot", "serve"]
    from voiceslot_tui.cli.main import main

    main()
