"""Running the simulator as a program: settings from plain options, an address on stdout.

For the command line; tests start a `SimulatorServer` of their own.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from dataclasses import replace

from voiceslot_tui.simulator.faults import preset_rules
from voiceslot_tui.simulator.server import SimulatorServer, serve
from voiceslot_tui.simulator.settings import WorldSettings, demo_settings
from voiceslot_tui.simulator.words import FaultPreset

COLLECT_AFTER = (50_000, 20, 100)
"""A world only grows; collecting as rarely as this kept the longest pause in 100,000 calls at
70 ms instead of 330 ms."""


def settings_from_options(
    *,
    demo: bool = False,
    seed: int | None = None,
    limit: int | None = None,
    ring_s: float | None = None,
    talk_s: float | None = None,
    speed: float | None = None,
    webhook_url: str | None = None,
    webhook_secret: str | None = None,
    api_key: str | None = None,
) -> WorldSettings:
    """Make settings from what was given; None keeps the default. Raises SettingsError."""
    given = {
        "limit": limit,
        "ring_s": ring_s,
        "talk_s": talk_s,
        "speed": speed,
        "webhook_url": webhook_url,
        "webhook_secret": webhook_secret,
        "api_key": api_key,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    settings = demo_settings() if demo else WorldSettings()
    return replace(settings, seed=settings.seed if seed is None else seed).changed(chosen)


def run(
    settings: WorldSettings,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    faults: FaultPreset = FaultPreset.NONE,
) -> None:
    """Serve until SIGTERM or SIGINT; print the address when ready. Raises OSError: port taken."""

    def ready(server: SimulatorServer) -> None:
        for rule in preset_rules(faults):
            server.world.faults.add(rule)
        sys.stdout.write(f"simulator listening on {server.address}\n")
        sys.stdout.flush()

    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    asyncio.run(serve(settings, host, port, ready))
