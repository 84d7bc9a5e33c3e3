"""`voiceslot simulator`: the simulated telephone world by itself, in the foreground."""

from __future__ import annotations

import click

from voiceslot_tui.cli.explained import Explained
from voiceslot_tui.core.limits import LIMIT_MAX


@click.command(
    cls=Explained,
    examples=(
        "voiceslot simulator --port 8080 --demo",
        "voiceslot simulator --limit 20 --talk-s 30 --speed 10",
        "    # then, in another shell, with the address that it printed:",
        "export ELEVENLABS_API_KEY=simulator-key ELEVENLABS_BASE_URL=http://127.0.0.1:8080",
        "voiceslot serve",
    ),
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes any free one.")
@click.option("--demo", is_flag=True, help="Short calls and 5 slots, to be watched.")
@click.option("--seed", type=int, help="The same seed tells the same stories.")
@click.option("--limit", type=click.IntRange(1, LIMIT_MAX), help="Slots of the workspace.")
@click.option("--ring-s", type=float, help="Seconds a phone rings, on average.")
@click.option("--talk-s", type=float, help="Seconds a talk lasts, on average.")
@click.option("--speed", type=float, help="How many times faster than life calls go.")
@click.option(
    "--faults",
    type=click.Choice(["none", "rough", "hostile"]),
    default="none",
    show_default=True,
    help="How bad a day the platform has.",
)
@click.option("--webhook-url", metavar="URL", help="Where the news of ended calls is sent.")
def simulator(port: int, demo: bool, faults: str, **options: float | str | None) -> int:
    """Run the simulated telephone world by itself.

    It plays ElevenLabs and the carrier on 127.0.0.1, and knows the truth: GET /_simulator/truth
    tells who was really rung, and how many calls were live at once. Its address goes to stdout.
    """
    from voiceslot_tui.simulator.launch import run, settings_from_options
    from voiceslot_tui.simulator.settings import SettingsError
    from voiceslot_tui.simulator.words import FaultPreset

    try:
        settings = settings_from_options(demo=demo, **options)  # type: ignore[arg-type]
    except SettingsError as problem:
        raise click.UsageError(str(problem)) from None
    try:
        run(settings, port=port, faults=FaultPreset(faults))
    except OSError as problem:
        raise click.ClickException(f"port {port}: {problem.strerror}") from None
    return 0
