"""The way in of `python -m voiceslot_tui`: the same program as the `voiceslot` command."""

from __future__ import annotations

from voiceslot_tui.cli.main import main

if __name__ == "__main__":
    main()
