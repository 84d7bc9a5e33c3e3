"""The engine with messages that leave as fast as everything but the pace allows. Run as `serve`."""

from __future__ import annotations

import sys
from typing import Any

from voiceslot_tui.core.slots import Pacing
from voiceslot_tui.engine.desk import Desk


def let_go() -> None:
    """Take the pace from every desk that is made from now on."""
    made = Desk.__init__

    def made_without_pace(self: Desk, *given: Any, **named: Any) -> None:
        made(self, *given, **named)
        self.pacing = Pacing()

    Desk.__init__ = made_without_pace  # type: ignore[method-assign]


if __name__ == "__main__":
    let_go()
    sys.argv = ["voiceslot", "serve"]
    from voiceslot_tui.cli.main import main

    main()
